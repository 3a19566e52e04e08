/* SPDX-License-Identifier: Apache-2.0
 *
 * Batch files of Windows: what `set` and `setx` give a name, and command lines.
 */
#include <string.h>
#include <strings.h>

#include "audit/detect/region.h"
#include "audit/detect/shell.h"
#include "core/str.h"

#include "core/banned.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '@';
}

static size_t behind_blanks(const char *text, size_t at, size_t end)
{
    while (at < end && is_blank(text[at]))
        at++;
    return at;
}

/* The command at `at`, in any case, with a blank behind it: moves behind both. */
static bool take_word(const char *text, size_t *at, size_t end, const char *word)
{
    size_t len = strlen(word);
    if (end - *at <= len || strncasecmp(text + *at, word, len) != 0 || !is_blank(text[*at + len]))
        return false;
    *at = behind_blanks(text, *at + len, end);
    return true;
}

static int judge(struct sc_detect *detect, struct sc_region key, struct sc_region value,
                 struct sc_error *err)
{
    const struct sc_pair pair = sc_detect_pair_of(detect, SC_FAMILY_SHELL_ASSIGN, key, value);
    bool filled_in = memchr(pair.value, '%', pair.value_len) != NULL; /* %NAME%, %1 */
    return key.len == 0 || value.len == 0 || filled_in ? 0 : sc_detect_pair(detect, &pair, err);
}

/* set NAME=x, set "NAME=x", setx NAME "x" [/M]: from the name on. */
static int read_pair(struct sc_detect *detect, size_t at, size_t end, char sign,
                     struct sc_error *err)
{
    const char *text = detect->text;
    at += at < end && text[at] == '"';
    size_t name = at;
    while (at < end && text[at] != '=' && !is_blank(text[at]) && text[at] != '"')
        at++;
    struct sc_region key = {name, at - name};
    at += at < end && text[at] == '"';
    if (at >= end || text[at] != sign)
        return 0;
    at = sign == ' ' ? behind_blanks(text, at, end) : at + 1;
    char quote = at < end && text[at] == '"' ? '"' : '\0';
    bool around = quote == '\0' && name > 0 && text[name - 1] == '"'; /* set "NAME=x" */
    at += quote != '\0';
    size_t stop = at;
    while (stop < end &&
           (quote != '\0' || around ? text[stop] != '"' : sign != ' ' || !is_blank(text[stop])))
        stop++;
    while (stop > at && is_blank(text[stop - 1]))
        stop--;
    return judge(detect, key, (struct sc_region){at, stop - at}, err);
}

static int read_line(struct sc_detect *detect, size_t at, size_t end, struct sc_error *err)
{
    const char *text = detect->text;
    at = behind_blanks(text, at, end);
    while (end > at && (text[end - 1] == '\r' || is_blank(text[end - 1])))
        end--;
    if (take_word(text, &at, end, "rem") || (end - at >= 2 && memcmp(text + at, "::", 2) == 0))
        return 0;
    if (take_word(text, &at, end, "set"))
        return end > at && text[at] == '/' ? 0 : read_pair(detect, at, end, '=', err);
    if (take_word(text, &at, end, "setx")) {
        (void)take_word(text, &at, end, "/m");
        return read_pair(detect, at, end, ' ', err);
    }
    struct sc_shell_context shell = sc_shell_script;
    shell.escape = '^';
    return sc_detect_shell(detect, (struct sc_region){at, end - at}, &shell, err);
}

int sc_detect_batch(struct sc_detect *detect, struct sc_region region, struct sc_error *err)
{
    size_t end = region.offset + region.len;
    int rc = 0;
    for (size_t at = region.offset; at < end && rc == 0;) {
        size_t stop = sc_str_line_end(detect->text, at, end);
        rc = read_line(detect, at, stop, err);
        at = stop + 1;
    }
    return rc;
}
