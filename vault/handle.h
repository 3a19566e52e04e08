/* SPDX-License-Identifier: Apache-2.0
 *
 * What a handle holds, for the files of this module. Users see vault/vault.h.
 *
 * Keys lie in arena blocks that the handle owns and sc_vault_close() frees. What is read from the
 * file (state, scopes) is a cache that sc_view_begin() renews when another process has written.
 */
#ifndef SC_VAULT_HANDLE_H
#define SC_VAULT_HANDLE_H

#include <sys/stat.h>
#include <sys/types.h>

#include "vault/crypto.h"
#include "vault/state/state.h"
#include "vault/store/db.h"
#include "vault/store/formats.h"
#include "vault/vault.h"

#define SC_UID_SIZE 16

/* Derived from the root bundle; in the arena. */
struct sc_root_keys {
    unsigned char root[SC_KEY_SIZE];
    struct sc_sign_key sign;
    unsigned char meta[SC_KEY_SIZE];
    unsigned char wrap[SC_KEY_SIZE];
    unsigned char audit[SC_KEY_SIZE];
    unsigned char hedge[SC_KEY_SIZE];
};

/* Derived from a scope key; in the arena. */
struct sc_scope_keys {
    unsigned char scope[SC_KEY_SIZE];
    unsigned char idx[SC_KEY_SIZE];
    unsigned char name[SC_KEY_SIZE];
    unsigned char value[SC_KEY_SIZE];
    unsigned char hedge[SC_KEY_SIZE];
};

struct sc_scope {
    int64_t id;
    unsigned char uid[SC_UID_SIZE];
    uint32_t epoch;
    uint32_t depth; /* of the hash tree */
    uint64_t rows;
    unsigned char root[SC_KEY_SIZE];
    unsigned char bound[SC_KEY_SIZE]; /* hash of the sealed name and key */
    char name[SC_NAME_SIZE];          /* "" while it cannot be read */
    struct sc_scope_keys *keys;       /* NULL until needed */
};

/* Scope keys that a grant opened, by uid. */
struct sc_granted {
    unsigned char uid[SC_UID_SIZE];
    uint32_t epoch;
    char name[SC_NAME_SIZE];
    unsigned char *key; /* in the arena */
};

/* A row of an entry, as the signed tree holds it. */
struct sc_kept_row {
    uint64_t version;
    uint32_t kind;
    unsigned char hash[SC_KEY_SIZE];
    int64_t blob_id;
};

/* Rows as one number, the sum of their prints under a key of the transaction (vault/txn.h). */
struct sc_tally {
    uint64_t sum[2];
};

/* The entry that was verified last, in the view of this number, with all its rows. */
struct sc_verified {
    uint64_t view;
    int64_t scope_id;
    unsigned char idx[SC_KEY_SIZE];
    uint64_t bucket_rows;  /* its own and those of others */
    struct sc_tally tally; /* of these; zero outside a transaction */
    struct sc_kept_row *rows;
    size_t count, cap;
};

struct sc_known_node; /* vault/state/path.c */

/* The newest state that a handle has verified, or committed itself. */
struct sc_seen {
    uint64_t seq; /* 0: none */
    unsigned char hash[SC_KEY_SIZE];
};

/* What is known of the file of a handle that was made of a bundle. */
struct sc_bundled {
    bool yes;
    int64_t made, until; /* until 0: without end */
    struct stat seen;
};

struct sc_vault {
    char *path;
    struct sc_db *db;
    enum sc_vault_access access;
    bool fresh;            /* its tables are still to be made, by the first transaction */
    bool making;           /* it has no signed state yet */
    bool ignore_pin;       /* trust: what was seen before does not count */
    bool wrote;            /* something was committed: fold the log and pin on closing */
    sc_vault_warn_fn warn; /* or NULL */
    void *warn_ctx;
    struct sc_bundled bundle;
    const struct sc_format *format; /* the tables that the file has */
    uint32_t format_number;         /* what it says: perhaps newer than this program */
    bool any_format;                /* upgrade: an older one is welcome */
    uint64_t pinned_seq;            /* what the pin says; 0: nothing */
    unsigned char vault_id[SC_UID_SIZE];
    unsigned char sign_pk[SC_KEY_SIZE];
    uint32_t root_epoch;
    struct sc_root_keys *root;          /* NULL for a handle that holds grants only, or nothing */
    unsigned char slot_id[SC_UID_SIZE]; /* which slot opened it */
    struct sc_secret opened_by; /* X25519 secret keys that open it again, one after another */
    struct sc_granted *granted;
    size_t granted_count;
    struct sc_scope *scopes;
    size_t scope_count;
    struct sc_state state; /* as verified last */
    struct sc_seen seen;   /* not dropped with the state */
    uint64_t view_number;  /* counts the views of this handle */
    struct sc_verified verified;
    struct sc_known_node *known; /* NULL until one is kept */
    enum sc_vault_pages pages;   /* found by the last check */
    unsigned view_depth;         /* nested reads share one snapshot */
    struct sc_txn *txn;          /* the open batch, or NULL */
};

/* ---- vault/view.c: one consistent, verified state for the reads in between ---- */

int sc_view_begin(struct sc_vault *vault, struct sc_error *err) SC_NODISCARD;
void sc_view_end(struct sc_vault *vault);

/* Drops state and scopes: the next view reads and verifies them again. */
void sc_view_forget(struct sc_vault *vault);

/* Remembers the present state, which is in the file: what is older is not accepted any more. */
void sc_view_seen(struct sc_vault *vault);

/* LOCKED unless a key of any kind is there. */
int sc_view_need_keys(const struct sc_vault *vault, struct sc_error *err) SC_NODISCARD;

/* ---- vault/vault.c: the tables and the first row of a fresh file, in a transaction ---- */

int sc_vault_make_tables(struct sc_vault *vault, struct sc_error *err) SC_NODISCARD;

/* Opens a copy of a vault for reading, whatever its format and the pin. */
int sc_vault_open_copy(const char *path, struct sc_vault **ret, struct sc_error *err) SC_NODISCARD;

#endif
