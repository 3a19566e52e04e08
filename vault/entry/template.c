/* SPDX-License-Identifier: Apache-2.0
 *
 * What a template entry names.
 */
#include <string.h>

#include "core/str.h"
#include "core/text/render.h"
#include "vault/vault.h"

#include "core/banned.h"

struct naming {
    struct sc_vault *vault;
    struct sc_strv seen;
    sc_entry_fn fn;
    void *ctx;
};

static int name_part(const char *name, void *ctx, struct sc_error *err)
{
    struct naming *naming = ctx;
    if (sc_strv_contains(&naming->seen, name))
        return 0;
    int rc = sc_strv_add(&naming->seen, name, err);
    if (rc < 0)
        return rc;
    struct sc_entry_info info;
    rc = sc_vault_get(naming->vault, name, 0, NULL, &info, err);
    if (rc == SC_E_NOTFOUND) {
        info = (struct sc_entry_info){0};
        memcpy(info.name, name, strlen(name) + 1);
        rc = 0;
    }
    return rc < 0 ? rc : naming->fn(&info, naming->ctx, err);
}

int sc_vault_template_names(struct sc_vault *vault, const char *name, sc_entry_fn fn, void *ctx,
                            struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret template = {0};
    SC_CLEANUP(sc_str_freep) char *scope = sc_str_ndup(name, sc_name_scope_len(name), err);
    if (scope == NULL)
        return SC_E_NOMEM;
    struct naming naming = {.vault = vault, .fn = fn, .ctx = ctx};
    struct sc_entry_info info;
    int rc = sc_vault_get(vault, name, 0, &template, &info, err);
    if (rc == 0 && info.kind == SC_ENTRY_TEMPLATE)
        rc = sc_render_names(sc_secret_view(&template), scope, name_part, &naming, err);
    sc_strv_done(&naming.seen);
    return rc < 0 ? rc : 0;
}
