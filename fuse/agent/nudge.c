/* SPDX-License-Identifier: Apache-2.0
 *
 * Nudging watchers; see fuse/agent/nudge.h.
 */
#include "fuse/agent/nudge.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/fd.h"
#include "core/name.h"
#include "fuse/hold/hold.h"
#include "fuse/hold/process.h"

#include "core/banned.h"

/* Bytes of names in one go; more files than that are not nudged, only served. */
#define NAMES_MAX ((size_t)60 * 1024)

static void pack(const struct sc_strv *names, struct sc_buf *to)
{
    for (size_t i = 0; i < names->count; i++) {
        size_t len = strlen(names->items[i]) + 1;
        if (to->len + len <= to->max)
            sc_buf_append(to, names->items[i], len);
    }
}

int sc_nudge_start(struct sc_journal *journal, const struct sc_strv *names, struct sc_error *err)
{
    int ends[2];
    pid_t pid = -1;
    SC_CLEANUP(sc_buf_done) struct sc_buf packed = SC_BUF_INIT(NAMES_MAX);
    pack(names, &packed);
    int rc = sc_buf_status(&packed, err);
    if (rc < 0)
        return rc;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return sc_fail_errno(err, "cannot make a pipe");
    SC_CLEANUP(sc_fd_closep) int read_end = ends[0];
    SC_CLEANUP(sc_fd_closep) int write_end = ends[1];
    struct sc_hold_fds fds = SC_HOLD_FDS_NONE;
    fds.fd[SC_HOLD_PEER] = read_end;
    rc = sc_hold_spawn(NULL, SC_HOLD_NUDGE, journal->directory, &fds, &pid, err);
    if (rc < 0)
        return rc;
    /* Known to the workers before it knows what to open. A pipe takes this much without waiting. */
    atomic_store(&journal->nudge_pid, (int32_t)pid);
    return sc_fd_write_all(write_end, packed.data, packed.len, err);
}

static void nudge(int directory, const char *name)
{
    SC_CLEANUP(sc_fd_closep) int fd = openat(directory, name, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    /* A mode without write permission, without root: a change of time is an event too. */
    if (fd < 0)
        SC_IGNORE(utimensat(directory, name, NULL, 0) < 0);
}

int sc_nudge_main(const char *directory, struct sc_error *err)
{
    struct sc_hold_fds fds = SC_HOLD_FDS_NONE;
    SC_CLEANUP(sc_buf_done) struct sc_buf names = SC_BUF_INIT(NAMES_MAX);
    int rc = sc_hold_inherit(&fds, err);
    if (rc == 0)
        rc = sc_buf_read_fd(&names, fds.fd[SC_HOLD_PEER], err);
    sc_hold_close(&fds);
    if (rc < 0)
        return rc;
    SC_CLEANUP(sc_fd_closep) int root = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return sc_fail_errno(err, "cannot open '%s'", directory);
    for (size_t at = 0; at < names.len; at += strlen(names.data + at) + 1) {
        if (sc_name_check(names.data + at, 1, NULL) == 0)
            nudge(root, names.data + at);
    }
    return 0;
}
