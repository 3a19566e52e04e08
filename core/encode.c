/* SPDX-License-Identifier: Apache-2.0
 *
 * The encoded forms of a value; see core/encode.h.
 *
 * Escapes are in core/text/escape.c; group codes (base64, base32), wide text and what is made of it
 * are in this file.
 */
#include "core/encode.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/text/escape.h"
#include "core/macros.h"
#include "core/str.h"

#include "core/banned.h"

/* Bytes for each byte of the value at most, of escapes that are base64 besides: that stays below
 * SC_ENCODE_EXPANSION_MAX. */
#define BASE64_ESCAPED_MAX ((size_t)4)

static const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char base32_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static const char *const names[SC_ENCODING_MAX] = {
    [SC_ENCODING_PLAIN] = "plain",
    [SC_ENCODING_BASE64] = "base64",
    [SC_ENCODING_BASE64URL] = "base64url",
    [SC_ENCODING_BASE64_TWICE] = "base64-twice",
    [SC_ENCODING_BASE64_UTF16] = "base64-utf16",
    [SC_ENCODING_BASE32] = "base32",
    [SC_ENCODING_HEX] = "hex",
    [SC_ENCODING_HEX_UPPER] = "hex-upper",
    [SC_ENCODING_HEX_ESCAPED] = "hex-escaped",
    [SC_ENCODING_URL] = "url",
    [SC_ENCODING_URL_LOWER] = "url-lower",
    [SC_ENCODING_URL_RESERVED] = "url-reserved",
    [SC_ENCODING_URL_ALL] = "url-all",
    [SC_ENCODING_FORM] = "form",
    [SC_ENCODING_JSON] = "json",
    [SC_ENCODING_JSON_SLASH] = "json-slash",
    [SC_ENCODING_JSON_HTML] = "json-html",
    [SC_ENCODING_JSON_ASCII] = "json-ascii",
    [SC_ENCODING_JSON_ASCII_UPPER] = "json-ascii-upper",
    [SC_ENCODING_YAML_SINGLE] = "yaml-single",
    [SC_ENCODING_SHELL_SINGLE] = "shell-single",
    [SC_ENCODING_SHELL_DOUBLE] = "shell-double",
    [SC_ENCODING_SHELL_ANSI] = "shell-ansi",
    [SC_ENCODING_SHELL_BARE] = "shell-bare",
    [SC_ENCODING_DOLLAR] = "compose-dollar",
    [SC_ENCODING_DOLLAR_JSON] = "compose-dollar-json",
    [SC_ENCODING_XML] = "xml",
    [SC_ENCODING_XML_DECIMAL] = "xml-decimal",
    [SC_ENCODING_XML_HEX] = "xml-hex",
    [SC_ENCODING_UTF16LE] = "utf-16le",
    [SC_ENCODING_UTF16BE] = "utf-16be",
    [SC_ENCODING_REVERSED] = "reversed",
    [SC_ENCODING_BASE64_JSON] = "base64-json",
    [SC_ENCODING_BASE64_PERCENT] = "base64-percent",
};

const char *sc_encoding_name(enum sc_encoding encoding)
{
    return (unsigned)encoding < SC_ENCODING_MAX ? names[encoding] : "unknown";
}

/* What all makers need: the value, where forms go, and one buffer that is used again. */
struct job {
    struct sc_bytes value;
    sc_encode_fn fn;
    void *ctx;
    struct sc_secret form;
    struct sc_secret wide; /* the value as UTF-16LE; empty if it is not UTF-8 */
};

static int emit(struct job *job, enum sc_encoding encoding, struct sc_error *err)
{
    if (job->form.len == 0)
        return 0;
    return job->fn(encoding, sc_secret_view(&job->form), job->ctx, err);
}

/* *ret_changed: an escape that had nothing to do says nothing new. */
static int write_escaped(struct sc_bytes value, const struct sc_escape *escape,
                         struct sc_secret *out, bool *ret_changed, struct sc_error *err)
{
    sc_secret_truncate(out, 0);
    for (size_t i = 0; i < value.len; i++) {
        char text[SC_ESCAPE_SIZE];
        size_t n = escape->write(value.ptr[i], text);
        int rc = sc_secret_append(out, text, n, err);
        if (rc < 0)
            return rc;
    }
    *ret_changed = out->len != value.len || memcmp(out->ptr, value.ptr, value.len) != 0;
    return 0;
}

static int emit_escaped(struct job *job, const struct sc_escape *escape, struct sc_error *err)
{
    bool changed = false;
    int rc = write_escaped(job->value, escape, &job->form, &changed, err);
    return rc < 0 || !changed ? rc : emit(job, escape->encoding, err);
}

/* A code of `bits` bits per character, as it stands when `phase` unknown bytes come before the
 * value: only the characters that are the same for all neighbours. */
static int group_code(struct sc_bytes value, const char *alphabet, unsigned bits, size_t phase,
                      struct sc_secret *out, struct sc_error *err)
{
    size_t first = (8 * phase + bits - 1) / bits;
    size_t end = 8 * (phase + value.len) / bits;
    unsigned char *text = NULL;
    sc_secret_truncate(out, 0);
    int rc = sc_secret_extend(out, end > first ? end - first : 0, &text, err);
    if (rc < 0)
        return rc;
    for (size_t i = first; i < end; i++) {
        size_t bit = i * bits - 8 * phase;
        unsigned pair = (unsigned)value.ptr[bit / 8] << 8;
        if (bit / 8 + 1 < value.len)
            pair |= value.ptr[bit / 8 + 1];
        text[i - first] =
            (unsigned char)alphabet[(pair >> (16 - bits - bit % 8)) & ((1U << bits) - 1)];
    }
    return 0;
}

static int emit_base64(struct job *job, enum sc_encoding encoding, struct sc_bytes value,
                       const char *alphabet, struct sc_error *err)
{
    int rc = 0;
    for (size_t phase = 0; rc == 0 && phase < 3; phase++) {
        rc = group_code(value, alphabet, 6, phase, &job->form, err);
        if (rc == 0)
            rc = emit(job, encoding, err);
    }
    return rc;
}

static int emit_base64_twice(struct job *job, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret inner = {0};
    int rc = 0;
    for (size_t phase = 0; rc == 0 && phase < 3; phase++) {
        rc = group_code(job->value, base64_alphabet, 6, phase, &inner, err);
        if (rc == 0)
            rc = emit_base64(job, SC_ENCODING_BASE64_TWICE, sc_secret_view(&inner), base64_alphabet,
                             err);
    }
    return rc;
}

/* The claims of a token, the data of a Kubernetes Secret: base64 of JSON and of URLs in which the
 * value is escaped. */
static int emit_base64_escaped(struct job *job, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret inner = {0};
    int rc = 0;
    for (const struct sc_escape *escape = sc_escapes(); rc == 0 && escape->write != NULL;
         escape++) {
        bool json =
            escape->encoding == SC_ENCODING_JSON || escape->encoding == SC_ENCODING_JSON_HTML;
        bool changed = false;
        if (!json && escape->encoding != SC_ENCODING_URL)
            continue;
        rc = write_escaped(job->value, escape, &inner, &changed, err);
        if (rc < 0 || !changed || inner.len > job->value.len * BASE64_ESCAPED_MAX)
            continue;
        const struct sc_bytes text = sc_secret_view(&inner);
        enum sc_encoding encoding = json ? SC_ENCODING_BASE64_JSON : SC_ENCODING_BASE64_PERCENT;
        rc = emit_base64(job, encoding, text, base64_alphabet, err);
        /* Of what stands in a URL only '~' comes out otherwise. */
        if (rc == 0 && (json || memchr(text.ptr, '~', text.len) != NULL))
            rc = emit_base64(job, encoding, text, base64url_alphabet, err);
    }
    return rc;
}

static int emit_base32(struct job *job, struct sc_error *err)
{
    int rc = 0;
    for (size_t phase = 0; rc == 0 && phase < 5; phase++) {
        rc = group_code(job->value, base32_alphabet, 5, phase, &job->form, err);
        if (rc == 0)
            rc = emit(job, SC_ENCODING_BASE32, err);
    }
    return rc;
}

/* The code point at value[*at], which is advanced; the value is valid UTF-8. */
static uint32_t next_code_point(struct sc_bytes value, size_t *at)
{
    unsigned char c = value.ptr[(*at)++];
    if (c < 0x80)
        return c;
    size_t more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
    uint32_t point = c & (0x3fU >> more);
    for (; more > 0 && *at < value.len; more--)
        point = point << 6 | (value.ptr[(*at)++] & 0x3fU);
    return point;
}

static int append_unit(struct sc_secret *wide, uint32_t unit, struct sc_error *err)
{
    unsigned char bytes[2] = {(unsigned char)(unit & 0xff), (unsigned char)(unit >> 8)};
    return sc_secret_append(wide, bytes, sizeof(bytes), err);
}

static int make_wide(struct job *job, struct sc_error *err)
{
    int rc = 0;
    for (size_t at = 0; rc == 0 && at < job->value.len;) {
        uint32_t point = next_code_point(job->value, &at);
        if (point >= 0x10000) {
            rc = append_unit(&job->wide, 0xd800 + ((point - 0x10000) >> 10), err);
            point = 0xdc00 + ((point - 0x10000) & 0x3ff);
        }
        if (rc == 0)
            rc = append_unit(&job->wide, point, err);
    }
    return rc;
}

/* JSON with every unit over 0x7f as \uXXXX. */
static int emit_json_ascii(struct job *job, const struct sc_escape *below, const char *digits,
                           struct sc_error *err)
{
    bool changed = false;
    sc_secret_truncate(&job->form, 0);
    for (size_t i = 0; i + 1 < job->wide.len; i += 2) {
        unsigned char low = job->wide.ptr[i], high = job->wide.ptr[i + 1];
        char text[SC_ESCAPE_SIZE];
        size_t n = 0;
        if (high == 0 && low < 0x80) {
            n = below->write(low, text);
        } else {
            sc_escape_hex(high, "\\u", digits, text);
            n = 4 + sc_escape_hex(low, "", digits, text + 4);
            changed = true;
        }
        int rc = sc_secret_append(&job->form, text, n, err);
        if (rc < 0)
            return rc;
    }
    return changed ? emit(job, below->encoding, err) : 0;
}

static int emit_utf16be(struct job *job, struct sc_error *err)
{
    sc_secret_truncate(&job->form, 0);
    for (size_t i = 0; i + 1 < job->wide.len; i += 2) {
        unsigned char unit[2] = {job->wide.ptr[i + 1], job->wide.ptr[i]};
        int rc = sc_secret_append(&job->form, unit, sizeof(unit), err);
        if (rc < 0)
            return rc;
    }
    return emit(job, SC_ENCODING_UTF16BE, err);
}

static int emit_wide(struct job *job, struct sc_error *err)
{
    int rc = make_wide(job, err);
    if (rc == 0)
        rc = job->fn(SC_ENCODING_UTF16LE, sc_secret_view(&job->wide), job->ctx, err);
    if (rc == 0)
        rc = emit_utf16be(job, err);
    /* Without the last byte, a zero mostly, it is what the other byte order looks like as well. */
    struct sc_bytes wide = sc_secret_view(&job->wide);
    wide.len -= wide.len > 0 ? 1 : 0;
    if (rc == 0)
        rc = emit_base64(job, SC_ENCODING_BASE64_UTF16, wide, base64_alphabet, err);
    static const struct {
        struct sc_escape below; /* what becomes of the others */
        const char *digits;
    } writers[] = {
        {{SC_ENCODING_JSON_ASCII, sc_escape_json}, sc_lower_digits},
        {{SC_ENCODING_JSON_ASCII_UPPER, sc_escape_json}, sc_upper_digits},
        {{SC_ENCODING_JSON_ASCII, sc_escape_json_slash}, sc_lower_digits},        /* PHP */
        {{SC_ENCODING_JSON_ASCII_UPPER, sc_escape_json_dotnet}, sc_upper_digits}, /* .NET */
    };
    for (size_t i = 0; rc == 0 && i < SC_ARRAY_SIZE(writers); i++)
        rc = emit_json_ascii(job, &writers[i].below, writers[i].digits, err);
    return rc;
}

static int emit_reversed(struct job *job, struct sc_error *err)
{
    sc_secret_truncate(&job->form, 0);
    for (size_t i = job->value.len; i > 0; i--) {
        int rc = sc_secret_append(&job->form, job->value.ptr + i - 1, 1, err);
        if (rc < 0)
            return rc;
    }
    return emit(job, SC_ENCODING_REVERSED, err);
}

/* Those escapes that hide every byte, or the others. */
static int emit_escapes(struct job *job, bool opaque, struct sc_error *err)
{
    int rc = 0;
    for (const struct sc_escape *escape = sc_escapes(); rc == 0 && escape->write != NULL;
         escape++) {
        bool hex = escape->encoding == SC_ENCODING_HEX || escape->encoding == SC_ENCODING_HEX_UPPER;
        if (hex == opaque)
            rc = emit_escaped(job, escape, err);
    }
    return rc;
}

static int emit_opaque(struct job *job, struct sc_error *err)
{
    int rc = job->fn(SC_ENCODING_PLAIN, job->value, job->ctx, err);
    if (rc == 0)
        rc = emit_escapes(job, true, err);
    if (rc == 0)
        rc = emit_base64(job, SC_ENCODING_BASE64, job->value, base64_alphabet, err);
    if (rc == 0)
        rc = emit_base64(job, SC_ENCODING_BASE64URL, job->value, base64url_alphabet, err);
    return rc;
}

static int emit_all(struct job *job, struct sc_error *err)
{
    int rc = emit_opaque(job, err);
    if (rc == 0)
        rc = emit_escapes(job, false, err);
    if (rc == 0)
        rc = emit_base64_twice(job, err);
    if (rc == 0)
        rc = emit_base64_escaped(job, err);
    if (rc == 0)
        rc = emit_base32(job, err);
    if (rc == 0 && sc_str_is_utf8((const char *)job->value.ptr, job->value.len))
        rc = emit_wide(job, err);
    if (rc == 0)
        rc = emit_reversed(job, err);
    return rc;
}

static int emit_with(int (*emitter)(struct job *job, struct sc_error *err), struct job *job,
                     struct sc_error *err)
{
    if (job->value.len == 0 || job->value.len > SC_ENCODE_VALUE_MAX)
        return sc_fail(err, SC_E_TOOBIG,
                       "a value of %zu bytes has no encoded forms (1 to %zu bytes)", job->value.len,
                       SC_ENCODE_VALUE_MAX);
    int rc = emitter(job, err);
    sc_secret_done(&job->form);
    sc_secret_done(&job->wide);
    return rc;
}

int sc_encode_each(struct sc_bytes value, sc_encode_fn fn, void *ctx, struct sc_error *err)
{
    struct job job = {.value = value, .fn = fn, .ctx = ctx};
    return emit_with(emit_all, &job, err);
}

int sc_encode_opaque(struct sc_bytes value, sc_encode_fn fn, void *ctx, struct sc_error *err)
{
    struct job job = {.value = value, .fn = fn, .ctx = ctx};
    return emit_with(emit_opaque, &job, err);
}
