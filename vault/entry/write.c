/* SPDX-License-Identifier: Apache-2.0
 *
 * Changing entries: put, remove, revert. Each joins an open batch or is a commit of its own.
 */
#include <string.h>
#include <time.h>

#include "core/str.h"
#include "vault/entry/meta.h"
#include "vault/txn.h"

#include "core/banned.h"

static int check_text(const char *text, size_t max, const char *what, struct sc_error *err)
{
    if (text != NULL && (strlen(text) >= max || !sc_str_is_utf8(text, strlen(text))))
        return sc_fail(err, SC_E_USAGE, "%s is UTF-8 text of at most %zu bytes", what, max - 1);
    return 0;
}

/* Takes over what was given; the rest stays as it was. */
static int apply(const struct sc_entry_put *put, struct sc_entry_info *info, struct sc_error *err)
{
    int rc = check_text(put->note, sizeof(info->note), "a note", err);
    if (rc == 0)
        rc = check_text(put->labels, sizeof(info->labels), "the list of labels", err);
    if (rc < 0)
        return rc;
    memcpy(info->name, put->name, strlen(put->name) + 1);
    if (put->note != NULL)
        memcpy(info->note, put->note, strlen(put->note) + 1);
    if (put->labels != NULL)
        memcpy(info->labels, put->labels, strlen(put->labels) + 1);
    if (put->kind != 0)
        info->kind = put->kind;
    if (info->kind == 0)
        info->kind = SC_ENTRY_SECRET;
    if (put->expires != 0)
        info->expires = put->expires > 0 ? put->expires : 0;
    if (put->set_owner) {
        info->uid = put->uid;
        info->gid = put->gid;
    }
    if (put->mode != 0)
        info->mode = put->mode;
    return 0;
}

/* Writes the next version of an entry (a tombstone without a value), and its name record. */
static int write_version(struct sc_vault *vault, struct sc_scope *scope, struct sc_entry_info *info,
                         const struct sc_secret *value, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret record = {0};
    struct sc_bytes bytes = value != NULL ? sc_secret_view(value) : (struct sc_bytes){0};
    info->version++;
    info->created = time(NULL);
    info->size = bytes.len;
    info->removed = value == NULL;
    info->exposed = false;
    struct sc_place place = sc_place_of(scope, sc_name_leaf(info->name), info->version,
                                        value != NULL ? SC_RECORD_VALUE : SC_RECORD_TOMBSTONE);
    int rc = sc_value_encode(vault, info, bytes, &record, err);
    if (rc == 0)
        rc = sc_record_write(vault, &place, sc_secret_view(&record), err);
    return rc < 0 ? rc : sc_meta_write(vault, scope, info, err);
}

static int put_in_txn(struct sc_vault *vault, const struct sc_entry_put *put, struct sc_error *err)
{
    struct sc_scope *scope = NULL;
    struct sc_entry_info info = {0};
    int rc = put->must_exist ? sc_scope_find(vault, put->name, &scope, err)
                             : sc_scope_ensure(vault, put->name, &scope, err);
    if (rc < 0)
        return rc;
    rc = sc_meta_read(vault, scope, put->name, &info, err);
    bool exists = rc == 0 && !info.removed;
    if (rc < 0 && rc != SC_E_NOTFOUND)
        return rc;
    if (put->must_exist && !exists)
        return sc_fail(err, SC_E_NOTFOUND, "there is no entry '%s'", put->name);
    if (put->must_be_new && exists)
        return sc_fail(err, SC_E_EXISTS, "there is an entry '%s' already; change it with: rotate",
                       put->name);
    if (!exists) /* a removed one leaves nothing but its version number */
        info = (struct sc_entry_info){.version = info.version};
    rc = apply(put, &info, err);
    if (rc < 0)
        return rc;
    if (put->value != NULL)
        rc = write_version(vault, scope, &info, put->value, err);
    else if (exists)
        rc = sc_meta_write(vault, scope, &info, err);
    else
        rc = sc_fail(err, SC_E_USAGE, "a new entry needs a value");
    if (rc < 0)
        return rc;
    const char *op = !exists ? "add" : put->value != NULL ? "rotate" : "edit";
    return sc_txn_note(vault, op, put->name, put->reason, err);
}

int sc_vault_put(struct sc_vault *vault, const struct sc_entry_put *put, struct sc_error *err)
{
    int rc = sc_name_check(put->name, 2, err);
    if (rc == 0 && put->value != NULL && put->value->len > SC_VALUE_MAX)
        rc = sc_fail(err, SC_E_TOOBIG, "the value for '%s' is longer than %zu bytes", put->name,
                     SC_VALUE_MAX);
    bool own = false;
    if (rc == 0)
        rc = sc_txn_join(vault, &own, err);
    if (rc < 0)
        return rc;
    rc = put_in_txn(vault, put, err);
    return sc_txn_end(vault, own, rc, err);
}

int sc_vault_remove(struct sc_vault *vault, const char *name, const char *reason,
                    struct sc_error *err)
{
    bool own = false;
    int rc = sc_txn_join(vault, &own, err);
    if (rc < 0)
        return rc;
    struct sc_scope *scope = NULL;
    struct sc_entry_info info;
    rc = sc_scope_find(vault, name, &scope, err);
    if (rc == 0)
        rc = sc_meta_read(vault, scope, name, &info, err);
    if (rc == 0 && info.removed)
        rc = sc_fail(err, SC_E_NOTFOUND, "there is no entry '%s'", name);
    if (rc == 0)
        rc = write_version(vault, scope, &info, NULL, err);
    if (rc == 0)
        rc = sc_txn_note(vault, "rm", name, reason, err);
    return sc_txn_end(vault, own, rc, err);
}

int sc_vault_revert(struct sc_vault *vault, const char *name, uint64_t version, const char *reason,
                    struct sc_error *err)
{
    bool own = false;
    int rc = sc_txn_join(vault, &own, err);
    if (rc < 0)
        return rc;
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    struct sc_scope *scope = NULL;
    struct sc_entry_info info, old;
    rc = sc_vault_get(vault, name, version, &value, &old, err);
    if (rc == 0)
        rc = sc_scope_find(vault, name, &scope, err);
    if (rc == 0)
        rc = sc_meta_read(vault, scope, name, &info, err);
    if (rc == 0) {
        info.kind = old.kind;
        rc = write_version(vault, scope, &info, &value, err);
    }
    if (rc == 0)
        rc = sc_txn_note(vault, "rollback", name, reason, err);
    return sc_txn_end(vault, own, rc, err);
}
