/* SPDX-License-Identifier: Apache-2.0
 *
 * The ASCII armor of age: strict PEM ("AGE ENCRYPTED FILE"), lines of 64 characters, canonical
 * base64, LF or CR LF, white space only before and after.
 *
 * Decoding is a reader on top of a reader, encoding a writer on top of a writer. Failures of the
 * armor are FORMAT and begin with "age armor". Threads: one at a time.
 */
#ifndef SC_VAULT_AGE_ARMOR_H
#define SC_VAULT_AGE_ARMOR_H

#include <stdbool.h>

#include "vault/age/io.h"

/* Bytes of white space accepted before the first and after the last line, each. */
#define SC_AGE_ARMOR_SPACE_MAX ((size_t)1024)
/* Bytes that one full line stands for. */
#define SC_AGE_ARMOR_LINE ((size_t)48)

enum sc_age_form {
    SC_AGE_FORM_DETECT, /* armor if the first visible bytes are "-----BEGIN" */
    SC_AGE_FORM_BINARY,
    SC_AGE_FORM_ARMOR
};

/* Fields are private. */
struct sc_age_armor_reader {
    struct sc_age_reader from;
    enum sc_age_form form;
    bool begun, last_line, ended;
    size_t line; /* number of the line being read */
    unsigned char raw[4096];
    size_t raw_at, raw_len;
    unsigned char out[SC_AGE_ARMOR_LINE];
    size_t out_at, out_len;
};

void sc_age_armor_reader_init(struct sc_age_armor_reader *armor, struct sc_age_reader from,
                              enum sc_age_form form);
/* The decoded bytes; binary input passes through. */
struct sc_age_reader sc_age_armor_read(struct sc_age_armor_reader *armor);

/* Fields are private. */
struct sc_age_armor_writer {
    struct sc_age_writer to;
    bool begun;
    unsigned char line[SC_AGE_ARMOR_LINE];
    size_t len;
};

void sc_age_armor_writer_init(struct sc_age_armor_writer *armor, struct sc_age_writer to);
struct sc_age_writer sc_age_armor_write(struct sc_age_armor_writer *armor);
/* Writes what is left and the last line; the armor is complete only after this. */
int sc_age_armor_finish(struct sc_age_armor_writer *armor, struct sc_error *err) SC_NODISCARD;

#endif
