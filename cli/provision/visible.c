/* SPDX-License-Identifier: Apache-2.0
 *
 * What may be handed out; see cli/provision/visible.h.
 */
#include "cli/provision/visible.h"

#include "cli/compose/rewrite.h"
#include "core/str.h"

#include "core/banned.h"

static bool hidden(const char *name)
{
    return sc_str_has_prefix(name, SC_REWRITE_ORIGINALS "/");
}

struct filter {
    sc_source_entry_fn fn;
    void *ctx;
};

static int pass(const struct sc_source_entry *entry, void *ctx, struct sc_error *err)
{
    const struct filter *filter = ctx;
    return hidden(entry->name) ? 0 : filter->fn(entry, filter->ctx, err);
}

static int visible_list(void *source, const char *prefix, sc_source_entry_fn fn, void *ctx,
                        struct sc_error *err)
{
    struct sc_visible *visible = source;
    struct filter filter = {fn, ctx};
    return visible->inner.ops->list(visible->inner.ctx, prefix, pass, &filter, err);
}

static int not_found(const char *name, struct sc_error *err)
{
    return sc_fail(err, SC_E_NOTFOUND, "there is no entry '%s'", name);
}

static int visible_stat(void *source, const char *name, struct sc_source_entry *ret,
                        struct sc_error *err)
{
    struct sc_visible *visible = source;
    if (hidden(name))
        return not_found(name, err);
    return visible->inner.ops->stat(visible->inner.ctx, name, ret, err);
}

static int visible_open(void *source, const char *name, uint64_t version, struct sc_secret *ret,
                        struct sc_error *err)
{
    struct sc_visible *visible = source;
    if (hidden(name))
        return not_found(name, err);
    return visible->inner.ops->open(visible->inner.ctx, name, version, ret, err);
}

static const struct sc_source_ops visible_ops = {
    .list = visible_list, .stat = visible_stat, .open = visible_open};

struct sc_source sc_visible_source(struct sc_visible *visible, struct sc_vault *vault)
{
    visible->inner = sc_vault_source(vault);
    return (struct sc_source){.ops = &visible_ops, .ctx = visible};
}
