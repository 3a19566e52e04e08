/* SPDX-License-Identifier: Apache-2.0
 *
 * Audit log; see vault/state/audit.h.
 */
#include "vault/state/audit.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/str.h"
#include "vault/codec.h"
#include "vault/handle.h"

#include "core/banned.h"

#define AAD_SIZE  (6 + SC_UID_SIZE + 8 + SC_STATE_ID_SIZE)
#define BODY_MAX  ((size_t)1310720)
#define HOST_SIZE 256
/* Changes that are worth looking at one by one. */
#define SINCE_MAX 256

/* A row as it stands in the file. */
struct row {
    uint64_t seq;
    unsigned char txn[SC_STATE_ID_SIZE];
    unsigned char prev[SC_KEY_SIZE];
    unsigned char state[SC_KEY_SIZE];
    struct sc_bytes body;
};

static void hash_row(unsigned char out[SC_KEY_SIZE], const struct row *row)
{
    struct sc_hasher hasher;
    sc_hasher_init(&hasher, "audit-row");
    sc_hasher_add_u64(&hasher, row->seq);
    sc_hasher_add(&hasher, row->txn, sizeof(row->txn));
    sc_hasher_add(&hasher, row->prev, sizeof(row->prev));
    sc_hasher_add(&hasher, row->state, sizeof(row->state));
    sc_hasher_add_sized(&hasher, row->body);
    sc_hasher_final(&hasher, out);
}

static struct sc_bytes make_aad(unsigned char out[AAD_SIZE], const struct sc_vault *vault,
                                const struct row *row)
{
    memcpy(out, "SCTLv1", 6);
    memcpy(out + 6, vault->vault_id, SC_UID_SIZE);
    sc_put_u64(out + 22, row->seq);
    memcpy(out + 30, row->txn, SC_STATE_ID_SIZE);
    return (struct sc_bytes){out, AAD_SIZE};
}

static int compose(const struct sc_vault *vault, struct sc_bytes operations, struct sc_secret *ret,
                   struct sc_error *err)
{
    char host[HOST_SIZE] = "";
    if (gethostname(host, sizeof(host) - 1) < 0)
        host[0] = '\0';
    int rc = sc_record_begin(ret, err);
    if (rc == 0)
        rc = sc_record_u64(ret, SC_AUDIT_TIME, (uint64_t)time(NULL), err);
    if (rc == 0)
        rc = sc_record_bytes(ret, SC_AUDIT_SLOT, (struct sc_bytes){vault->slot_id, SC_UID_SIZE},
                             err);
    if (rc == 0)
        rc = sc_record_text(ret, SC_AUDIT_HOST, host, err);
    if (rc == 0)
        rc = sc_record_u64(ret, SC_AUDIT_UID, (uint64_t)getuid(), err);
    /* The operations are the record's value: a batch may have more of them than a header holds. */
    return rc < 0 ? rc : sc_record_value(ret, operations, err);
}

static int insert(struct sc_vault *vault, const struct row *row, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_db_prepare(
        vault->db, "INSERT INTO audit(seq, txn, prev, state_hash, body) VALUES(?, ?, ?, ?, ?)",
        &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_int(stmt, 1, (int64_t)row->seq);
    sc_stmt_bind_blob(stmt, 2, row->txn, sizeof(row->txn));
    sc_stmt_bind_blob(stmt, 3, row->prev, sizeof(row->prev));
    sc_stmt_bind_blob(stmt, 4, row->state, sizeof(row->state));
    sc_stmt_bind_blob(stmt, 5, row->body.ptr, row->body.len);
    return sc_stmt_run(stmt, err);
}

int sc_audit_append(struct sc_vault *vault, struct sc_bytes operations,
                    struct sc_state_change *change, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret record = {0};
    SC_CLEANUP(sc_buf_done) struct sc_buf sealed = SC_BUF_INIT(BODY_MAX);
    unsigned char aad[AAD_SIZE];
    struct row row = {.seq = vault->state.seq + 1};
    memcpy(row.txn, change->txn, sizeof(row.txn));
    memcpy(row.prev, vault->state.audit_head, sizeof(row.prev));
    memcpy(row.state, vault->state.hash, sizeof(row.state));
    struct sc_seal_key key = {
        .key = vault->root->audit, .hedge = vault->root->hedge, .label = "audit"};
    int rc = compose(vault, operations, &record, err);
    if (rc == 0)
        rc = sc_seal(&key, make_aad(aad, vault, &row), sc_secret_view(&record), &sealed, err);
    if (rc < 0)
        return rc;
    row.body = sc_buf_view(&sealed);
    hash_row(change->audit_head, &row);
    return insert(vault, &row, err);
}

static int read_row(struct sc_stmt *stmt, struct row *row, struct sc_error *err)
{
    row->seq = (uint64_t)sc_stmt_int(stmt, 0);
    row->body = sc_stmt_blob(stmt, 4);
    int rc = sc_stmt_fixed(stmt, 1, row->txn, sizeof(row->txn), err);
    if (rc == 0)
        rc = sc_stmt_fixed(stmt, 2, row->prev, sizeof(row->prev), err);
    return rc < 0 ? rc : sc_stmt_fixed(stmt, 3, row->state, sizeof(row->state), err);
}

static int broken(uint64_t seq, struct sc_error *err)
{
    return sc_fail(err, SC_E_TAMPERED, "the audit log was changed at or before row %llu",
                   (unsigned long long)seq);
}

int sc_audit_verify(struct sc_vault *vault, const struct sc_state *state, uint64_t from,
                    unsigned char ret_before[SC_KEY_SIZE], struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_db_prepare(vault->db,
                           "SELECT seq, txn, prev, state_hash, body FROM audit WHERE seq>=? "
                           "ORDER BY seq",
                           &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_int(stmt, 1, (int64_t)from);
    unsigned char hash[SC_KEY_SIZE] = {0};
    unsigned char before[SC_KEY_SIZE] = {0};
    uint64_t seq = from;
    for (bool more = true;; seq++) {
        struct row row;
        rc = sc_stmt_step(stmt, &more, err);
        if (rc == 0 && more)
            rc = read_row(stmt, &row, err);
        if (rc < 0)
            return rc;
        if (!more)
            break;
        bool first = seq == from;
        if (row.seq != seq || ((!first || from == 1) && memcmp(row.prev, hash, sizeof(hash)) != 0))
            return broken(seq, err);
        if (first)
            memcpy(before, row.state, sizeof(before));
        hash_row(hash, &row);
    }
    if (seq != state->audit_len + 1 || memcmp(hash, state->audit_head, sizeof(hash)) != 0)
        return broken(seq, err);
    if (ret_before != NULL)
        memcpy(ret_before, before, sizeof(before));
    return 0;
}

int sc_audit_has_txn(struct sc_db *db, const unsigned char txn[SC_STATE_ID_SIZE], bool *ret,
                     struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    bool row = false;
    int rc = sc_db_prepare(db, "SELECT 1 FROM audit WHERE txn=?", &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_blob(stmt, 1, txn, SC_STATE_ID_SIZE);
    rc = sc_stmt_step(stmt, &row, err);
    if (rc == 0)
        *ret = row;
    return rc;
}

/* ---- reading ---- */

static void copy_text(char *out, size_t size, struct sc_bytes bytes)
{
    size_t len = SC_MIN(bytes.len, size - 1);
    if (len > 0)
        memcpy(out, bytes.ptr, len);
    out[len] = '\0';
}

struct reading {
    struct sc_vault *vault;
    sc_log_fn fn;
    void *ctx;
    unsigned char *key; /* of the rows being read; in the arena */
};

/* Reports each operation of a row, last one first as the rows are. */
static int report(struct reading *reading, struct sc_log_entry *entry, struct sc_bytes operations,
                  struct sc_error *err)
{
    uint8_t tag;
    struct sc_bytes bytes;
    bool pending = false;
    int rc = 0;
    while (rc >= 0 && sc_record_next(&operations, &tag, &bytes)) {
        if (tag == SC_AUDIT_OP) {
            if (pending)
                rc = reading->fn(entry, reading->ctx, err);
            pending = true;
            entry->name[0] = entry->reason[0] = '\0';
            copy_text(entry->op, sizeof(entry->op), bytes);
        } else if (tag == SC_AUDIT_NAME) {
            copy_text(entry->name, sizeof(entry->name), bytes);
        } else if (tag == SC_AUDIT_REASON) {
            copy_text(entry->reason, sizeof(entry->reason), bytes);
        } else if (tag == SC_AUDIT_PREVIOUS_KEY && bytes.len == SC_KEY_SIZE) {
            memcpy(reading->key, bytes.ptr, SC_KEY_SIZE);
        }
    }
    if (rc >= 0 && pending)
        rc = reading->fn(entry, reading->ctx, err);
    return rc < 0 ? rc : 0;
}

static int open_row(struct reading *reading, const struct row *row, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret record = {0};
    struct sc_record_view view;
    unsigned char aad[AAD_SIZE];
    struct sc_seal_key key = {.key = reading->key, .label = "audit"};
    int rc = sc_seal_open(&key, make_aad(aad, reading->vault, row), row->body, &record, err);
    if (rc < 0)
        return sc_fail(err, SC_E_TAMPERED, "row %llu of the audit log cannot be opened",
                       (unsigned long long)row->seq);
    rc = sc_record_parse(sc_secret_view(&record), &view, err);
    if (rc < 0)
        return rc;
    struct sc_log_entry entry = {.seq = row->seq};
    uint8_t tag;
    struct sc_bytes bytes;
    while (sc_record_next(&view.fields, &tag, &bytes)) {
        if (tag == SC_AUDIT_TIME)
            entry.time = (int64_t)sc_field_u64(bytes);
        else if (tag == SC_AUDIT_UID)
            entry.uid = (uint32_t)sc_field_u64(bytes);
        else if (tag == SC_AUDIT_HOST)
            copy_text(entry.host, sizeof(entry.host), bytes);
        else if (tag == SC_AUDIT_SLOT && bytes.len == SC_UID_SIZE)
            memcpy(entry.slot, bytes.ptr, SC_UID_SIZE);
    }
    return report(reading, &entry, view.value, err);
}

/* Rows from the newest back to `from`. */
static int walk_back(struct reading *reading, uint64_t from, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_db_prepare(reading->vault->db,
                           "SELECT seq, txn, prev, state_hash, body FROM audit WHERE seq>=? "
                           "ORDER BY seq DESC",
                           &stmt, err);
    if (rc == 0)
        sc_stmt_bind_int(stmt, 1, (int64_t)from);
    for (bool more = true; rc == 0;) {
        struct row row;
        rc = sc_stmt_step(stmt, &more, err);
        if (rc < 0 || !more)
            break;
        rc = read_row(stmt, &row, err);
        if (rc == 0)
            rc = open_row(reading, &row, err);
    }
    return rc;
}

static int report_from(struct reading *reading, uint64_t from, struct sc_error *err)
{
    reading->key = sc_arena_alloc(SC_KEY_SIZE, err);
    if (reading->key == NULL)
        return SC_E_NOMEM;
    memcpy(reading->key, reading->vault->root->audit, SC_KEY_SIZE);
    int rc = walk_back(reading, from, err);
    sc_arena_free(reading->key);
    return rc;
}

int sc_vault_log(struct sc_vault *vault, sc_log_fn fn, void *ctx, struct sc_error *err)
{
    if (vault->root == NULL)
        return sc_fail(err, SC_E_LOCKED, "the log is readable with a key of the whole vault only");
    struct reading reading = {.vault = vault, .fn = fn, .ctx = ctx};
    int rc = sc_view_begin(vault, err);
    if (rc < 0)
        return rc;
    rc = sc_audit_verify(vault, &vault->state, 1, NULL, err);
    if (rc == 0)
        rc = report_from(&reading, 1, err);
    sc_view_end(vault);
    return rc;
}

static int report_since(struct reading *reading, const struct sc_audit_mark *mark, bool *ret_known,
                        struct sc_error *err)
{
    struct sc_vault *vault = reading->vault;
    const struct sc_state *now = &vault->state;
    unsigned char before[SC_KEY_SIZE];
    *ret_known = mark->seq == now->seq && memcmp(mark->state, now->hash, SC_KEY_SIZE) == 0;
    if (*ret_known || vault->root == NULL || mark->seq == 0 || mark->seq >= now->seq ||
        now->seq - mark->seq > SINCE_MAX)
        return 0;
    int rc = sc_audit_verify(vault, now, mark->seq + 1, before, err);
    if (rc < 0 || memcmp(mark->state, before, SC_KEY_SIZE) != 0)
        return rc;
    *ret_known = true;
    return report_from(reading, mark->seq + 1, err);
}

int sc_audit_since(struct sc_vault *vault, struct sc_audit_mark *mark, bool *ret_known,
                   sc_log_fn fn, void *ctx, struct sc_error *err)
{
    struct reading reading = {.vault = vault, .fn = fn, .ctx = ctx};
    bool known = false;
    int rc = sc_view_need_keys(vault, err);
    if (rc == 0)
        rc = sc_view_begin(vault, err);
    if (rc < 0)
        return rc;
    /* What was made of a bundle has a state of its own, and no log. */
    if (!vault->bundle.yes)
        rc = report_since(&reading, mark, &known, err);
    if (rc == 0) {
        *ret_known = known;
        mark->seq = vault->state.seq;
        memcpy(mark->state, vault->state.hash, SC_KEY_SIZE);
    }
    sc_view_end(vault);
    return rc;
}
