/* SPDX-License-Identifier: Apache-2.0
 *
 * Undoing escapes; see core/mask/canon.h.
 */
#include "core/mask/canon.h"

#include <stdint.h>
#include <string.h>

#include "core/hash.h"
#include "core/macros.h"
#include "core/str.h"

#include "core/banned.h"

enum answer { ANSWER_NO, ANSWER_YES, ANSWER_MORE };

/* `digits` hexadecimal digits at `at`. */
static enum answer read_hex(struct sc_bytes text, size_t at, size_t digits, uint32_t *ret)
{
    uint32_t value = 0;
    for (size_t i = 0; i < digits; i++) {
        if (at + i >= text.len)
            return ANSWER_MORE;
        int digit = sc_hex_digit(text.ptr[at + i]);
        if (digit < 0)
            return ANSWER_NO;
        value = value << 4 | (uint32_t)digit;
    }
    *ret = value;
    return ANSWER_YES;
}

/* A byte as it comes out, whether it stood there or was written as an escape. */
static void put_byte(struct sc_canon_unit *unit, unsigned char c)
{
    if (c == '\\' || c == '\'' || c == '"' || c == '`')
        return;
    unit->out[unit->count++] = c == '+' ? ' ' : c == '\t' ? 't' : c;
}

static void put_code_point(struct sc_canon_unit *unit, uint32_t c)
{
    if (c < 0x80)
        put_byte(unit, (unsigned char)c);
    else
        unit->count += sc_str_utf8(c, unit->out + unit->count);
}

/* %XX, %25XX, %2525XX ... */
static enum answer percent(struct sc_bytes text, struct sc_canon_unit *unit)
{
    size_t at = 1;
    uint32_t byte = 0;
    enum answer answer = read_hex(text, at, 2, &byte);
    if (answer != ANSWER_YES)
        return answer;
    uint32_t inner = 0;
    while (byte == '%' && at + 4 <= SC_CANON_UNIT_MAX) {
        answer = read_hex(text, at + 2, 2, &inner);
        if (answer == ANSWER_MORE)
            return answer;
        if (answer == ANSWER_NO)
            break;
        byte = inner;
        at += 2;
    }
    unit->taken = at + 2;
    put_byte(unit, (unsigned char)byte);
    return ANSWER_YES;
}

static enum answer numeric_entity(struct sc_bytes text, size_t at, struct sc_canon_unit *unit)
{
    bool hex = at < text.len && (text.ptr[at] | 0x20) == 'x';
    at += hex;
    size_t start = at;
    uint32_t value = 0;
    for (; at < text.len && at - start < 8; at++) {
        int digit = sc_hex_digit(text.ptr[at]);
        if (digit < 0 || (!hex && digit > 9))
            break;
        value = value * (hex ? 16 : 10) + (uint32_t)digit;
    }
    if (at == text.len)
        return ANSWER_MORE;
    if (at == start || text.ptr[at] != ';' || value > 0x10ffff || value == 0)
        return ANSWER_NO;
    unit->taken = at + 1;
    put_code_point(unit, value);
    return ANSWER_YES;
}

/* Whether `word` stands at `at`. */
static enum answer match(struct sc_bytes text, size_t at, const char *word)
{
    size_t len = strlen(word);
    size_t n = SC_MIN(len, text.len - at);
    if (memcmp(text.ptr + at, word, n) != 0)
        return ANSWER_NO;
    return n == len ? ANSWER_YES : ANSWER_MORE;
}

static enum answer entity(struct sc_bytes text, struct sc_canon_unit *unit)
{
    static const struct {
        const char *name;
        char byte;
    } known[] = {{"amp;", '&'}, {"lt;", '<'}, {"gt;", '>'}, {"quot;", '"'}, {"apos;", '\''}};
    size_t at = 1;
    while (at + 8 <= SC_CANON_UNIT_MAX && match(text, at, "amp;") == ANSWER_YES)
        at += 4;
    if (at == text.len)
        return ANSWER_MORE;
    if (text.ptr[at] == '#')
        return numeric_entity(text, at + 1, unit);
    for (size_t i = 0; i < SC_ARRAY_SIZE(known); i++) {
        enum answer answer = match(text, at, known[i].name);
        if (answer == ANSWER_MORE)
            return answer;
        if (answer == ANSWER_YES) {
            unit->taken = at + strlen(known[i].name);
            put_byte(unit, (unsigned char)known[i].byte);
            return ANSWER_YES;
        }
    }
    if (at == 1)
        return ANSWER_NO;
    unit->taken = at; /* &amp; alone */
    put_byte(unit, '&');
    return ANSWER_YES;
}

static enum answer unicode_escape(struct sc_bytes text, struct sc_canon_unit *unit)
{
    uint32_t high = 0;
    uint32_t low = 0;
    enum answer answer = read_hex(text, 2, 4, &high);
    if (answer != ANSWER_YES)
        return answer;
    unit->taken = 6;
    if (high >= 0xd800 && high < 0xdc00) {
        answer = match(text, 6, "\\u");
        if (answer == ANSWER_YES)
            answer = read_hex(text, 8, 4, &low);
        if (answer == ANSWER_MORE)
            return answer;
        if (answer == ANSWER_YES && low >= 0xdc00 && low < 0xe000) {
            unit->taken = 12;
            high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    put_code_point(unit, high);
    return ANSWER_YES;
}

static enum answer octal_escape(struct sc_bytes text, struct sc_canon_unit *unit)
{
    unsigned value = 0;
    for (size_t i = 1; i <= 3; i++) {
        if (i >= text.len)
            return ANSWER_MORE;
        if (text.ptr[i] < '0' || text.ptr[i] > '7')
            return ANSWER_NO;
        value = value * 8 + (unsigned)(text.ptr[i] - '0');
    }
    if (value > 255)
        return ANSWER_NO;
    unit->taken = 4;
    put_byte(unit, (unsigned char)value);
    return ANSWER_YES;
}

static enum answer backslash(struct sc_bytes text, struct sc_canon_unit *unit)
{
    uint32_t byte = 0;
    if (text.len < 2)
        return ANSWER_MORE;
    if (text.ptr[1] == 'u')
        return unicode_escape(text, unit);
    if (text.ptr[1] != 'x')
        return octal_escape(text, unit);
    enum answer answer = read_hex(text, 2, 2, &byte);
    if (answer == ANSWER_YES) {
        unit->taken = 4;
        put_byte(unit, (unsigned char)byte);
    }
    return answer;
}

struct sc_canon_unit sc_canon_next(struct sc_bytes text, bool last)
{
    struct sc_canon_unit unit = {0};
    unsigned char c = text.ptr[0];
    enum answer answer = c == '%'    ? percent(text, &unit)
                         : c == '&'  ? entity(text, &unit)
                         : c == '\\' ? backslash(text, &unit)
                                     : ANSWER_NO;
    if (answer == ANSWER_YES)
        return unit;
    unit = (struct sc_canon_unit){0};
    if (answer == ANSWER_MORE && !last)
        return unit;
    unit.taken = 1;
    put_byte(&unit, c);
    return unit;
}

bool sc_canon_needed(struct sc_bytes value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = value.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '.' || c == '_' || c == '-';
        if (!plain)
            return true;
    }
    return false;
}

size_t sc_canon_value(struct sc_bytes value, unsigned char *out)
{
    size_t len = 0;
    for (size_t at = 0; at < value.len;) {
        struct sc_canon_unit unit =
            sc_canon_next((struct sc_bytes){value.ptr + at, value.len - at}, true);
        memcpy(out + len, unit.out, unit.count);
        len += unit.count;
        at += unit.taken;
    }
    return len;
}
