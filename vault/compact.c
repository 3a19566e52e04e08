/* SPDX-License-Identifier: Apache-2.0
 *
 * Compacting: old versions go, trees shrink to the depth their rows need, and the file is written
 * anew without the pages that became free.
 *
 * Two steps, each of which happens or does not: first one transaction that deletes the versions,
 * signed and logged like any change; then SQLite writes the file anew. A crash in between leaves a
 * good vault of the old size, and the next compact does the rest.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "vault/entry/meta.h"
#include "vault/entry/versions.h"
#include "vault/state/tree.h"
#include "vault/txn.h"
#include "vault/upkeep.h"

#include "core/banned.h"

/* One entry of a scope that is being gone through. */
struct index {
    unsigned char bytes[SC_KEY_SIZE];
};

struct compacting {
    struct sc_vault *vault;
    const struct sc_vault_compact *how;
    struct sc_vault_compacted result;
};

/* The indexes of a scope's entries; *ret_list is malloc'd. */
static int read_indexes(struct sc_vault *vault, const struct sc_scope *scope,
                        struct index **ret_list, size_t *ret_count, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    size_t count = 0;
    struct index *list = calloc(SC_MAX((size_t)scope->rows, (size_t)1), sizeof(*list));
    int rc = list != NULL ? 0 : sc_fail_nomem(err);
    if (rc == 0)
        rc = sc_db_prepare(vault->db, "SELECT idx FROM rec WHERE scope_id=? AND ver=0 AND kind=3",
                           &stmt, err);
    if (rc == 0)
        sc_stmt_bind_int(stmt, 1, scope->id);
    for (bool row = true; rc == 0;) {
        rc = sc_stmt_step(stmt, &row, err);
        if (rc < 0 || !row)
            break;
        rc = count < scope->rows ? sc_stmt_fixed(stmt, 0, list[count].bytes, SC_KEY_SIZE, err)
                                 : sc_fail(err, SC_E_TAMPERED, "a scope has more rows than signed");
        count++;
    }
    if (rc < 0) {
        free(list);
        return rc;
    }
    *ret_list = list;
    *ret_count = count;
    return 0;
}

/* Whether the version was made before the time that the caller named (0: any time). */
static int is_old(const struct compacting *work, const struct sc_place *place, bool *ret,
                  struct sc_error *err)
{
    struct sc_entry_info info = {0};
    *ret = true;
    if (work->how->made_before == 0)
        return 0;
    int rc = sc_version_read(work->vault, place, &info, NULL, err);
    if (rc == 0)
        *ret = info.created < work->how->made_before;
    return rc;
}

/* Deletes what is beyond the newest `keep` versions; the newest of all always stays, be it a value
 * or the mark of a removal: its number must not be used again. */
static int purge_entry(struct compacting *work, struct sc_place *place, size_t *ret_purged,
                       struct sc_error *err)
{
    struct sc_version *versions = NULL;
    size_t count = 0, purged = 0;
    uint64_t keep = SC_MAX(work->how->keep, (uint64_t)1);
    int rc = sc_versions_of(work->vault, place, &versions, &count, err);
    for (size_t i = 0; rc == 0 && count > keep && i < count - keep; i++) {
        bool old = false;
        place->version = versions[i].number;
        place->kind = versions[i].kind;
        rc = is_old(work, place, &old, err);
        if (rc == 0 && old) {
            rc = sc_record_delete(work->vault, place, err);
            purged++;
        }
    }
    free(versions);
    *ret_purged = purged;
    return rc;
}

static int note_purged(struct compacting *work, const struct sc_place *place, size_t purged,
                       struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret record = {0};
    struct sc_entry_info info;
    struct sc_place name = *place;
    name.version = 0;
    name.kind = SC_RECORD_NAME;
    work->result.versions += purged;
    work->result.entries++;
    int rc = sc_record_read(work->vault, &name, &record, err);
    if (rc == 0)
        rc = sc_meta_decode(place->scope, sc_secret_view(&record), &info, err);
    return rc < 0 ? rc : sc_txn_note(work->vault, "purge", info.name, work->how->reason, err);
}

static int purge_scope(struct compacting *work, struct sc_scope *scope, struct sc_error *err)
{
    struct index *list = NULL;
    size_t count = 0;
    int rc = sc_scope_open(work->vault, scope, err);
    if (rc == 0)
        rc = read_indexes(work->vault, scope, &list, &count, err);
    for (size_t i = 0; i < count && rc == 0; i++) {
        size_t purged = 0;
        struct sc_place place = {.scope = scope};
        memcpy(place.idx, list[i].bytes, SC_KEY_SIZE);
        rc = purge_entry(work, &place, &purged, err);
        if (rc == 0 && purged > 0)
            rc = note_purged(work, &place, purged, err);
    }
    free(list);
    return rc;
}

/* A scope that nothing is purged from is still written anew when its tree is deeper than it needs.
 */
static int compact_scope(struct compacting *work, struct sc_scope *scope, struct sc_error *err)
{
    bool purge = work->how->keep > 0 || work->how->made_before > 0;
    if (!purge && scope->depth == sc_tree_depth(scope->rows))
        return 0;
    int rc = sc_txn_touch_all(work->vault, scope, err);
    return rc < 0 || !purge ? rc : purge_scope(work, scope, err);
}

static uint64_t size_of(const struct sc_vault *vault)
{
    struct stat st;
    return stat(vault->path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

int sc_vault_compact(struct sc_vault *vault, const struct sc_vault_compact *how,
                     struct sc_vault_compacted *ret, struct sc_error *err)
{
    struct compacting work = {.vault = vault, .how = how};
    int rc = sc_vault_begin(vault, err);
    if (rc < 0)
        return rc;
    work.result.bytes_before = size_of(vault);
    rc = sc_txn_note(vault, "compact", "", how->reason, err);
    for (size_t i = 0; i < vault->scope_count && rc == 0; i++)
        rc = compact_scope(&work, &vault->scopes[i], err);
    if (rc < 0 || how->dry_run)
        sc_vault_rollback(vault);
    else
        rc = sc_vault_commit(vault, err);
    if (rc < 0)
        return rc;
    if (!how->dry_run)
        rc = sc_db_compact(vault->db, err);
    if (rc == 0 && !how->dry_run && how->storage != SC_VAULT_STORAGE_KEEP)
        rc = sc_db_set_portable(vault->db, how->storage == SC_VAULT_STORAGE_PORTABLE, err);
    if (rc < 0)
        return sc_wrap(err, rc,
                       "deleted %zu old versions, but could not write the file anew; run it again",
                       (size_t)work.result.versions);
    work.result.bytes_after = how->dry_run ? work.result.bytes_before : size_of(vault);
    *ret = work.result;
    return 0;
}
