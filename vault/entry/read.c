/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading an entry.
 */
#include <string.h>

#include "vault/entry/meta.h"
#include "vault/entry/versions.h"
#include "vault/scope/scope.h"

#include "core/banned.h"

static int get(struct sc_vault *vault, const char *name, uint64_t version,
               struct sc_secret *ret_value, struct sc_entry_info *info, struct sc_error *err)
{
    struct sc_scope *scope = NULL;
    int rc = sc_scope_find(vault, name, &scope, err);
    if (rc == 0)
        rc = sc_meta_read(vault, scope, name, info, err);
    if (rc < 0)
        return rc;
    if (version == 0 && info->removed)
        return sc_fail(err, SC_E_NOTFOUND, "there is no entry '%s'; it was removed", name);
    struct sc_place place = sc_place_of(scope, sc_name_leaf(name),
                                        version != 0 ? version : info->version, SC_RECORD_VALUE);
    bool newest = place.version == info->version && !info->removed;
    rc = sc_version_read(vault, &place, info, ret_value, err);
    if (rc == SC_E_NOTFOUND && newest)
        return sc_fail(err, SC_E_TAMPERED, "the value of '%s' is missing from the vault", name);
    if (rc == SC_E_NOTFOUND)
        return sc_fail(err, rc, "'%s' has no version %llu with a value", name,
                       (unsigned long long)place.version);
    if (rc == 0)
        info->removed = false;
    return rc < 0 ? sc_wrap(err, rc, "entry '%s'", name) : 0;
}

int sc_vault_get(struct sc_vault *vault, const char *name, uint64_t version,
                 struct sc_secret *ret_value, struct sc_entry_info *ret_info, struct sc_error *err)
{
    int rc = sc_name_check(name, 2, err);
    if (rc == 0)
        rc = sc_view_need_keys(vault, err);
    if (rc == 0)
        rc = sc_view_begin(vault, err);
    if (rc < 0)
        return rc;
    struct sc_entry_info info;
    rc = get(vault, name, version, ret_value, &info, err);
    sc_view_end(vault);
    if (rc == 0 && ret_info != NULL)
        *ret_info = info;
    return rc;
}
