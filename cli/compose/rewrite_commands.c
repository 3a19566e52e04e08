/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands that change Compose files.
 */
#include "cli/commands.h"
#include "cli/compose/rewrite.h"

#include "core/banned.h"

#define REWRITE(field) offsetof(struct sc_rewrite_options, field)

static const struct sc_option rewrite_options[] = {
    {"file", 'f', "FILE", "a Compose file; may be given again", SC_OPTION_LIST, REWRITE(files),
     NULL, 0},
    {"diff", 0, NULL, "show what would change (the default)", SC_OPTION_FLAG, REWRITE(diff), NULL,
     1},
    {"write", 0, NULL, "move the values and change the files", SC_OPTION_FLAG, REWRITE(write), NULL,
     1},
    {"scope", 0, "SCOPE", "scope of the entries (the project's name)", SC_OPTION_TEXT,
     REWRITE(scope), NULL, 0},
    {"shim", 0, "FILE", "secretsctl-shim on the host (the installed one)", SC_OPTION_TEXT,
     REWRITE(shim), NULL, 2},
    {"image", 0, "[NAME=]FILE", "an image archive, for what images start; may be given again",
     SC_OPTION_LIST, REWRITE(images), NULL, 0},
    {"no-shim", 0, NULL, "never start a service through the shim", SC_OPTION_FLAG, REWRITE(no_shim),
     NULL, 2},
    {0},
};

#define RESTORE(field) offsetof(struct sc_restore_options, field)

static const struct sc_option restore_options[] = {
    {"file", 'f', "FILE", "a Compose file; may be given again", SC_OPTION_LIST, RESTORE(files),
     NULL, 0},
    {"scope", 0, "SCOPE", "scope of the rewrite (the project's name)", SC_OPTION_TEXT,
     RESTORE(scope), NULL, 0},
    {"force", 0, NULL, "also where the file was changed since", SC_OPTION_FLAG, RESTORE(force),
     NULL, 0},
    {0},
};

const struct sc_command sc_rewrite_commands[] = {
    {
        .name = "compose rewrite",
        .operands = "",
        .summary = "move the credentials of Compose files into the vault",
        .description =
            "Finds the credentials in the files (without -f in those that Docker Compose takes, "
            "here "
            "or above), and shows what it would do with each: the image's own file form, a grant "
            "under the service, a top-level secret; for programs that read "
            "the "
            "environment only, the shim in front of the entrypoint, when what the image starts is "
            "known. What cannot be moved safely stays, with the reason. The diff touches only "
            "these lines and shows no "
            "value.\n\n"
            "With --write the values go into the vault first, then the files are replaced, all or "
            "none. An encrypted copy of the originals stays in the vault for 'compose restore'. "
            "Running it again changes nothing.",
        .examples = "secretsctl compose rewrite\twhat would change\n"
                    "secretsctl compose rewrite -f compose.yml -f prod.yml --write\tboth files\n",
        .options = rewrite_options,
        .options_size = sizeof(struct sc_rewrite_options),
        .run = sc_run_compose_rewrite,
    },
    {
        .name = "compose restore",
        .operands = "",
        .summary = "bring Compose files back as they were before",
        .description =
            "Puts the originals that 'compose rewrite --write' kept in the vault back in "
            "place, all or none. A file that was changed since is not touched without "
            "--force. The moved values stay in the vault.",
        .examples = "secretsctl compose restore\tthe files of this folder\n",
        .options = restore_options,
        .options_size = sizeof(struct sc_restore_options),
        .run = sc_run_compose_restore,
    },
    {0},
};
