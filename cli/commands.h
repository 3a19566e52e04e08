/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of the command groups, one per folder of cli/; cli/commands.c lists them.
 */
#ifndef SC_CLI_COMMANDS_H
#define SC_CLI_COMMANDS_H

#include "cli/command.h"

extern const struct sc_command sc_vault_commands[];     /* cli/vault/commands.c */
extern const struct sc_command sc_entry_commands[];     /* cli/entry/commands.c */
extern const struct sc_command sc_mount_commands[];     /* cli/provision/mount_commands.c */
extern const struct sc_command sc_rewrite_commands[];   /* cli/compose/rewrite_commands.c */
extern const struct sc_command sc_leaks_commands[];     /* cli/leaks/commands.c */
extern const struct sc_command sc_run_commands[];       /* cli/run/commands.c */
extern const struct sc_command sc_help_commands[];      /* cli/help/commands.c */
extern const struct sc_command sc_compose_commands[];   /* cli/compose/config_commands.c */
extern const struct sc_command sc_provision_commands[]; /* cli/provision/commands.c */

#endif
