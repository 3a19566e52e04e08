/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands of the group "Running".
 */
#include "cli/commands.h"

#include "cli/run/run.h"

#include "core/banned.h"

#define RUN(field)  offsetof(struct sc_run_options, field)
#define MASK(field) offsetof(struct sc_mask_options, field)

static const struct sc_option run_options[] = {
    {"scope", 's', "SCOPE", "entries of this scope (repeatable; all without it)", SC_OPTION_LIST,
     RUN(scopes), NULL, 0},
    {"only", 0, "GLOB", "only entries whose name fits (repeatable)", SC_OPTION_LIST, RUN(only),
     NULL, 0},
    {"files", 0, NULL, "as files, NAME_FILE tells the path (the default)", SC_OPTION_FLAG,
     RUN(files), NULL, 1},
    {"env", 0, NULL, "as environment variables", SC_OPTION_FLAG, RUN(env), NULL, 1},
    {"private", 0, NULL, "files that only the command sees (a mount namespace)", SC_OPTION_FLAG,
     RUN(private), NULL, 1},
    {"memfd", 0, NULL, "files without a name, as /proc/self/fd/N", SC_OPTION_FLAG, RUN(memfd), NULL,
     1},
    {"set", 0, "NAME=TEMPLATE", "set a variable from a template (repeatable)", SC_OPTION_LIST,
     RUN(set), NULL, 0},
    {"env-file", 0, "FILE", "set the variables of an env file, of templates (repeatable)",
     SC_OPTION_LIST, RUN(env_files), NULL, 0},
    {"dir", 0, "DIR", "directory in memory for the files", SC_OPTION_TEXT, RUN(dir), NULL, 0},
    {"clean-env", 0, NULL, "pass on only PATH, HOME, LANG and the like", SC_OPTION_FLAG,
     RUN(clean_env), NULL, 0},
    {"no-mask", 0, NULL, "leave the output as it is", SC_OPTION_FLAG, RUN(no_mask), NULL, 0},
    {"mask-with", 0, "TEXT", "what stands for a value (***)", SC_OPTION_TEXT, RUN(mask_with), NULL,
     0},
    {"ci-mask", 0, "SYSTEM", "tell the runner to mask too", SC_OPTION_TEXT, RUN(ci_mask), "github",
     0},
    {"dry-run", 'n', NULL, "print the variables that would be set", SC_OPTION_FLAG, RUN(dry_run),
     NULL, 0},
    {0},
};

static const struct sc_option mask_options[] = {
    {"scope", 's', "SCOPE", "entries of this scope (repeatable; all without it)", SC_OPTION_LIST,
     MASK(scopes), NULL, 0},
    {"only", 0, "GLOB", "only entries whose name fits (repeatable)", SC_OPTION_LIST, MASK(only),
     NULL, 0},
    {"mask-with", 0, "TEXT", "what stands for a value (***)", SC_OPTION_TEXT, MASK(mask_with), NULL,
     1},
    {"name", 0, NULL, "print [NAME] for a value", SC_OPTION_FLAG, MASK(name), NULL, 1},
    {0},
};

const struct sc_command sc_run_commands[] = {
    {
        .name = "run",
        .operands = "[--] COMMAND [ARG...]",
        .summary = "run a command with values, and mask its output",
        .description =
            "Gives the command each entry as a private file in memory (DB_PASSWORD_FILE for "
            "shop/db_password) or, with --env, as a variable. The files are removed when it ends, "
            "also when this program is killed. Variables of this program are not passed on.\n\n"
            "The files lie where other programs of the host see them too, so that a command may "
            "hand their paths to a container engine. With --private only the command and what it "
            "starts see them (su and sudo do not work there for an ordinary user); with --memfd "
            "they have no name, and a child that closes its descriptors does not have them.\n\n"
            "Values, each line of them, and their usual encodings are replaced in what the command "
            "prints. That is for accidents: a program that wants to leak can change a value first. "
            "Files that it writes are not masked.\n\n"
            "The status is the command's, 128+N for a signal, 126 and 127 when it cannot be run, "
            "125 "
            "for a failure before that.",
        .examples = "secretsctl run --scope shop -- make integration\tfiles\n"
                    "secretsctl run --env --only 'DB*' -- ./deploy\tvariables\n"
                    "secretsctl run --env-file app.env -- ./serve\ttemplates in an env file",
        .options = run_options,
        .options_size = sizeof(struct sc_run_options),
        .max_operands = SC_OPERANDS_ANY,
        .flags = SC_COMMAND_STOP_AT_OPERAND | SC_COMMAND_RUNS_ANOTHER,
        .run = sc_cmd_run,
    },
    {
        .name = "mask",
        .operands = "",
        .summary = "replace values in a stream",
        .description = "Copies standard input to standard output and replaces values, each line of "
                       "them, and their usual encodings.",
        .examples = "make 2>&1 | secretsctl mask --scope shop\t",
        .options = mask_options,
        .options_size = sizeof(struct sc_mask_options),
        .flags = SC_COMMAND_PRINTS_BYTES,
        .run = sc_cmd_mask,
    },
    {0},
};
