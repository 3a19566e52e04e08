/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that hold logins: .netrc (machine NAME login NAME password VALUE), the likes of it that
 * mail programs read, and .pgpass (HOST:PORT:DATABASE:USER:VALUE).
 */
#include "compose/judge/lines.h"

#include "core/str.h"

#include "core/banned.h"

#define PGPASS_FIELDS 5

bool sc_logins_named(const char *name)
{
    static const char *const names[] = {".netrc",       "_netrc",        ".pgpass",  "pgpass",
                                        "pgpass.conf",  "msmtprc",       ".msmtprc", ".fetchmailrc",
                                        "userlist.txt", "ipsec.secrets", NULL};
    for (const char *const *known = names; *known != NULL; known++) {
        if (sc_str_equal_nocase(name, *known))
            return true;
    }
    return false;
}

/* Words in any order and on any lines; a `password` counts behind what names the host. */
static int read_netrc(const char *text, struct sc_region region, sc_lines_fn fn, void *ctx,
                      struct sc_error *err)
{
    static const char *const firsts[] = {"machine", "default",  /* .netrc */
                                         "account", "defaults", /* .msmtprc */
                                         "poll",    NULL};      /* .fetchmailrc */
    static const char *const names[] = {"password", NULL};
    static const char *const none[] = {"anonymous", "anonymous@", NULL};
    size_t at = region.offset, end = region.offset + region.len;
    struct sc_region word;
    bool host = false;
    int rc = 0;
    while (rc == 0 && at < end) {
        if (!sc_lines_word(text, &at, end, &word))
            continue; /* "" */
        host = host || sc_lines_is_any(text, word, firsts);
        if (host && sc_lines_is_any(text, word, names) && sc_lines_word(text, &at, end, &word) &&
            !sc_lines_is_any(text, word, none))
            rc = fn(ctx, (struct sc_region){0}, word, err);
    }
    return rc;
}

/* The password of a line of .pgpass; of no length if there is none. */
static struct sc_region pgpass_password(const char *text, size_t at, size_t end)
{
    if (at < end && text[at] == '#')
        return (struct sc_region){0};
    size_t fields = 1;
    for (; at < end && fields < PGPASS_FIELDS; at++) {
        fields += text[at] == ':';
        at += text[at] == '\\' && at + 1 < end;
    }
    return fields < PGPASS_FIELDS ? (struct sc_region){0} : (struct sc_region){at, end - at};
}

/* The last of two texts in quotes, "NAME" "VALUE" of PgBouncer, or the one behind PSK, EAP or XAUTH
 * of strongSwan; of no length if there is none. */
static struct sc_region quoted_password(const char *text, size_t at, size_t end)
{
    static const char *const kinds[] = {" PSK ", " EAP ", " XAUTH ", NULL};
    const char *line = text + at;
    size_t len = end - at;
    bool named = len > 0 && line[0] == '"';
    for (const char *const *kind = kinds; *kind != NULL; kind++)
        named = named || memmem(line, len, *kind, strlen(*kind)) != NULL;
    const char *close = named ? memrchr(line, '"', len) : NULL;
    const char *open = close == NULL ? NULL : memrchr(line, '"', (size_t)(close - line));
    if (open == NULL || (line[0] == '"' && open - line < 3))
        return (struct sc_region){0};
    return (struct sc_region){(size_t)(open + 1 - text), (size_t)(close - open) - 1};
}

int sc_logins_read(const char *text, struct sc_region region, sc_lines_fn fn, void *ctx,
                   struct sc_error *err)
{
    size_t end = region.offset + region.len;
    int rc = read_netrc(text, region, fn, ctx, err);
    for (size_t at = region.offset; at < end && rc == 0;) {
        size_t stop = sc_str_line_end(text, at, end);
        struct sc_region password = pgpass_password(text, at, stop);
        if (password.len == 0)
            password = quoted_password(text, at, stop);
        if (password.len > 0)
            rc = fn(ctx, (struct sc_region){0}, password, err);
        at = stop + 1;
    }
    return rc;
}
