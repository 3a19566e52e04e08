/* SPDX-License-Identifier: Apache-2.0
 *
 * The one grammar of placeholders, for `render`, template entries and the shim:
 *
 *   placeholder = "{{" *blank kind ":" name *( "|" filter ) *blank "}}"; "{{open}}" prints "{{"
 *   kind        = "secret" / "config"
 *   filter      = "url" / "json" / "shell" / "base64" / "xml" / "pgpass"
 *
 * Anything else that starts with "{{" is ordinary text, so other template languages pass through;
 * but what starts like a placeholder and does not parse is an error with its offset. A rendered
 * value is never scanned again.
 *
 * The shim compiles this file too: no library but memcpy and memcmp, no allocation, no state.
 */
#ifndef SC_CORE_TEXT_TEMPLATE_H
#define SC_CORE_TEXT_TEMPLATE_H

#include <stddef.h>

#define SC_TEMPLATE_FILTERS_MAX 4

enum sc_template_kind { SC_TEMPLATE_TEXT, SC_TEMPLATE_SECRET, SC_TEMPLATE_CONFIG };

enum sc_template_filter {
    SC_FILTER_URL,    /* all but RFC 3986 unreserved as %XX */
    SC_FILTER_JSON,   /* the inside of a JSON string */
    SC_FILTER_SHELL,  /* one single-quoted word */
    SC_FILTER_BASE64, /* RFC 4648 with padding, one line */
    SC_FILTER_XML,    /* text or attribute content */
    SC_FILTER_PGPASS, /* a field of PostgreSQL's password file: \: and \\ */
    SC_FILTER_COUNT
};

/* One step through a template; pointers are into the template, or static. */
struct sc_template_part {
    enum sc_template_kind kind;
    const char *ptr; /* the text, or the name; after an error: what is wrong with it */
    size_t len;
    size_t offset; /* in the template, from 0; after an error: where it is */
    enum sc_template_filter filters[SC_TEMPLATE_FILTERS_MAX];
    size_t filter_count;
};

/* Reads the part at *position and moves on: 1 with a part, 0 at the end, -1 for a placeholder that
 * does not parse. */
int sc_template_next(const char *text, size_t len, size_t *position, struct sc_template_part *ret);

/* Applies a filter; yields the bytes of the result. With out NULL it only counts them. */
size_t sc_template_filter(enum sc_template_filter filter, const void *value, size_t len, char *out);

#endif
