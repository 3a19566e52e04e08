/* SPDX-License-Identifier: Apache-2.0
 *
 * The encoded forms of a value; see core/encode.h.
 *
 * Escapes are functions from one byte to the text that replaces it; group codes (base64, base32)
 * and wide text have code of their own in this file.
 */
#include "core/encode.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/str.h"

#include "core/banned.h"

#define ESCAPE_SIZE 8

static const char lower_digits[] = "0123456789abcdef";
static const char upper_digits[] = "0123456789ABCDEF";
static const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char base32_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* Writes what stands for c and returns its length. */
typedef size_t (*escape_fn)(unsigned char c, char out[ESCAPE_SIZE]);

static size_t keep(unsigned char c, char *out)
{
    out[0] = (char)c;
    return 1;
}

static size_t hex_pair(unsigned char c, const char *prefix, const char *digits, char *out)
{
    size_t n = strlen(prefix);
    memcpy(out, prefix, n);
    out[n] = digits[c >> 4];
    out[n + 1] = digits[c & 15];
    return n + 2;
}

static size_t with_backslash(unsigned char c, char *out)
{
    out[0] = '\\';
    out[1] = (char)c;
    return 2;
}

static bool is_one_of(unsigned char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static bool is_alnum(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_unreserved(unsigned char c)
{
    return is_alnum(c) || is_one_of(c, "-._~");
}

static size_t escape_hex(unsigned char c, char *out)
{
    return hex_pair(c, "", lower_digits, out);
}

static size_t escape_hex_upper(unsigned char c, char *out)
{
    return hex_pair(c, "", upper_digits, out);
}

static size_t escape_hex_escaped(unsigned char c, char *out)
{
    return hex_pair(c, "\\x", lower_digits, out);
}

static size_t escape_url(unsigned char c, char *out)
{
    return is_unreserved(c) ? keep(c, out) : hex_pair(c, "%", upper_digits, out);
}

static size_t escape_url_lower(unsigned char c, char *out)
{
    return is_unreserved(c) ? keep(c, out) : hex_pair(c, "%", lower_digits, out);
}

static size_t escape_url_reserved(unsigned char c, char *out)
{
    bool stays = is_unreserved(c) || is_one_of(c, "!'()*;/?:@&=+$,#[]");
    return stays ? keep(c, out) : hex_pair(c, "%", upper_digits, out);
}

static size_t escape_url_all(unsigned char c, char *out)
{
    return hex_pair(c, "%", upper_digits, out);
}

static size_t escape_form(unsigned char c, char *out)
{
    if (c == ' ')
        return keep('+', out);
    return is_alnum(c) || is_one_of(c, "-._*") ? keep(c, out) : hex_pair(c, "%", upper_digits, out);
}

static size_t escape_json(unsigned char c, char *out)
{
    static const char named[] = "\b\f\n\r\t";
    static const char letters[] = "bfnrt";
    if (c == '"' || c == '\\')
        return with_backslash(c, out);
    if (is_one_of(c, named))
        return with_backslash((unsigned char)letters[strchr(named, c) - named], out);
    return c < 0x20 ? hex_pair(c, "\\u00", lower_digits, out) : keep(c, out);
}

static size_t escape_json_slash(unsigned char c, char *out)
{
    return c == '/' ? with_backslash(c, out) : escape_json(c, out);
}

/* As Go's encoder writes it. */
static size_t escape_json_html(unsigned char c, char *out)
{
    return is_one_of(c, "&<>") ? hex_pair(c, "\\u00", lower_digits, out) : escape_json(c, out);
}

static size_t escape_yaml_single(unsigned char c, char *out)
{
    memcpy(out, "''", 2);
    return c == '\'' ? 2 : keep(c, out);
}

static size_t escape_shell_single(unsigned char c, char *out)
{
    memcpy(out, "'\\''", 4);
    return c == '\'' ? 4 : keep(c, out);
}

static size_t escape_shell_double(unsigned char c, char *out)
{
    return is_one_of(c, "$`\"\\") ? with_backslash(c, out) : keep(c, out);
}

static size_t escape_shell_ansi(unsigned char c, char *out)
{
    if (c == '"')
        return keep(c, out);
    return c == '\'' ? with_backslash(c, out) : escape_json(c, out);
}

static size_t escape_shell_bare(unsigned char c, char *out)
{
    bool stays = is_alnum(c) || c >= 0x80 || is_one_of(c, "-._/@%+=:,");
    return stays ? keep(c, out) : with_backslash(c, out);
}

static size_t escape_dollar(unsigned char c, char *out)
{
    memcpy(out, "$$", 2);
    return c == '$' ? 2 : keep(c, out);
}

static size_t escape_dollar_json(unsigned char c, char *out)
{
    return c == '$' ? escape_dollar(c, out) : escape_json_html(c, out);
}

static size_t entity(const char *text, char *out)
{
    size_t n = strlen(text);
    memcpy(out, text, n);
    return n;
}

static size_t escape_xml(unsigned char c, char *out)
{
    switch (c) {
    case '&':
        return entity("&amp;", out);
    case '<':
        return entity("&lt;", out);
    case '>':
        return entity("&gt;", out);
    case '"':
        return entity("&quot;", out);
    case '\'':
        return entity("&apos;", out);
    default:
        return keep(c, out);
    }
}

static size_t escape_xml_decimal(unsigned char c, char *out)
{
    if (!is_one_of(c, "&<>\"'"))
        return keep(c, out);
    char text[] = {'&', '#', (char)('0' + c / 10), (char)('0' + c % 10), ';', '\0'};
    return entity(text, out);
}

static size_t escape_xml_hex(unsigned char c, char *out)
{
    if (!is_one_of(c, "&<>\"'"))
        return keep(c, out);
    size_t n = hex_pair(c, "&#x", lower_digits, out);
    out[n] = ';';
    return n + 1;
}

/* Rows without an escape are made by code below. */
static const struct {
    const char *name;
    escape_fn escape;
} encodings[SC_ENCODING_MAX] = {
    [SC_ENCODING_PLAIN] = {"plain", NULL},
    [SC_ENCODING_BASE64] = {"base64", NULL},
    [SC_ENCODING_BASE64URL] = {"base64url", NULL},
    [SC_ENCODING_BASE64_TWICE] = {"base64-twice", NULL},
    [SC_ENCODING_BASE64_UTF16] = {"base64-utf16", NULL},
    [SC_ENCODING_BASE32] = {"base32", NULL},
    [SC_ENCODING_HEX] = {"hex", escape_hex},
    [SC_ENCODING_HEX_UPPER] = {"hex-upper", escape_hex_upper},
    [SC_ENCODING_HEX_ESCAPED] = {"hex-escaped", escape_hex_escaped},
    [SC_ENCODING_URL] = {"url", escape_url},
    [SC_ENCODING_URL_LOWER] = {"url-lower", escape_url_lower},
    [SC_ENCODING_URL_RESERVED] = {"url-reserved", escape_url_reserved},
    [SC_ENCODING_URL_ALL] = {"url-all", escape_url_all},
    [SC_ENCODING_FORM] = {"form", escape_form},
    [SC_ENCODING_JSON] = {"json", escape_json},
    [SC_ENCODING_JSON_SLASH] = {"json-slash", escape_json_slash},
    [SC_ENCODING_JSON_HTML] = {"json-html", escape_json_html},
    [SC_ENCODING_JSON_ASCII] = {"json-ascii", NULL},
    [SC_ENCODING_JSON_ASCII_UPPER] = {"json-ascii-upper", NULL},
    [SC_ENCODING_YAML_SINGLE] = {"yaml-single", escape_yaml_single},
    [SC_ENCODING_SHELL_SINGLE] = {"shell-single", escape_shell_single},
    [SC_ENCODING_SHELL_DOUBLE] = {"shell-double", escape_shell_double},
    [SC_ENCODING_SHELL_ANSI] = {"shell-ansi", escape_shell_ansi},
    [SC_ENCODING_SHELL_BARE] = {"shell-bare", escape_shell_bare},
    [SC_ENCODING_DOLLAR] = {"compose-dollar", escape_dollar},
    [SC_ENCODING_DOLLAR_JSON] = {"compose-dollar-json", escape_dollar_json},
    [SC_ENCODING_XML] = {"xml", escape_xml},
    [SC_ENCODING_XML_DECIMAL] = {"xml-decimal", escape_xml_decimal},
    [SC_ENCODING_XML_HEX] = {"xml-hex", escape_xml_hex},
    [SC_ENCODING_UTF16LE] = {"utf-16le", NULL},
    [SC_ENCODING_UTF16BE] = {"utf-16be", NULL},
    [SC_ENCODING_REVERSED] = {"reversed", NULL},
};

const char *sc_encoding_name(enum sc_encoding encoding)
{
    return (unsigned)encoding < SC_ENCODING_MAX ? encodings[encoding].name : "unknown";
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

static int emit_escaped(struct job *job, enum sc_encoding encoding, struct sc_error *err)
{
    sc_secret_truncate(&job->form, 0);
    for (size_t i = 0; i < job->value.len; i++) {
        char text[ESCAPE_SIZE];
        size_t n = encodings[encoding].escape(job->value.ptr[i], text);
        int rc = sc_secret_append(&job->form, text, n, err);
        if (rc < 0)
            return rc;
    }
    /* An escape that had nothing to do says nothing new. */
    bool same = job->form.len == job->value.len &&
                memcmp(job->form.ptr, job->value.ptr, job->value.len) == 0;
    return same ? 0 : emit(job, encoding, err);
}

/* A code of `bits` bits per character, as it stands when `phase` unknown bytes come before the
 * value: only the characters that are the same for all neighbours. */
static int group_code(struct sc_bytes value, const char *alphabet, unsigned bits, size_t phase,
                      struct sc_secret *out, struct sc_error *err)
{
    size_t first = (8 * phase + bits - 1) / bits;
    size_t end = 8 * (phase + value.len) / bits;
    sc_secret_truncate(out, 0);
    for (size_t i = first; i < end; i++) {
        size_t bit = i * bits - 8 * phase;
        unsigned pair = (unsigned)value.ptr[bit / 8] << 8;
        if (bit / 8 + 1 < value.len)
            pair |= value.ptr[bit / 8 + 1];
        char c = alphabet[(pair >> (16 - bits - bit % 8)) & ((1U << bits) - 1)];
        int rc = sc_secret_append(out, &c, 1, err);
        if (rc < 0)
            return rc;
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
static int emit_json_ascii(struct job *job, enum sc_encoding encoding, const char *digits,
                           struct sc_error *err)
{
    bool changed = false;
    sc_secret_truncate(&job->form, 0);
    for (size_t i = 0; i + 1 < job->wide.len; i += 2) {
        unsigned char low = job->wide.ptr[i], high = job->wide.ptr[i + 1];
        char text[ESCAPE_SIZE];
        size_t n = 0;
        if (high == 0 && low < 0x80) {
            n = escape_json(low, text);
        } else {
            hex_pair(high, "\\u", digits, text);
            n = 4 + hex_pair(low, "", digits, text + 4);
            changed = true;
        }
        int rc = sc_secret_append(&job->form, text, n, err);
        if (rc < 0)
            return rc;
    }
    return changed ? emit(job, encoding, err) : 0;
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
    if (rc == 0)
        rc = emit_base64(job, SC_ENCODING_BASE64_UTF16, sc_secret_view(&job->wide), base64_alphabet,
                         err);
    if (rc == 0)
        rc = emit_json_ascii(job, SC_ENCODING_JSON_ASCII, lower_digits, err);
    if (rc == 0)
        rc = emit_json_ascii(job, SC_ENCODING_JSON_ASCII_UPPER, upper_digits, err);
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

static int emit_all(struct job *job, struct sc_error *err)
{
    int rc = job->fn(SC_ENCODING_PLAIN, job->value, job->ctx, err);
    for (int i = 0; rc == 0 && i < SC_ENCODING_MAX; i++) {
        if (encodings[i].escape != NULL)
            rc = emit_escaped(job, (enum sc_encoding)i, err);
    }
    if (rc == 0)
        rc = emit_base64(job, SC_ENCODING_BASE64, job->value, base64_alphabet, err);
    if (rc == 0)
        rc = emit_base64(job, SC_ENCODING_BASE64URL, job->value, base64url_alphabet, err);
    if (rc == 0)
        rc = emit_base64_twice(job, err);
    if (rc == 0)
        rc = emit_base32(job, err);
    if (rc == 0 && sc_str_is_utf8((const char *)job->value.ptr, job->value.len))
        rc = emit_wide(job, err);
    if (rc == 0)
        rc = emit_reversed(job, err);
    return rc;
}

int sc_encode_each(struct sc_bytes value, sc_encode_fn fn, void *ctx, struct sc_error *err)
{
    if (value.len == 0 || value.len > SC_ENCODE_VALUE_MAX)
        return sc_fail(err, SC_E_TOOBIG,
                       "a value of %zu bytes has no encoded forms (1 to %zu bytes)", value.len,
                       SC_ENCODE_VALUE_MAX);
    struct job job = {.value = value, .fn = fn, .ctx = ctx};
    int rc = emit_all(&job, err);
    sc_secret_done(&job.form);
    sc_secret_done(&job.wide);
    return rc;
}
