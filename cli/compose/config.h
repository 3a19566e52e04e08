/* SPDX-License-Identifier: Apache-2.0
 *
 * `compose config`: the resolved project.
 */
#ifndef SC_CLI_COMPOSE_CONFIG_H
#define SC_CLI_COMPOSE_CONFIG_H

#include "cli/command.h"

struct sc_config_options {
    struct sc_strv files, env_files, profiles;
    const char *project_directory, *project_name, *format;
    bool reveal, all, tolerant;
};

int sc_run_compose_config(struct sc_cli *cli, const void *options, int count, char **operands,
                          struct sc_error *err);

#endif
