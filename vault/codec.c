/* SPDX-License-Identifier: Apache-2.0
 *
 * Encoding; see vault/codec.h.
 */
#include "vault/codec.h"

#include <string.h>

#include "core/banned.h"

#define RECORD_VERSION 0x01
#define RECORD_HEAD    5 /* version, header length */
#define FIELD_HEAD     5 /* tag, length */
#define TAG_CRITICAL   0x80

void sc_put_u16(unsigned char *out, uint16_t value)
{
    out[0] = (unsigned char)(value & 0xff);
    out[1] = (unsigned char)(value >> 8);
}

void sc_put_u32(unsigned char *out, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        out[i] = (unsigned char)(value >> (8 * i));
}

void sc_put_u64(unsigned char *out, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++)
        out[i] = (unsigned char)(value >> (8 * i));
}

uint32_t sc_get_u32(const unsigned char *in)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < 4; i++)
        value |= (uint32_t)in[i] << (8 * i);
    return value;
}

static uint64_t get_u64(const unsigned char *in)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < 8; i++)
        value |= (uint64_t)in[i] << (8 * i);
    return value;
}

struct sc_reader sc_reader_of(struct sc_bytes bytes)
{
    return (struct sc_reader){.rest = bytes};
}

struct sc_bytes sc_read_view(struct sc_reader *reader, size_t len)
{
    if (reader->failed || len > reader->rest.len) {
        reader->failed = true;
        return (struct sc_bytes){0};
    }
    struct sc_bytes view = {reader->rest.ptr, len};
    reader->rest.ptr += len;
    reader->rest.len -= len;
    return view;
}

void sc_read_copy(struct sc_reader *reader, void *out, size_t len)
{
    struct sc_bytes view = sc_read_view(reader, len);
    if (view.ptr != NULL)
        memcpy(out, view.ptr, len);
    else
        memset(out, 0, len);
}

uint8_t sc_read_u8(struct sc_reader *reader)
{
    uint8_t value = 0;
    sc_read_copy(reader, &value, sizeof(value));
    return value;
}

uint32_t sc_read_u32(struct sc_reader *reader)
{
    unsigned char bytes[4];
    sc_read_copy(reader, bytes, sizeof(bytes));
    return sc_get_u32(bytes);
}

uint64_t sc_read_u64(struct sc_reader *reader)
{
    unsigned char bytes[8];
    sc_read_copy(reader, bytes, sizeof(bytes));
    return get_u64(bytes);
}

int sc_record_begin(struct sc_secret *out, struct sc_error *err)
{
    const unsigned char head[RECORD_HEAD] = {RECORD_VERSION};
    sc_secret_truncate(out, 0);
    return sc_secret_append(out, head, sizeof(head), err);
}

int sc_record_bytes(struct sc_secret *out, uint8_t tag, struct sc_bytes bytes, struct sc_error *err)
{
    unsigned char head[FIELD_HEAD] = {tag};
    if (out->len + FIELD_HEAD + bytes.len > SC_FIELDS_MAX)
        return sc_fail(err, SC_E_TOOBIG, "notes and labels together are over the limit");
    sc_put_u32(head + 1, (uint32_t)bytes.len);
    int rc = sc_secret_append(out, head, sizeof(head), err);
    return rc < 0 ? rc : sc_secret_append(out, bytes.ptr, bytes.len, err);
}

int sc_record_text(struct sc_secret *out, uint8_t tag, const char *text, struct sc_error *err)
{
    return sc_record_bytes(out, tag, (struct sc_bytes){(const unsigned char *)text, strlen(text)},
                           err);
}

int sc_record_u64(struct sc_secret *out, uint8_t tag, uint64_t value, struct sc_error *err)
{
    unsigned char bytes[8];
    sc_put_u64(bytes, value);
    return sc_record_bytes(out, tag, (struct sc_bytes){bytes, sizeof(bytes)}, err);
}

int sc_record_value(struct sc_secret *out, struct sc_bytes value, struct sc_error *err)
{
    sc_put_u32(out->ptr + 1, (uint32_t)(out->len - RECORD_HEAD));
    return sc_secret_append(out, value.ptr, value.len, err);
}

/* A listing of a big vault goes through hundreds of thousands of fields. */
static bool take_field(struct sc_bytes *fields, uint8_t *ret_tag, struct sc_bytes *ret_bytes)
{
    if (fields->len < FIELD_HEAD)
        return false;
    size_t len = sc_get_u32(fields->ptr + 1);
    if (len > fields->len - FIELD_HEAD)
        return false;
    *ret_tag = fields->ptr[0];
    *ret_bytes = (struct sc_bytes){fields->ptr + FIELD_HEAD, len};
    fields->ptr += FIELD_HEAD + len;
    fields->len -= FIELD_HEAD + len;
    return true;
}

int sc_record_parse(struct sc_bytes content, struct sc_record_view *ret, struct sc_error *err)
{
    if (content.len < RECORD_HEAD || content.ptr[0] != RECORD_VERSION)
        return sc_fail(err, SC_E_FORMAT, "a record's header cannot be read");
    size_t header = sc_get_u32(content.ptr + 1);
    if (header > content.len - RECORD_HEAD || header > SC_FIELDS_MAX)
        return sc_fail(err, SC_E_FORMAT, "a record's header cannot be read");
    struct sc_record_view view = {
        .fields = {content.ptr + RECORD_HEAD, header},
        .value = {content.ptr + RECORD_HEAD + header, content.len - RECORD_HEAD - header}};
    struct sc_bytes rest = view.fields;
    uint8_t tag;
    struct sc_bytes bytes;
    while (take_field(&rest, &tag, &bytes)) {
        if ((tag & TAG_CRITICAL) != 0)
            return sc_fail(err, SC_E_FORMAT, "a record needs a newer version of this program");
    }
    if (rest.len > 0)
        return sc_fail(err, SC_E_FORMAT, "a record's header is cut off");
    *ret = view;
    return 0;
}

bool sc_record_next(struct sc_bytes *fields, uint8_t *ret_tag, struct sc_bytes *ret_bytes)
{
    return take_field(fields, ret_tag, ret_bytes);
}

uint64_t sc_field_u64(struct sc_bytes bytes)
{
    unsigned char padded[8] = {0};
    if (bytes.len > 0)
        memcpy(padded, bytes.ptr, bytes.len < 8 ? bytes.len : 8);
    return get_u64(padded);
}
