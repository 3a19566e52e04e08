/* SPDX-License-Identifier: Apache-2.0
 *
 * The vault as a source of entries for fuse/ and provision/; see core/source.h.
 */
#include "vault/vault.h"

#include <string.h>

#include "core/banned.h"

#define DEFAULT_MODE 0400

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

struct forward {
    sc_source_entry_fn fn;
    void *ctx;
};

static int forward_entry(const struct sc_entry_info *info, void *ctx, struct sc_error *err)
{
    const struct forward *to = ctx;
    struct sc_source_entry entry;
    convert(info, &entry);
    return to->fn(&entry, to->ctx, err);
}

static int source_list(void *source, const char *prefix, sc_source_entry_fn fn, void *ctx,
                       struct sc_error *err)
{
    struct forward to = {.fn = fn, .ctx = ctx};
    return sc_vault_list(source, prefix, forward_entry, &to, err);
}

static int source_stat(void *source, const char *name, struct sc_source_entry *ret,
                       struct sc_error *err)
{
    struct sc_entry_info info;
    int rc = sc_vault_get(source, name, 0, NULL, &info, err);
    if (rc == 0)
        convert(&info, ret);
    return rc;
}

static int source_open(void *source, const char *name, uint64_t version, struct sc_secret *ret,
                       struct sc_error *err)
{
    return sc_vault_get(source, name, version, ret, NULL, err);
}

struct sc_source sc_vault_source(struct sc_vault *vault)
{
    static const struct sc_source_ops ops = {
        .list = source_list, .stat = source_stat, .open = source_open};
    return (struct sc_source){.ops = &ops, .ctx = vault};
}
