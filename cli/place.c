/* SPDX-License-Identifier: Apache-2.0
 *
 * Where values lie; see cli/place.h.
 */
#include "cli/place.h"

#include <unistd.h>

#include "core/fsutil.h"
#include "core/parse.h"
#include "core/str.h"

#include "core/banned.h"

char *sc_cli_run_dir(struct sc_error *err)
{
    const char *chosen = sc_env("SECRETSCTL_RUN_DIR");
    if (chosen != NULL)
        return sc_path_absolute(chosen, err);
    if (geteuid() == 0)
        return sc_str_dup("/run/secretsctl", err);
    const char *runtime = sc_env_directory("XDG_RUNTIME_DIR");
    if (runtime != NULL)
        return sc_path_join(runtime, "secretsctl", err);
    (void)sc_fail(err, SC_E_UNSUPPORTED,
                  "XDG_RUNTIME_DIR is not set; name a directory with SECRETSCTL_RUN_DIR");
    return NULL;
}

char *sc_cli_directory(const char *given, struct sc_error *err)
{
    if (given == NULL)
        return sc_cli_run_dir(err);
    if (given[0] != '\0')
        return sc_path_absolute(given, err);
    (void)sc_fail(err, SC_E_USAGE, "the name of the directory is empty");
    return NULL;
}
