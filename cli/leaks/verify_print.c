/* SPDX-License-Identifier: Apache-2.0
 *
 * The answer of `verify`: findings, then the coverage statement.
 */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cli/leaks/leaks.h"
#include "cli/output.h"

#include "core/banned.h"

#define JSON_MAX ((size_t)512 * 1024 * 1024)
/* Skipped objects named in text; JSON has them all. */
#define SKIPPED_SHOWN ((size_t)20)

static const char limits[] =
    "values split over several places, encrypted, hashed, or compressed by "
    "other means than gzip, zstd, xz, bzip2, zip and git";

/* Text from outside on a terminal: control bytes must not reach it. */
static char *printable(const char *text, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(JSON_MAX);
    sc_out_safe(&out, text);
    if (sc_buf_status(&out, err) < 0)
        return NULL;
    return out.data == NULL ? sc_str_dup("", err) : sc_buf_take(&out);
}

/* Where in its object a leak stands, in one cell. */
static void describe_place(struct sc_buf *out, const struct sc_leak *leak)
{
    /* A file by its path inside the object, in git with the commit; all else by its name or place.
     */
    const char *inner = leak->path != NULL ? leak->path : leak->key;
    sc_buf_puts(out, inner != NULL ? inner : leak->where != NULL ? leak->where : "-");
    if (leak->path != NULL && leak->layer == NULL && leak->where != NULL &&
        strcmp(leak->where, "content") != 0)
        sc_buf_printf(out, ", %s", leak->where);
    if (leak->line > 0)
        sc_buf_printf(out, " line %zu", leak->line);
    if (leak->layer_index > 0)
        sc_buf_printf(out, " in layer %d", leak->layer_index);
    if (leak->fate != NULL)
        sc_buf_printf(out, " (%s)", leak->fate);
    if (leak->created_by != NULL)
        sc_buf_printf(out, " made by: %.200s", leak->created_by);
}

static int add_row(struct sc_table *table, const struct sc_leak *leak, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf inner = SC_BUF_INIT(JSON_MAX);
    describe_place(&inner, leak);
    int rc = sc_buf_status(&inner, err);
    if (rc < 0)
        return rc;
    const char *cells[] = {
        sc_leak_severity(leak), leak->place, leak->file == NULL ? "-" : leak->file,
        sc_buf_text(&inner),    leak->name,  sc_encoding_name(leak->encoding),
    };
    return sc_table_add(table, cells, err);
}

/* On a terminal only, each once for a kind of place: JSON has it with each finding. */
static void print_fixes(const struct sc_ledger *ledger)
{
    if (!isatty(STDOUT_FILENO))
        return;
    for (size_t i = 0; i < ledger->leak_count; i++) {
        const struct sc_leak *leak = &ledger->leaks[i];
        bool told = false;
        for (size_t k = 0; k < i && !told; k++)
            told = strcmp(ledger->leaks[k].place, leak->place) == 0 &&
                   strcmp(sc_leak_fix(&ledger->leaks[k]), sc_leak_fix(leak)) == 0;
        if (!told)
            sc_out("fix: %s: %s\n", leak->place, sc_leak_fix(leak));
    }
}

static int print_findings(const struct sc_cli *cli, const struct sc_ledger *ledger,
                          struct sc_error *err)
{
    if (ledger->leak_count == 0)
        return 0;
    static const char *const headers[] = {"SEVERITY", "PLACE", "OBJECT", "WHERE", "SECRET", "FORM"};
    SC_CLEANUP(sc_table_freep)
    struct sc_table *table = sc_table_new(headers, SC_ARRAY_SIZE(headers), err);
    if (table == NULL)
        return SC_E_NOMEM;
    for (size_t i = 0; i < ledger->leak_count; i++) {
        int rc = add_row(table, &ledger->leaks[i], err);
        if (rc < 0)
            return rc;
    }
    sc_table_print(table, cli);
    print_fixes(ledger);
    if (ledger->leaks_dropped > 0)
        sc_out("and %zu more findings\n", ledger->leaks_dropped);
    sc_out("\n");
    return 0;
}

/* One line for each surface: surfaces come one after the other in the list. */
static void print_looked(const struct sc_ledger *ledger)
{
    for (size_t i = 0; i < ledger->looked_count;) {
        const char *surface = ledger->looked[i].surface;
        size_t objects = 0;
        uint64_t bytes = 0;
        for (; i < ledger->looked_count && strcmp(ledger->looked[i].surface, surface) == 0; i++) {
            objects++;
            bytes += ledger->looked[i].bytes;
        }
        sc_out("searched: %s: %zu %s, %" PRIu64 " bytes\n", surface, objects,
               objects == 1 ? "object" : "objects", bytes);
    }
}

static int print_skipped(const struct sc_ledger *ledger, struct sc_error *err)
{
    for (size_t i = 0; i < SC_MIN(ledger->skipped_count, SKIPPED_SHOWN); i++) {
        const struct sc_unlooked *skipped = &ledger->skipped[i];
        SC_CLEANUP(sc_str_freep) char *object = printable(skipped->object, err);
        SC_CLEANUP(sc_str_freep) char *reason = printable(skipped->reason, err);
        if (object == NULL || reason == NULL)
            return SC_E_NOMEM;
        sc_out("%s: %s: %s: %s\n", skipped->accepted ? "not searched (accepted)" : "not searched",
               skipped->surface, object, reason);
    }
    if (ledger->skipped_count > SKIPPED_SHOWN)
        sc_out("not searched: %zu more, see --json\n", ledger->skipped_count - SKIPPED_SHOWN);
    return 0;
}

/* Said of the values that are proved only. */
static void print_clean(const struct sc_cli *cli, const struct sc_verify_result *verdict,
                        const char *reset)
{
    size_t proved = verdict->values - verdict->unproved;
    sc_out("%sclean: none of %zu value%s found%s", sc_out_paint(cli, SC_COLOR_GREEN), proved,
           proved == 1 ? "" : "s", reset);
    if (verdict->unproved > 0)
        sc_out("; %zu not proved (accepted)", verdict->unproved);
    sc_out("\n");
}

static void print_verdict(const struct sc_cli *cli, const struct sc_ledger *ledger,
                          const struct sc_verify_result *verdict)
{
    const char *reset = sc_out_paint(cli, SC_COLOR_NONE);
    if (ledger->leak_count > 0)
        sc_out("%s%zu %s%s\n", sc_out_paint(cli, SC_COLOR_RED), ledger->leak_count,
               ledger->leak_count == 1 ? "finding" : "findings", reset);
    if (!verdict->complete)
        sc_out("%sincomplete: %zu not searched, %zu value%s not proved%s\n",
               sc_out_paint(cli, SC_COLOR_YELLOW), verdict->holes, verdict->unproved,
               verdict->unproved == 1 ? "" : "s", reset);
    else if (ledger->leak_count == 0)
        print_clean(cli, verdict, reset);
}

static int print_text(const struct sc_cli *cli, const struct sc_ledger *ledger,
                      const struct sc_verify_result *verdict, struct sc_error *err)
{
    int rc = print_findings(cli, ledger, err);
    if (rc < 0)
        return rc;
    print_looked(ledger);
    for (size_t i = 0; i < ledger->notes.count; i++)
        sc_out("note: %s\n", ledger->notes.items[i]);
    rc = print_skipped(ledger, err);
    if (rc < 0)
        return rc;
    sc_out("never covered: %s\n", limits);
    print_verdict(cli, ledger, verdict);
    return 0;
}

static void json_summary(struct sc_json *json, const struct sc_ledger *ledger,
                         const struct sc_verify_result *verdict)
{
    uint64_t bytes = 0;
    int64_t high = 0;
    for (size_t i = 0; i < ledger->looked_count; i++)
        bytes += ledger->looked[i].bytes;
    for (size_t i = 0; i < ledger->leak_count; i++)
        high += ledger->leaks[i].token ? 0 : 1;
    sc_json_object_begin(json);
    sc_json_pair_int(json, "values", (int64_t)verdict->values);
    sc_json_pair_int(json, "unproved", (int64_t)verdict->unproved);
    sc_json_pair_int(json, "objects", (int64_t)ledger->looked_count);
    sc_json_pair_int(json, "bytes", (int64_t)bytes);
    sc_json_pair_int(json, "high", high);
    sc_json_pair_int(json, "medium", (int64_t)ledger->leak_count - high);
    sc_json_pair_int(json, "low", 0);
    sc_json_pair_int(json, "dropped", (int64_t)ledger->leaks_dropped);
    sc_json_pair_int(json, "skipped", (int64_t)ledger->skipped_count);
    sc_json_pair_bool(json, "complete", verdict->complete);
    sc_json_object_end(json);
}

static int print_json(const struct sc_ledger *ledger, const struct sc_verify_result *verdict,
                      struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(JSON_MAX);
    struct sc_json json;
    sc_json_init(&json, &out);
    sc_json_object_begin(&json);
    sc_json_pair_int(&json, "version", 1);
    sc_json_key(&json, "findings");
    sc_ledger_json_findings(&json, ledger);
    sc_json_key(&json, "skipped");
    sc_ledger_json_skipped(&json, ledger);
    sc_json_key(&json, "coverage");
    sc_ledger_json_coverage(&json, ledger);
    sc_json_key(&json, "notes");
    sc_json_array_begin(&json);
    for (size_t i = 0; i < ledger->notes.count; i++)
        sc_json_string(&json, ledger->notes.items[i]);
    sc_json_array_end(&json);
    sc_json_pair_string(&json, "never_covered", limits);
    sc_json_key(&json, "summary");
    json_summary(&json, ledger, verdict);
    sc_json_object_end(&json);
    sc_buf_putc(&out, '\n');
    int rc = sc_buf_status(&out, err);
    if (rc == 0)
        sc_out_buf(&out);
    return rc;
}

int sc_verify_print(const struct sc_cli *cli, const struct sc_ledger *ledger,
                    const struct sc_verify_result *verdict, struct sc_error *err)
{
    return cli->globals.json ? print_json(ledger, verdict, err)
                             : print_text(cli, ledger, verdict, err);
}
