/* SPDX-License-Identifier: Apache-2.0
 *
 * The words behind `verify`: a surface, then the names of what to look at there.
 */
#include <string.h>

#include "cli/leaks/leaks.h"

#include "core/banned.h"

static const char *const surfaces[SC_VERIFY_SURFACE_MAX] = {
    [SC_VERIFY_ENV] = "env",
    [SC_VERIFY_CONFIG] = "config",
    [SC_VERIFY_CONTAINER] = "container",
    [SC_VERIFY_IMAGE] = "image",
};
/* What takes names; the rest is looked at as a whole. */
static const bool takes_names[SC_VERIFY_SURFACE_MAX] = {
    [SC_VERIFY_CONTAINER] = true,
    [SC_VERIFY_IMAGE] = true,
};

static int find_surface(const char *word)
{
    for (int i = 0; i < SC_VERIFY_SURFACE_MAX; i++) {
        if (strcmp(word, surfaces[i]) == 0)
            return i;
    }
    return -1;
}

int sc_verify_targets_parse(struct sc_verify_targets *targets, int count, char *const *operands,
                            struct sc_error *err)
{
    targets->by_default = count == 0;
    for (int i = 0; i < SC_VERIFY_SURFACE_MAX && count == 0; i++)
        targets->asked[i] = true;
    int surface = -1;
    for (int i = 0; i < count; i++) {
        int found = find_surface(operands[i]);
        if (found >= 0) {
            surface = found;
            targets->asked[found] = true;
        } else if (surface < 0 || !takes_names[surface]) {
            return sc_fail(
                err, SC_E_USAGE,
                "'verify' takes env, config, container or image; names stand behind container "
                "and image");
        } else {
            int rc = sc_strv_add(&targets->names[surface], operands[i], err);
            if (rc < 0)
                return rc;
        }
    }
    return 0;
}

void sc_verify_targets_done(struct sc_verify_targets *targets)
{
    for (int i = 0; i < SC_VERIFY_SURFACE_MAX; i++)
        sc_strv_done(&targets->names[i]);
}
