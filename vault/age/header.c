/* SPDX-License-Identifier: Apache-2.0
 *
 * The age header; see vault/age/header.h.
 */
#include "vault/age/header.h"

#include <string.h>

#include "core/banned.h"

#define VERSION_LINE  "age-encryption.org/v1"
#define LINE_MAX_BODY ((size_t)64)
#define MAC_TEXT_SIZE ((size_t)43)

/* A walk over the lines of the text. */
struct cursor {
    struct sc_bytes text;
    size_t at;
    size_t line; /* number of the line last taken */
};

static int bad(const struct cursor *cursor, const char *what, struct sc_error *err)
{
    return sc_fail(err, SC_E_FORMAT, "age header, line %zu: %s", cursor->line, what);
}

/* The next line without its LF; false at the end, or when the last line is not ended. */
static bool next_line(struct cursor *cursor, struct sc_bytes *ret)
{
    size_t left = cursor->text.len - cursor->at;
    cursor->line++;
    if (left == 0)
        return false;
    const unsigned char *start = cursor->text.ptr + cursor->at;
    const unsigned char *end = memchr(start, '\n', left);
    if (end == NULL)
        return false;
    *ret = (struct sc_bytes){start, (size_t)(end - start)};
    cursor->at += ret->len + 1;
    return true;
}

static bool starts_with(struct sc_bytes line, const char *prefix)
{
    size_t len = strlen(prefix);
    return line.len >= len && memcmp(line.ptr, prefix, len) == 0;
}

bool sc_age_header_complete(struct sc_bytes text)
{
    struct cursor cursor = {.text = text};
    struct sc_bytes line;
    while (next_line(&cursor, &line)) {
        if (starts_with(line, "---"))
            return true;
    }
    return false;
}

/* Words of visible characters, divided by single spaces. */
static int parse_words(const struct cursor *cursor, struct sc_bytes rest, struct sc_age_stanza *ret,
                       struct sc_error *err)
{
    size_t start = 0;
    for (size_t i = 0; i <= rest.len; i++) {
        if (i < rest.len && rest.ptr[i] != ' ') {
            if (rest.ptr[i] < 0x21 || rest.ptr[i] > 0x7e)
                return bad(cursor, "a character that is not allowed in a stanza", err);
            continue;
        }
        if (i == start)
            return bad(cursor, "a stanza has an empty argument", err);
        if (ret->word_count < SC_AGE_WORDS_KEPT)
            ret->words[ret->word_count] = (struct sc_bytes){rest.ptr + start, i - start};
        ret->word_count++;
        start = i + 1;
    }
    return 0;
}

static int parse_body(struct cursor *cursor, struct sc_age_stanza *ret, struct sc_error *err)
{
    struct sc_bytes line;
    do {
        unsigned char decoded[SC_AGE_BODY_KEPT];
        size_t len = 0;
        if (!next_line(cursor, &line))
            return bad(cursor, "the header ends inside a stanza", err);
        if (line.len > LINE_MAX_BODY)
            return bad(cursor, "a line of a stanza is longer than 64 characters", err);
        if (!sc_age_base64_decode(decoded, sizeof(decoded), SC_AGE_BASE64_RAW, line, &len))
            return bad(cursor, "a stanza is not canonical base64", err);
        if (ret->body_len < SC_AGE_BODY_KEPT)
            memcpy(ret->body, decoded, len);
        ret->body_len += len;
    } while (line.len == LINE_MAX_BODY);
    return 0;
}

static int parse_stanza(struct cursor *cursor, struct sc_bytes line, struct sc_age_header *ret,
                        struct sc_error *err)
{
    if (ret->count == SC_AGE_STANZAS_MAX)
        return bad(cursor, "more than 64 stanzas", err);
    struct sc_age_stanza *stanza = &ret->stanzas[ret->count++];
    *stanza = (struct sc_age_stanza){0};
    int rc = parse_words(cursor, (struct sc_bytes){line.ptr + 3, line.len - 3}, stanza, err);
    return rc < 0 ? rc : parse_body(cursor, stanza, err);
}

static int parse_mac(struct cursor *cursor, struct sc_bytes line, struct sc_age_header *ret,
                     struct sc_error *err)
{
    size_t len = 0;
    if (line.len != 4 + MAC_TEXT_SIZE || line.ptr[3] != ' ' ||
        !sc_age_base64_decode(ret->mac, sizeof(ret->mac), SC_AGE_BASE64_RAW,
                              (struct sc_bytes){line.ptr + 4, MAC_TEXT_SIZE}, &len) ||
        len != sizeof(ret->mac))
        return bad(cursor, "the MAC is malformed", err);
    ret->mac_len = (size_t)(line.ptr - cursor->text.ptr) + 3;
    ret->len = cursor->at;
    return 0;
}

int sc_age_header_parse(struct sc_age_header *header, struct sc_bytes text, struct sc_error *err)
{
    struct cursor cursor = {.text = text};
    cursor.text.len = SC_MIN(text.len, SC_AGE_HEADER_MAX);
    struct sc_bytes line;
    if (!next_line(&cursor, &line) || line.len != strlen(VERSION_LINE) ||
        !starts_with(line, VERSION_LINE))
        return bad(&cursor, "this is not an age v1 file", err);
    header->count = 0;
    for (;;) {
        if (!next_line(&cursor, &line))
            return bad(&cursor, "the header has no end", err);
        if (starts_with(line, "---"))
            break;
        if (!starts_with(line, "-> "))
            return bad(&cursor, "neither a stanza nor the end of the header", err);
        int rc = parse_stanza(&cursor, line, header, err);
        if (rc < 0)
            return rc;
    }
    if (header->count == 0)
        return bad(&cursor, "the header has no stanza", err);
    return parse_mac(&cursor, line, header, err);
}

bool sc_age_stanza_is(const struct sc_age_stanza *stanza, const char *type)
{
    return stanza->words[0].len == strlen(type) && starts_with(stanza->words[0], type);
}

void sc_age_header_begin(struct sc_buf *out)
{
    sc_buf_puts(out, VERSION_LINE "\n");
}

void sc_age_header_stanza(struct sc_buf *out, const char *words, struct sc_bytes body)
{
    char text[LINE_MAX_BODY + 1];
    sc_buf_printf(out, "-> %s\n", words);
    sc_age_base64_encode(text, SC_AGE_BASE64_RAW, body);
    sc_buf_printf(out, "%s\n", text);
}

void sc_age_header_mark(struct sc_buf *out)
{
    sc_buf_puts(out, "---");
}

void sc_age_header_end(struct sc_buf *out, const unsigned char mac[SC_AGE_KEY_SIZE])
{
    char text[MAC_TEXT_SIZE + 1];
    sc_age_base64_encode(text, SC_AGE_BASE64_RAW, (struct sc_bytes){mac, SC_AGE_KEY_SIZE});
    sc_buf_printf(out, " %s\n", text);
}
