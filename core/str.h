/* SPDX-License-Identifier: Apache-2.0
 *
 * String helpers, and a list of owned strings. For text that is not secret.
 */
#ifndef SC_CORE_STR_H
#define SC_CORE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "core/error.h"

/* NULL-safe equality; two NULLs are equal. */
bool sc_str_equal(const char *a, const char *b);

/* The same for ASCII letters of both cases. Inline, because tables are gone through with it: most
 * of their rows differ in the first byte. */
static inline bool sc_str_equal_nocase(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return ((*a ^ *b) & ~0x20) == 0 && strcasecmp(a, b) == 0;
}

bool sc_str_has_prefix(const char *text, const char *prefix);
bool sc_str_has_suffix(const char *text, const char *suffix);

/* Malloc'd copy of a C string or of n bytes (which hold no NUL); NULL with NOMEM. Caller frees. */
char *sc_str_dup(const char *text, struct sc_error *err) SC_NODISCARD;
char *sc_str_ndup(const char *text, size_t n, struct sc_error *err) SC_NODISCARD;
char *sc_str_printf(struct sc_error *err, const char *fmt, ...) SC_PRINTF(2, 3) SC_NODISCARD;

/* free(3) for SC_CLEANUP on a char pointer. */
void sc_str_freep(char **text);

/* Whether the bytes are valid UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool sc_str_is_utf8(const char *text, size_t n);

#define SC_UTF8_MAX 4
/* Writes a code point, which may be a lone surrogate, as UTF-8 and yields its length. */
size_t sc_str_utf8(uint32_t point, unsigned char out[SC_UTF8_MAX]);

/* Shell-style match of a whole text: '*' any run, '?' one byte. No character classes. */
bool sc_str_glob(const char *pattern, const char *text);

/* Where the line that goes on at `at` ends: its LF, or `end` where there is none before. */
static inline size_t sc_str_line_end(const void *text, size_t at, size_t end)
{
    const char *newline = at < end ? memchr((const char *)text + at, '\n', end - at) : NULL;
    return newline == NULL ? end : (size_t)(newline - (const char *)text);
}

/* A list of owned strings. Zero value = empty; SC_CLEANUP(sc_strv_done). */
struct sc_strv {
    char **items;
    size_t count;
    size_t cap;
};

int sc_strv_add(struct sc_strv *list, const char *text, struct sc_error *err) SC_NODISCARD;
/* Adds a malloc'd string; takes it over even on failure. NULL passes on an earlier failure. */
int sc_strv_take(struct sc_strv *list, char *text, struct sc_error *err) SC_NODISCARD;
bool sc_strv_contains(const struct sc_strv *list, const char *text);
void sc_strv_sort(struct sc_strv *list);
void sc_strv_done(struct sc_strv *list);

#endif
