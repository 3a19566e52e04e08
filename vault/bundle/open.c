/* SPDX-License-Identifier: Apache-2.0
 *
 * A bundle as a vault: verified as a whole, then laid out in the tables of a database in memory, so
 * that everything that reads a vault reads it. Nothing but ciphertext is in there.
 */
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/fsutil.h"
#include "core/parse.h"
#include "vault/bundle/bundle.h"
#include "vault/scope/scope.h"
#include "vault/state/pin.h"
#include "vault/state/tree.h"
#include "vault/store/schema.h"
#include "vault/upkeep.h"

#include "core/banned.h"

bool sc_vault_is_bundle(const char *path)
{
    unsigned char head[SC_BUNDLE_MAGIC_SIZE];
    SC_CLEANUP(sc_fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return fd >= 0 && read(fd, head, sizeof(head)) == (ssize_t)sizeof(head) &&
           memcmp(head, SC_BUNDLE_MAGIC, sizeof(head)) == 0;
}

/* ---- verifying ---- */

static int check_until(int64_t until, struct sc_error *err)
{
    char when[SC_TIME_TEXT_SIZE];
    if (until == 0 || until > (int64_t)time(NULL))
        return 0;
    sc_time_text(when, until);
    return sc_fail(err, SC_E_ROLLBACK, "the bundle was good until %s; get a new one", when);
}

/* Signatures, state and pin. The rows are verified when they are in their tables. */
static int verify(struct sc_vault *vault, const struct sc_bundle *bundle, struct sc_state *ret,
                  struct sc_error *err)
{
    unsigned char message[SC_BUNDLE_SIGNED_SIZE], hash[SC_KEY_SIZE];
    struct sc_hasher hasher;
    sc_bundle_signed(bundle->covered, message);
    if (!sc_sign_verify(bundle->sig, (struct sc_bytes){message, sizeof(message)}, vault->sign_pk))
        return sc_fail(err, SC_E_TAMPERED, "the signature of the bundle is wrong");
    int rc = sc_state_verify(vault, bundle->state, bundle->state_sig, err);
    if (rc == 0)
        rc = sc_state_decode(bundle->state, vault->vault_id, ret, err);
    if (rc < 0)
        return rc;
    if (ret->format > sc_schema_now()->number)
        return sc_fail(err, SC_E_UNSUPPORTED,
                       "this bundle was made of a vault of format %u; update this program",
                       (unsigned)ret->format);
    memcpy(ret->sig, bundle->state_sig, SC_SIGNATURE_SIZE);
    sc_hasher_init(&hasher, "scopes");
    sc_hasher_add(&hasher, bundle->scopes.ptr, bundle->scopes.len);
    sc_hasher_final(&hasher, hash);
    if (memcmp(hash, ret->scopes_hash, sizeof(hash)) != 0)
        return sc_fail(err, SC_E_TAMPERED, "the scopes in the bundle are not the signed ones");
    rc = check_until(bundle->until, err);
    return rc < 0 ? rc : sc_pin_check(vault, ret, err);
}

/* ---- into the tables ---- */

static int put_scope(struct sc_db *db, const struct sc_bundle_part *part, int64_t id,
                     struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_db_prepare(db,
                           "INSERT INTO scope(scope_id, uid, epoch, depth, nrows, root, name, "
                           "sk_root) VALUES(?, ?, ?, ?, ?, ?, zeroblob(0), zeroblob(0))",
                           &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_int(stmt, 1, id);
    sc_stmt_bind_blob(stmt, 2, part->uid, sizeof(part->uid));
    sc_stmt_bind_int(stmt, 3, part->epoch);
    sc_stmt_bind_int(stmt, 4, part->depth);
    sc_stmt_bind_int(stmt, 5, (int64_t)part->row_count);
    sc_stmt_bind_blob(stmt, 6, part->root, sizeof(part->root));
    return sc_stmt_run(stmt, err);
}

static int put_grants(struct sc_db *db, const struct sc_bundle_part *part, int64_t id,
                      struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    struct sc_bytes rest = part->grants;
    struct sc_bundle_grant grant;
    int rc = sc_db_prepare(db,
                           "INSERT INTO scope_grant(scope_id, hint, n, sealed, meta) "
                           "VALUES(?, ?, ?, ?, zeroblob(0))",
                           &stmt, err);
    for (int64_t n = 0; rc == 0 && sc_bundle_next_grant(&rest, &grant); n++) {
        sc_stmt_bind_int(stmt, 1, id);
        sc_stmt_bind_blob(stmt, 2, grant.hint, sizeof(grant.hint));
        sc_stmt_bind_int(stmt, 3, n);
        sc_stmt_bind_blob(stmt, 4, grant.sealed.ptr, grant.sealed.len);
        rc = sc_stmt_run(stmt, err);
    }
    return rc;
}

static int put_blob(struct sc_db *db, struct sc_bytes sealed, int64_t *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_db_prepare(db, "INSERT INTO blob(ct) VALUES(?)", &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_blob(stmt, 1, sealed.ptr, sealed.len);
    rc = sc_stmt_run(stmt, err);
    if (rc == 0)
        *ret = sc_db_last_id(db);
    return rc;
}

static int put_row(struct sc_vault *vault, struct sc_scope *scope, struct sc_bundle_row *row,
                   struct sc_error *err)
{
    struct sc_place place = {.scope = scope, .version = row->version, .kind = row->kind};
    int64_t blob = 0;
    int rc = 0;
    memcpy(place.idx, row->idx, sizeof(place.idx));
    if (row->sealed.ptr != NULL) {
        sc_record_hash(row->hash, &place, row->sealed);
        rc = put_blob(vault->db, row->sealed, &blob, err);
    }
    return rc < 0 ? rc : sc_record_insert(vault, &place, row->hash, blob, err);
}

/* All rows of a scope, and that they are all: the tree made of them has the signed root. */
static int put_rows(struct sc_vault *vault, const struct sc_bundle_part *part, int64_t id,
                    struct sc_error *err)
{
    struct sc_scope scope = {.id = id, .epoch = part->epoch, .depth = part->depth};
    struct sc_bytes rest = part->rows;
    struct sc_bundle_row row;
    struct sc_tree_sum sum;
    int rc = 0;
    memcpy(scope.uid, part->uid, sizeof(scope.uid));
    while (rc == 0 && sc_bundle_next_row(&rest, &row))
        rc = put_row(vault, &scope, &row, err);
    if (rc == 0)
        rc = sc_tree_build(vault, &scope, SC_TREE_WRITE, &sum, err);
    if (rc == 0 &&
        (sum.rows != part->row_count || memcmp(sum.root, part->root, sizeof(sum.root)) != 0))
        return sc_fail(err, SC_E_TAMPERED, "the rows in the bundle are not the signed ones");
    return rc;
}

static int fill(struct sc_vault *vault, const struct sc_bundle *bundle, struct sc_error *err)
{
    int rc = sc_db_begin(vault->db, SC_DB_BEGIN_READ, err);
    if (rc == 0)
        rc = sc_schema_create(vault->db, err);
    for (size_t i = 0; i < bundle->part_count && rc == 0; i++) {
        int64_t id = (int64_t)i + 1;
        rc = put_scope(vault->db, &bundle->parts[i], id, err);
        if (rc == 0)
            rc = put_grants(vault->db, &bundle->parts[i], id, err);
        if (rc == 0)
            rc = put_rows(vault, &bundle->parts[i], id, err);
    }
    if (rc == 0)
        rc = sc_db_commit(vault->db, err);
    return rc;
}

/* ---- reading the file ---- */

static int read_file(const char *path, struct sc_buf *content, struct stat *ret,
                     struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int fd = -1;
    int rc = sc_file_open_read(path, &fd, ret, err);
    if (rc == 0)
        rc = sc_buf_read_fd(content, fd, err);
    return rc < 0 ? sc_wrap(err, rc, "cannot read the bundle '%s'", path) : 0;
}

/* Verifies and loads into `vault`, whose id and verify key are those of the file. */
static int load(struct sc_vault *vault, struct sc_bytes file, struct sc_error *err)
{
    struct sc_bundle bundle;
    int rc = sc_bundle_parse(file, &bundle, err);
    if (rc < 0)
        return rc;
    memcpy(vault->sign_pk, bundle.verify_key, SC_KEY_SIZE);
    memcpy(vault->vault_id, bundle.state.ptr + SC_STATE_VAULT_AT, SC_UID_SIZE);
    struct sc_state state;
    rc = verify(vault, &bundle, &state, err);
    if (rc == 0)
        rc = sc_db_memory(vault->path, &vault->db, err);
    if (rc == 0)
        rc = fill(vault, &bundle, err);
    if (rc == 0)
        rc = sc_scope_load(vault, err);
    if (rc < 0)
        return rc;
    vault->state = state;
    vault->bundle.made = bundle.made;
    vault->bundle.until = bundle.until;
    return 0;
}

int sc_bundle_open(struct sc_vault *vault, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf content = SC_BUF_INIT(SC_BUNDLE_FILE_MAX);
    if (vault->access != SC_VAULT_READ)
        return sc_fail(err, SC_E_UNSUPPORTED, "'%s' is a bundle, which can only be read",
                       vault->path);
    vault->bundle.yes = true;
    int rc = read_file(vault->path, &content, &vault->bundle.seen, err);
    return rc < 0 ? rc : load(vault, sc_buf_view(&content), err);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Takes over what the new file says, and opens its grants with the same identities. */
static int adopt(struct sc_vault *vault, struct sc_vault *fresh, struct sc_error *err)
{
    if (memcmp(vault->vault_id, fresh->vault_id, SC_UID_SIZE) != 0 ||
        memcmp(vault->sign_pk, fresh->sign_pk, SC_KEY_SIZE) != 0)
        return sc_fail(err, SC_E_TAMPERED, "another vault's bundle was put at '%s'", vault->path);
    if (fresh->state.seq < vault->state.seq)
        return sc_fail(err, SC_E_ROLLBACK, "an older bundle was put at '%s'", vault->path);
    if (vault->opened_by.len > 0) {
        int rc = sc_grants_unlock(fresh, &vault->opened_by, err);
        if (rc == 0)
            rc = sc_scope_load(fresh, err);
        if (rc < 0)
            return rc;
    }
    SC_SWAP(vault->db, fresh->db);
    SC_SWAP(vault->scopes, fresh->scopes);
    SC_SWAP(vault->scope_count, fresh->scope_count);
    SC_SWAP(vault->granted, fresh->granted);
    SC_SWAP(vault->granted_count, fresh->granted_count);
    vault->state = fresh->state;
    vault->bundle = fresh->bundle;
    return 0;
}

int sc_bundle_refresh(struct sc_vault *vault, struct sc_error *err)
{
    struct stat st;
    if (stat(vault->path, &st) == 0 && is_same(&vault->bundle.seen, &st))
        return check_until(vault->bundle.until, err);
    SC_CLEANUP(sc_vault_closep) struct sc_vault *fresh = NULL;
    int rc = sc_vault_open(vault->path, SC_VAULT_READ, &fresh, err);
    if (rc == 0 && !fresh->bundle.yes)
        rc = sc_fail(err, SC_E_FORMAT, "'%s' is not a bundle any more", vault->path);
    return rc < 0 ? rc : adopt(vault, fresh, err);
}
