/* SPDX-License-Identifier: Apache-2.0
 *
 * Typing of scalars; see compose/tree/scalar.h.
 */
#include "compose/tree/scalar.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compose/tree/clock.h"
#include "core/str.h"

#include "core/banned.h"

#define NUMBER_MAX 512 /* bytes of the longest text taken for a number */

/* ---- numbers ---- */

static bool digit_of(char c, int base, unsigned *ret)
{
    unsigned value = 99;
    if (c >= '0' && c <= '9')
        value = (unsigned)(c - '0');
    else if (c >= 'a' && c <= 'f')
        value = (unsigned)(c - 'a') + 10;
    else if (c >= 'A' && c <= 'F')
        value = (unsigned)(c - 'A') + 10;
    *ret = value;
    return value < (unsigned)base;
}

/* Integers as Go reads them with base 0: 0x, 0o, 0b, and a leading 0 for octal. */
static bool parse_integer(const char *text, struct sc_value *ret)
{
    bool sign = *text == '+' || *text == '-';
    bool negative = *text == '-';
    const char *digits = sign ? text + 1 : text;
    int base = 10;
    if (digits[0] == '0' && digits[1] != '\0') {
        char mark = (char)(digits[1] | 0x20);
        base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
        digits += mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1;
    }
    if (*digits == '\0')
        return false;
    uint64_t value = 0;
    for (; *digits != '\0'; digits++) {
        unsigned digit = 0;
        if (!digit_of(*digits, base, &digit) ||
            __builtin_mul_overflow(value, (uint64_t)base, &value) ||
            __builtin_add_overflow(value, (uint64_t)digit, &value))
            return false;
    }
    if (value <= INT64_MAX || (negative && value == (uint64_t)INT64_MAX + 1)) {
        ret->kind = SC_VALUE_INT;
        ret->u.natural = negative ? 0 - value : value;
        return true;
    }
    if (sign)
        return false;
    ret->kind = SC_VALUE_UINT;
    ret->u.natural = value;
    return true;
}

static size_t digits_at(const char *text)
{
    return strspn(text, "0123456789");
}

/* [-+]? ( .digits | digits [. digits*] ) [ e [-+]? digits ] */
static bool is_decimal_float(const char *text)
{
    if (*text == '+' || *text == '-')
        text++;
    size_t whole = digits_at(text);
    text += whole;
    if (*text == '.') {
        size_t fraction = digits_at(text + 1);
        if (whole == 0 && fraction == 0)
            return false;
        text += 1 + fraction;
    } else if (whole == 0) {
        return false;
    }
    if (*text == 'e' || *text == 'E') {
        text++;
        if (*text == '+' || *text == '-')
            text++;
        size_t exponent = digits_at(text);
        if (exponent == 0)
            return false;
        text += exponent;
    }
    return *text == '\0';
}

static bool parse_float(const char *text, struct sc_value *ret)
{
    if (!is_decimal_float(text))
        return false;
    double real = strtod(text, NULL); /* the grammar above keeps hexadecimal and locales out */
    if (isinf(real))
        return false; /* out of range: Go refuses, and the text stays a string */
    ret->kind = SC_VALUE_FLOAT;
    ret->u.real = real;
    return true;
}

/* ---- words ---- */

struct word {
    const char *text;
    enum sc_value_kind kind;
    double real;
    bool boolean;
};

static bool find_word(const char *text, struct sc_value *ret)
{
    static const struct word words[] = {
        {"true", SC_VALUE_BOOL, 0, true},
        {"True", SC_VALUE_BOOL, 0, true},
        {"TRUE", SC_VALUE_BOOL, 0, true},
        {"false", SC_VALUE_BOOL, 0, false},
        {"False", SC_VALUE_BOOL, 0, false},
        {"FALSE", SC_VALUE_BOOL, 0, false},
        {"", SC_VALUE_NULL, 0, false},
        {"~", SC_VALUE_NULL, 0, false},
        {"null", SC_VALUE_NULL, 0, false},
        {"Null", SC_VALUE_NULL, 0, false},
        {"NULL", SC_VALUE_NULL, 0, false},
        {".nan", SC_VALUE_FLOAT, NAN, false},
        {".NaN", SC_VALUE_FLOAT, NAN, false},
        {".NAN", SC_VALUE_FLOAT, NAN, false},
        {".inf", SC_VALUE_FLOAT, INFINITY, false},
        {".Inf", SC_VALUE_FLOAT, INFINITY, false},
        {".INF", SC_VALUE_FLOAT, INFINITY, false},
        {"+.inf", SC_VALUE_FLOAT, INFINITY, false},
        {"+.Inf", SC_VALUE_FLOAT, INFINITY, false},
        {"+.INF", SC_VALUE_FLOAT, INFINITY, false},
        {"-.inf", SC_VALUE_FLOAT, -INFINITY, false},
        {"-.Inf", SC_VALUE_FLOAT, -INFINITY, false},
        {"-.INF", SC_VALUE_FLOAT, -INFINITY, false},
        {"-0", SC_VALUE_FLOAT, -0.0, false},
        {"-0.0", SC_VALUE_FLOAT, -0.0, false},
    };
    for (size_t i = 0; i < SC_ARRAY_SIZE(words); i++) {
        if (strcmp(words[i].text, text) != 0)
            continue;
        ret->kind = words[i].kind;
        ret->count = 0;
        if (ret->kind == SC_VALUE_BOOL)
            ret->u.boolean = words[i].boolean;
        else
            ret->u.real = words[i].real;
        return true;
    }
    return false;
}

/* ---- resolution ---- */

enum tag {
    TAG_NONE,
    TAG_STR,
    TAG_BOOL,
    TAG_INT,
    TAG_FLOAT,
    TAG_NULL,
    TAG_TIME,
    TAG_BINARY,
    TAG_OTHER
};

static enum tag tag_of(const char *tag)
{
    static const struct {
        const char *name;
        enum tag tag;
    } names[] = {
        {"str", TAG_STR},   {"bool", TAG_BOOL},      {"int", TAG_INT},       {"float", TAG_FLOAT},
        {"null", TAG_NULL}, {"timestamp", TAG_TIME}, {"binary", TAG_BINARY},
    };
    if (tag == NULL)
        return TAG_NONE;
    if (sc_str_has_prefix(tag, "tag:yaml.org,2002:"))
        tag += strlen("tag:yaml.org,2002:");
    else if (sc_str_has_prefix(tag, "!!"))
        tag += 2;
    else
        return TAG_OTHER;
    for (size_t i = 0; i < SC_ARRAY_SIZE(names); i++) {
        if (strcmp(names[i].name, tag) == 0)
            return names[i].tag;
    }
    return TAG_OTHER;
}

static enum tag tag_for(const struct sc_value *value, bool is_time)
{
    static const enum tag tags[] = {
        [SC_VALUE_NULL] = TAG_NULL, [SC_VALUE_BOOL] = TAG_BOOL,   [SC_VALUE_INT] = TAG_INT,
        [SC_VALUE_UINT] = TAG_INT,  [SC_VALUE_FLOAT] = TAG_FLOAT, [SC_VALUE_STRING] = TAG_STR,
    };
    return is_time ? TAG_TIME : tags[value->kind];
}

/* Numbers and points in time: text that begins with a digit or a sign. */
static bool resolve_number(struct sc_model_pool *pool, const char *text, size_t len,
                           bool allow_time, struct sc_value *ret, bool *ret_time)
{
    char when[SC_SCALAR_TEXT_SIZE];
    if (allow_time && sc_clock_text(text, when)) {
        const char *copy = sc_model_pool_dup(pool, when);
        if (copy == NULL)
            return false;
        ret->kind = SC_VALUE_STRING;
        ret->u.text = copy;
        ret->count = strlen(copy);
        ret->single = true;
        *ret_time = true;
        return true;
    }
    if (len >= NUMBER_MAX)
        return false;
    char digits[NUMBER_MAX];
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '_')
            digits[used++] = text[i];
    }
    digits[used] = '\0';
    return parse_integer(digits, ret) || parse_float(digits, ret);
}

static void resolve_plain(struct sc_model_pool *pool, const char *text, size_t len, bool allow_time,
                          struct sc_value *ret, bool *ret_time)
{
    static const char hints[] = "+-0123456789.~yYnNtTfFoO<";
    bool possible =
        len == 0 || (memchr(hints, text[0], sizeof(hints) - 1) != NULL && strlen(text) == len);
    if (!possible || find_word(text, ret))
        return;
    if (text[0] == '.') {
        char number[NUMBER_MAX];
        if (len < sizeof(number)) {
            memcpy(number, text, len + 1);
            if (parse_float(number, ret))
                return;
        }
    } else if (strchr("+-0123456789", text[0]) != NULL) {
        if (resolve_number(pool, text, len, allow_time, ret, ret_time))
            return;
    }
}

static int decode_binary(struct sc_model_pool *pool, const char *text, size_t len,
                         struct sc_value *ret, struct sc_error *err)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *out = sc_model_pool_alloc(pool, len + 1);
    if (out == NULL)
        return sc_model_pool_fail(pool, err);
    size_t used = 0;
    size_t digits = 0;
    size_t padding = 0;
    uint32_t bits = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n' || text[i] == '\r')
            continue;
        const char *place = text[i] != '\0' ? strchr(alphabet, text[i]) : NULL;
        if (text[i] == '=')
            padding++;
        else if (place == NULL || padding > 0)
            return sc_fail(err, SC_E_SYNTAX, "a value tagged !!binary is not base64");
        bits = bits << 6 | (place != NULL ? (uint32_t)(place - alphabet) : 0);
        if (++digits % 4 == 0) {
            for (int shift = 16; shift >= 0; shift -= 8)
                out[used++] = (char)(bits >> shift & 0xff);
        }
    }
    if (digits % 4 != 0 || padding > 2)
        return sc_fail(err, SC_E_SYNTAX, "a value tagged !!binary is not base64");
    used -= padding;
    out[used] = '\0';
    ret->kind = SC_VALUE_STRING;
    ret->u.text = out;
    ret->count = used;
    return 0;
}

int sc_scalar_resolve(struct sc_model_pool *pool, const struct sc_scalar_source *source,
                      struct sc_value *ret, struct sc_error *err)
{
    enum tag want = tag_of(source->tag);
    if (want == TAG_BINARY)
        return decode_binary(pool, source->text, source->len, ret, err);
    struct sc_value typed = {.kind = SC_VALUE_STRING, .count = source->len, .origin = ret->origin};
    typed.u.text = source->text;
    bool is_time = false;
    if (want != TAG_STR && want != TAG_OTHER && (source->plain || want != TAG_NONE))
        resolve_plain(pool, source->text, source->len, want == TAG_NONE || want == TAG_TIME, &typed,
                      &is_time);
    if (typed.kind != SC_VALUE_STRING)
        typed.count = 0;
    enum tag got = tag_for(&typed, is_time);
    if (want == TAG_FLOAT && typed.kind == SC_VALUE_INT) {
        typed.u.real = (double)typed.u.integer;
        typed.kind = SC_VALUE_FLOAT;
        got = TAG_FLOAT;
    }
    if (want != TAG_NONE && want != TAG_OTHER && want != got)
        return sc_fail(err, SC_E_SYNTAX, "the value does not fit its tag");
    *ret = typed;
    return 0;
}

/* ---- text ---- */

/* The shortest decimal digits that read back as the same number: "d.ddde+XX". */
static void shortest(char out[SC_SCALAR_TEXT_SIZE], double real, bool single)
{
    int last = single ? 9 : 17;
    for (int digits = 1; digits <= last; digits++) {
        snprintf(out, SC_SCALAR_TEXT_SIZE, "%.*e", digits - 1, real);
        bool exact = single ? strtof(out, NULL) == (float)real : strtod(out, NULL) == real;
        if (exact)
            return;
    }
}

/* Lays the shortest digits out: exponent form for exponents below `low` or from `high` on. */
static void layout_float(char out[SC_SCALAR_TEXT_SIZE], const char *digits, long low, long high)
{
    const char *mark = strchr(digits, 'e');
    long exponent = mark != NULL ? strtol(mark + 1, NULL, 10) : 0;
    if (exponent < low || exponent >= high) {
        snprintf(out, SC_SCALAR_TEXT_SIZE, "%s", digits);
        return;
    }
    int precision = 0;
    const char *point = strchr(digits, '.');
    if (point != NULL && mark != NULL)
        precision = (int)(mark - point) - 1;
    long decimals = precision - exponent;
    snprintf(out, SC_SCALAR_TEXT_SIZE, "%.*f", decimals > 0 ? (int)decimals : 0,
             strtod(digits, NULL));
}

void sc_scalar_float_text(char out[SC_SCALAR_TEXT_SIZE], double real, bool single)
{
    if (isnan(real) || isinf(real)) {
        snprintf(out, SC_SCALAR_TEXT_SIZE, "%s", isnan(real) ? "NaN" : real < 0 ? "-Inf" : "+Inf");
        return;
    }
    char digits[SC_SCALAR_TEXT_SIZE];
    shortest(digits, real, single);
    layout_float(out, digits, -4, 6);
}

void sc_scalar_float_json(char out[SC_SCALAR_TEXT_SIZE], double real, bool single)
{
    char digits[SC_SCALAR_TEXT_SIZE];
    shortest(digits, real, single);
    layout_float(out, digits, -6, 21);
    char *mark = strstr(out, "e-0"); /* Go's encoder drops the leading zero of a small exponent */
    if (mark != NULL)
        memmove(mark + 2, mark + 3, strlen(mark + 3) + 1);
}

const char *sc_scalar_text(struct sc_model_pool *pool, const struct sc_value *value)
{
    char number[SC_SCALAR_TEXT_SIZE];
    switch (value->kind) {
    case SC_VALUE_STRING:
        return value->u.text;
    case SC_VALUE_NULL:
        return "<nil>";
    case SC_VALUE_BOOL:
        return value->u.boolean ? "true" : "false";
    case SC_VALUE_INT:
        return sc_model_pool_printf(pool, "%" PRId64, value->u.integer);
    case SC_VALUE_UINT:
        return sc_model_pool_printf(pool, "%" PRIu64, value->u.natural);
    case SC_VALUE_FLOAT:
        sc_scalar_float_text(number, value->u.real, value->single);
        return sc_model_pool_dup(pool, number);
    case SC_VALUE_LIST:
    case SC_VALUE_MAP:
    default:
        return "";
    }
}
