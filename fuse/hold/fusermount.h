/* SPDX-License-Identifier: Apache-2.0
 *
 * Mounting without privilege: fusermount3, spoken to without libfuse. It opens /dev/fuse and mounts
 * on the caller's behalf, and passes the descriptor over a socket named by _FUSE_COMMFD. Its option
 * auto_unmount is not used: it would unmount when one process dies.
 */
#ifndef SC_FUSE_HOLD_FUSERMOUNT_H
#define SC_FUSE_HOLD_FUSERMOUNT_H

#include <stdbool.h>

#include "core/error.h"

/* UNSUPPORTED without fusermount3 or where it refuses, with the reason it is known for. In an own
 * user namespace with CAP_SYS_ADMIN plain mount(2) is used. */
int sc_fusermount_open(const char *directory, const char *source, bool allow_other, int *ret_fd,
                       struct sc_error *err) SC_NODISCARD;
int sc_fusermount_close(const char *directory, bool lazy, struct sc_error *err) SC_NODISCARD;

#endif
