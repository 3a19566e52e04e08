/* SPDX-License-Identifier: Apache-2.0
 *
 * log: what was changed, by whom, when and why.
 */
#include "cli/vault/vault.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/output.h"
#include "cli/unlock.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/parse.h"

#include "core/banned.h"

#define DOCUMENT_MAX ((size_t)512 * 1024 * 1024)
#define LIMIT_MAX    1000000
/* Fewer would be taken for a user's number. */
#define SLOT_DIGITS_MIN 8

struct sink {
    const struct sc_log_options *filter;
    int64_t since, until;
    uint64_t left; /* lines still wanted */
    struct sc_table *table;
    struct sc_json json;
};

/* A user's number, a host, both as they are listed, or the first digits of a slot's number. */
static bool is_by(const struct sc_log_entry *entry, const char *who)
{
    char uid[16], both[SC_LOG_HOST_SIZE + 32], slot[33];
    snprintf(uid, sizeof(uid), "%u", (unsigned)entry->uid);
    snprintf(both, sizeof(both), "%s@%s", uid, entry->host);
    sc_hex(slot, entry->slot, sizeof(entry->slot));
    return sc_str_equal(who, uid) || sc_str_equal(who, entry->host) || sc_str_equal(who, both) ||
           (strlen(who) >= SLOT_DIGITS_MIN && strncmp(slot, who, strlen(who)) == 0);
}

static bool is_wanted(const struct sink *sink, const struct sc_log_entry *entry)
{
    const struct sc_log_options *filter = sink->filter;
    size_t len = filter->name != NULL ? strlen(filter->name) : 0;
    bool below = strncmp(entry->name, filter->name != NULL ? filter->name : "", len) == 0 &&
                 (len == 0 || entry->name[len] == '\0' || entry->name[len] == '/');
    return below && entry->time >= sink->since && entry->time < sink->until &&
           (filter->by == NULL || is_by(entry, filter->by)) &&
           (filter->op == NULL || sc_str_equal(filter->op, entry->op));
}

static void write_json(struct sc_json *json, const struct sc_log_entry *entry, const char *when,
                       const char *slot)
{
    sc_json_object_begin(json);
    sc_json_pair_int(json, "state", (int64_t)entry->seq);
    sc_json_pair_string(json, "time", when);
    sc_json_pair_string(json, "op", entry->op);
    sc_json_pair_string(json, "name", entry->name[0] != '\0' ? entry->name : NULL);
    sc_json_pair_string(json, "reason", entry->reason[0] != '\0' ? entry->reason : NULL);
    sc_json_pair_string(json, "slot", slot);
    sc_json_pair_string(json, "host", entry->host);
    sc_json_pair_int(json, "uid", entry->uid);
    sc_json_object_end(json);
}

static int take_line(const struct sc_log_entry *entry, void *ctx, struct sc_error *err)
{
    struct sink *sink = ctx;
    if (sink->left == 0 || !is_wanted(sink, entry))
        return 0;
    sink->left--;
    char when[SC_TIME_TEXT_SIZE], slot[33], seq[24], who[SC_LOG_HOST_SIZE + 32];
    sc_time_text(when, entry->time);
    sc_hex(slot, entry->slot, sizeof(entry->slot));
    slot[SC_SLOT_ID_SHOWN] = '\0';
    if (sink->table == NULL) {
        write_json(&sink->json, entry, when, slot);
        return 0;
    }
    snprintf(seq, sizeof(seq), "%llu", (unsigned long long)entry->seq);
    snprintf(who, sizeof(who), "%u@%s", (unsigned)entry->uid, entry->host);
    const char *cells[] = {seq,
                           when,
                           entry->op,
                           entry->name[0] != '\0' ? entry->name : "-",
                           who,
                           slot,
                           entry->reason[0] != '\0' ? entry->reason : "-"};
    return sc_table_add(sink->table, cells, err);
}

static int prepare(const struct sc_log_options *opt, struct sink *sink, struct sc_error *err)
{
    sink->filter = opt;
    sink->left = LIMIT_MAX;
    int rc = 0;
    if (opt->limit != NULL)
        rc = sc_parse_u64(opt->limit, LIMIT_MAX, "--limit", &sink->left, err);
    sink->until = INT64_MAX;
    if (rc == 0 && opt->since != NULL)
        rc = sc_parse_moment(opt->since, "--since", &sink->since, err);
    if (rc == 0 && opt->until != NULL)
        rc = sc_parse_moment(opt->until, "--until", &sink->until, err);
    return rc;
}

int sc_cmd_log(struct sc_cli *cli, const void *options, int count, char **operands,
               struct sc_error *err)
{
    (void)count;
    (void)operands;
    static const char *const headers[] = {"STATE", "TIME", "OPERATION", "NAME",
                                          "BY",    "SLOT", "REASON"};
    struct sink sink = {0};
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(DOCUMENT_MAX);
    SC_CLEANUP(sc_table_freep) struct sc_table *table = NULL;
    int rc = prepare(options, &sink, err);
    if (rc == 0)
        rc = sc_cli_open_vault(cli, SC_VAULT_READ, &vault, err);
    if (rc < 0)
        return rc;
    if (!cli->globals.json) {
        table = sc_table_new(headers, SC_ARRAY_SIZE(headers), err);
        if (table == NULL)
            return SC_E_NOMEM;
        sink.table = table;
    }
    sc_json_init(&sink.json, &out);
    sc_json_array_begin(&sink.json);
    rc = sc_vault_log(vault, take_line, &sink, err);
    if (rc < 0)
        return rc;
    if (table != NULL) {
        sc_table_print(table, cli);
        return 0;
    }
    sc_json_array_end(&sink.json);
    return sc_out_json(&out, err);
}
