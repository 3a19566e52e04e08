/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines that are commands in files of another kind: units of systemd, recipes of a makefile.
 */
#include <string.h>
#include <strings.h>

#include "audit/detect/region.h"
#include "audit/detect/shell.h"

#include "core/banned.h"

/* The end of the line that begins at `at`, behind its continuation lines. */
static size_t line_end(const char *text, size_t at, size_t end)
{
    for (;;) {
        const char *newline = memchr(text + at, '\n', end - at);
        if (newline == NULL)
            return end;
        size_t stop = (size_t)(newline - text);
        if (stop == at || text[stop - 1] != '\\')
            return stop;
        at = stop + 1;
    }
}

static bool begins(const char *text, struct sc_region line, const char *word)
{
    size_t len = strlen(word);
    return line.len >= len && memcmp(text + line.offset, word, len) == 0;
}

/* Environment="A=b" "C=d", ExecStart=-/usr/bin/x --password y */
static int read_unit_line(struct sc_detect *detect, struct sc_region line, struct sc_error *err)
{
    const char *text = detect->text;
    const char *sign = memchr(text + line.offset, '=', line.len);
    struct sc_shell_context shell = sc_shell_script;
    shell.engine = begins(text, line, "PodmanArgs=");
    if (sign == NULL ||
        !(shell.engine || begins(text, line, "Exec") || begins(text, line, "Environment=")))
        return 0;
    size_t from = (size_t)(sign - text) + 1, end = line.offset + line.len;
    while (!shell.engine && from < end && strchr("-@+!:", text[from]) != NULL && text[from] != '\0')
        from++;
    return sc_detect_shell(detect, (struct sc_region){from, end - from}, &shell, err);
}

static bool is_justfile(const char *file)
{
    size_t len = strlen(file);
    return len >= 8 && strcasecmp(file + len - 8, "justfile") == 0;
}

/* A recipe's line is a script of its own; of just's, behind blanks too. */
static int read_make_line(struct sc_detect *detect, struct sc_region line, struct sc_error *err)
{
    const char *text = detect->text;
    size_t from = line.offset, end = line.offset + line.len;
    bool recipe = begins(text, line, "\t") || (text[from] == ' ' && is_justfile(detect->file));
    if (!recipe) {
        const char *colon = memchr(text + from, ':', line.len);
        const char *sign = memchr(text + from, '=', line.len);
        bool target = colon != NULL && (sign == NULL || colon + 1 < sign);
        return target ? 0 : sc_detect_config(detect, line, SC_FAMILY_CONFIG, err);
    }
    while (from < end && strchr("\t @-+", text[from]) != NULL && text[from] != '\0')
        from++;
    return sc_detect_shell(detect, (struct sc_region){from, end - from}, &sc_shell_script, err);
}

static int read_lines(struct sc_detect *detect, struct sc_region region,
                      int (*fn)(struct sc_detect *, struct sc_region, struct sc_error *),
                      struct sc_error *err)
{
    size_t end = region.offset + region.len;
    int rc = 0;
    for (size_t at = region.offset; at < end && rc == 0;) {
        size_t stop = line_end(detect->text, at, end);
        if (stop > at && detect->text[at] != '#' && detect->text[at] != ';')
            rc = fn(detect, (struct sc_region){at, stop - at}, err);
        at = stop + 1;
    }
    return rc;
}

int sc_detect_unit(struct sc_detect *detect, struct sc_region region, struct sc_error *err)
{
    return read_lines(detect, region, read_unit_line, err);
}

int sc_detect_makefile(struct sc_detect *detect, struct sc_region region, struct sc_error *err)
{
    return read_lines(detect, region, read_make_line, err);
}
