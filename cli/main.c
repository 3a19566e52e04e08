/* SPDX-License-Identifier: Apache-2.0
 *
 * secretsctl: finds the command in the table, decodes its options, runs it, and is the one place
 * that prints an error and chooses the exit status.
 */
#include <stdlib.h>

#include "cli/command.h"
#include "cli/help/help.h"
#include "cli/options.h"
#include "cli/output.h"
#include "core/fd.h"
#include "core/proc.h"

#include "core/banned.h"

#define OWN_FAILURE 125

static int run_command(struct sc_cli *cli, const struct sc_command *command,
                       struct sc_arguments words, struct sc_error *err)
{
    if ((command->flags & SC_COMMAND_RUNS_ANOTHER) != 0)
        cli->failure_status = OWN_FAILURE;
    void *values = calloc(1, SC_MAX(command->options_size, (size_t)1));
    if (values == NULL)
        return sc_fail_nomem(err);
    int operands = 0;
    int rc = sc_options_parse(command, &cli->globals, values, words, &operands, err);
    if (rc == 0 && cli->globals.json && !cli->globals.help &&
        (command->flags & SC_COMMAND_PRINTS_BYTES) != 0)
        rc = sc_fail(err, SC_E_USAGE, "--json does not go with '%s', which prints bytes, no list",
                     command->name);
    if (rc == 0)
        rc = cli->globals.help
                 ? sc_help_command(command, err)
                 : command->run(cli, values, words.count - operands, words.items + operands, err);
    sc_options_done(command, values);
    free(values);
    return rc;
}

static int dispatch(struct sc_cli *cli, int argc, char **argv, struct sc_error *err)
{
    int next = argc;
    int rc = sc_options_parse_globals(&cli->globals, argc, argv, &next, err);
    if (rc < 0)
        return rc;
    if (cli->globals.version) {
        sc_out("secretsctl %s\n", SC_VERSION);
        return 0;
    }
    if (next == argc) {
        if (cli->globals.help)
            return sc_help_overview(err);
        return sc_fail(err, SC_E_USAGE, "no command given; see: secretsctl help");
    }
    int name_words = 0;
    const struct sc_command *command = sc_command_find(argc - next, argv + next, &name_words);
    if (command == NULL)
        return sc_help_unknown_command(argc - next, argv + next, cli->globals.help, err);
    int last = next + name_words - 1;
    struct sc_arguments words = {.count = argc - last, .items = argv + last};
    return run_command(cli, command, words, err);
}

int main(int argc, char **argv)
{
    struct sc_error err = {0};
    struct sc_cli cli = {0};
    int rc = sc_fd_ensure_standard(&err);
    if (rc == 0)
        rc = sc_proc_harden(&cli.umask, &err);
    if (rc == 0)
        rc = dispatch(&cli, argc, argv, &err);
    if (rc == 0)
        rc = sc_out_flush(&err);
    if (rc == 0)
        return cli.exit_status;
    SC_IGNORE(sc_out_flush(NULL)); /* the failure that comes first is the one reported */
    sc_warn("%s", sc_error_message(&err));
    if (cli.failure_status != 0)
        return cli.failure_status;
    return sc_error_exit_status(rc);
}
