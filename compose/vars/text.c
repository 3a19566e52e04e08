/* SPDX-License-Identifier: Apache-2.0
 *
 * Growing text in a pool, and white space as Go sees it; see compose/vars/text.h.
 */
#include "compose/vars/text.h"

#include <string.h>

#include "core/banned.h"

void sc_text_append(struct sc_text *text, const char *bytes, size_t n)
{
    if (text->failed || n > SC_TEXT_MAX || text->len > SC_TEXT_MAX - n) {
        text->failed = true;
        return;
    }
    if (text->data == NULL || text->cap - text->len < n + 1) {
        size_t cap = (text->len + n + 1) * 2;
        char *room = sc_model_pool_alloc(text->pool, cap < 32 ? 32 : cap);
        if (room == NULL) {
            text->failed = true;
            return;
        }
        if (text->len > 0)
            memcpy(room, text->data, text->len);
        text->data = room;
        text->cap = cap < 32 ? 32 : cap;
    }
    if (n > 0)
        memcpy(text->data + text->len, bytes, n);
    text->len += n;
    text->data[text->len] = '\0';
}

const char *sc_text_get(const struct sc_text *text)
{
    return text->data != NULL ? text->data : "";
}

int sc_text_status(const struct sc_text *text, struct sc_error *err)
{
    if (!text->failed)
        return 0;
    if (text->len > SC_TEXT_MAX / 2)
        return sc_fail(err, SC_E_TOOBIG, "a value is longer than %zu MiB",
                       SC_TEXT_MAX / 1024 / 1024);
    return sc_model_pool_fail(text->pool, err);
}

/* U+0085 U+00A0 U+1680 U+2000-200A U+2028 U+2029 U+202F U+205F U+3000 */
static bool wide_space(const unsigned char *c, size_t n)
{
    if (n >= 2 && c[0] == 0xc2)
        return c[1] == 0x85 || c[1] == 0xa0;
    if (n < 3)
        return false;
    if (c[0] == 0xe1)
        return c[1] == 0x9a && c[2] == 0x80;
    if (c[0] == 0xe3)
        return c[1] == 0x80 && c[2] == 0x80;
    if (c[0] != 0xe2)
        return false;
    if (c[1] == 0x80)
        return (c[2] >= 0x80 && c[2] <= 0x8a) || c[2] == 0xa8 || c[2] == 0xa9 || c[2] == 0xaf;
    return c[1] == 0x81 && c[2] == 0x9f;
}

bool sc_space_at(const char *text, size_t n, size_t *ret_bytes)
{
    if (n == 0)
        return false;
    unsigned char c = (unsigned char)*text;
    if (c == ' ' || (c >= '\t' && c <= '\r')) {
        *ret_bytes = 1;
        return true;
    }
    if (c < 0x80 || !wide_space((const unsigned char *)text, n))
        return false;
    *ret_bytes = c == 0xc2 ? 2 : 3;
    return true;
}

size_t sc_trim_end(const char *text, size_t n)
{
    while (n > 0) {
        size_t start = n - 1;
        while (start > 0 && n - start < 3 && ((unsigned char)text[start] & 0xc0) == 0x80)
            start--;
        size_t bytes = 0;
        if (!sc_space_at(text + start, n - start, &bytes) || bytes != n - start)
            return n;
        n = start;
    }
    return n;
}
