/* SPDX-License-Identifier: Apache-2.0
 *
 * Originals of rewritten files, kept in the vault: .originals/<scope>/<hash of the path>.
 *
 * The value is a head of NUL-ended fields (format, path, SHA-256 of the file after the rewrite) and
 * the file's bytes. It is one entry, so a file over SC_VALUE_MAX cannot be rewritten.
 */
#ifndef SC_CLI_COMPOSE_ORIGINAL_H
#define SC_CLI_COMPOSE_ORIGINAL_H

#include "core/hash.h"
#include "vault/vault.h"

struct sc_original {
    struct sc_secret value; /* owns what the others point into */
    const char *path;
    unsigned char after[SC_HASH_SIZE];
    struct sc_bytes content;
};

/* Whether a copy of so many bytes fits an entry. */
int sc_original_check(const char *path, size_t len, struct sc_error *err) SC_NODISCARD;

int sc_original_put(struct sc_vault *vault, const char *scope, const char *path,
                    struct sc_bytes content, struct sc_bytes after,
                    struct sc_error *err) SC_NODISCARD;

/* By the entry's full name. FORMAT when the entry is something else. */
int sc_original_get(struct sc_vault *vault, const char *name, struct sc_original *ret,
                    struct sc_error *err) SC_NODISCARD;
void sc_original_done(struct sc_original *original);

#endif
