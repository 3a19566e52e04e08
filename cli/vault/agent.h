/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands around the agent: handlers and their options.
 */
#ifndef SC_CLI_VAULT_AGENT_H
#define SC_CLI_VAULT_AGENT_H

#include "cli/command.h"

struct sc_agent_options {
    const char *time;
    bool background;
    bool allow_unlocked;
};

struct sc_unlock_options {
    const char *time;
};

struct sc_lock_options {
    bool all;
};

int sc_cmd_agent(struct sc_cli *cli, const void *options, int count, char **operands,
                 struct sc_error *err) SC_NODISCARD;
int sc_cmd_unlock(struct sc_cli *cli, const void *options, int count, char **operands,
                  struct sc_error *err) SC_NODISCARD;
int sc_cmd_lock(struct sc_cli *cli, const void *options, int count, char **operands,
                struct sc_error *err) SC_NODISCARD;

#endif
