/* SPDX-License-Identifier: Apache-2.0
 *
 * Bundles: one scope, or some, in a file that needs no database, for hosts and pipelines that hold
 * a grant. Any way to carry a file will do: what is in it is sealed as in the vault, and signed
 * twice, by the vault's state (every row of the scope, through its hash tree) and as a whole (the
 * grants, and how long it is good).
 *
 * Parsing knows nothing of keys and is fuzzed; layout in docs/FORMAT.md.
 */
#ifndef SC_VAULT_BUNDLE_BUNDLE_H
#define SC_VAULT_BUNDLE_BUNDLE_H

#include "vault/handle.h"
#include "vault/record.h"
#include "vault/scope/bundle.h"

#define SC_BUNDLE_MAGIC      "SCTLBNDL"
#define SC_BUNDLE_MAGIC_SIZE ((size_t)8)
/* Bytes of a bundle, scopes carried in it, grants of one of them, at most. */
#define SC_BUNDLE_FILE_MAX   ((size_t)256 * 1024 * 1024)
#define SC_BUNDLE_PARTS_MAX  64
#define SC_BUNDLE_GRANTS_MAX 1024
/* One scope in the list of all: what the state's hash of the scopes covers. */
#define SC_BUNDLE_SCOPE_SIZE ((size_t)SC_UID_SIZE + 4 + 4 + 8 + SC_KEY_SIZE + SC_KEY_SIZE)

/* A scope that is carried: its entry in the list, its grants and rows as they stand. */
struct sc_bundle_part {
    unsigned char uid[SC_UID_SIZE];
    uint32_t epoch, depth;
    uint64_t row_count;
    unsigned char root[SC_KEY_SIZE];
    uint32_t grant_count;
    struct sc_bytes grants, rows;
};

/* Borrows from the file's bytes. */
struct sc_bundle {
    unsigned char verify_key[SC_KEY_SIZE];
    int64_t made, until; /* until 0: without end */
    struct sc_bytes state;
    const unsigned char *state_sig;
    struct sc_bytes scopes; /* of the whole vault, SC_BUNDLE_SCOPE_SIZE each */
    struct sc_bundle_part parts[SC_BUNDLE_PARTS_MAX];
    size_t part_count;
    struct sc_bytes covered; /* by the signature of the whole */
    const unsigned char *sig;
};

struct sc_bundle_grant {
    unsigned char hint[SC_GRANT_HINT_SIZE];
    struct sc_bytes sealed;
};

/* A row; old versions usually come as their hash alone. */
struct sc_bundle_row {
    unsigned char idx[SC_KEY_SIZE];
    uint64_t version;
    enum sc_record_kind kind;
    struct sc_bytes sealed; /* ptr NULL: not carried */
    unsigned char hash[SC_KEY_SIZE];
};

/* Checks the whole shape: lengths, limits, order, nothing left over. FORMAT. */
int sc_bundle_parse(struct sc_bytes file, struct sc_bundle *ret, struct sc_error *err) SC_NODISCARD;

/* The next grant or row of a part that was parsed; false at the end. */
bool sc_bundle_next_grant(struct sc_bytes *rest, struct sc_bundle_grant *ret);
bool sc_bundle_next_row(struct sc_bytes *rest, struct sc_bundle_row *ret);

/* What the signature of the whole is over: a prefix and the hash of the bytes. */
#define SC_BUNDLE_SIGNED_SIZE (sizeof("secretsctl/v1/bundle") + SC_KEY_SIZE)
void sc_bundle_signed(struct sc_bytes covered, unsigned char out[SC_BUNDLE_SIGNED_SIZE]);

/* ---- as a vault ---- */

/* Reads and verifies a bundle into a fresh handle. FORMAT, TAMPERED, ROLLBACK. */
int sc_bundle_open(struct sc_vault *vault, struct sc_error *err) SC_NODISCARD;

/* Reads the file again where another one took its place; the keys stay. */
int sc_bundle_refresh(struct sc_vault *vault, struct sc_error *err) SC_NODISCARD;

#endif
