/* SPDX-License-Identifier: Apache-2.0
 *
 * The text header of an age v1 file: strict parsing and writing. No keys, no I/O.
 *
 *   age-encryption.org/v1
 *   -> X25519 <arguments>          one or more stanzas: type, arguments, base64 body in lines of
 * 64, <body>                         the last of them shorter (empty if need be)
 *   --- <MAC>                      HMAC over all before the space, by a key derived from the file
 * key
 *
 * Exactly one spelling of a header is accepted, so that what was authenticated is what was read.
 * Ownership: a parsed header borrows from the text. Threads: any.
 */
#ifndef SC_VAULT_AGE_HEADER_H
#define SC_VAULT_AGE_HEADER_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/error.h"
#include "vault/age/age_crypto.h"

/* Bytes of a header, and stanzas in it, at most. Each stanza may cost a trial decryption. */
#define SC_AGE_HEADER_MAX  ((size_t)64 * 1024)
#define SC_AGE_STANZAS_MAX 64

/* Bytes of a body that are kept: those of one line. The stanzas we know have 32. */
#define SC_AGE_BODY_KEPT ((size_t)48)
#define SC_AGE_BODY_SIZE ((size_t)32)

/* Type and two arguments are kept of any number. */
#define SC_AGE_WORDS_KEPT 3

struct sc_age_stanza {
    struct sc_bytes words[SC_AGE_WORDS_KEPT]; /* type first */
    size_t word_count;
    unsigned char body[SC_AGE_BODY_KEPT];
    size_t body_len; /* in all; only the first SC_AGE_BODY_KEPT are in `body` */
};

struct sc_age_header {
    struct sc_age_stanza stanzas[SC_AGE_STANZAS_MAX];
    size_t count;
    unsigned char mac[SC_AGE_KEY_SIZE];
    size_t mac_len; /* bytes of text under the MAC */
    size_t len;     /* bytes of the header; the payload begins there */
};

/* Whether the text holds the last line of a header, so that parsing need not wait for more. */
bool sc_age_header_complete(struct sc_bytes text);

/* Parses the header at the front of `text`. FORMAT with the line where it goes wrong; what stands
 * in `header` means nothing then. */
int sc_age_header_parse(struct sc_age_header *header, struct sc_bytes text,
                        struct sc_error *err) SC_NODISCARD;

/* Whether a stanza is of this type. */
bool sc_age_stanza_is(const struct sc_age_stanza *stanza, const char *type);

/* Writing, in this order. */
void sc_age_header_begin(struct sc_buf *out);
/* `words`: "X25519 share"; `body` must be shorter than 48 bytes, so that one short line holds it.
 */
void sc_age_header_stanza(struct sc_buf *out, const char *words, struct sc_bytes body);
/* The "---" that ends what the MAC covers: out from `start` on. */
void sc_age_header_mark(struct sc_buf *out);
void sc_age_header_end(struct sc_buf *out, const unsigned char mac[SC_AGE_KEY_SIZE]);

#endif
