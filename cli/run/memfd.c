/* SPDX-License-Identifier: Apache-2.0
 *
 * Values as sealed files without a name, for places without a file system in memory; see
 * cli/run/run.h. The command finds them as /proc/self/fd/N. They are gone with the last process
 * that has them open, and a child that closes its descriptors does not have them.
 */
#include "cli/run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/fd.h"

#include "core/banned.h"

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* The descriptor's number must be the next one: the command inherits a range. */
static int make_one(const struct sc_run_value *item, int number, struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int fd = memfd_create("secretsctl", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return sc_fail_errno(err, "cannot make a memory file for '%s'", item->name);
    int rc = sc_secret_write_fd(&item->value, fd, err);
    if (rc < 0)
        return sc_wrap(err, rc, "cannot write '%s'", item->name);
    if (fcntl(fd, F_ADD_SEALS, SEALS) < 0)
        return sc_fail_errno(err, "cannot seal the memory file of '%s'", item->name);
    int placed = dup3(fd, number, O_CLOEXEC);
    if (placed < 0 && (errno == EBADF || errno == EMFILE))
        return sc_fail(
            err, SC_E_TOOBIG,
            "more values than descriptors ('ulimit -n'): '%s' has none left; choose with "
            "--only, or leave --memfd out",
            item->name);
    return placed < 0 ? sc_fail_errno(err, "cannot place a descriptor") : 0;
}

int sc_run_memfd_make(struct sc_run_values *values, struct sc_run_place *ret, struct sc_error *err)
{
    int rc = 0;
    ret->first_fd = SC_RUN_MEMFD_FIRST;
    for (size_t i = 0; rc == 0 && i < values->count; i++) {
        struct sc_run_value *item = &values->items[i];
        if (item->variable == NULL || item->text)
            continue;
        int number = ret->first_fd + ret->fd_count;
        rc = make_one(item, number, err);
        if (rc < 0)
            break;
        ret->fd_count++;
        item->path = sc_str_printf(err, "/proc/self/fd/%d", number);
        rc = item->path != NULL ? 0 : SC_E_NOMEM;
    }
    if (rc < 0)
        sc_run_memfd_done(ret);
    return rc;
}

void sc_run_memfd_done(struct sc_run_place *place)
{
    for (int i = 0; i < place->fd_count; i++)
        close(place->first_fd + i);
    place->fd_count = 0;
}
