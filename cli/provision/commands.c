/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands of the group "Provisioning".
 */
#include "cli/commands.h"

#include "cli/provision/files.h"

#include "core/banned.h"

#define FILES(field) offsetof(struct sc_files_options, field)

static const struct sc_option provision_options[] = {
    {"tmpfs", 0, NULL, "files in memory (the default)", SC_OPTION_FLAG, FILES(tmpfs), NULL, 1},
    {"fuse", 0, NULL, "serve the vault with an answer for each reader", SC_OPTION_FLAG, FILES(fuse),
     NULL, 1},
    {"scope", 's', "SCOPE", "only entries of this scope (repeatable)", SC_OPTION_LIST,
     FILES(scopes), NULL, 0},
    {"size", 0, "SIZE", "bytes of all values together, at most (256M)", SC_OPTION_TEXT, FILES(size),
     NULL, 0},
    {"dir-mode", 0, "MODE", "mode of the top directory (0700)", SC_OPTION_TEXT, FILES(dir_mode),
     NULL, 0},
    {"restart", 0, NULL, "restart containers that still read an old file", SC_OPTION_FLAG,
     FILES(restart), NULL, 2},
    {"no-restart", 0, NULL, "do not offer to restart containers", SC_OPTION_FLAG, FILES(no_restart),
     NULL, 2},
    {0},
};

static const struct sc_option write_options[] = {
    {"scope", 's', "SCOPE", "only entries of this scope (repeatable)", SC_OPTION_LIST,
     FILES(scopes), NULL, 0},
    {"size", 0, "SIZE", "bytes of all values together, at most (256M)", SC_OPTION_TEXT, FILES(size),
     NULL, 0},
    {"restart", 0, NULL, "restart containers that still read an old file", SC_OPTION_FLAG,
     FILES(restart), NULL, 2},
    {"no-restart", 0, NULL, "do not offer to restart containers", SC_OPTION_FLAG, FILES(no_restart),
     NULL, 2},
    {0},
};

static const struct sc_option render_options[] = {
    {"scope", 's', "SCOPE", "where names without a scope are looked up", SC_OPTION_TEXT,
     offsetof(struct sc_render_options, scope), NULL, 0},
    {"output", 'o', "FILE", "replace this file instead of printing", SC_OPTION_TEXT,
     offsetof(struct sc_render_options, output), NULL, 0},
    {"mode", 0, "MODE", "mode of that file (0600)", SC_OPTION_TEXT,
     offsetof(struct sc_render_options, mode), NULL, 0},
    {"reveal", 0, NULL, "print to a terminal", SC_OPTION_FLAG,
     offsetof(struct sc_render_options, reveal), NULL, 0},
    {0},
};

const struct sc_command sc_provision_commands[] = {
    {
        .name = "provision",
        .operands = "[DIR]",
        .summary = "put the vault's entries before containers as files",
        .description =
            "Writes each entry as DIR/SCOPE/NAME, with its owner and mode, into memory that cannot "
            "swap: as root a tmpfs of its own is mounted on DIR (/run/secretsctl), else DIR must "
            "lie "
            "on a tmpfs already ($XDG_RUNTIME_DIR/secretsctl). A directory on a disk is "
            "refused.\n\n"
            "All entries of a scope are switched at once; files that are equal are left alone, "
            "removed ones are overwritten. A container that has a single file bound goes on "
            "reading "
            "the old one until it is started again: those are named, and on a terminal offered to "
            "be restarted.\n\n"
            "The top directory is 0700, which does not hinder containers. An engine with user-"
            "namespace remapping, and programs of the host under another user, need --dir-mode "
            "0711.",
        .examples = "secretsctl provision\tall entries\n"
                    "secretsctl provision --scope shop --restart\tone project, after a rotation",
        .options = provision_options,
        .options_size = sizeof(struct sc_files_options),
        .max_operands = 1,
        .run = sc_cmd_provision,
    },
    {
        .name = "write",
        .operands = "DIR",
        .summary = "write the entries into a directory in memory",
        .description = "As 'provision --tmpfs', but into a directory that exists and without "
                       "mounting anything. A directory on a disk is refused.",
        .options = write_options,
        .options_size = sizeof(struct sc_files_options),
        .min_operands = 1,
        .max_operands = 1,
        .run = sc_cmd_write,
    },
    {
        .name = "render",
        .operands = "TEMPLATE",
        .summary = "print a template with the entries it names",
        .description =
            "Replaces {{secret:NAME}} and {{config:NAME}} in the file TEMPLATE ('-' for standard "
            "input) by the entries' values. Filters follow the name: {{secret:db_password|url}}; "
            "there are url, json, shell, base64, xml and pgpass. {{open}} prints two braces. What "
            "else "
            "begins with two braces is ordinary text.",
        .examples = "secretsctl render --scope shop pgpass.in -o ~/.pgpass\t",
        .options = render_options,
        .options_size = sizeof(struct sc_render_options),
        .min_operands = 1,
        .max_operands = 1,
        .flags = SC_COMMAND_PRINTS_BYTES,
        .run = sc_cmd_render,
    },
    {0},
};
