/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands of the group "Help", and the hidden ones from which documents are made.
 */
#include "cli/commands.h"

#include "cli/help/doctor.h"
#include "cli/help/help.h"
#include "cli/output.h"

#include "core/banned.h"

#define DOCUMENT_MAX ((size_t)4 * 1024 * 1024)

static int run_help(struct sc_cli *cli, const void *options, int count, char **operands,
                    struct sc_error *err)
{
    (void)cli;
    (void)options;
    if (count == 0)
        return sc_help_overview(err);
    int words = 0;
    const struct sc_command *command = sc_command_find(count, operands, &words);
    if (command == NULL)
        return sc_help_unknown_command(count, operands, true, err);
    return sc_help_command(command, err);
}

static int print(struct sc_buf *out, struct sc_error *err)
{
    int rc = sc_buf_status(out, err);
    if (rc == 0)
        sc_out_buf(out);
    return rc;
}

static int run_completion(struct sc_cli *cli, const void *options, int count, char **operands,
                          struct sc_error *err)
{
    (void)cli;
    (void)options;
    (void)count;
    const char *shell = operands[0];
    if (!sc_str_equal(shell, "bash") && !sc_str_equal(shell, "zsh") && !sc_str_equal(shell, "fish"))
        return sc_fail(err, SC_E_USAGE, "SHELL must be one of: bash, zsh, fish");
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(DOCUMENT_MAX);
    sc_help_render_completion(&out, shell);
    return print(&out, err);
}

static int run_man(struct sc_cli *cli, const void *options, int count, char **operands,
                   struct sc_error *err)
{
    (void)cli;
    (void)options;
    int words = 0;
    const struct sc_command *command = count > 0 ? sc_command_find(count, operands, &words) : NULL;
    if (count > 0 && command == NULL)
        return sc_help_unknown_command(count, operands, false, err);
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(DOCUMENT_MAX);
    sc_help_render_man(&out, command);
    return print(&out, err);
}

static int print_document(void (*render)(struct sc_buf *out), struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(DOCUMENT_MAX);
    render(&out);
    return print(&out, err);
}

static int run_markdown(struct sc_cli *cli, const void *options, int count, char **operands,
                        struct sc_error *err)
{
    (void)cli;
    (void)options;
    (void)count;
    (void)operands;
    return print_document(sc_help_render_markdown, err);
}

static int run_dump(struct sc_cli *cli, const void *options, int count, char **operands,
                    struct sc_error *err)
{
    (void)cli;
    (void)options;
    (void)count;
    (void)operands;
    return print_document(sc_help_render_json, err);
}

const struct sc_command sc_help_commands[] = {
    {
        .name = "help",
        .operands = "[COMMAND...]",
        .summary = "print help, in general or on one command",
        .description = "Prints the list of commands, or what one command does and which options it "
                       "takes.",
        .max_operands = 2,
        .run = run_help,
    },
    {
        .name = "doctor",
        .operands = "",
        .summary = "tell which protections hold on this machine",
        .description =
            "Looks at locked memory, swap, core dumps, FUSE, the container engine, the modes of "
            "the vault and the key files, the agent, and the place where values lie, and says "
            "what holds, what does not, and what helps. Changes nothing and needs no key. Exit "
            "status 1 when something does not hold.",
        .run = sc_cmd_doctor,
    },
    {
        .name = "completion",
        .operands = "SHELL",
        .summary = "print a completion script for bash, zsh or fish",
        .description = "Prints a script that completes commands and options. SHELL is bash, zsh or "
                       "fish.",
        .examples = "secretsctl completion bash > /etc/bash_completion.d/secretsctl\tfor all users",
        .min_operands = 1,
        .max_operands = 1,
        .flags = SC_COMMAND_PRINTS_BYTES,
        .run = run_completion,
    },
    {
        .name = "__man",
        .operands = "[COMMAND...]",
        .summary = "print a man page",
        .description = "Prints the man page of the program or of one command.",
        .max_operands = 2,
        .flags = SC_COMMAND_HIDDEN,
        .run = run_man,
    },
    {
        .name = "__markdown",
        .operands = "",
        .summary = "print docs/CLI.md",
        .description = "Prints the reference as Markdown.",
        .flags = SC_COMMAND_HIDDEN,
        .run = run_markdown,
    },
    {
        .name = "__dump-cli",
        .operands = "",
        .summary = "print the command table",
        .description = "Prints the command table as JSON.",
        .flags = SC_COMMAND_HIDDEN,
        .run = run_dump,
    },
    {0},
};
