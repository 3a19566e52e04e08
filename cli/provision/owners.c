/* SPDX-License-Identifier: Apache-2.0
 *
 * Owners of a project's files; see cli/provision/owners.h.
 */
#include "cli/provision/owners.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/parse.h"
#include "core/str.h"

#include "core/banned.h"

#define OPEN_MODE    0444
#define DEFAULT_MODE 0400 /* of an entry that says nothing: vault/source_vault.c */

static struct sc_owner *find(const struct sc_owners *owners, const char *name)
{
    for (size_t i = 0; i < owners->count; i++) {
        if (strcmp(owners->items[i].name, name) == 0)
            return &owners->items[i];
    }
    return NULL;
}

static int add(struct sc_owners *owners, const char *name, const struct sc_owner *owner,
               struct sc_error *err)
{
    struct sc_owner *grown =
        sc_items_reserve(owners->items, &owners->cap, owners->count, 1, sizeof(*grown), err);
    if (grown == NULL)
        return SC_E_NOMEM;
    owners->items = grown;
    char *copy = sc_str_dup(name, err);
    if (copy == NULL)
        return SC_E_NOMEM;
    owners->items[owners->count] = *owner;
    owners->items[owners->count++].name = copy;
    return 0;
}

static uint32_t parse_id(const char *text)
{
    uint64_t id = 0;
    if (text == NULL || sc_parse_u64(text, UINT32_MAX - 1, "id", &id, NULL) < 0)
        return 0;
    return (uint32_t)id;
}

int sc_owners_add(struct sc_owners *owners, const char *name, const struct sc_grant *grant,
                  struct sc_error *err)
{
    struct sc_owner owner = {
        .uid = parse_id(grant->uid),
        .gid = parse_id(grant->gid),
        .mode = grant->mode >= 0 ? (uint32_t)grant->mode & 0777 : OPEN_MODE,
        .said = grant->uid != NULL || grant->gid != NULL || grant->mode >= 0,
    };
    struct sc_owner *known = find(owners, name);
    if (known == NULL)
        return add(owners, name, &owner, err);
    if (known->said != owner.said || known->uid != owner.uid || known->gid != owner.gid ||
        known->mode != owner.mode) {
        known->uid = known->gid = 0;
        known->mode = OPEN_MODE;
        known->said = true;
    }
    return 0;
}

/* ---- as a source ---- */

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct sc_owner *)a)->name, ((const struct sc_owner *)b)->name);
}

static void apply(const struct sc_owners *owners, struct sc_source_entry *entry)
{
    const struct sc_owner key = {.name = entry->name};
    const struct sc_owner *owner =
        owners->count == 0 ? NULL
                           : bsearch(&key, owners->items, owners->count, sizeof(key), compare);
    bool plain = entry->uid == 0 && entry->gid == 0 && entry->mode == DEFAULT_MODE;
    if (owner == NULL || (!owner->said && !plain))
        return;
    entry->uid = owner->uid;
    entry->gid = owner->gid;
    entry->mode = owner->mode;
}

struct forward {
    const struct sc_owners *owners;
    sc_source_entry_fn fn;
    void *ctx;
};

static int forward_entry(const struct sc_source_entry *entry, void *ctx, struct sc_error *err)
{
    const struct forward *to = ctx;
    struct sc_source_entry mine = *entry;
    apply(to->owners, &mine);
    return to->fn(&mine, to->ctx, err);
}

static int owners_list(void *source, const char *prefix, sc_source_entry_fn fn, void *ctx,
                       struct sc_error *err)
{
    const struct sc_owners *owners = source;
    struct forward to = {.owners = owners, .fn = fn, .ctx = ctx};
    return owners->source->ops->list(owners->source->ctx, prefix, forward_entry, &to, err);
}

static int owners_stat(void *source, const char *name, struct sc_source_entry *ret,
                       struct sc_error *err)
{
    const struct sc_owners *owners = source;
    int rc = owners->source->ops->stat(owners->source->ctx, name, ret, err);
    if (rc == 0)
        apply(owners, ret);
    return rc;
}

static int owners_open(void *source, const char *name, uint64_t version, struct sc_secret *ret,
                       struct sc_error *err)
{
    const struct sc_owners *owners = source;
    return owners->source->ops->open(owners->source->ctx, name, version, ret, err);
}

static int owners_changes(void *source, struct sc_source_mark *mark, bool *ret_all,
                          sc_source_name_fn fn, void *ctx, struct sc_error *err)
{
    const struct sc_owners *owners = source;
    *ret_all = true;
    if (owners->source->ops->changes == NULL)
        return 0;
    return owners->source->ops->changes(owners->source->ctx, mark, ret_all, fn, ctx, err);
}

struct sc_source sc_owners_source(struct sc_owners *owners, const struct sc_source *source)
{
    static const struct sc_source_ops ops = {
        .list = owners_list, .stat = owners_stat, .open = owners_open, .changes = owners_changes};
    owners->source = source;
    if (owners->count > 0)
        qsort(owners->items, owners->count, sizeof(*owners->items), compare);
    return (struct sc_source){.ops = &ops, .ctx = owners};
}

void sc_owners_done(struct sc_owners *owners)
{
    for (size_t i = 0; i < owners->count; i++)
        free(owners->items[i].name);
    free(owners->items);
    *owners = (struct sc_owners){0};
}
