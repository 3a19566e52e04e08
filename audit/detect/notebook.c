/* SPDX-License-Identifier: Apache-2.0
 *
 * Notebooks (.ipynb): JSON whose texts are lines of Python, and of a shell behind `!` or `%env`.
 *
 * The lines are read in a copy in which JSON is blanked out and its escapes are two characters
 * still, so that whatever is found stands at the same line and column in the outer text.
 */
#include <stdlib.h>
#include <string.h>

#include "audit/detect/region.h"
#include "audit/detect/shell.h"
#include "core/str.h"

#include "core/banned.h"

/* \" is a blank and a quote, or where a text ends a quote and a blank; \n two blanks. */
static void unescape(char *text, size_t len)
{
    bool open = false;
    for (size_t i = 0; i + 1 < len; i++) {
        if (text[i] != '\\')
            continue;
        char meant = strchr("\"\\/", text[i + 1]) != NULL ? text[i + 1] : ' ';
        bool closes = meant == '"' && open;
        open = meant == '"' ? !open : open;
        text[i] = closes ? meant : ' ';
        text[i + 1] = closes ? ' ' : meant;
        i++;
    }
}

/* "text\n", alone on its line: what is between the quotes stays; of anything else nothing. */
static void keep_text(char *line, size_t len)
{
    size_t from = 0, to = len;
    while (from < to && strchr(" \t\r", line[from]) != NULL)
        from++;
    while (to > from && strchr(" \t\r,", line[to - 1]) != NULL)
        to--;
    bool is_text = to - from >= 2 && line[from] == '"' && line[to - 1] == '"';
    memset(line, ' ', is_text ? from + 1 : len);
    if (is_text) {
        memset(line + to - 1, ' ', len - to + 1);
        unescape(line + from + 1, to - from - 2);
    }
}

/* !command, %env NAME=value */
static int read_command(struct sc_detect *detect, size_t at, size_t end, struct sc_error *err)
{
    static const char env[] = "%env ";
    while (at < end && detect->text[at] == ' ')
        at++;
    bool variable = end - at > sizeof(env) && memcmp(detect->text + at, env, sizeof(env) - 1) == 0;
    if (at >= end || (detect->text[at] != '!' && !variable))
        return 0;
    at += variable ? sizeof(env) - 1 : 1;
    return sc_detect_shell(detect, (struct sc_region){at, end - at}, &sc_shell_script, err);
}

static int read_copy(struct sc_detect *inner, struct sc_region region, struct sc_error *err)
{
    size_t end = region.offset + region.len;
    int rc = sc_detect_program(inner, region, "notebook.py", err);
    for (size_t at = region.offset; at < end && rc == 0;) {
        size_t stop = sc_str_line_end(inner->text, at, end);
        rc = read_command(inner, at, stop, err);
        at = stop + 1;
    }
    return rc;
}

int sc_detect_notebook(struct sc_detect *detect, struct sc_region region, struct sc_error *err)
{
    size_t end = region.offset + region.len;
    char *copy = malloc(end + 1);
    if (copy == NULL)
        return sc_fail_nomem(err);
    memcpy(copy, detect->text, end);
    copy[end] = '\0';
    for (size_t at = region.offset; at < end;) {
        size_t stop = sc_str_line_end(copy, at, end);
        keep_text(copy + at, stop - at);
        at = stop + 1;
    }
    struct sc_detect inner;
    sc_detect_init(&inner, detect->file, (struct sc_bytes){(unsigned char *)copy, end},
                   detect->key);
    inner.commit = detect->commit;
    inner.depth = detect->depth;
    int rc = read_copy(&inner, region, err);
    if (rc == 0)
        rc = sc_findings_move(&detect->findings, &inner.findings, err);
    sc_detect_done(&inner);
    free(copy);
    return rc;
}
