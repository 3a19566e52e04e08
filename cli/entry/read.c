/* SPDX-License-Identifier: Apache-2.0
 *
 * get, list, show and history.
 */
#include "cli/entry/entry.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/output.h"
#include "cli/unlock.h"
#include "core/json.h"
#include "core/parse.h"

#include "core/banned.h"

#define DOCUMENT_MAX ((size_t)512 * 1024 * 1024)

static int read_value(const struct sc_cli *cli, const char *name, uint64_t version,
                      struct sc_secret *ret_value, enum sc_entry_kind *ret_kind,
                      struct sc_error *err)
{
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    struct sc_entry_info info;
    int rc = sc_cli_open_vault(cli, SC_VAULT_READ, &vault, err);
    if (rc == 0)
        rc = sc_vault_get(vault, name, version, ret_value, &info, err);
    if (rc == 0)
        *ret_kind = info.kind;
    return rc;
}

int sc_cmd_get(struct sc_cli *cli, const void *options, int count, char **operands,
               struct sc_error *err)
{
    (void)count;
    const struct sc_get_options *opt = options;
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    enum sc_entry_kind kind = SC_ENTRY_SECRET;
    uint64_t version = 0;
    int rc = sc_name_check(operands[0], 2, err);
    if (rc == 0 && opt->version != NULL)
        rc = sc_entry_version_parse(opt->version, "--revision", &version, err);
    if (rc == 0 && !sc_cli_read_by_agent(cli, operands[0], version, &value, &kind))
        rc = read_value(cli, operands[0], version, &value, &kind, err);
    if (rc < 0)
        return rc;
    enum sc_entry_print how = SC_PRINT_REFUSE;
    if (kind == SC_ENTRY_CONFIG || (opt->reveal && cli->globals.no_input))
        how = SC_PRINT_PLAIN; /* no secret, or nobody who could press a key */
    else if (opt->reveal)
        how = SC_PRINT_SCREEN;
    return sc_entry_print_value(&value, how, err);
}

/* An entry as one JSON object, still open; never its value. */
static void begin_json(struct sc_json *json, const struct sc_entry_info *info)
{
    char text[SC_TIME_TEXT_SIZE];
    sc_json_object_begin(json);
    sc_json_pair_string(json, "name", info->name);
    sc_json_pair_string(json, "kind", sc_entry_kind_name(info->kind));
    sc_json_key(json, "version");
    sc_json_uint(json, info->version);
    sc_json_key(json, "size");
    sc_json_uint(json, info->size);
    sc_time_text(text, info->created);
    sc_json_pair_string(json, "created", text);
    if (info->expires != 0)
        sc_time_text(text, info->expires);
    sc_json_pair_string(json, "expires", info->expires != 0 ? text : NULL);
    sc_json_pair_bool(json, "removed", info->removed);
    sc_json_pair_bool(json, "exposed", info->exposed);
    sc_json_pair_int(json, "uid", info->uid);
    sc_json_pair_int(json, "gid", info->gid);
    if (info->mode != 0)
        snprintf(text, sizeof(text), "%04o", (unsigned)info->mode);
    sc_json_pair_string(json, "mode", info->mode != 0 ? text : NULL);
    sc_json_pair_string(json, "note", info->note[0] != '\0' ? info->note : NULL);
    sc_json_key(json, "labels");
    sc_json_object_begin(json);
    for (const char *line = info->labels; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        const char *equal = memchr(line, '=', len);
        if (equal != NULL) {
            char key[SC_NAME_PART_MAX + 1];
            snprintf(key, sizeof(key), "%.*s", (int)(equal - line), line);
            sc_json_key(json, key);
            sc_json_string_n(json, equal + 1, len - (size_t)(equal + 1 - line));
        }
        line += len + (line[len] == '\n');
    }
    sc_json_object_end(json);
}

static void write_json(struct sc_json *json, const struct sc_entry_info *info)
{
    begin_json(json, info);
    sc_json_object_end(json);
}

static const char *status_of(const struct sc_entry_info *info)
{
    if (info->removed)
        return "removed";
    if (info->exposed)
        return "exposed";
    return info->expires != 0 && info->expires <= time(NULL) ? "expired" : "-";
}

/* Rows on their way to a table or to JSON. */
struct sink {
    const struct sc_list_options *filter; /* or NULL */
    enum sc_entry_kind kind;
    int64_t expires_by; /* INT64_MAX: whenever, or never */
    struct sc_table *table;
    struct sc_json json;
};

static bool has_label(const struct sc_entry_info *info, const char *wanted)
{
    size_t len = strlen(wanted);
    for (const char *line = info->labels; *line != '\0';) {
        size_t n = strcspn(line, "\n");
        if (strncmp(line, wanted, len) == 0 && (n == len || line[len] == '='))
            return true;
        line += n + (line[n] == '\n');
    }
    return false;
}

static bool wanted(const struct sink *sink, const struct sc_entry_info *info)
{
    const struct sc_list_options *filter = sink->filter;
    if (filter == NULL)
        return true;
    return (sink->kind == 0 || info->kind == sink->kind) &&
           (filter->label == NULL || has_label(info, filter->label)) &&
           (!filter->exposed || info->exposed) &&
           (sink->expires_by == INT64_MAX ||
            (info->expires != 0 && info->expires <= sink->expires_by));
}

static int take_row(const struct sc_entry_info *info, void *ctx, struct sc_error *err)
{
    struct sink *sink = ctx;
    if (!wanted(sink, info))
        return 0;
    if (sink->table == NULL) {
        write_json(&sink->json, info);
        return 0;
    }
    char version[SC_U64_TEXT_SIZE], size[SC_U64_TEXT_SIZE], created[SC_TIME_TEXT_SIZE];
    (void)sc_u64_text(version, info->version);
    (void)sc_u64_text(size, info->size);
    sc_time_text(created, info->created);
    const char *cells[] = {info->name,     sc_entry_kind_name(info->kind), version, size, created,
                           status_of(info)};
    return sc_table_add(sink->table, cells, err);
}

static const char *const headers[] = {"NAME", "KIND", "VERSION", "SIZE", "CHANGED", "STATUS"};

/* Runs a listing into a table, or a JSON array. */
static int print_rows(const struct sc_cli *cli, struct sink *sink,
                      int (*each)(struct sc_vault *, const char *, sc_entry_fn, void *,
                                  struct sc_error *),
                      const char *argument, struct sc_error *err)
{
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(DOCUMENT_MAX);
    SC_CLEANUP(sc_table_freep) struct sc_table *table = NULL;
    int rc = sc_cli_open_vault(cli, SC_VAULT_READ, &vault, err);
    if (rc < 0)
        return rc;
    if (cli->globals.json) {
        sc_json_init(&sink->json, &out);
        sc_json_array_begin(&sink->json);
    } else {
        table = sc_table_new(headers, SC_ARRAY_SIZE(headers), err);
        if (table == NULL)
            return SC_E_NOMEM;
        sink->table = table;
    }
    rc = each(vault, argument, take_row, sink, err);
    if (rc < 0)
        return rc;
    if (table != NULL) {
        sc_table_print(table, cli);
        return 0;
    }
    sc_json_array_end(&sink->json);
    return sc_out_json(&out, err);
}

static int parse_expiry(const struct sc_list_options *opt, int64_t *ret, struct sc_error *err)
{
    uint64_t seconds = 0;
    int rc = 0;
    if (opt->expiring != NULL)
        rc = sc_parse_duration(opt->expiring, "--expiring", &seconds, err);
    if (opt->expired || opt->expiring != NULL)
        *ret = time(NULL) + (int64_t)SC_MIN(seconds, (uint64_t)1 << 40);
    else
        *ret = INT64_MAX;
    return rc;
}

int sc_cmd_list(struct sc_cli *cli, const void *options, int count, char **operands,
                struct sc_error *err)
{
    struct sink sink = {.filter = options};
    int rc = 0;
    if (sink.filter->kind != NULL)
        rc = sc_entry_kind_parse(sink.filter->kind, &sink.kind, err);
    if (rc == 0)
        rc = parse_expiry(sink.filter, &sink.expires_by, err);
    if (rc == 0 && count > 0)
        rc = sc_entry_prefix_check(operands[0], err);
    return rc < 0 ? rc : print_rows(cli, &sink, sc_vault_list, count > 0 ? operands[0] : "", err);
}

int sc_cmd_history(struct sc_cli *cli, const void *options, int count, char **operands,
                   struct sc_error *err)
{
    (void)options;
    (void)count;
    struct sink sink = {0};
    return print_rows(cli, &sink, sc_vault_history, operands[0], err);
}

static int print_details(const struct sc_entry_info *info, struct sc_error *err)
{
    char text[SC_TIME_TEXT_SIZE];
    sc_out("name\t%s\nkind\t%s\n", info->name, sc_entry_kind_name(info->kind));
    sc_out("version\t%llu\n", (unsigned long long)info->version);
    sc_out("size\t%llu\n", (unsigned long long)info->size);
    sc_time_text(text, info->created);
    sc_out("changed\t%s\n", text);
    sc_time_text(text, info->expires);
    sc_out("expires\t%s\n", info->expires != 0 ? text : "never");
    sc_out("status\t%s\n", status_of(info));
    if (info->mode != 0)
        sc_out("mode\t%04o\n", (unsigned)info->mode);
    if (info->uid != 0 || info->gid != 0)
        sc_out("owner\t%u:%u\n", (unsigned)info->uid, (unsigned)info->gid);
    SC_CLEANUP(sc_buf_done) struct sc_buf safe = SC_BUF_INIT(DOCUMENT_MAX);
    for (const char *line = info->labels; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        char label[SC_VAULT_LABELS_MAX + 1];
        snprintf(label, sizeof(label), "%.*s", (int)len, line);
        sc_buf_puts(&safe, "label\t");
        sc_out_safe(&safe, label);
        sc_buf_putc(&safe, '\n');
        line += len + (line[len] == '\n');
    }
    if (info->note[0] != '\0') {
        sc_buf_puts(&safe, "note\t");
        sc_out_safe(&safe, info->note);
        sc_buf_putc(&safe, '\n');
    }
    int rc = sc_buf_status(&safe, err);
    if (rc == 0)
        sc_out_buf(&safe);
    return rc;
}

/* What a template names: rotated there, its text is another one while its own version stays. */
static int print_name(const struct sc_entry_info *info, void *ctx, struct sc_error *err)
{
    (void)ctx;
    (void)err;
    char text[SC_TIME_TEXT_SIZE] = "";
    if (info->version == 0) {
        sc_out("names\t%s\tmissing\n", info->name);
        return 0;
    }
    sc_time_text(text, info->created);
    sc_out("names\t%s\tversion %llu\t%s\n", info->name, (unsigned long long)info->version, text);
    return 0;
}

static int write_name(const struct sc_entry_info *info, void *ctx, struct sc_error *err)
{
    (void)err;
    struct sc_json *json = ctx;
    char text[SC_TIME_TEXT_SIZE];
    sc_time_text(text, info->created);
    sc_json_object_begin(json);
    sc_json_pair_string(json, "name", info->name);
    sc_json_key(json, "version");
    sc_json_uint(json, info->version);
    sc_json_pair_string(json, "created", info->version != 0 ? text : NULL);
    sc_json_object_end(json);
    return 0;
}

/* One that does not parse is shown all the same. */
static void show_names(struct sc_vault *vault, const struct sc_entry_info *info, sc_entry_fn fn,
                       void *ctx)
{
    struct sc_error err = {0};
    if (sc_vault_template_names(vault, info->name, fn, ctx, &err) < 0)
        sc_warn("warning: template '%s': %s", info->name, sc_error_message(&err));
}

int sc_cmd_show(struct sc_cli *cli, const void *options, int count, char **operands,
                struct sc_error *err)
{
    (void)options;
    (void)count;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    struct sc_entry_info info;
    int rc = sc_name_check(operands[0], 2, err);
    if (rc == 0)
        rc = sc_cli_open_vault(cli, SC_VAULT_READ, &vault, err);
    if (rc == 0)
        rc = sc_vault_get(vault, operands[0], 0, NULL, &info, err);
    if (rc < 0)
        return rc;
    if (!cli->globals.json) {
        rc = print_details(&info, err);
        show_names(vault, &info, print_name, NULL);
        return rc;
    }
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(DOCUMENT_MAX);
    struct sc_json json;
    sc_json_init(&json, &out);
    begin_json(&json, &info);
    if (info.kind == SC_ENTRY_TEMPLATE) {
        sc_json_key(&json, "names");
        sc_json_array_begin(&json);
        show_names(vault, &info, write_name, &json);
        sc_json_array_end(&json);
    }
    sc_json_object_end(&json);
    return sc_out_json(&out, err);
}
