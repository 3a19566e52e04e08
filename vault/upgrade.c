/* SPDX-License-Identifier: Apache-2.0
 *
 * From an older format of the file to the newest; see vault/upkeep.h.
 */
#include <unistd.h>

#include "core/str.h"
#include "vault/store/schema.h"
#include "vault/txn.h"
#include "vault/upkeep.h"

#include "core/banned.h"

/* What the signature covers is verified as it stands before anything of it changes. */
static int announce_all(struct sc_vault *vault, struct sc_error *err)
{
    int rc = sc_txn_touch_slots(vault, err);
    if (rc == 0)
        rc = sc_txn_touch_grants(vault, err);
    for (size_t i = 0; i < vault->scope_count && rc == 0; i++)
        rc = sc_txn_touch_all(vault, &vault->scopes[i], err);
    return rc;
}

static int set_row(struct sc_vault *vault, const struct sc_format *format, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_db_prepare(vault->db, "UPDATE vault SET format=?, min_reader=?, min_writer=?",
                           &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_int(stmt, 1, format->number);
    sc_stmt_bind_int(stmt, 2, format->min_reader);
    sc_stmt_bind_int(stmt, 3, format->min_writer);
    return sc_stmt_run(stmt, err);
}

static int migrate(struct sc_vault *vault, struct sc_error *err)
{
    const struct sc_format *now = sc_schema_now();
    int rc = 0;
    for (const struct sc_format *format = vault->format + 1; format <= now && rc == 0; format++)
        rc = format->migrate(vault->db, err);
    if (rc == 0)
        rc = sc_schema_set_number(vault->db, now->number, err);
    if (rc == 0)
        rc = set_row(vault, now, err);
    if (rc == 0)
        rc = sc_schema_compare(vault->db, now, err);
    if (rc < 0)
        return sc_wrap(err, rc, "nothing was changed");
    vault->format = now;
    vault->format_number = now->number;
    return sc_scope_load(vault, err);
}

static int in_one_transaction(struct sc_vault *vault, struct sc_error *err)
{
    const struct sc_format *old = vault->format;
    SC_CLEANUP(sc_str_freep)
    char *reason = sc_str_printf(err, "format %u to %u", (unsigned)old->number,
                                 (unsigned)sc_schema_now()->number);
    int rc = reason != NULL ? sc_vault_begin(vault, err) : SC_E_NOMEM;
    if (rc < 0)
        return rc;
    rc = announce_all(vault, err);
    if (rc == 0)
        rc = migrate(vault, err);
    if (rc == 0)
        rc = sc_txn_note(vault, "upgrade", "", reason, err);
    rc = sc_txn_end(vault, true, rc, err);
    if (rc < 0) {
        vault->format = old;
        vault->format_number = old->number;
    }
    return rc;
}

/* The copy in the place of what did not turn out well. */
static int put_back(struct sc_vault *vault, const char *copy, const struct sc_format *old,
                    struct sc_error *err)
{
    SC_CLEANUP(sc_vault_closep) struct sc_vault *from = NULL;
    int rc = sc_vault_open_copy(copy, &from, err);
    if (rc == 0)
        rc = sc_db_copy(from->db, vault->db, err);
    vault->format = old;
    vault->format_number = old->number;
    sc_view_forget(vault);
    vault->seen = (struct sc_seen){0}; /* what it has seen is taken back */
    return rc;
}

int sc_vault_upgrade(struct sc_vault *vault, struct sc_vault_upgraded *ret, struct sc_error *err)
{
    const struct sc_format *old = vault->format;
    uint32_t from = vault->format_number, to = sc_schema_now()->number;
    *ret = (struct sc_vault_upgraded){.from = from, .to = SC_MAX(from, to)};
    int rc = vault->root != NULL ? 0 : sc_view_need_keys(vault, err);
    if (rc == 0)
        rc = sc_vault_check(vault, NULL, NULL, err);
    if (rc < 0 || from >= to)
        return rc;
    SC_CLEANUP(sc_str_freep)
    char *copy = sc_str_printf(err, "%s.v%u.%llu.bak", vault->path, (unsigned)from,
                               (unsigned long long)vault->state.seq);
    rc = copy != NULL ? sc_vault_backup(vault, copy, err) : SC_E_NOMEM;
    if (rc < 0)
        return rc;
    rc = in_one_transaction(vault, err);
    if (rc < 0) {
        unlink(copy); /* the vault is as it was */
        return rc;
    }
    sc_view_forget(vault);
    rc = sc_vault_check(vault, NULL, NULL, err);
    if (rc < 0) {
        int undone = put_back(vault, copy, old, NULL);
        return sc_wrap(err, rc,
                       undone == 0 ? "the vault of the new format is not good, so the old one was "
                                     "put back"
                                   : "the vault of the new format is not good; the old one is the "
                                     "file beside it that ends in .bak");
    }
    ret->copy = SC_TAKE(copy);
    return 0;
}
