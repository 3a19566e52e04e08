/* SPDX-License-Identifier: Apache-2.0
 *
 * who: the read log, by entry, reader and version.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/output.h"
#include "cli/provision/mount.h"
#include "cli/provision/reads.h"
#include "cli/unlock.h"
#include "core/json.h"
#include "core/name.h"
#include "fuse/agent/agent.h"

#include "core/banned.h"

#define READERS_MAX   100000
#define FIRST_READERS 64 /* a power of two */
#define DOCUMENT_MAX  ((size_t)64 * 1024 * 1024)
#define SHORT_ID      12

/* One reader of one version, with one result. */
struct reader {
    uint64_t version, opens;
    uint64_t hash; /* of what tells it from others */
    char *name;    /* of the entry */
    char *who;     /* "project/service (container)", or the program on the host */
    char *uid, *result, *last;
};

struct list {
    const char *name; /* NULL = of all entries */
    bool all;
    struct reader *items;
    size_t count, cap;
    uint32_t *places; /* by hash: 1 + index in items, 0 = free; twice as many as cap */
};

static void list_done(struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].name);
        free(list->items[i].who);
        free(list->items[i].uid);
        free(list->items[i].result);
        free(list->items[i].last);
    }
    free(list->items);
    free(list->places);
}

static bool is_set(const char *text)
{
    return !sc_str_equal(text, "-");
}

static char *describe(const struct sc_access_entry *entry, struct sc_error *err)
{
    if (!is_set(entry->container))
        return sc_str_printf(err, "host %s", entry->exe);
    if (is_set(entry->service))
        return sc_str_printf(err, "%s/%s %.*s", entry->project, entry->service, SHORT_ID,
                             entry->container);
    return sc_str_printf(err, "container %.*s %s", SHORT_ID, entry->container, entry->image);
}

static int set_last(struct reader *reader, const struct sc_access_entry *entry,
                    struct sc_error *err)
{
    char *copy = sc_str_dup(entry->time, err);
    if (copy == NULL)
        return SC_E_NOMEM;
    free(reader->last);
    reader->last = copy;
    reader->opens += entry->opens;
    return 0;
}

static uint64_t hash_more(uint64_t hash, const char *text)
{
    do
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    while (*text++ != '\0');
    return hash;
}

/* Where the reader stands, or would. There is always a free place. */
static uint32_t *place_of(const struct list *list, const struct reader *like)
{
    size_t mask = 2 * list->cap - 1;
    for (size_t at = (size_t)like->hash & mask;; at = (at + 1) & mask) {
        uint32_t *place = &list->places[at];
        const struct reader *reader = *place != 0 ? &list->items[*place - 1] : NULL;
        if (reader == NULL ||
            (reader->hash == like->hash && reader->version == like->version &&
             sc_str_equal(reader->name, like->name) && sc_str_equal(reader->who, like->who) &&
             sc_str_equal(reader->uid, like->uid) && sc_str_equal(reader->result, like->result)))
            return place;
    }
}

static int make_room(struct list *list, struct sc_error *err)
{
    if (list->count == READERS_MAX)
        return sc_fail(err, SC_E_TOOBIG, "more than %d readers", READERS_MAX);
    if (list->count < list->cap)
        return 0;
    size_t cap = list->cap == 0 ? FIRST_READERS : list->cap * 2;
    struct reader *grown = reallocarray(list->items, cap, sizeof(*grown));
    uint32_t *places = calloc(2 * cap, sizeof(*places));
    if (grown != NULL)
        list->items = grown;
    if (grown == NULL || places == NULL) {
        free(places);
        return sc_fail_nomem(err);
    }
    free(list->places);
    list->places = places;
    list->cap = cap;
    for (size_t i = 0; i < list->count; i++)
        *place_of(list, &list->items[i]) = (uint32_t)i + 1;
    return 0;
}

static int add(struct list *list, const struct reader *like, struct sc_error *err)
{
    struct reader *reader = &list->items[list->count++];
    *reader = (struct reader){.version = like->version, .hash = like->hash};
    reader->name = sc_str_dup(like->name, err);
    reader->who = sc_str_dup(like->who, err);
    reader->uid = sc_str_dup(like->uid, err);
    reader->result = sc_str_dup(like->result, err);
    bool whole = reader->name != NULL && reader->who != NULL && reader->uid != NULL &&
                 reader->result != NULL;
    return whole ? 0 : SC_E_NOMEM;
}

/* Got the value: by opening, or by reading what another process has opened. */
static bool has_value(const char *result)
{
    return sc_str_equal(result, "ok") || sc_str_equal(result, SC_ACCESS_HANDED_ON);
}

static bool is_wanted(const struct list *list, const struct sc_access_entry *entry)
{
    bool named = list->name != NULL ? sc_str_equal(entry->name, list->name) : is_set(entry->name);
    return named && (list->all || has_value(entry->result));
}

static int take(const struct sc_access_entry *entry, void *ctx, struct sc_error *err)
{
    struct list *list = ctx;
    if (!is_wanted(list, entry))
        return 0;
    SC_CLEANUP(sc_str_freep) char *who = describe(entry, err);
    int rc = who == NULL ? SC_E_NOMEM : make_room(list, err);
    if (rc < 0)
        return rc;
    const struct reader like = {
        .version = entry->version,
        .hash = hash_more(hash_more(hash_more(entry->version, entry->name), who), entry->uid),
        .name = (char *)(uintptr_t)entry->name,
        .who = who,
        .uid = (char *)(uintptr_t)entry->uid,
        .result = (char *)(uintptr_t)entry->result,
    };
    uint32_t *place = place_of(list, &like);
    if (*place == 0) {
        rc = add(list, &like, err);
        *place = (uint32_t)list->count;
    }
    return rc < 0 ? rc : set_last(&list->items[*place - 1], entry, err);
}

static int read_one(const char *path, void *ctx, struct sc_error *err)
{
    return sc_access_log_read(path, take, ctx, err);
}

/* Handles open on a version now; -1 when nothing is mounted there. */
static int64_t handles(const char *directory, const struct reader *reader)
{
    int64_t count = -1;
    if (!has_value(reader->result) ||
        sc_mount_handles(directory, reader->name, reader->version, &count, NULL) < 0)
        return -1;
    return count;
}

static int print_json(const struct list *list, const char *directory, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(DOCUMENT_MAX);
    struct sc_json json;
    sc_json_init(&json, &out);
    sc_json_object_begin(&json);
    if (list->name != NULL)
        sc_json_pair_string(&json, "name", list->name);
    sc_json_key(&json, "readers");
    sc_json_array_begin(&json);
    for (size_t i = 0; i < list->count; i++) {
        const struct reader *reader = &list->items[i];
        int64_t open = handles(directory, reader);
        sc_json_object_begin(&json);
        if (list->name == NULL)
            sc_json_pair_string(&json, "name", reader->name);
        sc_json_pair_string(&json, "reader", reader->who);
        sc_json_pair_string(&json, "uid", reader->uid);
        sc_json_pair_int(&json, "version", (int64_t)reader->version);
        sc_json_pair_string(&json, "result", reader->result);
        sc_json_pair_int(&json, "opens", (int64_t)reader->opens);
        sc_json_pair_string(&json, "last", reader->last);
        sc_json_key(&json, "open_handles_of_version");
        if (open < 0)
            sc_json_null(&json);
        else
            sc_json_int(&json, open);
        sc_json_object_end(&json);
    }
    sc_json_array_end(&json);
    sc_json_object_end(&json);
    sc_buf_putc(&out, '\n');
    int rc = sc_buf_status(&out, err);
    if (rc == 0)
        sc_out_buf(&out);
    return rc;
}

static int print_table(const struct sc_cli *cli, const struct list *list, const char *directory,
                       struct sc_error *err)
{
    static const char *const headers[] = {"NAME",   "VERSION", "READER", "UID",
                                          "RESULT", "OPENS",   "LAST",   "OPEN NOW"};
    size_t first = list->name != NULL ? 1 : 0; /* of the columns */
    SC_CLEANUP(sc_table_freep)
    struct sc_table *table = sc_table_new(headers + first, SC_ARRAY_SIZE(headers) - first, err);
    int rc = table == NULL ? SC_E_NOMEM : 0;
    for (size_t i = 0; i < list->count && rc == 0; i++) {
        const struct reader *reader = &list->items[i];
        char version[24], opens[24], open_now[24];
        int64_t open = handles(directory, reader);
        snprintf(version, sizeof(version), "%llu", (unsigned long long)reader->version);
        snprintf(opens, sizeof(opens), "%llu", (unsigned long long)reader->opens);
        snprintf(open_now, sizeof(open_now), "%lld", (long long)open);
        const char *const cells[] = {
            reader->name,   version, reader->who,  reader->uid,
            reader->result, opens,   reader->last, open < 0 ? "-" : open_now};
        rc = sc_table_add(table, cells + first, err);
    }
    if (rc == 0 && list->count > 0) /* else what is missing was told */
        sc_table_print(table, cli);
    return rc;
}

/* In one change of the vault, so that no log ends between being read and being noted. */
static int anchor_all(const struct sc_cli *cli, struct sc_vault *vault, unsigned *ret_count,
                      struct sc_error *err)
{
    int rc = sc_vault_begin(vault, err);
    if (rc < 0)
        return rc;
    rc = sc_reads_anchor(cli, vault, ret_count, err);
    if (rc == 0)
        return sc_vault_commit(vault, err);
    sc_vault_rollback(vault);
    return rc;
}

static int anchor(const struct sc_cli *cli, const struct sc_who_options *opt, struct sc_error *err)
{
    bool check = opt->check;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    unsigned count = 0;
    int rc = sc_cli_open_vault(cli, check ? SC_VAULT_READ : SC_VAULT_WRITE, &vault, err);
    if (rc < 0)
        return rc;
    if (opt->trim)
        return sc_reads_trim(cli, vault, err);
    rc = check ? sc_reads_check(cli, vault, &count, err) : anchor_all(cli, vault, &count, err);
    const char *plural = count == 1 ? "" : "s";
    if (rc == 0 && check)
        sc_note(cli, "the read logs are whole, and as %u note%s in the vault say%s", count, plural,
                count == 1 ? "s" : "");
    else if (rc == 0)
        sc_note(cli, "noted the head%s of %u read log%s in the vault", plural, count, plural);
    return rc;
}

int sc_cmd_who(struct sc_cli *cli, const void *options, int count, char **operands,
               struct sc_error *err)
{
    const struct sc_who_options *opt = options;
    if (opt->anchor || opt->check || opt->trim)
        return count > 0 || opt->anchor + opt->check + opt->trim > 1
                   ? sc_fail(err, SC_E_USAGE, "--anchor, --check and --trim stand alone")
                   : anchor(cli, opt, err);
    SC_CLEANUP(list_done)
    struct list list = {.name = count > 0 ? operands[0] : NULL, .all = opt->all};
    int rc = list.name != NULL ? sc_name_check(list.name, 2, err) : 0;
    if (rc < 0)
        return rc;
    SC_CLEANUP(sc_str_freep) char *directory = sc_cli_mount_directory(opt->directory, err);
    if (directory == NULL)
        return err->code;
    SC_IGNORE(sc_mount_await_log(directory, NULL)); /* nothing is awaited of what is not mounted */
    rc = sc_reads_each(cli, read_one, &list, err);
    if (rc < 0)
        return rc;
    if (list.count == 0)
        sc_note(cli, "the read log has no %s%s%s%s", opt->all ? "open" : "granted open",
                list.name != NULL ? " of '" : "", list.name != NULL ? list.name : "",
                list.name != NULL ? "'" : "");
    return cli->globals.json ? print_json(&list, directory, err)
                             : print_table(cli, &list, directory, err);
}
