/* SPDX-License-Identifier: Apache-2.0
 *
 * The vault's secrets as a set of known values.
 */
#include "audit/known/known.h"
#include "cli/leaks/leaks.h"
#include "cli/unlock.h"

#include "core/banned.h"

struct loader {
    struct sc_vault *vault;
    bool all_versions;
    sc_leaks_secret_fn fn;
    void *ctx;
};

static int hand_on(struct loader *loader, const char *name, uint64_t version, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    int rc = sc_vault_get(loader->vault, name, version, &value, NULL, err);
    return rc < 0 ? rc : loader->fn(name, sc_secret_view(&value), loader->ctx, err);
}

static int hand_on_past(const struct sc_entry_info *info, void *ctx, struct sc_error *err)
{
    return info->removed ? 0 : hand_on(ctx, info->name, info->version, err);
}

static int hand_on_entry(const struct sc_entry_info *info, void *ctx, struct sc_error *err)
{
    struct loader *loader = ctx;
    /* A config may be seen; a template's secrets are entries of their own. */
    if (info->kind != SC_ENTRY_SECRET)
        return 0;
    if (loader->all_versions)
        return sc_vault_history(loader->vault, info->name, hand_on_past, loader, err);
    return hand_on(loader, info->name, 0, err);
}

int sc_leaks_each_secret(const struct sc_cli *cli, const char *scope, bool all_versions,
                         sc_leaks_secret_fn fn, void *ctx, struct sc_error *err)
{
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    int rc = sc_cli_open_vault(cli, SC_VAULT_READ, &vault, err);
    if (rc < 0)
        return rc;
    struct loader loader = {vault, all_versions, fn, ctx};
    return sc_vault_list(vault, scope == NULL ? "" : scope, hand_on_entry, &loader, err);
}

static int add_value(const char *name, struct sc_bytes value, void *ctx, struct sc_error *err)
{
    return sc_known_add(ctx, name, value, err);
}

int sc_leaks_none(const char *scope, struct sc_error *err)
{
    if (scope == NULL)
        return sc_fail(err, SC_E_NOTFOUND, "there is no secret to look for");
    return sc_fail(err, SC_E_NOTFOUND, "there is no secret below '%s' to look for", scope);
}

int sc_verify_load(const struct sc_cli *cli, const char *scope, bool all_versions,
                   struct sc_known **ret, struct sc_error *err)
{
    SC_CLEANUP(sc_known_freep) struct sc_known *known = sc_known_new(err);
    if (known == NULL)
        return SC_E_NOMEM;
    int rc = sc_leaks_each_secret(cli, scope, all_versions, add_value, known, err);
    if (rc < 0)
        return rc;
    if (sc_known_count(known) == 0)
        return sc_leaks_none(scope, err);
    rc = sc_known_build(known, err);
    if (rc == 0)
        *ret = SC_TAKE(known);
    return rc;
}
