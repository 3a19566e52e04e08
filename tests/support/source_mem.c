/* SPDX-License-Identifier: Apache-2.0
 *
 * The source in memory; see tests/support/source_mem.h. Short of memory it aborts: it is a test.
 */
#include "tests/support/source_mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"

#include "core/banned.h"

struct item {
    struct sc_source_entry entry;
    unsigned char *value;
    int failure;
};

struct sc_source_mem {
    struct item **items;
    size_t count;
    int failure;
    unsigned opens;
    uint64_t floor;   /* highest version of a removed entry: never used again */
    uint64_t changes; /* counted from 1 */
    char last_changed[SC_NAME_SIZE];
    unsigned lists;
};

static void *must(void *block)
{
    if (block == NULL)
        abort();
    return block;
}

static struct item *find(const struct sc_source_mem *mem, const char *name)
{
    for (size_t i = 0; i < mem->count; i++)
        if (strcmp(mem->items[i]->entry.name, name) == 0)
            return mem->items[i];
    return NULL;
}

struct sc_source_mem *sc_source_mem_new(void)
{
    return must(calloc(1, sizeof(struct sc_source_mem)));
}

void sc_source_mem_free(struct sc_source_mem *mem)
{
    if (mem == NULL)
        return;
    for (size_t i = 0; i < mem->count; i++) {
        free(mem->items[i]->value);
        free(mem->items[i]);
    }
    free(mem->items);
    free(mem);
}

static void note_change(struct sc_source_mem *mem, const char *name)
{
    mem->changes++;
    snprintf(mem->last_changed, sizeof(mem->last_changed), "%s", name);
}

static struct item *insert(struct sc_source_mem *mem, const char *name)
{
    struct item *item = must(calloc(1, sizeof(*item)));
    size_t len = strlen(name);
    if (len >= sizeof(item->entry.name))
        abort();
    memcpy(item->entry.name, name, len + 1);
    item->entry.kind = SC_ENTRY_SECRET;
    item->entry.mode = 0400;
    item->entry.version = mem->floor;
    mem->items = must(realloc(mem->items, (mem->count + 1) * sizeof(mem->items[0])));
    size_t at = mem->count;
    while (at > 0 && strcmp(mem->items[at - 1]->entry.name, name) > 0) {
        mem->items[at] = mem->items[at - 1];
        at--;
    }
    mem->items[at] = item;
    mem->count++;
    return item;
}

void sc_source_mem_set(struct sc_source_mem *mem, const char *name, const void *value, size_t len)
{
    struct item *item = find(mem, name);
    if (item == NULL)
        item = insert(mem, name);
    free(item->value);
    item->value = must(malloc(len > 0 ? len : 1));
    if (len > 0)
        memcpy(item->value, value, len);
    item->entry.size = len;
    item->entry.version++;
    item->entry.mtime++;
    note_change(mem, name);
}

void sc_source_mem_attr(struct sc_source_mem *mem, const char *name, uint32_t uid, uint32_t gid,
                        uint32_t mode)
{
    struct item *item = must(find(mem, name));
    item->entry.uid = uid;
    item->entry.gid = gid;
    item->entry.mode = mode;
    note_change(mem, name);
}

void sc_source_mem_remove(struct sc_source_mem *mem, const char *name)
{
    struct item *item = must(find(mem, name));
    size_t at = 0;
    note_change(mem, name);
    while (mem->items[at] != item)
        at++;
    mem->floor = SC_MAX(mem->floor, item->entry.version);
    free(item->value);
    free(item);
    memmove(&mem->items[at], &mem->items[at + 1], (mem->count - at - 1) * sizeof(mem->items[0]));
    mem->count--;
}

void sc_source_mem_fail(struct sc_source_mem *mem, const char *name, int code)
{
    if (name == NULL)
        mem->failure = code;
    else
        ((struct item *)must(find(mem, name)))->failure = code;
}

unsigned sc_source_mem_opens(const struct sc_source_mem *mem)
{
    return mem->opens;
}

unsigned sc_source_mem_lists(const struct sc_source_mem *mem)
{
    return mem->lists;
}

static int mem_list(void *source, const char *prefix, sc_source_entry_fn fn, void *ctx,
                    struct sc_error *err)
{
    struct sc_source_mem *mem = source;
    size_t len = strlen(prefix);
    if (mem->failure != 0)
        return sc_fail(err, mem->failure, "the source fails");
    mem->lists++;
    for (size_t i = 0; i < mem->count; i++) {
        const struct sc_source_entry *entry = &mem->items[i]->entry;
        bool below = len == 0 || (sc_str_has_prefix(entry->name, prefix) &&
                                  (entry->name[len] == '\0' || entry->name[len] == '/'));
        int rc = below ? fn(entry, ctx, err) : 0;
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int look_up(struct sc_source_mem *mem, const char *name, struct item **ret,
                   struct sc_error *err)
{
    struct item *item = find(mem, name);
    if (item == NULL)
        return sc_fail(err, SC_E_NOTFOUND, "there is no entry '%s'", name);
    if (item->failure != 0)
        return sc_fail(err, item->failure, "entry '%s' fails", name);
    *ret = item;
    return 0;
}

static int mem_stat(void *source, const char *name, struct sc_source_entry *ret,
                    struct sc_error *err)
{
    struct item *item = NULL;
    int rc = look_up(source, name, &item, err);
    if (rc == 0)
        *ret = item->entry;
    return rc;
}

static int mem_open(void *source, const char *name, uint64_t version, struct sc_secret *ret,
                    struct sc_error *err)
{
    struct sc_source_mem *mem = source;
    struct item *item = NULL;
    int rc = look_up(mem, name, &item, err);
    if (rc < 0)
        return rc;
    if (version != 0 && version != item->entry.version)
        return sc_fail(err, SC_E_NOTFOUND, "entry '%s' has no such version", name);
    mem->opens++;
    unsigned char *place = NULL;
    rc = sc_secret_resize(ret, (size_t)item->entry.size, &place, err);
    if (rc == 0 && item->entry.size > 0)
        memcpy(place, item->value, (size_t)item->entry.size);
    return rc;
}

/* It remembers the last change only. */
static int mem_changes(void *source, struct sc_source_mark *mark, bool *ret_all,
                       sc_source_name_fn fn, void *ctx, struct sc_error *err)
{
    struct sc_source_mem *mem = source;
    if (mem->failure != 0)
        return sc_fail(err, mem->failure, "the source fails");
    uint64_t now = mem->changes + 1, since = mark->number;
    mark->number = now;
    *ret_all = since == 0 || now - since > 1;
    return !*ret_all && now != since ? fn(mem->last_changed, ctx, err) : 0;
}

struct sc_source sc_source_mem_source(struct sc_source_mem *mem)
{
    static const struct sc_source_ops ops = {mem_list, mem_stat, mem_open, mem_changes};
    return (struct sc_source){.ops = &ops, .ctx = mem};
}
