/* SPDX-License-Identifier: Apache-2.0
 *
 * Items on their way: named, collected, written; see vault/transfer/transfer.h.
 */
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "vault/transfer/transfer.h"

#include "core/banned.h"

/* What cannot stand in a name becomes '_'; slashes stay, they divide parts. */
static void loosen(char *name)
{
    for (char *at = name; *at != '\0'; at++) {
        if (*at != '/' && !sc_name_part_valid(at, 1) && *at != '.')
            *at = '_';
    }
}

int sc_transfer_give(const struct sc_transfer_target *to, const char *name,
                     const struct sc_secret *value, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep)
    char *full =
        to->scope != NULL ? sc_str_printf(err, "%s/%s", to->scope, name) : sc_str_dup(name, err);
    if (full == NULL)
        return SC_E_NOMEM;
    if (to->loose)
        loosen(full);
    int rc = sc_name_check(full, 2, err);
    if (rc == SC_E_BADNAME && to->scope == NULL && strchr(full, '/') == NULL)
        return sc_fail(err, rc, "an entry needs a scope: give --scope");
    if (rc < 0)
        return rc;
    const struct sc_transfer_item item = {.name = full, .kind = SC_ENTRY_SECRET, .value = value};
    return to->fn(&item, to->ctx, err);
}

int sc_transfer_collect(const struct sc_transfer_item *item, void *ctx, struct sc_error *err)
{
    struct sc_transfer_list *list = ctx;
    if (list->count == SC_TRANSFER_ITEMS_MAX)
        return sc_fail(err, SC_E_TOOBIG, "more than %zu entries at once", SC_TRANSFER_ITEMS_MAX);
    struct sc_transfer_kept *grown =
        sc_items_reserve(list->items, &list->cap, list->count, 1, sizeof(*grown), err);
    if (grown == NULL)
        return SC_E_NOMEM;
    list->items = grown;
    struct sc_transfer_kept kept = {.name = sc_str_dup(item->name, err)};
    int rc = kept.name == NULL ? SC_E_NOMEM : 0;
    if (rc == 0)
        rc = sc_secret_append(&kept.value, item->value->ptr, item->value->len, err);
    if (rc < 0) {
        free(kept.name);
        sc_secret_done(&kept.value);
        return rc;
    }
    list->items[list->count++] = kept;
    return 0;
}

int sc_transfer_each(const struct sc_transfer_list *list, sc_transfer_fn fn, void *ctx,
                     struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < list->count; i++) {
        const struct sc_transfer_item item = {
            .name = list->items[i].name, .kind = SC_ENTRY_SECRET, .value = &list->items[i].value};
        rc = fn(&item, ctx, err);
    }
    return rc;
}

void sc_transfer_list_done(struct sc_transfer_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].name);
        sc_secret_done(&list->items[i].value);
    }
    free(list->items);
    *list = (struct sc_transfer_list){0};
}

static int put(struct sc_transfer_writer *writer, const struct sc_transfer_item *item,
               struct sc_error *err)
{
    const struct sc_entry_put put = {
        .name = item->name,
        .kind = item->kind,
        .value = item->value,
        .note = item->note,
        .labels = item->labels,
        .reason = writer->reason,
        .expires = item->expires,
        .set_owner = item->has_owner,
        .uid = item->uid,
        .gid = item->gid,
        .mode = item->mode,
    };
    int rc = sc_vault_put(writer->vault, &put, err);
    return rc < 0 ? sc_wrap(err, rc, "cannot write '%s'", item->name) : 0;
}

int sc_transfer_write(const struct sc_transfer_item *item, void *ctx, struct sc_error *err)
{
    struct sc_transfer_writer *writer = ctx;
    SC_CLEANUP(sc_secret_done) struct sc_secret present = {0};
    int rc = sc_vault_get(writer->vault, item->name, 0, &present, NULL, err);
    if (rc == SC_E_NOTFOUND) {
        rc = put(writer, item, err);
        writer->added += rc == 0;
        return rc;
    }
    if (rc < 0)
        return rc;
    if (sc_secret_equal(&present, item->value)) {
        writer->same++;
        return 0;
    }
    if (writer->conflict == SC_TRANSFER_FAIL)
        return sc_fail(err, SC_E_EXISTS,
                       "'%s' has another value already; nothing was imported (see --on-conflict)",
                       item->name);
    if (writer->conflict == SC_TRANSFER_SKIP) {
        writer->skipped++;
        return 0;
    }
    rc = put(writer, item, err);
    writer->replaced += rc == 0;
    return rc;
}
