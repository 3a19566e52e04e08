/* SPDX-License-Identifier: Apache-2.0
 *
 * A plan for people (what moves, what stays and why, the diff) and as JSON. No value is in either.
 */
#include "cli/compose/rewrite.h"
#include "cli/output.h"
#include "core/json.h"

#include <string.h>
#include <unistd.h>

#include "core/banned.h"

#define OUTPUT_MAX ((size_t)64 * 1024 * 1024)

static const char *action_name(enum sc_plan_action action)
{
    static const char *const names[] = {
        [SC_PLAN_MOVE] = "move", [SC_PLAN_ADAPT] = "adapt", [SC_PLAN_REPORT] = "report"};
    return names[action];
}

static void json_item(struct sc_json *json, const struct sc_plan *plan,
                      const struct sc_plan_item *item)
{
    sc_json_object_begin(json);
    sc_json_pair_string(json, "action", action_name(item->action));
    sc_json_pair_string(json, "file", plan->files[item->file].display);
    sc_json_pair_int(json, "line", item->at.line);
    sc_json_pair_int(json, "column", item->at.column);
    sc_json_pair_string(json, "service", item->service);
    sc_json_pair_string(json, "key", item->key);
    sc_json_pair_string(json, "where", item->where);
    sc_json_pair_string(json, "class", item->class);
    sc_json_pair_string(json, "secret", item->secret);
    sc_json_pair_string(json, "change", item->change);
    sc_json_pair_string(json, "reason", item->reason);
    sc_json_pair_string(json, "note", item->note);
    sc_json_pair_bool(json, "verified", item->action == SC_PLAN_REPORT || !item->unverified);
    sc_json_object_end(json);
}

static int print_json(const struct sc_plan *plan, bool written, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(OUTPUT_MAX);
    struct sc_json json;
    sc_json_init(&json, &out);
    sc_json_object_begin(&json);
    sc_json_pair_int(&json, "version", 1);
    sc_json_pair_string(&json, "scope", plan->scope);
    sc_json_pair_bool(&json, "written", written);
    sc_json_key(&json, "items");
    sc_json_array_begin(&json);
    for (size_t i = 0; i < plan->item_count; i++)
        json_item(&json, plan, &plan->items[i]);
    sc_json_array_end(&json);
    sc_json_key(&json, "secrets");
    sc_json_array_begin(&json);
    for (size_t i = 0; i < plan->secret_count; i++)
        sc_json_string(&json, plan->secrets[i].name);
    sc_json_array_end(&json);
    sc_json_key(&json, "changed");
    sc_json_array_begin(&json);
    for (size_t i = 0; i < plan->file_count; i++) {
        if (plan->files[i].changed)
            sc_json_string(&json, plan->files[i].display);
    }
    sc_json_array_end(&json);
    sc_rewrite_changes(&json, plan);
    sc_json_object_end(&json);
    sc_buf_putc(&out, '\n');
    int rc = sc_buf_status(&out, err);
    if (rc == 0)
        sc_out_buf(&out);
    return rc;
}

static void print_item(struct sc_cli *cli, const struct sc_plan *plan,
                       const struct sc_plan_item *item)
{
    bool stays = item->action == SC_PLAN_REPORT;
    bool variable = item->key != NULL && (strcmp(item->where, "environment") == 0 ||
                                          strcmp(item->where, "secrets") == 0);
    sc_out("%s%s%s ", sc_out_paint(cli, stays ? SC_COLOR_YELLOW : SC_COLOR_GREEN),
           stays                           ? "stays"
           : item->action == SC_PLAN_ADAPT ? "adapt"
                                           : "move ",
           sc_out_paint(cli, SC_COLOR_NONE));
    sc_out_text(plan->files[item->file].display);
    sc_out(":%u  %s%s", item->at.line, item->service != NULL ? item->service : "",
           item->service != NULL ? "." : "");
    sc_out_text(variable ? item->key : item->where);
    if (!variable && item->key != NULL) {
        sc_out(" ");
        sc_out_text(item->key);
    }
    if (item->action == SC_PLAN_MOVE)
        sc_out(" -> %s/%s, ", plan->scope, item->secret);
    else
        sc_out(": ");
    sc_out_text(stays ? item->reason : item->change);
    sc_out("\n");
    if (item->note != NULL)
        sc_out("      %s\n", item->note);
    if (item->unverified)
        sc_out("      not verified: what is known of this image was not seen in its source\n");
}

int sc_rewrite_print(struct sc_cli *cli, const struct sc_plan *plan, enum sc_rewrite_state state,
                     struct sc_error *err)
{
    bool written = state == SC_REWRITE_WRITTEN;
    if (cli->globals.json)
        return print_json(plan, written, err);
    size_t moves = sc_plan_moves(plan), stays = 0, unknown = 0;
    for (size_t i = 0; i < plan->item_count; i++) {
        const struct sc_plan_item *item = &plan->items[i];
        print_item(cli, plan, item);
        stays += item->action == SC_PLAN_REPORT;
        unknown += item->action == SC_PLAN_REPORT &&
                   sc_str_has_suffix(item->reason, sc_plan_start_unknown);
    }
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(OUTPUT_MAX);
    struct sc_diff_paint paint = {
        .header = sc_out_paint(cli, SC_COLOR_BOLD),
        .hunk = sc_out_paint(cli, SC_COLOR_CYAN),
        .removed = sc_out_paint(cli, SC_COLOR_RED),
        .added = sc_out_paint(cli, SC_COLOR_GREEN),
        .reset = sc_out_paint(cli, SC_COLOR_NONE),
    };
    int rc = 0;
    for (size_t i = 0; i < plan->file_count && rc == 0 && !written; i++)
        rc = sc_plan_diff(plan, i, &paint, false, &out, err);
    if (rc < 0)
        return rc;
    if (out.len > 0)
        sc_out("\n");
    sc_out_buf(&out);
    if (moves == 0)
        sc_note(cli, stays == 0 ? "no credential to move" : "nothing to move; %zu stay", stays);
    else if (written)
        sc_note(cli, "%zu moved into %zu %s of scope '%s', %zu stay%s", moves, plan->secret_count,
                plan->secret_count == 1 ? "entry" : "entries", plan->scope, stays,
                isatty(STDERR_FILENO) ? "; next: secretsctl provision, docker compose up -d" : "");
    else
        sc_note(cli, "%zu to move, %zu stay; nothing was changed%s", moves, stays,
                state == SC_REWRITE_SHOWN ? ", use --write" : "");
    if (unknown > 1)
        sc_note(
            cli,
            "%zu of these stay since their images are not here: docker compose pull, or --image, "
            "then run this again",
            unknown);
    return 0;
}
