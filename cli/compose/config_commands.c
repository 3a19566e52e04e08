/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands of the group "Compose".
 */
#include "cli/commands.h"

#include "cli/compose/config.h"

#include "core/banned.h"

#define AT(field) offsetof(struct sc_config_options, field)

static const struct sc_option config_options[] = {
    {"file", 'f', "FILE", "a Compose file, '-' for standard input; may be repeated", SC_OPTION_LIST,
     AT(files), NULL, 0},
    {"format", 0, "FORMAT", "yaml (default) or json", SC_OPTION_TEXT, AT(format), "yaml|json", 0},
    {"reveal", 0, NULL, "show credentials instead of '*****'", SC_OPTION_FLAG, AT(reveal), NULL, 0},
    {"all", 0, NULL, "all profiles, and resources that no service uses", SC_OPTION_FLAG, AT(all),
     NULL, 0},
    {"tolerant", 0, NULL, "note what Docker Compose would refuse, where loading can go on",
     SC_OPTION_FLAG, AT(tolerant), NULL, 0},
    {"env-file", 0, "FILE", "read variables from FILE instead of .env; may be repeated",
     SC_OPTION_LIST, AT(env_files), NULL, 0},
    {"project-directory", 0, "DIR", "where relative paths begin", SC_OPTION_TEXT,
     AT(project_directory), NULL, 0},
    {"project-name", 'p', "NAME", "name of the project", SC_OPTION_TEXT, AT(project_name), NULL, 0},
    {"profile", 0, "NAME", "enable a profile; may be repeated", SC_OPTION_LIST, AT(profiles), NULL,
     0},
    {0},
};

const struct sc_command sc_compose_commands[] = {
    {
        .name = "compose config",
        .operands = "",
        .summary = "print the resolved Compose project",
        .description =
            "Resolves a Compose project as 'docker compose config' does: override files, "
            "variables, "
            "env files, anchors, extends, include, profiles and defaults, and prints what the "
            "containers really get.\n\n"
            "Without -f the usual files are looked for here and above. Credentials are printed as "
            "'*****' unless --reveal is given. Nothing is started and no engine is asked.",
        .examples = "secretsctl compose config\tthe project of this directory\n"
                    "secretsctl compose config -f compose.yml -f prod.yml --format json\ttwo files",
        .options = config_options,
        .options_size = sizeof(struct sc_config_options),
        .run = sc_run_compose_config,
    },
    {0},
};
