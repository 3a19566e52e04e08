/* SPDX-License-Identifier: Apache-2.0
 *
 * Looks for the values in pieces of known meaning, and enters what is found into the ledger.
 *
 * Raw bytes are searched for the long values; a token (a variable's value, a JSON string, one word
 * of a command) is compared with the short ones as well. Threads: one probe belongs to one thread.
 */
#ifndef SC_AUDIT_KNOWN_PROBE_H
#define SC_AUDIT_KNOWN_PROBE_H

#include "audit/known/ledger.h"
#include "audit/known/stream.h"

struct sc_probe {
    const struct sc_searcher *searcher;
    struct sc_ledger *ledger;
    const struct sc_spot *spot; /* of what is being searched */
    struct sc_stream stream;
};

int sc_probe_init(struct sc_probe *probe, const struct sc_searcher *searcher,
                  struct sc_ledger *ledger, struct sc_error *err) SC_NODISCARD;
void sc_probe_done(struct sc_probe *probe);

/* Searches raw bytes. */
int sc_probe_bytes(struct sc_probe *probe, const struct sc_spot *spot, struct sc_bytes data,
                   struct sc_error *err) SC_NODISCARD;

/* The same for bytes that come in pieces: all of one text before the next one begins. */
int sc_probe_write(struct sc_probe *probe, const struct sc_spot *spot, struct sc_bytes data,
                   struct sc_error *err) SC_NODISCARD;
int sc_probe_end(struct sc_probe *probe, struct sc_error *err) SC_NODISCARD;

/* Searches a token's bytes and compares the token, its words, what stands behind their first '=',
 * and the password of a URL with the short values. */
int sc_probe_token(struct sc_probe *probe, const struct sc_spot *spot, struct sc_bytes token,
                   struct sc_error *err) SC_NODISCARD;

/* The same for "NAME=value": the name becomes the spot's key. */
int sc_probe_variable(struct sc_probe *probe, const struct sc_spot *spot, struct sc_bytes variable,
                      struct sc_error *err) SC_NODISCARD;

#endif
