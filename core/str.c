/* SPDX-License-Identifier: Apache-2.0
 *
 * String helpers; see core/str.h.
 */
#include "core/str.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"

#include "core/banned.h"

bool sc_str_equal(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return strcmp(a, b) == 0;
}

bool sc_str_has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool sc_str_has_suffix(const char *text, const char *suffix)
{
    size_t text_len = strlen(text), suffix_len = strlen(suffix);
    return text_len >= suffix_len && memcmp(text + text_len - suffix_len, suffix, suffix_len) == 0;
}

char *sc_str_dup(const char *text, struct sc_error *err)
{
    return sc_str_ndup(text, strlen(text), err);
}

char *sc_str_ndup(const char *text, size_t n, struct sc_error *err)
{
    char *copy = malloc(n + 1);
    if (copy == NULL) {
        (void)sc_fail_nomem(err);
        return NULL;
    }
    if (n > 0)
        memcpy(copy, text, n);
    copy[n] = '\0';
    return copy;
}

char *sc_str_printf(struct sc_error *err, const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    int len = vasprintf(&text, fmt, args);
    va_end(args);
    if (len < 0) {
        (void)sc_fail_nomem(err);
        return NULL;
    }
    return text;
}

void sc_str_freep(char **text)
{
    free(*text);
    *text = NULL;
}

/* Length of the UTF-8 sequence at `at`, 0 if it is not one. Ranges by RFC 3629, section 4. */
static size_t utf8_sequence(const unsigned char *at, size_t room)
{
    unsigned char lead = at[0];
    if (lead < 0x80)
        return 1;
    size_t len = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || len > room)
        return 0;
    unsigned char low = 0x80, high = 0xbf;
    if (lead == 0xe0)
        low = 0xa0;
    else if (lead == 0xed)
        high = 0x9f;
    else if (lead == 0xf0)
        low = 0x90;
    else if (lead == 0xf4)
        high = 0x8f;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    return len;
}

size_t sc_str_utf8(uint32_t point, unsigned char out[SC_UTF8_MAX])
{
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    if (point < 0x80) {
        out[0] = (unsigned char)point;
        return 1;
    }
    size_t len = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, point >>= 6)
        out[i] = (unsigned char)(0x80 | (point & 0x3f));
    out[0] = (unsigned char)(leads[len] | point);
    return len;
}

bool sc_str_is_utf8(const char *text, size_t n)
{
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t i = 0; i < n;) {
        uint64_t eight = 0;
        if (n - i >= sizeof(eight)) {
            memcpy(&eight, bytes + i, sizeof(eight));
            if ((eight & 0x8080808080808080U) == 0) {
                i += sizeof(eight);
                continue;
            }
        }
        size_t len = utf8_sequence(bytes + i, n - i);
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}

bool sc_str_glob(const char *pattern, const char *text)
{
    const char *star = NULL, *retry = NULL;
    while (*text != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            retry = text;
        } else if (*pattern != '\0' && (*pattern == '?' || *pattern == *text)) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

int sc_strv_add(struct sc_strv *list, const char *text, struct sc_error *err)
{
    return sc_strv_take(list, sc_str_dup(text, err), err);
}

int sc_strv_take(struct sc_strv *list, char *text, struct sc_error *err)
{
    if (text == NULL)
        return SC_E_NOMEM;
    char **grown = sc_items_reserve(list->items, &list->cap, list->count, 1, sizeof(*grown), err);
    if (grown == NULL) {
        free(text);
        return SC_E_NOMEM;
    }
    list->items = grown;
    list->items[list->count++] = text;
    return 0;
}

bool sc_strv_contains(const struct sc_strv *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], text) == 0)
            return true;
    }
    return false;
}

static int compare_items(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void sc_strv_sort(struct sc_strv *list)
{
    if (list->count > 1)
        qsort(list->items, list->count, sizeof(*list->items), compare_items);
}

void sc_strv_done(struct sc_strv *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct sc_strv){0};
}
