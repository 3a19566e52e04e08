/* SPDX-License-Identifier: Apache-2.0
 *
 * Many entries at once, into a vault and out of it: readers of foreign forms give items to a
 * function, which collects them or writes them in one transaction.
 *
 * Threads: one; the JSON reader changes jansson's allocator while it runs.
 */
#ifndef SC_VAULT_TRANSFER_TRANSFER_H
#define SC_VAULT_TRANSFER_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/secret.h"
#include "vault/age/age.h"
#include "vault/vault.h"

/* Entries of one import, and bytes of a file that is read as a whole. */
#define SC_TRANSFER_ITEMS_MAX ((size_t)100000)
#define SC_TRANSFER_FILE_MAX  ((size_t)4 * 1024 * 1024 - 64)

/* One entry on its way. Borrowed from whoever calls. */
struct sc_transfer_item {
    const char *name; /* full name */
    enum sc_entry_kind kind;
    const struct sc_secret *value;
    const char *note;   /* or NULL */
    const char *labels; /* or NULL */
    int64_t expires;    /* 0 = never */
    bool has_owner;
    uint32_t uid, gid;
    uint32_t mode; /* 0 = the default */
};

/* A negative result stops the reader and is passed on. */
typedef int (*sc_transfer_fn)(const struct sc_transfer_item *item, void *ctx, struct sc_error *err);

/* Puts scope and name together (scope NULL: the name must be full) and hands on a secret. With
 * `loose`, bytes that a name cannot have become '_'. */
struct sc_transfer_target {
    sc_transfer_fn fn;
    void *ctx;
    const char *scope;
    bool loose;
};
int sc_transfer_give(const struct sc_transfer_target *to, const char *name,
                     const struct sc_secret *value, struct sc_error *err) SC_NODISCARD;

/* ---- collecting: the reader may be slow, the transaction must not ---- */

struct sc_transfer_kept {
    char *name;
    struct sc_secret value;
};
struct sc_transfer_list {
    struct sc_transfer_kept *items;
    size_t count, cap;
};
/* A sc_transfer_fn; ctx is the list. Keeps name and value only. */
int sc_transfer_collect(const struct sc_transfer_item *item, void *ctx, struct sc_error *err);
int sc_transfer_each(const struct sc_transfer_list *list, sc_transfer_fn fn, void *ctx,
                     struct sc_error *err) SC_NODISCARD;
void sc_transfer_list_done(struct sc_transfer_list *list);

/* ---- writing ---- */

enum sc_transfer_conflict { SC_TRANSFER_FAIL, SC_TRANSFER_SKIP, SC_TRANSFER_REPLACE };

struct sc_transfer_writer {
    struct sc_vault *vault;
    enum sc_transfer_conflict conflict; /* for a name in use with another value */
    const char *reason;                 /* for the log */
    size_t added, replaced, skipped, same;
};
/* A sc_transfer_fn; ctx is the writer. The caller begins and commits. */
int sc_transfer_write(const struct sc_transfer_item *item, void *ctx, struct sc_error *err);

/* ---- readers ---- */

/* One JSON object; objects inside are scopes, texts, numbers and booleans are values. `name` is for
 * messages. SYNTAX with line and column. */
int sc_transfer_read_json(struct sc_bytes text, const char *name,
                          const struct sc_transfer_target *to, struct sc_error *err) SC_NODISCARD;

/* Regular files below a folder; folders are scopes. Names beginning with ".." are left out (they
 * are the machinery of mounted secrets). */
int sc_transfer_read_folder(const char *path, const struct sc_transfer_target *to,
                            struct sc_error *err) SC_NODISCARD;

/* A store of pass(1): each file decrypted by gpg. The first line is the value; further lines become
 * the entry NAME.more. */
int sc_transfer_read_pass(const char *path, const struct sc_transfer_target *to,
                          struct sc_error *err) SC_NODISCARD;

/* ---- the archive: an age file of JSON lines, for the bad day ---- */

/* All entries at or below prefix, current versions, with all that belongs to them; *ret_count. */
int sc_transfer_archive_write(struct sc_vault *vault, const char *prefix,
                              const struct sc_age_recipients *to, struct sc_age_writer out,
                              size_t *ret_count, struct sc_error *err) SC_NODISCARD;

/* Gives each entry; only a successful end says that it is complete. */
int sc_transfer_archive_read(const struct sc_age_identities *with, struct sc_age_reader in,
                             sc_transfer_fn fn, void *ctx, struct sc_error *err) SC_NODISCARD;

/* One line of the archive, without its line end (fuzzed). */
int sc_transfer_line_write(const struct sc_transfer_item *item, struct sc_secret *line,
                           struct sc_error *err) SC_NODISCARD;
int sc_transfer_line_read(struct sc_bytes line, sc_transfer_fn fn, void *ctx, bool *ret_end,
                          struct sc_error *err) SC_NODISCARD;

#endif
