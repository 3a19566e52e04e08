/* SPDX-License-Identifier: Apache-2.0
 *
 * File descriptors: whole reads and writes, and closing on scope exit.
 *
 * Every descriptor this program opens is close-on-exec; pass O_CLOEXEC to the calls that make one.
 * Threads: any.
 */
#ifndef SC_CORE_FD_H
#define SC_CORE_FD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

/* For SC_CLEANUP(sc_fd_closep): closes if not negative; keeps errno. */
void sc_fd_closep(int *fd);

/* Opens /dev/null in place of any of descriptors 0 to 2 that is closed, so that no file of ours
 * ever becomes standard output; reading it, or writing to it, fails. Call first thing in main. */
int sc_fd_ensure_standard(struct sc_error *err) SC_NODISCARD;

/* One read(2) that survives EINTR and waits where the descriptor does not; *ret_got is 0 at end of
 * file. */
int sc_fd_read_some(int fd, void *buffer, size_t size, size_t *ret_got,
                    struct sc_error *err) SC_NODISCARD;

/* Writes everything, through EINTR, short writes and descriptors that do not block. */
int sc_fd_write_all(int fd, const void *data, size_t len, struct sc_error *err) SC_NODISCARD;

/* Whether both descriptors are of one file; false where that cannot be told. */
bool sc_fd_same_file(int a, int b);

#endif
