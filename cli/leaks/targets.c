/* SPDX-License-Identifier: Apache-2.0
 *
 * The words behind `verify`: a surface, then the names of what to look at there.
 */
#include <string.h>

#include "cli/leaks/leaks.h"

#include "core/banned.h"

static const struct {
    const char *word;
    bool by_default;  /* looked at when nothing is named */
    bool takes_names; /* the rest is looked at as a whole */
} surfaces[SC_VERIFY_SURFACE_MAX] = {
    [SC_VERIFY_ENV] = {"env", true, false},
    [SC_VERIFY_CONFIG] = {"config", true, false},
    [SC_VERIFY_CONTAINER] = {"container", true, true},
    [SC_VERIFY_IMAGE] = {"image", true, true},
    [SC_VERIFY_LOG] = {"log", false, true},
    [SC_VERIFY_VOLUME] = {"volume", false, true},
    [SC_VERIFY_GIT] = {"git", false, true},
    [SC_VERIFY_PATH] = {"path", false, true},
};

static int find_surface(const char *word)
{
    for (int i = 0; i < SC_VERIFY_SURFACE_MAX; i++) {
        if (strcmp(word, surfaces[i].word) == 0)
            return i;
    }
    return -1;
}

int sc_verify_targets_parse(struct sc_verify_targets *targets, int count, char *const *operands,
                            struct sc_error *err)
{
    targets->by_default = count == 0;
    for (int i = 0; i < SC_VERIFY_SURFACE_MAX && count == 0; i++)
        targets->asked[i] = surfaces[i].by_default;
    int surface = -1;
    for (int i = 0; i < count; i++) {
        int found = find_surface(operands[i]);
        if (found >= 0) {
            surface = found;
            targets->asked[found] = true;
        } else if (surface < 0 || !surfaces[surface].takes_names) {
            return sc_fail(err, SC_E_USAGE,
                           "'verify' takes env, config, container, image, log, volume, git or "
                           "path; names stand behind the last six");
        } else {
            int rc = sc_strv_add(&targets->names[surface], operands[i], err);
            if (rc < 0)
                return rc;
        }
    }
    if (targets->asked[SC_VERIFY_PATH] && targets->names[SC_VERIFY_PATH].count == 0)
        return sc_fail(err, SC_E_USAGE, "'verify path' needs a file or folder");
    return 0;
}

void sc_verify_targets_done(struct sc_verify_targets *targets)
{
    for (int i = 0; i < SC_VERIFY_SURFACE_MAX; i++)
        sc_strv_done(&targets->names[i]);
}
