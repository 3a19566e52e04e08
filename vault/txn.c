/* SPDX-License-Identifier: Apache-2.0
 *
 * Transactions; see vault/txn.h.
 */
#include "vault/txn.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/random.h"
#include "vault/codec.h"
#include "vault/record.h"
#include "vault/state/audit.h"
#include "vault/state/tree.h"

#include "core/banned.h"

/* Bytes of operations in one row of the audit log; what does not fit is counted. */
#define NOTES_MAX ((size_t)900 * 1024)

/* A bucket whose rows change. `prefix` counts from the scope's depth when the transaction began. */
struct touched {
    int64_t scope_id;
    uint64_t prefix;
    uint64_t rows_before;
};

struct sc_txn {
    struct sc_secret notes; /* audit fields, in order */
    size_t mark;            /* length of the notes when the present operation began */
    uint64_t notes_left_out;
    struct touched *touched; /* in order */
    size_t count, cap;
    int64_t *rebuilt; /* scopes that are written anew as a whole */
    size_t rebuilt_count;
    bool slots, grants;
    bool sound; /* the structure of the file, before anything that needs it to be */
    unsigned char print_key[SC_PRINT_KEY_SIZE];
    struct sc_tally verified, changes, found; /* of the rows in touched buckets */
    struct sc_tally changes_mark;             /* when the present operation began */
};

static void add_tally(struct sc_tally *to, const struct sc_tally *more)
{
    to->sum[0] += more->sum[0];
    to->sum[1] += more->sum[1];
}

static struct sc_tally print_of(const struct sc_txn *txn, int64_t scope_id,
                                const struct sc_tree_row *row)
{
    unsigned char bytes[8 + SC_KEY_SIZE + 8 + 4 + SC_KEY_SIZE];
    struct sc_tally print;
    sc_put_u64(bytes, (uint64_t)scope_id);
    memcpy(bytes + 8, row->idx, SC_KEY_SIZE);
    sc_put_u64(bytes + 40, row->version);
    sc_put_u32(bytes + 48, row->kind);
    memcpy(bytes + 52, row->hash, SC_KEY_SIZE);
    sc_print(print.sum, txn->print_key, (struct sc_bytes){bytes, sizeof(bytes)});
    return print;
}

static bool before(const struct touched *a, const struct touched *b)
{
    return a->scope_id != b->scope_id ? a->scope_id < b->scope_id : a->prefix < b->prefix;
}

/* Where `key` stands, or would. */
static size_t position(const struct sc_txn *txn, const struct touched *key)
{
    size_t low = 0, high = txn->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (before(&txn->touched[middle], key))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool found(const struct sc_txn *txn, const struct touched *key, size_t at)
{
    return at < txn->count && !before(key, &txn->touched[at]);
}

static bool is_rebuilt(const struct sc_txn *txn, const struct sc_scope *scope)
{
    for (size_t i = 0; i < txn->rebuilt_count; i++) {
        if (txn->rebuilt[i] == scope->id)
            return true;
    }
    return false;
}

void sc_txn_count(const struct sc_vault *vault, const struct sc_scope *scope,
                  const struct sc_tree_row *row, struct sc_tally *to)
{
    if (vault->txn == NULL)
        return;
    struct sc_tally print = print_of(vault->txn, scope->id, row);
    add_tally(to, &print);
}

void sc_txn_changes(struct sc_vault *vault, const struct sc_place *place,
                    const unsigned char hash[SC_KEY_SIZE], enum sc_txn_change change)
{
    struct sc_txn *txn = vault->txn;
    if (txn == NULL || is_rebuilt(txn, place->scope))
        return;
    const struct sc_tree_row row = {
        .idx = place->idx, .version = place->version, .kind = (uint32_t)place->kind, .hash = hash};
    struct sc_tally print = print_of(txn, place->scope->id, &row);
    if (change == SC_TXN_GOES)
        print = (struct sc_tally){{0 - print.sum[0], 0 - print.sum[1]}};
    add_tally(&txn->changes, &print);
}

int sc_txn_fail(struct sc_error *err)
{
    return sc_fail(err, SC_E_TAMPERED,
                   "what was written is not what stands in the vault's file now: its pages were "
                   "made by somebody else, or are damaged; nothing was changed");
}

/* What stands in the touched buckets is what stood there and what was done to it. */
static int check_tally(const struct sc_txn *txn, struct sc_error *err)
{
    struct sc_tally expected = txn->verified;
    add_tally(&expected, &txn->changes);
    return memcmp(&expected, &txn->found, sizeof(expected)) == 0 ? 0 : sc_txn_fail(err);
}

int sc_txn_check_structure(struct sc_vault *vault, struct sc_error *err)
{
    int rc = vault->txn->sound ? 0 : sc_db_check(vault->db, err);
    if (rc == 0)
        vault->txn->sound = true;
    return rc;
}

bool sc_txn_has_touched(const struct sc_vault *vault, const struct sc_scope *scope,
                        const unsigned char idx[SC_KEY_SIZE])
{
    if (vault->txn == NULL)
        return false;
    struct touched key = {.scope_id = scope->id, .prefix = sc_tree_prefix(idx, scope->depth)};
    return is_rebuilt(vault->txn, scope) || found(vault->txn, &key, position(vault->txn, &key));
}

static int insert_touched(struct sc_txn *txn, const struct touched *key, size_t at,
                          struct sc_error *err)
{
    struct touched *grown =
        sc_items_reserve(txn->touched, &txn->cap, txn->count, 1, sizeof(*grown), err);
    if (grown == NULL)
        return SC_E_NOMEM;
    txn->touched = grown;
    memmove(&txn->touched[at + 1], &txn->touched[at], (txn->count - at) * sizeof(*key));
    txn->touched[at] = *key;
    txn->count++;
    return 0;
}

int sc_txn_touch(struct sc_vault *vault, struct sc_scope *scope,
                 const unsigned char idx[SC_KEY_SIZE], struct sc_error *err)
{
    struct sc_txn *txn = vault->txn;
    if (txn == NULL)
        return sc_fail(err, SC_E_BUG, "a change outside a transaction");
    struct touched key = {.scope_id = scope->id, .prefix = sc_tree_prefix(idx, scope->depth)};
    size_t at = position(txn, &key);
    if (is_rebuilt(txn, scope) || found(txn, &key, at))
        return 0;
    int rc = sc_tree_verify(vault, scope, idx, &key.rows_before, err);
    if (rc == 0)
        rc = insert_touched(txn, &key, at, err);
    if (rc == 0)
        add_tally(&txn->verified, &vault->verified.tally);
    return rc;
}

int sc_txn_touch_all(struct sc_vault *vault, struct sc_scope *scope, struct sc_error *err)
{
    struct sc_txn *txn = vault->txn;
    if (is_rebuilt(txn, scope))
        return 0;
    struct touched first = {.scope_id = scope->id};
    size_t at = position(txn, &first);
    if (at < txn->count && txn->touched[at].scope_id == scope->id)
        return sc_fail(err, SC_E_BUG, "a scope is written anew after single changes");
    int rc = sc_txn_check_structure(vault, err);
    if (rc == 0)
        rc = sc_tree_verify_all(vault, scope, NULL, err);
    if (rc < 0)
        return rc;
    int64_t *grown = realloc(txn->rebuilt, (txn->rebuilt_count + 1) * sizeof(*grown));
    if (grown == NULL)
        return sc_fail_nomem(err);
    txn->rebuilt = grown;
    txn->rebuilt[txn->rebuilt_count++] = scope->id;
    return 0;
}

/* A fresh vault has no state to compare with yet. */
static int touch_table(struct sc_vault *vault, bool *touched,
                       int (*check)(struct sc_vault *vault, struct sc_error *err),
                       struct sc_error *err)
{
    int rc = 0;
    if (vault->state.seq > 0 && !*touched) {
        rc = sc_txn_check_structure(vault, err);
        if (rc == 0)
            rc = check(vault, err);
    }
    if (rc == 0)
        *touched = true;
    return rc;
}

int sc_txn_touch_slots(struct sc_vault *vault, struct sc_error *err)
{
    return touch_table(vault, &vault->txn->slots, sc_state_check_slots, err);
}

int sc_txn_touch_grants(struct sc_vault *vault, struct sc_error *err)
{
    return touch_table(vault, &vault->txn->grants, sc_state_check_grants, err);
}

/* ---- notes ---- */

static int add_field(struct sc_secret *notes, uint8_t tag, struct sc_bytes bytes,
                     struct sc_error *err)
{
    unsigned char head[5] = {tag};
    sc_put_u32(head + 1, (uint32_t)bytes.len);
    int rc = sc_secret_append(notes, head, sizeof(head), err);
    return rc < 0 ? rc : sc_secret_append(notes, bytes.ptr, bytes.len, err);
}

static int add_text(struct sc_secret *notes, uint8_t tag, const char *text, struct sc_error *err)
{
    return add_field(notes, tag, (struct sc_bytes){(const unsigned char *)text, strlen(text)}, err);
}

int sc_txn_note(struct sc_vault *vault, const char *op, const char *name, const char *reason,
                struct sc_error *err)
{
    struct sc_secret *notes = &vault->txn->notes;
    if (reason != NULL && strlen(reason) >= SC_VAULT_NOTE_MAX)
        return sc_fail(err, SC_E_USAGE, "a reason has at most %d bytes", SC_VAULT_NOTE_MAX - 1);
    if (notes->len > NOTES_MAX) {
        vault->txn->notes_left_out++;
        return 0;
    }
    int rc = add_text(notes, SC_AUDIT_OP, op, err);
    if (rc == 0 && name[0] != '\0')
        rc = add_text(notes, SC_AUDIT_NAME, name, err);
    if (rc == 0 && reason != NULL)
        rc = add_text(notes, SC_AUDIT_REASON, reason, err);
    return rc;
}

int sc_txn_note_audit_key(struct sc_vault *vault, const unsigned char old[SC_KEY_SIZE],
                          struct sc_error *err)
{
    return add_field(&vault->txn->notes, SC_AUDIT_PREVIOUS_KEY, (struct sc_bytes){old, SC_KEY_SIZE},
                     err);
}

/* ---- begin, commit, rollback ---- */

static void txn_free(struct sc_vault *vault)
{
    if (vault->txn == NULL)
        return;
    sc_secret_done(&vault->txn->notes);
    free(vault->txn->touched);
    free(vault->txn->rebuilt);
    free(vault->txn);
    vault->txn = NULL;
}

int sc_vault_begin(struct sc_vault *vault, struct sc_error *err)
{
    if (vault->txn != NULL)
        return sc_fail(err, SC_E_BUG, "a batch is open already");
    if (vault->access != SC_VAULT_WRITE)
        return sc_fail(err, SC_E_BUG, "the vault was opened for reading");
    if (vault->root == NULL)
        return sc_fail(err, SC_E_LOCKED, "this key cannot write to the vault");
    struct sc_txn *txn = calloc(1, sizeof(*txn));
    if (txn == NULL)
        return sc_fail_nomem(err);
    int rc = sc_random_bytes(txn->print_key, sizeof(txn->print_key), err);
    if (rc == 0)
        rc = sc_db_begin(vault->db, SC_DB_BEGIN_WRITE, err);
    if (rc < 0) {
        free(txn);
        return rc;
    }
    vault->txn = txn;
    if (vault->fresh)
        rc = sc_vault_make_tables(vault, err);
    if (rc == 0)
        rc = sc_view_begin(vault, err);
    if (rc < 0)
        sc_vault_rollback(vault);
    return rc;
}

static int store_root(struct sc_vault *vault, const struct sc_scope *scope, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_db_prepare(vault->db, "UPDATE scope SET depth=?, nrows=?, root=? WHERE scope_id=?",
                           &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_int(stmt, 1, scope->depth);
    sc_stmt_bind_int(stmt, 2, (int64_t)scope->rows);
    sc_stmt_bind_blob(stmt, 3, scope->root, SC_KEY_SIZE);
    sc_stmt_bind_int(stmt, 4, scope->id);
    return sc_stmt_run(stmt, err);
}

/* Takes the touched buckets of one scope, which stand together, into its tree. */
static int update_scope(struct sc_vault *vault, size_t *at, struct sc_error *err)
{
    struct sc_txn *txn = vault->txn;
    int64_t id = txn->touched[*at].scope_id;
    struct sc_scope *scope = sc_scope_by_id(vault, id);
    if (scope == NULL)
        return sc_fail(err, SC_E_BUG, "a changed scope has vanished");
    int rc = 0;
    for (; rc == 0 && *at < txn->count && txn->touched[*at].scope_id == id; (*at)++) {
        struct sc_tree_sum sum;
        rc = sc_tree_update(vault, scope, txn->touched[*at].prefix, &sum, err);
        if (rc < 0)
            break;
        scope->rows = scope->rows - txn->touched[*at].rows_before + sum.rows;
        add_tally(&txn->found, &sum.tally);
    }
    if (rc == 0)
        rc = sc_tree_grow(vault, scope, err);
    return rc < 0 ? rc : store_root(vault, scope, err);
}

static int count_rows(struct sc_vault *vault, const struct sc_scope *scope, uint64_t *ret,
                      struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    bool row = false;
    int rc = sc_db_prepare(vault->db, "SELECT count(*) FROM rec WHERE scope_id=?", &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_int(stmt, 1, scope->id);
    rc = sc_stmt_step(stmt, &row, err);
    if (rc == 0)
        *ret = (uint64_t)sc_stmt_int(stmt, 0);
    return rc;
}

/* A tree that is made anew gets the depth its rows need: so it shrinks, too. */
static int rebuild_scope(struct sc_vault *vault, int64_t id, struct sc_error *err)
{
    struct sc_scope *scope = sc_scope_by_id(vault, id);
    if (scope == NULL)
        return sc_fail(err, SC_E_BUG, "a changed scope has vanished");
    struct sc_tree_sum sum;
    uint64_t rows = 0;
    int rc = count_rows(vault, scope, &rows, err);
    if (rc < 0)
        return rc;
    scope->depth = sc_tree_depth(rows);
    rc = sc_tree_build(vault, scope, SC_TREE_WRITE, &sum, err);
    if (rc < 0)
        return rc;
    memcpy(scope->root, sum.root, SC_KEY_SIZE);
    scope->rows = sum.rows;
    return store_root(vault, scope, err);
}

static int note_left_out(struct sc_vault *vault, struct sc_error *err)
{
    if (vault->txn->notes_left_out == 0)
        return 0;
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(64);
    sc_buf_printf(&text, "%llu more operations", (unsigned long long)vault->txn->notes_left_out);
    return add_text(&vault->txn->notes, SC_AUDIT_OP, sc_buf_text(&text), err);
}

/* Tree, audit log and signature: all in the transaction that they describe. */
static int seal_state(struct sc_vault *vault, unsigned char txn_id[SC_STATE_ID_SIZE],
                      struct sc_error *err)
{
    struct sc_txn *txn = vault->txn;
    struct sc_state_change change = {.slots = txn->slots, .grants = txn->grants};
    int rc = sc_random_bytes(change.txn, sizeof(change.txn), err);
    for (size_t at = 0; at < txn->count && rc == 0;)
        rc = update_scope(vault, &at, err);
    if (rc == 0)
        rc = check_tally(txn, err);
    for (size_t i = 0; i < txn->rebuilt_count && rc == 0; i++)
        rc = rebuild_scope(vault, txn->rebuilt[i], err);
    if (rc == 0)
        rc = note_left_out(vault, err);
    if (rc == 0)
        rc = sc_audit_append(vault, sc_secret_view(&txn->notes), &change, err);
    if (rc == 0)
        rc = sc_state_advance(vault, &change, err);
    if (rc == 0)
        memcpy(txn_id, change.txn, sizeof(change.txn));
    return rc;
}

/* A failed COMMIT may have reached the disk all the same. Only a fresh look at the file can tell:
 * SQLite's own view of it is not to be trusted after an input/output error. */
static int look_up_outcome(struct sc_vault *vault, const unsigned char txn_id[SC_STATE_ID_SIZE],
                           int failure, struct sc_error *err)
{
    bool committed = false;
    struct sc_error ignored = {0};
    struct sc_db *again = NULL;
    sc_db_closep(&vault->db);
    int rc = sc_db_open(vault->path, SC_DB_WRITE, &again, &ignored);
    vault->db = again;
    if (rc == 0)
        rc = sc_audit_has_txn(vault->db, txn_id, &committed, &ignored);
    if (rc < 0)
        return sc_wrap(err, failure,
                       "it is not known whether the change was stored, look with: log");
    return committed ? 0 : failure;
}

int sc_vault_commit(struct sc_vault *vault, struct sc_error *err)
{
    if (vault->txn == NULL)
        return sc_fail(err, SC_E_BUG, "no batch is open");
    const struct sc_txn *txn = vault->txn;
    if (txn->notes.len == 0 && txn->count == 0 && !vault->fresh) {
        sc_vault_rollback(vault); /* nothing was done: no new state */
        return 0;
    }
    unsigned char txn_id[SC_STATE_ID_SIZE];
    int rc = seal_state(vault, txn_id, err);
    if (rc < 0) {
        sc_vault_rollback(vault);
        return rc;
    }
    rc = sc_db_commit(vault->db, err);
    if (rc < 0) {
        sc_db_rollback(vault->db);
        rc = look_up_outcome(vault, txn_id, rc, err);
    }
    vault->view_depth = 0;
    txn_free(vault);
    if (rc < 0) {
        sc_view_forget(vault);
        return rc;
    }
    sc_view_seen(vault);
    vault->wrote = true;
    return 0;
}

void sc_vault_rollback(struct sc_vault *vault)
{
    if (vault->txn == NULL)
        return;
    sc_db_rollback(vault->db);
    vault->view_depth = 0;
    txn_free(vault);
    sc_view_forget(vault);
}

int sc_txn_join(struct sc_vault *vault, bool *ret_own, struct sc_error *err)
{
    bool own = vault->txn == NULL;
    int rc = own ? sc_vault_begin(vault, err) : sc_db_run(vault->db, "SAVEPOINT op", err);
    if (rc < 0)
        return rc;
    vault->txn->mark = vault->txn->notes.len;
    vault->txn->changes_mark = vault->txn->changes;
    *ret_own = own;
    return 0;
}

int sc_txn_end(struct sc_vault *vault, bool own, int rc, struct sc_error *err)
{
    if (own && rc == 0)
        return sc_vault_commit(vault, err);
    if (own) {
        sc_vault_rollback(vault);
        return rc;
    }
    if (rc == 0)
        return sc_db_run(vault->db, "RELEASE op", err);
    /* The batch goes on as if this operation had not been tried; buckets it announced stay
     * announced, which costs their hash again and changes nothing. */
    sc_secret_truncate(&vault->txn->notes, vault->txn->mark);
    vault->txn->changes = vault->txn->changes_mark;
    int undone = sc_db_exec(vault->db, "ROLLBACK TO op; RELEASE op", NULL);
    if (undone == 0)
        undone = sc_scope_load(vault, NULL);
    if (undone < 0)
        sc_vault_rollback(vault);
    return rc;
}
