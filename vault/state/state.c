/* SPDX-License-Identifier: Apache-2.0
 *
 * The signed state; see vault/state/state.h.
 */
#include "vault/state/state.h"

#include <string.h>
#include <time.h>

#include "vault/bundle/bundle.h"
#include "vault/codec.h"
#include "vault/handle.h"
#include "vault/scope/grant.h"
#include "vault/scope/scope.h"
#include "vault/slot/slot.h"
#include "vault/state/pin.h"
#include "vault/store/schema.h"

#include "core/banned.h"

/* The signature is over this prefix and the record. */
#define SIGN_PREFIX      "secretsctl/v1/state"
#define SIGN_PREFIX_SIZE (sizeof(SIGN_PREFIX)) /* with its NUL */

/* Slots or grants, at most: pages that stand in a table many times would go on for ever. */
#define ROWS_MAX ((size_t)SC_GRANTS_MAX)

void sc_state_encode(const struct sc_state *state, const unsigned char vault_id[SC_STATE_ID_SIZE],
                     unsigned char out[SC_STATE_SIZE])
{
    sc_put_u32(out, state->format);
    memcpy(out + 4, vault_id, 16);
    sc_put_u64(out + 20, state->seq);
    memcpy(out + 28, state->prev, 32);
    sc_put_u64(out + 60, (uint64_t)state->time);
    memcpy(out + 68, state->writer, 16);
    memcpy(out + 84, state->txn, 16);
    sc_put_u32(out + 100, state->root_epoch);
    memcpy(out + 104, state->vault_hash, 32);
    memcpy(out + 136, state->slots_hash, 32);
    memcpy(out + 168, state->grants_hash, 32);
    memcpy(out + 200, state->scopes_hash, 32);
    sc_put_u64(out + 232, state->audit_len);
    memcpy(out + 240, state->audit_head, 32);
    memcpy(out + 272, state->schema_hash, 32);
}

static void hash_record(unsigned char out[SC_KEY_SIZE], const unsigned char body[SC_STATE_SIZE])
{
    struct sc_hasher hasher;
    sc_hasher_init(&hasher, "state-hash");
    sc_hasher_add(&hasher, body, SC_STATE_SIZE);
    sc_hasher_final(&hasher, out);
}

int sc_state_decode(struct sc_bytes body, const unsigned char vault_id[SC_STATE_ID_SIZE],
                    struct sc_state *ret, struct sc_error *err)
{
    struct sc_state state = {0};
    unsigned char id[SC_STATE_ID_SIZE];
    struct sc_reader reader = sc_reader_of(body);
    state.format = sc_read_u32(&reader);
    if (body.len != SC_STATE_SIZE || state.format == 0)
        return sc_fail(err, SC_E_FORMAT, "the vault's state has an unknown form");
    sc_read_copy(&reader, id, sizeof(id));
    state.seq = sc_read_u64(&reader);
    sc_read_copy(&reader, state.prev, sizeof(state.prev));
    state.time = (int64_t)sc_read_u64(&reader);
    sc_read_copy(&reader, state.writer, sizeof(state.writer));
    sc_read_copy(&reader, state.txn, sizeof(state.txn));
    state.root_epoch = sc_read_u32(&reader);
    sc_read_copy(&reader, state.vault_hash, SC_KEY_SIZE);
    sc_read_copy(&reader, state.slots_hash, SC_KEY_SIZE);
    sc_read_copy(&reader, state.grants_hash, SC_KEY_SIZE);
    sc_read_copy(&reader, state.scopes_hash, SC_KEY_SIZE);
    state.audit_len = sc_read_u64(&reader);
    sc_read_copy(&reader, state.audit_head, SC_KEY_SIZE);
    sc_read_copy(&reader, state.schema_hash, SC_KEY_SIZE);
    if (memcmp(id, vault_id, sizeof(id)) != 0)
        return sc_fail(err, SC_E_TAMPERED, "the state belongs to another vault");
    hash_record(state.hash, body.ptr);
    *ret = state;
    return 0;
}

static void signed_bytes(unsigned char out[SIGN_PREFIX_SIZE + SC_STATE_SIZE],
                         const unsigned char body[SC_STATE_SIZE])
{
    memcpy(out, SIGN_PREFIX, SIGN_PREFIX_SIZE);
    memcpy(out + SIGN_PREFIX_SIZE, body, SC_STATE_SIZE);
}

/* ---- what the record covers ---- */

static void add_row(struct sc_hasher *hasher, struct sc_stmt *stmt, int columns)
{
    for (int i = 0; i < columns; i++)
        sc_hasher_add_sized(hasher, sc_stmt_blob(stmt, i));
}

/* Hashes rows column by column, numbers in their decimal text. */
static int hash_query(struct sc_vault *vault, const char *label, const char *sql, int columns,
                      unsigned char out[SC_KEY_SIZE], struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    struct sc_hasher hasher;
    size_t rows = 0;
    sc_hasher_init(&hasher, label);
    int rc = sc_db_prepare(vault->db, sql, &stmt, err);
    for (bool row = true; rc == 0; rows++) {
        rc = sc_stmt_step(stmt, &row, err);
        if (rc < 0)
            break;
        if (!row) {
            sc_hasher_final(&hasher, out);
            return 0;
        }
        if (rows == ROWS_MAX)
            return sc_fail(err, SC_E_TAMPERED, "the vault's file has more %s than a vault may have",
                           label);
        add_row(&hasher, stmt, columns);
    }
    return rc;
}

static int hash_vault(struct sc_vault *vault, unsigned char out[SC_KEY_SIZE], struct sc_error *err)
{
    return hash_query(vault, "vault",
                      "SELECT vault_id, format, min_reader, min_writer, sign_pk FROM vault", 5, out,
                      err);
}

static int hash_slots(struct sc_vault *vault, unsigned char out[SC_KEY_SIZE], struct sc_error *err)
{
    return hash_query(vault, "slots",
                      "SELECT slot_id, kind, pk, kdf_ops, kdf_mem, kdf_salt, wrapped_sk, "
                      "sealed_root, meta FROM slot ORDER BY slot_id",
                      9, out, err);
}

static int hash_grants(struct sc_vault *vault, unsigned char out[SC_KEY_SIZE], struct sc_error *err)
{
    return hash_query(vault, "grants",
                      "SELECT scope.uid, hint, n, sealed, meta FROM scope_grant "
                      "JOIN scope USING(scope_id) ORDER BY scope.uid, hint, n",
                      5, out, err);
}

/* The list is in order of uid. */
static void hash_scopes(const struct sc_vault *vault, unsigned char out[SC_KEY_SIZE])
{
    struct sc_hasher hasher;
    sc_hasher_init(&hasher, "scopes");
    for (size_t i = 0; i < vault->scope_count; i++) {
        const struct sc_scope *scope = &vault->scopes[i];
        sc_hasher_add(&hasher, scope->uid, SC_UID_SIZE);
        sc_hasher_add_u32(&hasher, scope->epoch);
        sc_hasher_add_u32(&hasher, scope->depth);
        sc_hasher_add_u64(&hasher, scope->rows);
        sc_hasher_add(&hasher, scope->root, SC_KEY_SIZE);
        sc_hasher_add(&hasher, scope->bound, SC_KEY_SIZE);
    }
    sc_hasher_final(&hasher, out);
}

static int compare(const unsigned char *a, const unsigned char *b, const char *what,
                   struct sc_error *err)
{
    if (memcmp(a, b, SC_KEY_SIZE) != 0)
        return sc_fail(err, SC_E_TAMPERED, "%s in the vault's file are not the signed ones", what);
    return 0;
}

int sc_state_check_slots(struct sc_vault *vault, struct sc_error *err)
{
    unsigned char hash[SC_KEY_SIZE];
    int rc = hash_slots(vault, hash, err);
    return rc < 0 ? rc : compare(hash, vault->state.slots_hash, "the key slots", err);
}

int sc_state_check_grants(struct sc_vault *vault, struct sc_error *err)
{
    unsigned char hash[SC_KEY_SIZE];
    int rc = hash_grants(vault, hash, err);
    return rc < 0 ? rc : compare(hash, vault->state.grants_hash, "the grants", err);
}

/* ---- reading ---- */

int sc_state_verify(const struct sc_vault *vault, struct sc_bytes body,
                    const unsigned char sig[SC_SIGNATURE_SIZE], struct sc_error *err)
{
    if (body.len != SC_STATE_SIZE)
        return sc_fail(err, SC_E_FORMAT, "the vault's state has an unknown form");
    unsigned char message[SIGN_PREFIX_SIZE + SC_STATE_SIZE];
    signed_bytes(message, body.ptr);
    if (!sc_sign_verify(sig, (struct sc_bytes){message, sizeof(message)}, vault->sign_pk))
        return sc_fail(err, SC_E_TAMPERED, "the signature of the vault's state is wrong");
    return 0;
}

/* Everything the record covers but the entries, which are verified as they are read. */
static int verify_tables(struct sc_vault *vault, const struct sc_state *state, struct sc_error *err)
{
    unsigned char hash[SC_KEY_SIZE];
    sc_schema_hash(vault->format, hash);
    int rc = compare(hash, state->schema_hash, "the tables", err);
    if (rc == 0)
        rc = hash_vault(vault, hash, err);
    if (rc == 0)
        rc = compare(hash, state->vault_hash, "the first row and the verify key", err);
    /* Another process gave the vault a new root key. */
    if (rc == 0 && vault->root != NULL && vault->root_epoch != state->root_epoch)
        rc = sc_slot_reopen(vault, state->root_epoch, err);
    if (rc == 0)
        rc = sc_scope_load(vault, err);
    if (rc < 0)
        return rc;
    hash_scopes(vault, hash);
    return compare(hash, state->scopes_hash, "the scopes", err);
}

static int adopt(struct sc_vault *vault, const struct sc_state *state, struct sc_error *err)
{
    bool first = vault->state.seq == 0;
    int rc = verify_tables(vault, state, err);
    if (rc == 0)
        rc = sc_pin_check(vault, state, err);
    if (rc < 0) {
        sc_scope_unload(vault); /* unverified */
        vault->state = (struct sc_state){0};
        return rc;
    }
    bool slots = first || memcmp(vault->state.slots_hash, state->slots_hash, SC_KEY_SIZE) != 0;
    bool grants = first || memcmp(vault->state.grants_hash, state->grants_hash, SC_KEY_SIZE) != 0;
    vault->state = *state;
    if (slots)
        rc = sc_state_check_slots(vault, err);
    if (rc == 0 && grants)
        rc = sc_state_check_grants(vault, err);
    if (rc == 0 && grants && vault->granted_count > 0) {
        rc = sc_grants_reopen(vault, err);
        if (rc == 0)
            rc = sc_scope_load(vault, err); /* with the names of those that open again */
    }
    if (rc < 0)
        vault->state = (struct sc_state){0};
    else
        sc_view_seen(vault);
    return rc;
}

int sc_state_refresh(struct sc_vault *vault, struct sc_error *err)
{
    if (vault->bundle.yes)
        return sc_bundle_refresh(vault, err);
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    unsigned char sig[SC_SIGNATURE_SIZE];
    struct sc_state state;
    bool row = false;
    int rc = sc_db_prepare(vault->db, "SELECT seq, body, sig FROM state", &stmt, err);
    if (rc == 0)
        rc = sc_stmt_step(stmt, &row, err);
    if (rc == 0 && !row)
        rc = sc_fail(err, SC_E_TAMPERED, "the vault has no signed state");
    if (rc == 0)
        rc = sc_stmt_fixed(stmt, 2, sig, sizeof(sig), err);
    if (rc < 0)
        return rc;
    struct sc_bytes body = sc_stmt_blob(stmt, 1);
    uint64_t seq = (uint64_t)sc_stmt_int(stmt, 0);
    if (vault->state.seq == seq && memcmp(vault->state.sig, sig, sizeof(sig)) == 0)
        return 0;
    rc = sc_state_verify(vault, body, sig, err);
    if (rc == 0)
        rc = sc_state_decode(body, vault->vault_id, &state, err);
    if (rc == 0 && state.seq != seq)
        rc = sc_fail(err, SC_E_TAMPERED, "the number of the vault's state was changed");
    if (rc == 0 && state.format != vault->format_number)
        rc = sc_fail(err, SC_E_TAMPERED, "the vault's format is not the signed one");
    if (rc < 0)
        return rc;
    memcpy(state.sig, sig, sizeof(sig));
    return adopt(vault, &state, err);
}

/* ---- writing ---- */

static int store(struct sc_vault *vault, struct sc_state *state, struct sc_error *err)
{
    unsigned char body[SC_STATE_SIZE];
    unsigned char message[SIGN_PREFIX_SIZE + SC_STATE_SIZE];
    sc_state_encode(state, vault->vault_id, body);
    signed_bytes(message, body);
    sc_sign(state->sig, (struct sc_bytes){message, sizeof(message)}, &vault->root->sign);
    hash_record(state->hash, body);
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_db_prepare(vault->db,
                           "INSERT OR REPLACE INTO state(id, seq, body, sig) VALUES(1, ?, ?, ?)",
                           &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_int(stmt, 1, (int64_t)state->seq);
    sc_stmt_bind_blob(stmt, 2, body, sizeof(body));
    sc_stmt_bind_blob(stmt, 3, state->sig, sizeof(state->sig));
    return sc_stmt_run(stmt, err);
}

int sc_state_advance(struct sc_vault *vault, const struct sc_state_change *change,
                     struct sc_error *err)
{
    struct sc_state state = vault->state;
    bool first = state.seq == 0;
    memcpy(state.prev, vault->state.hash, SC_KEY_SIZE);
    state.seq++;
    /* Time never runs backwards in the log, whatever the clock says. */
    state.time = SC_MAX((int64_t)time(NULL), vault->state.time);
    memcpy(state.writer, vault->slot_id, sizeof(state.writer));
    memcpy(state.txn, change->txn, sizeof(state.txn));
    memcpy(state.audit_head, change->audit_head, SC_KEY_SIZE);
    state.audit_len = state.seq;
    state.root_epoch = vault->root_epoch;
    if (first || state.format != vault->format_number)
        sc_schema_hash(vault->format, state.schema_hash);
    state.format = vault->format_number;
    /* As they were verified, with what this transaction has made of them: not read again. */
    hash_scopes(vault, state.scopes_hash);
    int rc = 0;
    if (first || change->slots)
        rc = hash_vault(vault, state.vault_hash, err);
    if (rc == 0 && (first || change->slots))
        rc = hash_slots(vault, state.slots_hash, err);
    if (rc == 0 && (first || change->grants))
        rc = hash_grants(vault, state.grants_hash, err);
    if (rc == 0)
        rc = store(vault, &state, err);
    if (rc == 0)
        vault->state = state;
    return rc;
}
