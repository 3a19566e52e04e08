/* SPDX-License-Identifier: Apache-2.0
 *
 * The vault: an encrypted single-file store of named, versioned values. docs/FORMAT.md describes
 * the file byte by byte; docs/THREAT-MODEL.md says which lies about it are detected.
 *
 * Life of a handle: open (no key needed: checked against the signed state and the pin) -> unlock ->
 * read and write -> close. Keys live in locked memory and die with close.
 *
 * Durability: a write function, or commit for a batch, returns 0 only after the change is on disk
 * (fsync); otherwise nothing changed. After SC_E_IO at commit the outcome was looked up by
 * transaction id, so the answer given is the truth.
 *
 * Concurrency: many processes at once; readers never wait, writers queue for up to 5 seconds and
 * then get SC_E_BUSY. A handle belongs to one thread at a time and is not carried across fork.
 *
 * Errors common to all calls: TAMPERED (a signature, hash or seal is wrong), FORMAT (not a vault),
 * UNSUPPORTED (a newer or older format than this program's), ROLLBACK (older than the pin), LOCKED
 * (not unlocked, or this key does not open that scope), BUSY, PERM, IO, NOSPACE, NOMEM.
 */
#ifndef SC_VAULT_VAULT_H
#define SC_VAULT_VAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/name.h"
#include "core/secret.h"
#include "core/source.h"
#include "core/str.h"

/* Bytes, at most, of a note or label text, and of all labels of an entry: lines of "key=value". */
#define SC_VAULT_NOTE_MAX   4096
#define SC_VAULT_LABELS_MAX 1024

struct sc_vault;
enum sc_vault_access { SC_VAULT_READ, SC_VAULT_WRITE };

/* Whatever the person could offer; NULL where nothing. A passphrase and a key file given together
 * open slots of either kind and the slot that needs both. */
struct sc_unlock {
    const struct sc_secret *passphrase;
    const struct sc_secret *key_file; /* content of the file */
    const struct sc_secret *identity; /* content: AGE-SECRET-KEY-1... lines */
    bool any_kdf; /* passphrase slots that are cheaper or dearer than usual, too */
};

/* How hard a passphrase is to guess: Argon2id passes and memory. */
enum sc_vault_kdf {
    SC_VAULT_KDF_DEFAULT, /* 3 passes, 256 MiB */
    SC_VAULT_KDF_LIGHT,   /* 3 passes, 64 MiB, for small machines */
    SC_VAULT_KDF_STRONG,  /* 4 passes, 512 MiB */
    SC_VAULT_KDF_CUSTOM   /* as given; out of 2 to 10 passes and 64 to 1024 MiB with any_kdf only */
};

/* A new way to open the vault: a passphrase, a key file or both (`with`), or an age recipient. */
struct sc_slot_new {
    struct sc_unlock with;      /* its identity is not used */
    const char *recipient;      /* "age1...", or NULL */
    const char *label, *reason; /* why it is added, for the audit log */
    enum sc_vault_kdf kdf;
    uint32_t kdf_passes, kdf_mib; /* of SC_VAULT_KDF_CUSTOM */
};

/* Makes a new vault with one slot, and leaves it open and unlocked. EXISTS if there is a file. */
int sc_vault_create(const char *path, const struct sc_slot_new *slot, struct sc_vault **ret,
                    struct sc_error *err) SC_NODISCARD;

/* The content of a new key file. */
int sc_vault_make_key_file(struct sc_secret *ret, struct sc_error *err) SC_NODISCARD;

/* Opens an existing one. NOTFOUND without a file. */
int sc_vault_open(const char *path, enum sc_vault_access access, struct sc_vault **ret,
                  struct sc_error *err) SC_NODISCARD;

/* BADPASS when nothing offered fits. */
int sc_vault_unlock(struct sc_vault *vault, const struct sc_unlock *with,
                    struct sc_error *err) SC_NODISCARD;

/* ---- for the agent, which keeps a vault unlocked between commands ---- */

#define SC_VAULT_ID_SIZE 16
void sc_vault_id(const struct sc_vault *vault, unsigned char ret[SC_VAULT_ID_SIZE]);

/* What opens this vault the way it is open now, as an identity text for struct sc_unlock: the
 * secret key of the slot, or the identity that was given. LOCKED when it is not unlocked. */
int sc_vault_reopener(const struct sc_vault *vault, struct sc_secret *ret,
                      struct sc_error *err) SC_NODISCARD;

/* Tells fn what goes wrong at closing, after all is done: the state seen last cannot be pinned. */
typedef void (*sc_vault_warn_fn)(const char *message, void *ctx);
void sc_vault_on_warning(struct sc_vault *vault, sc_vault_warn_fn fn, void *ctx);

/* Wipes the keys and closes; NULL is allowed. */
void sc_vault_close(struct sc_vault *vault);
void sc_vault_closep(struct sc_vault **vault);

/* ---- entries ---- */

struct sc_entry_info {
    char name[SC_NAME_SIZE];
    enum sc_entry_kind kind;
    uint64_t version;
    uint64_t size;           /* bytes of the value */
    int64_t created;         /* seconds since the epoch, of this version */
    int64_t expires;         /* 0 = never */
    uint32_t uid, gid, mode; /* how it is provisioned; mode 0 = the default */
    bool removed;            /* a tombstone: only history shows it */
    bool exposed;            /* somebody whose access has ended knows this value: rotate it */
    char note[SC_VAULT_NOTE_MAX];
    char labels[SC_VAULT_LABELS_MAX]; /* lines of "key=value", sorted */
};

/* What to store. Fields left zero keep the entry's present setting (or the default of a new one).
 */
struct sc_entry_put {
    const char *name; /* full name */
    enum sc_entry_kind kind;
    const struct sc_secret *value;
    const char *note;
    const char *labels; /* all labels, as in sc_entry_info */
    const char *reason; /* for the audit log */
    int64_t expires;    /* seconds since the epoch; negative takes it away */
    bool set_owner;
    uint32_t uid, gid;
    uint32_t mode;
    bool must_be_new; /* EXISTS if the name is in use: add */
    bool must_exist;  /* NOTFOUND if it is not: rotate */
};

int sc_vault_put(struct sc_vault *vault, const struct sc_entry_put *put,
                 struct sc_error *err) SC_NODISCARD;

/* The value of a version (0 = current). ret_info may be NULL. NOTFOUND. */
int sc_vault_get(struct sc_vault *vault, const char *name, uint64_t version,
                 struct sc_secret *ret_value, struct sc_entry_info *ret_info,
                 struct sc_error *err) SC_NODISCARD;

/* Called for each entry in order of name; a negative result stops and is passed on. */
typedef int (*sc_entry_fn)(const struct sc_entry_info *info, void *ctx, struct sc_error *err);

/* Entries whose name is `prefix` or below it ("" for all but the internal ones, whose name begins
 * with '.'). No value is decrypted. */
int sc_vault_list(struct sc_vault *vault, const char *prefix, sc_entry_fn fn, void *ctx,
                  struct sc_error *err) SC_NODISCARD;

int sc_vault_remove(struct sc_vault *vault, const char *name, const char *reason,
                    struct sc_error *err) SC_NODISCARD;

/* Calls fn for each version, oldest first, tombstones included. NOTFOUND. */
int sc_vault_history(struct sc_vault *vault, const char *name, sc_entry_fn fn, void *ctx,
                     struct sc_error *err) SC_NODISCARD;

/* The entries that a template names, each once, in order of their first place; of one that is not
 * there only the name is set. Nothing for an entry that is no template. */
int sc_vault_template_names(struct sc_vault *vault, const char *name, sc_entry_fn fn, void *ctx,
                            struct sc_error *err) SC_NODISCARD;

/* Makes the value of an older version the newest one, as a new version. NOTFOUND. */
int sc_vault_revert(struct sc_vault *vault, const char *name, uint64_t version, const char *reason,
                    struct sc_error *err) SC_NODISCARD;

/* Gives an entry, with its history, another name. EXISTS if that is in use. */
int sc_vault_move(struct sc_vault *vault, const char *from, const char *to, const char *reason,
                  struct sc_error *err) SC_NODISCARD;

/* ---- ways in: key slots open the whole vault, grants one scope for reading ---- */

/* Bytes of a slot's or grant's number in hexadecimal, and of a label, with the NUL. */
#define SC_KEY_ID_SIZE    33
#define SC_KEY_LABEL_SIZE 256

struct sc_key_info {
    char id[SC_KEY_ID_SIZE];
    const char *kind; /* "passphrase", "key-file", "passphrase+key-file", "recipient", "grant" */
    char scope[SC_NAME_SIZE]; /* of a grant */
    char recipient[64];       /* "age1...", or "" */
    char label[SC_KEY_LABEL_SIZE];
    int64_t created;
    bool current; /* the slot that opened this handle */
};
typedef int (*sc_key_fn)(const struct sc_key_info *info, void *ctx, struct sc_error *err);

int sc_vault_slots(struct sc_vault *vault, sc_key_fn fn, void *ctx,
                   struct sc_error *err) SC_NODISCARD;
/* What opens the vault, as a set; needs no key. An identity may be a slot's or a grant's. */
enum sc_way_in { SC_WAY_PASSPHRASE = 1, SC_WAY_KEY_FILE = 2, SC_WAY_BOTH = 4, SC_WAY_IDENTITY = 8 };
int sc_vault_ways_in(struct sc_vault *vault, unsigned *ret, struct sc_error *err) SC_NODISCARD;
int sc_vault_slot_add(struct sc_vault *vault, const struct sc_slot_new *slot,
                      char ret_id[SC_KEY_ID_SIZE], struct sc_error *err) SC_NODISCARD;
/* Removes a slot (named by the first digits of its number) and changes the root key. With
 * `new_verify_key` also the signing key, which whoever had the slot had: then every reader has to
 * trust the vault anew. USAGE for the last slot and for the one in use. */
int sc_vault_slot_remove(struct sc_vault *vault, const char *id, bool new_verify_key,
                         const char *reason, struct sc_error *err) SC_NODISCARD;

/* Grants of a scope, or all (NULL). */
int sc_vault_grants(struct sc_vault *vault, const char *scope, sc_key_fn fn, void *ctx,
                    struct sc_error *err) SC_NODISCARD;
int sc_vault_grant_add(struct sc_vault *vault, const char *scope, const char *recipient,
                       const char *label, const char *reason, struct sc_error *err) SC_NODISCARD;
/* Removes a grant (its recipient or number), re-keys the scope, marks its secrets as exposed. */
int sc_vault_grant_remove(struct sc_vault *vault, const char *scope, const char *id,
                          const char *reason, struct sc_error *err) SC_NODISCARD;

/* Fresh keys: of one scope, or of the root and all scopes. All is sealed anew in one commit. */
int sc_vault_rekey_scope(struct sc_vault *vault, const char *name, const char *reason,
                         struct sc_error *err) SC_NODISCARD;
int sc_vault_rekey_all(struct sc_vault *vault, bool new_verify_key, const char *reason,
                       struct sc_error *err) SC_NODISCARD;

/* The names of all scopes that the keys open; appends. */
int sc_vault_scopes(struct sc_vault *vault, struct sc_strv *ret, struct sc_error *err) SC_NODISCARD;

/* ---- batches: between begin and commit all changes become one; readers see none or all ---- */

int sc_vault_begin(struct sc_vault *vault, struct sc_error *err) SC_NODISCARD;
int sc_vault_commit(struct sc_vault *vault, struct sc_error *err) SC_NODISCARD;
void sc_vault_rollback(struct sc_vault *vault);

/* ---- the audit log ---- */

/* Bytes of what a log line holds, with the NUL. */
#define SC_LOG_OP_SIZE   64
#define SC_LOG_HOST_SIZE 256

struct sc_log_entry {
    uint64_t seq; /* number of the state that the change made */
    int64_t time; /* seconds since the epoch */
    char op[SC_LOG_OP_SIZE];
    char name[SC_NAME_SIZE]; /* entry, scope or label; may be empty */
    char reason[SC_VAULT_NOTE_MAX];
    unsigned char slot[16]; /* which slot opened the vault */
    char host[SC_LOG_HOST_SIZE];
    uint32_t uid;
};
typedef int (*sc_log_fn)(const struct sc_log_entry *entry, void *ctx, struct sc_error *err);

/* Calls fn for each operation, newest change first, after verifying the whole chain. LOCKED. */
int sc_vault_log(struct sc_vault *vault, sc_log_fn fn, void *ctx,
                 struct sc_error *err) SC_NODISCARD;

/* Puts a line of the caller's in the log: in the batch that is open, or as a change of its own. */
int sc_vault_note(struct sc_vault *vault, const char *op, const char *name, const char *text,
                  struct sc_error *err) SC_NODISCARD;

/* ---- the vault as a whole; none of this needs a key unless it says so ---- */

/* Of the sums of the file's pages; not checked: changes were still on their way to the file. */
enum sc_vault_pages { SC_PAGES_NO_SUMS, SC_PAGES_NOT_CHECKED, SC_PAGES_INTACT };

struct sc_vault_status {
    unsigned char vault_id[16], verify_key[32], state_hash[32];
    uint64_t seq; /* number of the state; grows with each change */
    int64_t time;
    uint64_t scopes, rows, slots, grants;
    uint64_t opened;     /* of the scopes, by the keys of this handle */
    uint64_t pinned_seq; /* the state that was seen last; 0: none */
    int64_t current;     /* by a signature: of a vault its last change, of a bundle its making */
    bool bundle;
    int64_t until;             /* how long a bundle is good; 0: without end */
    enum sc_vault_pages pages; /* as the last check of this handle found them */
};
int sc_vault_status(struct sc_vault *vault, struct sc_vault_status *ret,
                    struct sc_error *err) SC_NODISCARD;

/* Verifies everything: file structure, tables, signature, every row of every scope, the audit log.
 * With keys also that each record opens. `progress` (or NULL) is told rows done. TAMPERED. */
typedef void (*sc_progress_fn)(uint64_t done, uint64_t total, void *ctx);
int sc_vault_check(struct sc_vault *vault, sc_progress_fn progress, void *ctx,
                   struct sc_error *err) SC_NODISCARD;

/* The signed state as one line, appended; and whether such a line fits this vault: TAMPERED for a
 * forged or foreign one, ROLLBACK where the vault is older than it or has another history. */
int sc_vault_checkpoint(struct sc_vault *vault, struct sc_buf *ret,
                        struct sc_error *err) SC_NODISCARD;
int sc_vault_checkpoint_verify(struct sc_vault *vault, const char *text,
                               struct sc_error *err) SC_NODISCARD;
/* A new state of the same content, with the present time. LOCKED. */
int sc_vault_renew(struct sc_vault *vault, struct sc_error *err) SC_NODISCARD;

/* A consistent copy in a new file (EXISTS), verified after it was written. */
int sc_vault_backup(struct sc_vault *vault, const char *path, struct sc_error *err) SC_NODISCARD;

/* Puts the content of `backup` (opened like any vault) at `path`: a new file, or over an older or
 * newer copy of the same vault (EXISTS for another one). Verified before and after. */
int sc_vault_restore(struct sc_vault *backup, const char *path, struct sc_error *err) SC_NODISCARD;

/* Opens without comparing with the pin, for sc_vault_trust() only. */
int sc_vault_open_unpinned(const char *path, enum sc_vault_access access, struct sc_vault **ret,
                           struct sc_error *err) SC_NODISCARD;
/* Pins the present state, whatever was pinned; with a reason and keys it also goes into the log. */
int sc_vault_trust(struct sc_vault *vault, const char *reason, struct sc_error *err) SC_NODISCARD;

/* A view on an unlocked vault for fuse/ and provision/ (borrowed; it must outlive the source).
 * Templates come rendered. */
struct sc_source sc_vault_source(struct sc_vault *vault);

#endif
