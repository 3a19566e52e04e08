/* SPDX-License-Identifier: Apache-2.0
 *
 * The vault as a source of entries for fuse/ and provision/; see core/source.h.
 */
#include "vault/vault.h"

#include <string.h>

#include "core/str.h"
#include "core/text/render.h"

#include "core/banned.h"

#define DEFAULT_MODE 0400

/* The value of an entry as a reader gets it: a template comes rendered. Templates in templates are
 * taken as text, so a chain of them cannot run away. */
static int fetch_for_template(const char *name, enum sc_template_kind kind, void *ctx,
                              struct sc_secret *ret, struct sc_error *err)
{
    struct sc_entry_info info;
    int rc = sc_vault_get(ctx, name, 0, ret, &info, err);
    if (rc == 0 && kind == SC_TEMPLATE_CONFIG && info.kind != SC_ENTRY_CONFIG)
        return sc_fail(err, SC_E_FAILED, "'%s' is not a config entry", name);
    return rc;
}

static int read_value(struct sc_vault *vault, const char *name, uint64_t version,
                      struct sc_secret *ret, struct sc_entry_info *info, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    int rc = sc_vault_get(vault, name, version, &value, info, err);
    if (rc == 0 && info->kind == SC_ENTRY_TEMPLATE) {
        SC_CLEANUP(sc_str_freep) char *scope = sc_str_ndup(name, sc_name_scope_len(name), err);
        if (scope == NULL)
            return SC_E_NOMEM;
        rc = sc_render(sc_secret_view(&value), scope, fetch_for_template, vault, ret, err);
        return rc < 0 ? sc_wrap(err, rc, "template '%s'", name) : 0;
    }
    if (rc == 0)
        sc_secret_move(ret, &value);
    return rc;
}

static void convert(const struct sc_entry_info *info, struct sc_source_entry *out)
{
    *out = (struct sc_source_entry){
        .kind = info->kind,
        .size = info->size,
        .version = info->version,
        .mtime = info->created,
        .uid = info->uid,
        .gid = info->gid,
        .mode = info->mode != 0 ? info->mode : DEFAULT_MODE,
    };
    memcpy(out->name, info->name, sizeof(out->name));
}

/* The size of a template is that of its rendered text. */
static int convert_rendered(struct sc_vault *vault, const struct sc_entry_info *info,
                            struct sc_source_entry *out, struct sc_error *err)
{
    convert(info, out);
    if (info->kind != SC_ENTRY_TEMPLATE)
        return 0;
    SC_CLEANUP(sc_secret_done) struct sc_secret rendered = {0};
    struct sc_entry_info again;
    int rc = read_value(vault, info->name, 0, &rendered, &again, err);
    if (rc == 0)
        out->size = rendered.len;
    return rc;
}

struct forward {
    struct sc_vault *vault;
    sc_source_entry_fn fn;
    void *ctx;
};

static int forward_entry(const struct sc_entry_info *info, void *ctx, struct sc_error *err)
{
    const struct forward *to = ctx;
    struct sc_source_entry entry;
    /* One template that cannot be rendered does not hide the other entries; opening it tells why.
     */
    if (convert_rendered(to->vault, info, &entry, NULL) < 0)
        convert(info, &entry);
    return to->fn(&entry, to->ctx, err);
}

static int source_list(void *source, const char *prefix, sc_source_entry_fn fn, void *ctx,
                       struct sc_error *err)
{
    struct forward to = {.vault = source, .fn = fn, .ctx = ctx};
    return sc_vault_list(source, prefix, forward_entry, &to, err);
}

static int source_stat(void *source, const char *name, struct sc_source_entry *ret,
                       struct sc_error *err)
{
    struct sc_entry_info info;
    int rc = sc_vault_get(source, name, 0, NULL, &info, err);
    struct sc_source_entry entry;
    if (rc == 0)
        rc = convert_rendered(source, &info, &entry, err);
    if (rc == 0)
        *ret = entry;
    return rc;
}

static int source_open(void *source, const char *name, uint64_t version, struct sc_secret *ret,
                       struct sc_error *err)
{
    struct sc_entry_info info;
    return read_value(source, name, version, ret, &info, err);
}

struct sc_source sc_vault_source(struct sc_vault *vault)
{
    static const struct sc_source_ops ops = {
        .list = source_list, .stat = source_stat, .open = source_open};
    return (struct sc_source){.ops = &ops, .ctx = vault};
}
