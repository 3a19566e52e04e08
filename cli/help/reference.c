/* SPDX-License-Identifier: Apache-2.0
 *
 * docs/CLI.md and the JSON dump, from the command table.
 */
#include "cli/help/help.h"

#include "core/json.h"

#include "core/banned.h"

/* Not from error.def alone: 0, and what run and the shim do, have no error code. */
const struct sc_exit_status sc_exit_statuses[] = {
    {0, "done"},
    {1, "failed"},
    {2, "wrong usage"},
    {3, "findings were reported"},
    {4, "not found"},
    {5, "cannot unlock"},
    {6, "damaged or tampered with"},
    {7, "busy"},
    {8, "permission denied"},
    {9, "not supported here"},
    {10, "older than the pinned state (rollback)"},
    {125, "run and the shim: a failure of their own; else they return the child's status"},
    {126, "run and the shim: the command cannot be executed"},
    {127, "run and the shim: the command was not found"},
    {0, NULL},
};

const struct sc_variable sc_variables[] = {
    {"SECRETSCTL_VAULT", "the vault, as --vault; without both it is secretsctl/vault.db below "
                         "$XDG_DATA_HOME or ~/.local/share, for root /var/lib/secretsctl/vault.db"},
    {"SECRETSCTL_IDENTITY", "the name of a file, as --identity"},
    {"SECRETSCTL_KEY_FILE", "the name of a file, as --key-file"},
    {"CREDENTIALS_DIRECTORY", "set by systemd: its file secretsctl.identity is a key file or an "
                              "identity; looked at after those above, before the agent"},
    {"SECRETSCTL_VAULT_KEY", "the verify key that the vault must have; 'check' prints it"},
    {"SECRETSCTL_MIN_SEQ", "as --min-seq"},
    {"SECRETSCTL_MAX_AGE", "as --max-age"},
    {"SECRETSCTL_RUN_DIR", "where values are put and Compose files look for them; else "
                           "$XDG_RUNTIME_DIR/secretsctl, for root /run/secretsctl"},
    {"XDG_RUNTIME_DIR", "the agent's socket lies below it, for root else below /run"},
    {"XDG_STATE_HOME", "what was seen of vaults is remembered below it; else below ~/.local/state, "
                       "for root in /var/lib/secretsctl/state"},
    {"DOCKER_HOST", "the container engine's socket"},
    {"NO_COLOR", "when set: as --no-color"},
    {NULL, NULL},
};

static void put_option(struct sc_buf *out, const struct sc_option *row)
{
    sc_buf_puts(out, "| `");
    if (row->letter != '\0')
        sc_buf_printf(out, "-%c`, `", row->letter);
    sc_buf_printf(out, "--%s", row->name);
    if (row->kind == SC_OPTION_OPTIONAL)
        sc_buf_printf(out, "[=%s]", row->metavar);
    else if (row->kind != SC_OPTION_FLAG)
        sc_buf_printf(out, " %s", row->metavar);
    sc_buf_printf(out, "` | %s |\n", row->help);
}

static void put_options(struct sc_buf *out, const struct sc_option *rows)
{
    sc_buf_puts(out, "\n| option | meaning |\n|---|---|\n");
    for (; rows->name != NULL; rows++)
        put_option(out, rows);
}

static void put_command(struct sc_buf *out, const struct sc_command *command)
{
    sc_buf_printf(out, "\n### %s\n\n%c%s.\n\n```\n", command->name,
                  command->summary[0] - (command->summary[0] >= 'a' ? 'a' - 'A' : 0),
                  command->summary + 1);
    sc_help_synopsis(out, command);
    sc_buf_printf(out, "\n```\n\n%s\n", command->description);
    if (command->options != NULL)
        put_options(out, command->options);
    if (command->examples == NULL)
        return;
    sc_buf_puts(out, "\n```sh\n");
    sc_help_put_examples(out, command->examples, "");
    sc_buf_puts(out, "```\n");
}

void sc_help_render_markdown(struct sc_buf *out)
{
    sc_buf_puts(out,
                "# Command reference\n\n"
                "Made from the program's own table by `secretsctl __markdown`; a test compares "
                "the two.\n\n## Exit statuses\n\n| status | meaning |\n|---|---|\n");
    for (const struct sc_exit_status *row = sc_exit_statuses; row->text != NULL; row++)
        sc_buf_printf(out, "| %d | %s |\n", row->status, row->text);
    sc_buf_puts(out, "\nA command that ends by signal N reports 128+N.\n\n"
                     "## Options of every command\n");
    put_options(out, sc_global_options);
    sc_buf_puts(out, "\n## Environment\n\n| variable | meaning |\n|---|---|\n");
    for (const struct sc_variable *row = sc_variables; row->name != NULL; row++)
        sc_buf_printf(out, "| `%s` | %s |\n", row->name, row->text);
    for (const struct sc_command_group *group = sc_command_groups; group->title != NULL; group++) {
        if (sc_command_group_begins(group))
            sc_buf_printf(out, "\n## %s\n", group->title);
        for (const struct sc_command *row = group->commands; row->name != NULL; row++) {
            if ((row->flags & SC_COMMAND_HIDDEN) == 0)
                put_command(out, row);
        }
    }
}

static void dump_options(struct sc_json *json, const struct sc_option *rows)
{
    static const char *const kinds[] = {
        [SC_OPTION_FLAG] = "flag",     [SC_OPTION_TEXT] = "text",         [SC_OPTION_LIST] = "list",
        [SC_OPTION_NUMBER] = "number", [SC_OPTION_OPTIONAL] = "optional",
    };
    sc_json_array_begin(json);
    for (; rows != NULL && rows->name != NULL; rows++) {
        sc_json_object_begin(json);
        sc_json_pair_string(json, "name", rows->name);
        sc_json_key(json, "letter");
        sc_json_string_n(json, &rows->letter, rows->letter != '\0');
        sc_json_pair_string(json, "metavar", rows->metavar);
        sc_json_pair_string(json, "help", rows->help);
        sc_json_pair_string(json, "kind", kinds[rows->kind]);
        sc_json_pair_string(json, "choices", rows->choices);
        sc_json_object_end(json);
    }
    sc_json_array_end(json);
}

static void dump_command(const struct sc_command *command, const char *group, void *ctx)
{
    struct sc_json *json = ctx;
    sc_json_object_begin(json);
    sc_json_pair_string(json, "name", command->name);
    sc_json_pair_string(json, "group", group);
    sc_json_pair_string(json, "operands", command->operands);
    sc_json_pair_string(json, "summary", command->summary);
    sc_json_pair_string(json, "description", command->description);
    sc_json_key(json, "options");
    dump_options(json, command->options);
    sc_json_object_end(json);
}

void sc_help_render_json(struct sc_buf *out)
{
    struct sc_json json;
    sc_json_init(&json, out);
    sc_json_object_begin(&json);
    sc_json_pair_string(&json, "version", SC_VERSION);
    sc_json_key(&json, "options");
    dump_options(&json, sc_global_options);
    sc_json_key(&json, "commands");
    sc_json_array_begin(&json);
    sc_command_each(dump_command, &json);
    sc_json_array_end(&json);
    sc_json_key(&json, "exit_statuses");
    sc_json_array_begin(&json);
    for (const struct sc_exit_status *row = sc_exit_statuses; row->text != NULL; row++) {
        sc_json_object_begin(&json);
        sc_json_pair_int(&json, "status", row->status);
        sc_json_pair_string(&json, "text", row->text);
        sc_json_object_end(&json);
    }
    sc_json_array_end(&json);
    sc_json_key(&json, "variables");
    sc_json_array_begin(&json);
    for (const struct sc_variable *row = sc_variables; row->name != NULL; row++) {
        sc_json_object_begin(&json);
        sc_json_pair_string(&json, "name", row->name);
        sc_json_pair_string(&json, "text", row->text);
        sc_json_object_end(&json);
    }
    sc_json_array_end(&json);
    sc_json_object_end(&json);
    sc_buf_putc(out, '\n');
}
