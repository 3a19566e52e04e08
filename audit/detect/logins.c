/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that hold logins: .netrc (machine NAME login NAME password VALUE) and .pgpass
 * (HOST:PORT:DATABASE:USER:VALUE).
 */
#include "audit/detect/region.h"

#include <string.h>

#include "core/banned.h"

#define PGPASS_FIELDS 5

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool next_word(const char *text, size_t *at, size_t end, struct sc_region *ret)
{
    while (*at < end && is_blank(text[*at]))
        ++*at;
    size_t start = *at;
    while (*at < end && !is_blank(text[*at]))
        ++*at;
    *ret = (struct sc_region){start, *at - start};
    return *at > start;
}

static bool is_word(const char *text, struct sc_region word, const char *name)
{
    return word.len == strlen(name) && memcmp(text + word.offset, name, word.len) == 0;
}

/* Words in any order and on any lines; a `password` counts behind what names the host. */
static int read_netrc(struct sc_detect *detect, struct sc_region region, struct sc_error *err)
{
    static const char *const firsts[] = {"machine", "default",  /* .netrc */
                                         "account", "defaults", /* .msmtprc */
                                         "poll",    NULL};      /* .fetchmailrc */
    const char *text = detect->text;
    size_t at = region.offset, end = region.offset + region.len;
    struct sc_region word;
    bool machine = false;
    int rc = 0;
    while (rc == 0 && next_word(text, &at, end, &word)) {
        for (const char *const *first = firsts; *first != NULL; first++)
            machine = machine || is_word(text, word, *first);
        if (machine && is_word(text, word, "password") && next_word(text, &at, end, &word) &&
            !is_word(text, word, "anonymous") && !is_word(text, word, "anonymous@"))
            rc = sc_detect_password(detect, SC_FAMILY_CONFIG, word, err);
    }
    return rc;
}

static int read_pgpass_line(struct sc_detect *detect, size_t at, size_t end, struct sc_error *err)
{
    const char *text = detect->text;
    if (at < end && text[at] == '#')
        return 0;
    size_t fields = 1;
    for (; at < end && fields < PGPASS_FIELDS; at++) {
        fields += text[at] == ':';
        at += text[at] == '\\' && at + 1 < end;
    }
    return fields < PGPASS_FIELDS ? 0
                                  : sc_detect_password(detect, SC_FAMILY_CONFIG,
                                                       (struct sc_region){at, end - at}, err);
}

int sc_detect_logins(struct sc_detect *detect, struct sc_region region, struct sc_error *err)
{
    const char *text = detect->text;
    size_t end = region.offset + region.len;
    int rc = read_netrc(detect, region, err);
    for (size_t at = region.offset; at < end && rc == 0;) {
        const char *newline = memchr(text + at, '\n', end - at);
        size_t stop = newline == NULL ? end : (size_t)(newline - text);
        rc = read_pgpass_line(detect, at, stop, err);
        at = stop + 1;
    }
    return rc;
}
