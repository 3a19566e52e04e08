/* SPDX-License-Identifier: Apache-2.0
 *
 * From the source to the store; see fuse/agent/feed.h.
 */
#include "fuse/agent/feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "fuse/shared/node.h"

#include "core/banned.h"

#define IDLE_BEFORE_WIPE INT64_C(10000000000)

int sc_feed_init(struct sc_feed *feed, struct sc_source *source, struct sc_journal *journal,
                 int store_fd, struct sc_error *err)
{
    *feed = (struct sc_feed){.source = source, .journal = journal};
    return sc_store_map(store_fd, true, &feed->store, err);
}

void sc_feed_done(struct sc_feed *feed)
{
    free(feed->entries);
    free(feed->values);
    free(feed->containers);
    sc_strv_done(&feed->rotated);
    sc_idmap_done(&feed->by_id);
    sc_store_done(&feed->store);
    *feed = (struct sc_feed){0};
}

/* Room for one more item of a growing array. */
static int grow(void **items, size_t *cap, size_t count, size_t size, struct sc_error *err)
{
    void *grown = sc_items_reserve(*items, cap, count, 1, size, err);
    if (grown == NULL)
        return SC_E_NOMEM;
    *items = grown;
    return 0;
}

static struct sc_feed_entry *find(const struct sc_feed *feed, uint64_t id)
{
    uint64_t index = 0;
    return sc_idmap_get(&feed->by_id, id, &index) ? &feed->entries[index] : NULL;
}

const char *sc_feed_name(const struct sc_feed *feed, uint64_t id)
{
    const struct sc_feed_entry *entry = find(feed, id);
    return entry != NULL ? entry->about.name : NULL;
}

static int add_entry(struct sc_feed *feed, const struct sc_source_entry *about,
                     struct sc_feed_entry **ret, struct sc_error *err)
{
    void *items = feed->entries;
    int rc = grow(&items, &feed->cap, feed->count, sizeof(*feed->entries), err);
    feed->entries = items;
    uint64_t id = sc_node_id(SC_NODE_FILE, about->name, strlen(about->name));
    if (rc == 0)
        rc = sc_idmap_set(&feed->by_id, id, feed->count, err);
    if (rc < 0)
        return rc;
    *ret = &feed->entries[feed->count++];
    **ret = (struct sc_feed_entry){.about = *about, .id = id};
    return 0;
}

/* ---- values ---- */

static struct sc_feed_value *find_value(const struct sc_feed *feed, uint64_t id, uint64_t version)
{
    for (size_t i = feed->value_count; i-- > 0;) {
        struct sc_feed_value *value = &feed->values[i];
        if (value->id == id && value->version == version)
            return value;
    }
    return NULL;
}

static int note_value(struct sc_feed *feed, struct sc_store_value *place, struct sc_error *err)
{
    void *items = feed->values;
    int rc = grow(&items, &feed->value_cap, feed->value_count, sizeof(*feed->values), err);
    feed->values = items;
    if (rc < 0)
        return rc;
    feed->values[feed->value_count++] =
        (struct sc_feed_value){.id = place->id, .version = place->version, .place = place};
    return 0;
}

/* The record that the next append will write. */
static void *next_place(const struct sc_feed *feed)
{
    return feed->store.base + sc_store_committed(&feed->store);
}

/* Reads a version from the source into the store. */
static int load(struct sc_feed *feed, const struct sc_feed_entry *entry, uint64_t version,
                struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret secret = {0};
    const struct sc_source *source = feed->source;
    int rc = source->ops->open(source->ctx, entry->about.name, version, &secret, err);
    if (rc < 0)
        return rc;
    struct sc_store_value *place = next_place(feed);
    rc = sc_store_put_value(&feed->store, entry->id, version, sc_secret_view(&secret), err);
    feed->full = feed->full || rc == SC_E_TOOBIG;
    return rc < 0 ? rc : note_value(feed, place, err);
}

static int errno_of(int code)
{
    switch (code) {
    case SC_E_LOCKED:
    case SC_E_BADPASS:
        return ENOKEY;
    case SC_E_NOTFOUND:
        return ESTALE;
    case SC_E_PERM:
        return EACCES;
    case SC_E_NOMEM:
    case SC_E_TOOBIG:
        return ENOMEM;
    case SC_E_BUSY:
        return EAGAIN;
    default:
        return EIO;
    }
}

int sc_feed_value(struct sc_feed *feed, uint64_t id, uint64_t version, struct sc_error *err)
{
    struct sc_feed_entry *entry = find(feed, id);
    if (find_value(feed, id, version) != NULL)
        return 0;
    struct sc_error why = {0};
    int rc = entry == NULL ? SC_E_NOTFOUND : load(feed, entry, version, &why);
    if (rc == 0)
        entry->wanted = true;
    if (rc == 0)
        return 0;
    if (rc == SC_E_TOOBIG && feed->full && !feed->cramped)
        return sc_fail(err, rc, "%s", sc_error_message(&why));
    return sc_store_put_failure(&feed->store, id, version, errno_of(rc), err);
}

static void wipe_at(struct sc_feed *feed, size_t index)
{
    sc_store_wipe_value(feed->values[index].place);
    feed->values[index] = feed->values[--feed->value_count];
}

void sc_feed_sweep(struct sc_feed *feed)
{
    int64_t now = sc_journal_now();
    for (size_t i = feed->value_count; i-- > 0;) {
        struct sc_feed_value *value = &feed->values[i];
        const struct sc_feed_entry *entry = find(feed, value->id);
        bool current = entry != NULL && entry->live && entry->about.version == value->version;
        if (current || sc_journal_handles(feed->journal, value->id, value->version) > 0)
            value->idle_since = 0;
        else if (value->idle_since == 0)
            value->idle_since = now;
        else if (now - value->idle_since > IDLE_BEFORE_WIPE)
            wipe_at(feed, i);
    }
}

/* ---- comparing ---- */

struct comparison {
    struct sc_feed *feed;
    size_t *changed; /* indices of entries to tell about */
    size_t count, cap;
    bool all;      /* all must be listed */
    size_t looked; /* entries looked at one by one */
};

static bool same(const struct sc_source_entry *a, const struct sc_source_entry *b)
{
    return a->version == b->version && a->size == b->size && a->uid == b->uid && a->gid == b->gid &&
           a->mode == b->mode && a->mtime == b->mtime;
}

static int compare_entry(const struct sc_source_entry *about, void *ctx, struct sc_error *err)
{
    struct comparison *comparison = ctx;
    struct sc_feed *feed = comparison->feed;
    struct sc_feed_entry *entry =
        find(feed, sc_node_id(SC_NODE_FILE, about->name, strlen(about->name)));
    int rc = entry == NULL ? add_entry(feed, about, &entry, err) : 0;
    if (rc < 0)
        return rc;
    entry->round = feed->round;
    entry->about.kind = about->kind;
    if (entry->live && same(&entry->about, about))
        return 0;
    void *items = comparison->changed;
    rc = grow(&items, &comparison->cap, comparison->count, sizeof(*comparison->changed), err);
    comparison->changed = items;
    if (rc < 0)
        return rc;
    entry->about = *about;
    comparison->changed[comparison->count++] = (size_t)(entry - feed->entries);
    return 0;
}

/* One that cannot be looked at was removed, or is a template that cannot be rendered now: the
 * listing tells. */
static int compare_name(const char *name, void *ctx, struct sc_error *err)
{
    struct comparison *comparison = ctx;
    const struct sc_source *source = comparison->feed->source;
    struct sc_source_entry about;
    comparison->looked++;
    if (comparison->all || source->ops->stat(source->ctx, name, &about, NULL) < 0) {
        comparison->all = true;
        return 0;
    }
    return compare_entry(&about, comparison, err);
}

/* A template changes with what it names. */
static int compare_templates(struct comparison *comparison, struct sc_error *err)
{
    struct sc_feed *feed = comparison->feed;
    int rc = 0;
    for (size_t i = 0; i < feed->count && rc == 0 && !comparison->all; i++) {
        char name[SC_NAME_SIZE];
        if (!feed->entries[i].live || feed->entries[i].about.kind != SC_ENTRY_TEMPLATE ||
            feed->entries[i].round == feed->round)
            continue;
        memcpy(name, feed->entries[i].about.name, sizeof(name));
        rc = compare_name(name, comparison, err);
    }
    return rc;
}

/* What the source says has changed; all of it where it cannot say. */
static int compare(struct comparison *comparison, struct sc_source_mark *mark, struct sc_error *err)
{
    const struct sc_source *source = comparison->feed->source;
    bool all = true;
    int rc = 0;
    if (source->ops->changes != NULL)
        rc = source->ops->changes(source->ctx, mark, &all, compare_name, comparison, err);
    if (rc == 0 && !all && comparison->looked > 0)
        rc = compare_templates(comparison, err);
    comparison->all = comparison->all || all;
    if (rc == 0 && comparison->all)
        rc = source->ops->list(source->ctx, "", compare_entry, comparison, err);
    return rc;
}

static int tell(struct sc_feed *feed, struct sc_feed_entry *entry, struct sc_error *err)
{
    /* Not there in time: the first reader of the new version asks for it, and is told why not. */
    if (entry->wanted && find_value(feed, entry->id, entry->about.version) == NULL)
        SC_IGNORE(load(feed, entry, entry->about.version, NULL));
    int rc = sc_store_put_entry(&feed->store, &entry->about, err);
    feed->full = feed->full || rc == SC_E_TOOBIG;
    /* Watchers of one that cannot be remembered see the change when they look. */
    if (rc == 0 && entry->live)
        SC_IGNORE(sc_strv_add(&feed->rotated, entry->about.name, NULL));
    /* One that could not be told is as it was: a new store must not say that it is gone. */
    entry->live = entry->live || rc == 0;
    return rc;
}

static int tell_gone(struct sc_feed *feed, bool *ret_changed, struct sc_error *err)
{
    for (size_t i = 0; i < feed->count; i++) {
        struct sc_feed_entry *entry = &feed->entries[i];
        if (!entry->live || entry->round == feed->round)
            continue;
        int rc = sc_store_put_gone(&feed->store, entry->id, err);
        feed->full = feed->full || rc == SC_E_TOOBIG;
        if (rc < 0)
            return rc;
        entry->live = false;
        *ret_changed = true;
    }
    return 0;
}

static void close_gate(struct sc_feed *feed)
{
    atomic_store(&feed->journal->locked, 1);
    while (feed->value_count > 0)
        wipe_at(feed, feed->value_count - 1);
}

int sc_feed_sync(struct sc_feed *feed, bool *ret_changed, struct sc_error *err)
{
    struct comparison comparison = {.feed = feed};
    struct sc_source_mark mark = feed->mark;
    feed->round++;
    int rc = compare(&comparison, &mark, err);
    if (rc == SC_E_LOCKED)
        close_gate(feed);
    else if (rc == 0)
        *ret_changed = atomic_exchange(&feed->journal->locked, 0) != 0;
    for (size_t i = 0; i < comparison.count && rc == 0; i++) {
        rc = tell(feed, &feed->entries[comparison.changed[i]], err);
        *ret_changed = true;
    }
    if (rc == 0 && comparison.all)
        rc = tell_gone(feed, ret_changed, err);
    if (rc == 0)
        feed->mark = mark;
    else
        for (size_t i = 0; i < comparison.count; i++) /* told next time: it must differ again */
            feed->entries[comparison.changed[i]].about.mtime--;
    free(comparison.changed);
    return rc;
}

int sc_feed_preload(struct sc_feed *feed, size_t limit, struct sc_error *err)
{
    for (size_t i = 0; i < feed->count && i < limit; i++) {
        struct sc_feed_entry *entry = &feed->entries[i];
        if (!entry->live || find_value(feed, entry->id, entry->about.version) != NULL)
            continue;
        /* One that cannot be had now is asked for when somebody reads it. */
        int rc = load(feed, entry, entry->about.version, err);
        if (rc == 0)
            entry->wanted = true;
        else if (feed->full)
            return rc;
        sc_error_clear(err);
    }
    return 0;
}

/* ---- containers ---- */

const struct sc_store_container *sc_feed_find_container(const struct sc_feed *feed,
                                                        const unsigned char *id)
{
    for (size_t i = feed->container_count; i-- > 0;) {
        if (memcmp(feed->containers[i].id, id, SC_CONTAINER_ID_SIZE) == 0)
            return &feed->containers[i];
    }
    return NULL;
}

static int note_container(struct sc_feed *feed, const struct sc_store_container *facts,
                          struct sc_error *err)
{
    if (feed->container_count == SC_FEED_CONTAINERS_MAX) {
        size_t forgotten = SC_FEED_CONTAINERS_MAX / 4;
        feed->container_count -= forgotten;
        memmove(feed->containers, feed->containers + forgotten,
                feed->container_count * sizeof(*feed->containers));
    }
    void *items = feed->containers;
    int rc =
        grow(&items, &feed->container_cap, feed->container_count, sizeof(*feed->containers), err);
    feed->containers = items;
    if (rc == 0)
        feed->containers[feed->container_count++] = *facts;
    return rc;
}

int sc_feed_container(struct sc_feed *feed, const struct sc_store_container *facts,
                      struct sc_error *err)
{
    int rc = 0;
    if (facts->known != 0 && sc_feed_find_container(feed, facts->id) == NULL)
        rc = note_container(feed, facts, err);
    if (rc < 0)
        return rc;
    rc = sc_store_put_container(&feed->store, facts, err);
    feed->full = feed->full || rc == SC_E_TOOBIG;
    return rc;
}

/* ---- the policy ---- */

/* An agent that comes again and again must not fill the store with what stands there. */
int sc_feed_policy(struct sc_feed *feed, struct sc_error *err)
{
    const struct sc_store_policy *told = feed->told;
    uint32_t rules = told != NULL ? told->rules : 0, len = told != NULL ? told->len : 0;
    feed->told = NULL; /* it lies in this store */
    if (rules == feed->policy_rules && len == feed->policy.len &&
        (len == 0 || memcmp(told->bytes, feed->policy.ptr, len) == 0))
        return 0;
    int rc = sc_store_put_policy(&feed->store, feed->policy_rules, feed->policy, err);
    feed->full = feed->full || rc == SC_E_TOOBIG;
    return rc;
}

/* ---- another store ---- */

static bool left_out(const struct sc_feed *feed, const struct sc_feed_value *value, bool tight)
{
    return tight && sc_journal_handles(feed->journal, value->id, value->version) == 0;
}

size_t sc_feed_needed(const struct sc_feed *feed, bool tight)
{
    size_t bytes = feed->policy.len + feed->container_count * sizeof(struct sc_store_container);
    for (size_t i = 0; i < feed->count; i++)
        bytes += sizeof(struct sc_store_entry) + strlen(feed->entries[i].about.name) +
                 sizeof(struct sc_store_gone) + 16;
    for (size_t i = 0; i < feed->value_count; i++)
        if (!left_out(feed, &feed->values[i], tight))
            bytes += sizeof(struct sc_store_value) + feed->values[i].place->len + 16;
    return bytes;
}

/* The feed's values as they are in the new store, in `to`. */
static int copy_values(const struct sc_feed *from, struct sc_feed *to, bool tight,
                       struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < from->value_count && rc == 0; i++) {
        const struct sc_store_value *value = from->values[i].place;
        struct sc_store_value *place = next_place(to);
        const struct sc_bytes bytes = {value->bytes, value->len};
        if (left_out(from, &from->values[i], tight))
            continue;
        rc = sc_store_put_value(&to->store, value->id, value->version, bytes, err);
        if (rc < 0)
            break;
        rc = note_value(to, place, err);
        if (rc == 0)
            to->values[to->value_count - 1].idle_since = from->values[i].idle_since;
    }
    return rc;
}

static int copy_all(const struct sc_feed *from, struct sc_feed *to, bool tight,
                    struct sc_error *err)
{
    int rc = 0;
    if (from->policy_rules > 0)
        rc = sc_store_put_policy(&to->store, from->policy_rules, from->policy, err);
    for (size_t i = 0; i < from->container_count && rc == 0; i++)
        rc = sc_store_put_container(&to->store, &from->containers[i], err);
    if (rc == 0)
        rc = copy_values(from, to, tight, err);
    /* An entry that is gone is still known to who holds it open: told, and told gone. */
    for (size_t i = 0; i < from->count && rc == 0; i++) {
        rc = sc_store_put_entry(&to->store, &from->entries[i].about, err);
        if (rc == 0 && !from->entries[i].live)
            rc = sc_store_put_gone(&to->store, from->entries[i].id, err);
    }
    return rc;
}

int sc_feed_move(struct sc_feed *feed, int store_fd, bool tight, struct sc_error *err)
{
    struct sc_feed to = {0};
    int rc = sc_store_map(store_fd, true, &to.store, err);
    if (rc == 0)
        rc = copy_all(feed, &to, tight, err);
    if (rc < 0) {
        sc_store_done(&to.store);
        free(to.values);
        return rc;
    }
    sc_store_done(&feed->store);
    free(feed->values);
    feed->store = to.store;
    feed->values = to.values;
    feed->value_count = to.value_count;
    feed->value_cap = to.value_cap;
    feed->full = feed->cramped = false;
    return 0;
}

/* ---- an earlier agent's store, read back ---- */

static int learn_entry(struct sc_feed *feed, const struct sc_store_entry *from,
                       struct sc_error *err)
{
    struct sc_source_entry about = {
        .size = from->size,
        .version = from->version,
        .mtime = from->mtime,
        .uid = from->uid,
        .gid = from->gid,
        .mode = from->mode,
    };
    memcpy(about.name, from->name, SC_MIN((size_t)from->name_len, sizeof(about.name) - 1));
    struct sc_feed_entry *entry = find(feed, from->id);
    int rc = entry == NULL ? add_entry(feed, &about, &entry, err) : 0;
    if (rc < 0)
        return rc;
    entry->about = about;
    entry->live = true;
    return 0;
}

static void learn_gone(struct sc_feed *feed, const struct sc_store_gone *gone)
{
    struct sc_feed_entry *entry = find(feed, gone->id);
    if (entry != NULL)
        entry->live = false;
}

static int learn_value(struct sc_feed *feed, struct sc_store_value *value, struct sc_error *err)
{
    return atomic_load(&value->dead) == 0 ? note_value(feed, value, err) : 0;
}

static int learn_container(struct sc_feed *feed, const struct sc_store_container *facts,
                           struct sc_error *err)
{
    return facts->known != 0 ? note_container(feed, facts, err) : 0;
}

static int learn(struct sc_feed *feed, struct sc_store_record *record, struct sc_error *err)
{
    void *body = record;
    switch (record->type) {
    case SC_STORE_ENTRY:
        return learn_entry(feed, body, err);
    case SC_STORE_GONE:
        learn_gone(feed, body);
        return 0;
    case SC_STORE_VALUE:
        return learn_value(feed, body, err);
    case SC_STORE_CONTAINER:
        return learn_container(feed, body, err);
    case SC_STORE_POLICY:
        feed->told = body;
        return 0;
    default:
        return 0;
    }
}

int sc_feed_learn(struct sc_feed *feed, struct sc_error *err)
{
    uint64_t offset = sc_store_first();
    struct sc_store_record *record;
    while ((record = sc_store_next(&feed->store, &offset)) != NULL) {
        int rc = learn(feed, record, err);
        if (rc < 0)
            return rc;
    }
    for (size_t i = 0; i < feed->value_count; i++) {
        struct sc_feed_entry *entry = find(feed, feed->values[i].id);
        if (entry != NULL)
            entry->wanted = true;
    }
    return 0;
}
