/* SPDX-License-Identifier: Apache-2.0
 *
 * See tests/support/scratch.h.
 */
#include "tests/support/scratch.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/banned.h"

int sc_scratch_enter(void)
{
    char dir[] = "/tmp/secretsctl-scratch-XXXXXX";
    if (mkdtemp(dir) == NULL || chdir(dir) < 0)
        return -1;
    return setenv("XDG_STATE_HOME", dir, 1);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

int sc_scratch_leave(void)
{
    char dir[PATH_MAX];
    if (getcwd(dir, sizeof(dir)) == NULL || chdir("/") < 0)
        return -1;
    return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
