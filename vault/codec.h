/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes and numbers of the vault's formats: little-endian integers, a bounded reader, and the
 * tagged fields of record headers. Pure; every length is checked against what is there. Fuzzed.
 */
#ifndef SC_VAULT_CODEC_H
#define SC_VAULT_CODEC_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/secret.h"

void sc_put_u16(unsigned char *out, uint16_t value);
void sc_put_u32(unsigned char *out, uint32_t value);
void sc_put_u64(unsigned char *out, uint64_t value);
uint32_t sc_get_u32(const unsigned char *in);

/* Reads from the front; after a failure (which is sticky) everything read is zero. */
struct sc_reader {
    struct sc_bytes rest;
    bool failed;
};
struct sc_reader sc_reader_of(struct sc_bytes bytes);
uint8_t sc_read_u8(struct sc_reader *reader);
uint32_t sc_read_u32(struct sc_reader *reader);
uint64_t sc_read_u64(struct sc_reader *reader);
void sc_read_copy(struct sc_reader *reader, void *out, size_t len);
struct sc_bytes sc_read_view(struct sc_reader *reader, size_t len);

/* A record's content is: 0x01 | header length (u32) | header | value. The header is a list of
 * fields: tag (u8) | length (u32) | bytes. A reader skips tags it does not know below 0x80 and
 * refuses those from 0x80 on. */
#define SC_FIELDS_MAX ((size_t)32 * 1024)

/* Starts a record in `out`: fields may follow, then sc_record_value(). */
int sc_record_begin(struct sc_secret *out, struct sc_error *err) SC_NODISCARD;
int sc_record_bytes(struct sc_secret *out, uint8_t tag, struct sc_bytes bytes,
                    struct sc_error *err) SC_NODISCARD;
int sc_record_text(struct sc_secret *out, uint8_t tag, const char *text,
                   struct sc_error *err) SC_NODISCARD;
int sc_record_u64(struct sc_secret *out, uint8_t tag, uint64_t value,
                  struct sc_error *err) SC_NODISCARD;
/* Ends the header and appends the value (which may be empty). */
int sc_record_value(struct sc_secret *out, struct sc_bytes value,
                    struct sc_error *err) SC_NODISCARD;

struct sc_record_view {
    struct sc_bytes fields;
    struct sc_bytes value;
};
/* FORMAT if it is not a record. Borrows. */
int sc_record_parse(struct sc_bytes content, struct sc_record_view *ret,
                    struct sc_error *err) SC_NODISCARD;

/* The next field; false at the end. A malformed list was refused by sc_record_parse(). */
bool sc_record_next(struct sc_bytes *fields, uint8_t *ret_tag, struct sc_bytes *ret_bytes);

/* A field of up to eight bytes as a number. */
uint64_t sc_field_u64(struct sc_bytes bytes);

#endif
