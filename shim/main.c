/* SPDX-License-Identifier: Apache-2.0
 *
 * The order of things; see shim/shim.h.
 */
#include "shim/shim.h"

#include <unistd.h>

#include "shim/file.h"

#include "core/banned.h"

#define TEXT_ARENA_SIZE   ((size_t)4 * 1024 * 1024)
#define VALUES_ARENA_SIZE ((size_t)64 * 1024 * 1024)

int main(int argc, char **argv)
{
    static struct shim shim; /* zeroed; too large for a small stack */
    char **environment = NULL;
    int status = 0;
    if (!shim_options_parse(&shim.options, argc, argv, environ, &status))
        return status;
    shim.environment = environ;
    if (!shim_arena_init(&shim.text, TEXT_ARENA_SIZE) ||
        !shim_arena_init(&shim.values, VALUES_ARENA_SIZE) || !shim_find_user(&shim))
        return SHIM_OWN_FAILURE;
    if (!shim_build_environment(&shim, &environment)) {
        shim_remove_files(&shim);
        return SHIM_OWN_FAILURE;
    }
    if (shim.options.check)
        return 0;
    if (shim.options.init)
        return shim_run_init(&shim, environment);
    /* From here on nothing but the command may fail. */
    if (shim_become_user(&shim))
        status = shim_exec(shim.options.command, environment);
    else
        status = SHIM_OWN_FAILURE;
    shim_remove_files(&shim);
    return status;
}
