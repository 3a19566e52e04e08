/* SPDX-License-Identifier: Apache-2.0
 *
 * Records; see vault/record.h.
 */
#include "vault/record.h"

#include <string.h>

#include "vault/codec.h"
#include "vault/state/tree.h"
#include "vault/txn.h"

#include "core/banned.h"

#define AAD_MAGIC  "SCTLv1"
#define AAD_SIZE   (6 + SC_UID_SIZE + SC_UID_SIZE + 4 + 1 + SC_KEY_SIZE + 8 + 1 + 2)
#define PAD_SCHEME 1

struct sc_place sc_place_of(struct sc_scope *scope, const char *leaf, uint64_t version,
                            enum sc_record_kind kind)
{
    struct sc_place place = {.scope = scope, .version = version, .kind = kind};
    sc_scope_index(scope, leaf, place.idx);
    return place;
}

static struct sc_bytes make_aad(unsigned char out[AAD_SIZE], const struct sc_vault *vault,
                                const struct sc_place *place)
{
    unsigned char *at = out;
    memcpy(at, AAD_MAGIC, 6);
    memcpy(at + 6, vault->vault_id, SC_UID_SIZE);
    memcpy(at + 22, place->scope->uid, SC_UID_SIZE);
    sc_put_u32(at + 38, place->scope->epoch);
    at[42] = (unsigned char)place->kind;
    memcpy(at + 43, place->idx, SC_KEY_SIZE);
    sc_put_u64(at + 75, place->version);
    at[83] = PAD_SCHEME;
    sc_put_u16(at + 84, 0); /* flags: none yet */
    return (struct sc_bytes){out, AAD_SIZE};
}

static struct sc_seal_key seal_key(const struct sc_place *place)
{
    const struct sc_scope_keys *keys = place->scope->keys;
    bool name = place->kind == SC_RECORD_NAME;
    return (struct sc_seal_key){
        .key = name ? keys->name : keys->value, .hedge = keys->hedge, .label = "rec"};
}

void sc_record_hash(unsigned char out[SC_KEY_SIZE], const struct sc_place *place,
                    struct sc_bytes sealed)
{
    struct sc_hasher hasher;
    unsigned char head[SC_UID_SIZE + SC_KEY_SIZE + 8 + 4 + 4 + 8];
    memcpy(head, place->scope->uid, SC_UID_SIZE);
    memcpy(head + 16, place->idx, SC_KEY_SIZE);
    sc_put_u64(head + 48, place->version);
    sc_put_u32(head + 56, (uint32_t)place->kind);
    sc_put_u32(head + 60, place->scope->epoch);
    sc_put_u64(head + 64, sealed.len);
    sc_hasher_init(&hasher, "row");
    sc_hasher_add(&hasher, head, sizeof(head));
    sc_hasher_add(&hasher, sealed.ptr, sealed.len);
    sc_hasher_final(&hasher, out);
}

int sc_record_fail(const struct sc_scope *scope, const char *what, struct sc_error *err)
{
    if (scope->name[0] != '\0')
        return sc_fail(err, SC_E_TAMPERED, "a record of scope '%s' %s", scope->name, what);
    return sc_fail(err, SC_E_TAMPERED, "a record %s", what);
}

int sc_record_check(const struct sc_place *place, struct sc_bytes sealed,
                    const unsigned char hash[SC_KEY_SIZE], struct sc_error *err)
{
    unsigned char computed[SC_KEY_SIZE];
    sc_record_hash(computed, place, sealed);
    if (memcmp(computed, hash, SC_KEY_SIZE) != 0)
        return sc_record_fail(place->scope, "was changed", err);
    return 0;
}

static void bind_place(struct sc_stmt *stmt, const struct sc_place *place)
{
    sc_stmt_bind_int(stmt, 1, place->scope->id);
    sc_stmt_bind_blob(stmt, 2, place->idx, SC_KEY_SIZE);
    sc_stmt_bind_int(stmt, 3, (int64_t)place->version);
    sc_stmt_bind_int(stmt, 4, place->kind);
}

/* What stands there in the file, if anything does. */
static int stored_row(struct sc_vault *vault, const struct sc_place *place,
                      unsigned char hash[SC_KEY_SIZE], int64_t *ret_blob, bool *ret,
                      struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_db_prepare(vault->db,
                           "SELECT rh, blob_id FROM rec WHERE scope_id=? AND idx=? AND ver=? "
                           "AND kind=?",
                           &stmt, err);
    if (rc < 0)
        return rc;
    bind_place(stmt, place);
    rc = sc_stmt_step(stmt, ret, err);
    if (rc < 0 || !*ret)
        return rc;
    *ret_blob = sc_stmt_int(stmt, 1);
    return sc_stmt_fixed(stmt, 0, hash, SC_KEY_SIZE, err);
}

static int delete_row(struct sc_vault *vault, const struct sc_place *place, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *blob = NULL;
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *row = NULL;
    unsigned char hash[SC_KEY_SIZE];
    int64_t blob_id = 0;
    bool stands = false;
    int rc = stored_row(vault, place, hash, &blob_id, &stands, err);
    if (rc == 0)
        rc = sc_db_prepare(vault->db, "DELETE FROM blob WHERE id=?", &blob, err);
    if (rc == 0)
        rc = sc_db_prepare(vault->db,
                           "DELETE FROM rec WHERE scope_id=? AND idx=? AND ver=? AND kind=?", &row,
                           err);
    if (rc < 0 || !stands)
        return rc;
    sc_stmt_bind_int(blob, 1, blob_id);
    bind_place(row, place);
    sc_txn_changes(vault, place, hash, SC_TXN_GOES);
    rc = sc_stmt_run(blob, err);
    return rc < 0 ? rc : sc_stmt_run(row, err);
}

/* Values are numbered upwards from 1, names from -2^31: so names stand together in the file, and a
 * listing does not have to read the values' pages. Upwards, since SQLite leaves pages that are
 * filled from their end fuller (docs/adr/067); below names that were numbered downwards from -1, as
 * this program once did, it goes on so. */
static int insert_blob(struct sc_vault *vault, enum sc_record_kind kind, struct sc_bytes sealed,
                       struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = kind == SC_RECORD_NAME
                 ? sc_db_prepare(vault->db,
                                 "INSERT INTO blob(id, ct) VALUES(coalesce("
                                 "(SELECT nullif(max(id) + 1, 0) FROM blob WHERE id<0), "
                                 "(SELECT min(id) - 1 FROM blob WHERE id<0), -2147483648), ?)",
                                 &stmt, err)
                 : sc_db_prepare(vault->db,
                                 "INSERT INTO blob(id, ct) VALUES("
                                 "(SELECT max(0, coalesce(max(id), 0)) + 1 FROM blob), ?)",
                                 &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_blob(stmt, 1, sealed.ptr, sealed.len);
    return sc_stmt_run(stmt, err);
}

int sc_record_insert(struct sc_vault *vault, const struct sc_place *place,
                     const unsigned char hash[SC_KEY_SIZE], int64_t blob_id, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *row = NULL;
    int rc = sc_db_prepare(vault->db,
                           "INSERT INTO rec(scope_id, idx, ver, kind, epoch, rh, blob_id) "
                           "VALUES(?, ?, ?, ?, ?, ?, ?)",
                           &row, err);
    if (rc < 0)
        return rc;
    bind_place(row, place);
    sc_stmt_bind_int(row, 5, place->scope->epoch);
    sc_stmt_bind_blob(row, 6, hash, SC_KEY_SIZE);
    sc_stmt_bind_int(row, 7, blob_id);
    sc_txn_changes(vault, place, hash, SC_TXN_COMES);
    return sc_stmt_run(row, err);
}

int sc_record_restore(struct sc_vault *vault, struct sc_bytes sealed, int64_t blob_id,
                      struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_db_prepare(vault->db, "UPDATE blob SET ct=? WHERE id=?", &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_blob(stmt, 1, sealed.ptr, sealed.len);
    sc_stmt_bind_int(stmt, 2, blob_id);
    return sc_stmt_run(stmt, err);
}

/* In place: deleting and inserting would change twice the pages. False where nothing stands. */
static int replace(struct sc_vault *vault, const struct sc_place *place, struct sc_bytes sealed,
                   const unsigned char hash[SC_KEY_SIZE], bool *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *row = NULL;
    unsigned char before[SC_KEY_SIZE];
    int64_t blob_id = 0;
    int rc = stored_row(vault, place, before, &blob_id, ret, err);
    if (rc < 0 || !*ret)
        return rc;
    rc = sc_record_restore(vault, sealed, blob_id, err);
    if (rc == 0 && sc_db_changed(vault->db) != 1)
        rc = sc_record_fail(place->scope, "has lost its content", err);
    if (rc == 0)
        rc = sc_db_prepare(vault->db,
                           "UPDATE rec SET epoch=?5, rh=?6 "
                           "WHERE scope_id=?1 AND idx=?2 AND ver=?3 AND kind=?4",
                           &row, err);
    if (rc < 0)
        return rc;
    bind_place(row, place);
    sc_stmt_bind_int(row, 5, place->scope->epoch);
    sc_stmt_bind_blob(row, 6, hash, SC_KEY_SIZE);
    sc_txn_changes(vault, place, before, SC_TXN_GOES);
    sc_txn_changes(vault, place, hash, SC_TXN_COMES);
    return sc_stmt_run(row, err);
}

/* A version is written once; only the name's record is written over. */
static int store(struct sc_vault *vault, const struct sc_place *place, struct sc_bytes sealed,
                 struct sc_error *err)
{
    unsigned char hash[SC_KEY_SIZE];
    bool stood = false;
    sc_record_hash(hash, place, sealed);
    int rc = place->kind == SC_RECORD_NAME ? replace(vault, place, sealed, hash, &stood, err) : 0;
    if (rc < 0 || stood)
        return rc;
    rc = insert_blob(vault, place->kind, sealed, err);
    return rc < 0 ? rc : sc_record_insert(vault, place, hash, sc_db_last_id(vault->db), err);
}

int sc_record_write(struct sc_vault *vault, const struct sc_place *place, struct sc_bytes content,
                    struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf sealed = SC_BUF_INIT(SC_RECORD_SEALED_MAX);
    unsigned char aad[AAD_SIZE];
    struct sc_seal_key key = seal_key(place);
    int rc = sc_txn_touch(vault, place->scope, place->idx, err);
    if (rc == 0)
        rc = sc_seal(&key, make_aad(aad, vault, place), content, &sealed, err);
    return rc < 0 ? rc : store(vault, place, sc_buf_view(&sealed), err);
}

int sc_record_delete(struct sc_vault *vault, const struct sc_place *place, struct sc_error *err)
{
    int rc = sc_txn_touch(vault, place->scope, place->idx, err);
    return rc < 0 ? rc : delete_row(vault, place, err);
}

int sc_record_seal(const struct sc_vault *vault, const struct sc_place *place, unsigned char *room,
                   size_t len, unsigned char *out, struct sc_error *err)
{
    unsigned char aad[AAD_SIZE];
    struct sc_seal_key key = seal_key(place);
    return sc_seal_at(&key, make_aad(aad, vault, place), room, len, out, err);
}

/* The key is the right one: a commitment that does not fit means a record moved or replaced. */
static int opened(int rc, struct sc_error *err)
{
    if (rc == SC_E_BADPASS)
        return sc_fail(err, SC_E_TAMPERED, "a record was moved or replaced");
    return rc;
}

int sc_record_open(const struct sc_vault *vault, const struct sc_place *place,
                   struct sc_bytes sealed, unsigned char *room, size_t *ret_len,
                   struct sc_error *err)
{
    unsigned char aad[AAD_SIZE];
    struct sc_seal_key key = seal_key(place);
    struct sc_bytes bound = make_aad(aad, vault, place);
    return opened(sc_seal_open_at(&key, bound, sealed, room, ret_len, err), err);
}

static int first_row(struct sc_stmt *stmt, struct sc_error *err)
{
    bool found = false;
    int rc = sc_stmt_step(stmt, &found, err);
    return rc == 0 && !found ? sc_fail(err, SC_E_NOTFOUND, "there is no such entry") : rc;
}

/* Inside a batch that has changed the bucket, when the tree is behind the rows. */
static int read_changed(struct sc_vault *vault, const struct sc_place *place, struct sc_stmt **stmt,
                        const unsigned char **ret_hash, struct sc_error *err)
{
    int rc = sc_db_prepare(vault->db,
                           "SELECT blob.ct, rec.rh FROM rec JOIN blob ON blob.id=rec.blob_id "
                           "WHERE scope_id=? AND idx=? AND ver=? AND kind=?",
                           stmt, err);
    if (rc < 0)
        return rc;
    bind_place(*stmt, place);
    rc = first_row(*stmt, err);
    return rc < 0 ? rc : sc_stmt_fixed_view(*stmt, 1, SC_KEY_SIZE, ret_hash, err);
}

static int read_verified(struct sc_vault *vault, const struct sc_place *place,
                         struct sc_stmt **stmt, const unsigned char **ret_hash,
                         struct sc_error *err)
{
    uint64_t rows = 0;
    int rc = sc_tree_verify(vault, place->scope, place->idx, &rows, err);
    if (rc < 0)
        return rc;
    const struct sc_kept_row *row =
        sc_tree_verified_row(vault, place->version, (uint32_t)place->kind);
    if (row == NULL)
        return sc_fail(err, SC_E_NOTFOUND, "there is no such entry");
    rc = sc_db_prepare(vault->db, "SELECT ct FROM blob WHERE id=?", stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_int(*stmt, 1, row->blob_id);
    *ret_hash = row->hash;
    return first_row(*stmt, err);
}

/* What the signed tree says of a row, and the sealed bytes in the file: borrowed from `stmt`, or
 * from the handle until the next entry is verified. */
static int read_stored(struct sc_vault *vault, const struct sc_place *place, struct sc_stmt **stmt,
                       const unsigned char **ret_hash, struct sc_bytes *ret, struct sc_error *err)
{
    int rc = sc_txn_has_touched(vault, place->scope, place->idx)
                 ? read_changed(vault, place, stmt, ret_hash, err)
                 : read_verified(vault, place, stmt, ret_hash, err);
    if (rc == 0)
        *ret = sc_stmt_blob(*stmt, 0);
    return rc;
}

int sc_record_read(struct sc_vault *vault, const struct sc_place *place, struct sc_secret *ret,
                   struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    const unsigned char *hash = NULL;
    struct sc_bytes sealed = {0};
    int rc = read_stored(vault, place, &stmt, &hash, &sealed, err);
    if (rc == 0)
        rc = sc_record_check(place, sealed, hash, err);
    if (rc < 0)
        return rc;
    unsigned char aad[AAD_SIZE];
    struct sc_seal_key key = seal_key(place);
    return opened(sc_seal_open(&key, make_aad(aad, vault, place), sealed, ret, err), err);
}
