/* SPDX-License-Identifier: Apache-2.0
 *
 * umount, and the same at the end of a mount that is told to stop.
 *
 * Busy is often over in a moment: a reader has just closed, or a process is making itself a mount
 * namespace and has all of this one's mounts until it lets go of them. So "in use" is looked at
 * again for about half a second before it is said; here and not in the keeper, which has workers
 * to watch meanwhile.
 */
#include <time.h>

#include "cli/provision/mount.h"
#include "core/str.h"
#include "fuse/agent/agent.h"
#include "fuse/hold/mount.h"
#include "provision/tmpfs.h"

#include "core/banned.h"

/* Pauses of 8, 16, 32, ... ms: counted, not timed, so a machine that pauses does not end them. Only
 * looks that themselves take long (a keeper that does not answer) are not repeated for ever. */
#define LOOKS        7
#define FIRST_PAUSE  8000000L
#define PATIENCE_SEC 10

static int unmount_memory(const char *directory, bool force, struct sc_error *err)
{
    int rc = force ? 0 : sc_mount_unused(directory, err);
    return rc < 0 ? rc : sc_tmpfs_unmount(directory, force, err);
}

static int unmount_once(const char *directory, bool force, struct sc_error *err)
{
    struct sc_mount_found found;
    bool memory = sc_mount_look(directory, &found, NULL) == 0 && found.state == SC_MOUNT_OTHER &&
                  sc_tmpfs_is_own(directory);
    return memory ? unmount_memory(directory, force, err) : sc_mount_end(directory, force, err);
}

int sc_cli_unmount(const char *directory, bool force, struct sc_error *err)
{
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    struct timespec pause = {.tv_nsec = FIRST_PAUSE};
    int rc = unmount_once(directory, force, err);
    for (int looks = 1; rc == SC_E_BUSY && !force && looks < LOOKS; looks++) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec - start.tv_sec >= PATIENCE_SEC)
            break;
        nanosleep(&pause, NULL);
        pause.tv_nsec *= 2;
        sc_error_clear(err);
        rc = unmount_once(directory, force, err);
    }
    return rc;
}

int sc_cmd_umount(struct sc_cli *cli, const void *options, int count, char **operands,
                  struct sc_error *err)
{
    (void)cli;
    const struct sc_umount_options *opt = options;
    SC_CLEANUP(sc_str_freep)
    char *directory = sc_cli_mount_directory(count > 0 ? operands[0] : NULL, err);
    return directory == NULL ? err->code : sc_cli_unmount(directory, opt->force, err);
}
