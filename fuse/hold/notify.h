/* SPDX-License-Identifier: Apache-2.0
 *
 * systemd as the third holder: its descriptor store keeps the connection, the journal, the store
 * and the bell when keeper, worker and agent die together. Without systemd all of this does
 * nothing.
 */
#ifndef SC_FUSE_HOLD_NOTIFY_H
#define SC_FUSE_HOLD_NOTIFY_H

#include <stdbool.h>

#include "fuse/hold/process.h"

/* Tells the service manager "READY=1" and the like. */
void sc_notify(const char *text);

/* Puts the descriptors into the manager's store, each under its name; it keeps one that it has.
 * Nothing is removed first: the manager hears nobody who has died meanwhile, and would be left with
 * nothing. */
void sc_notify_store(const struct sc_hold_fds *fds);
/* Takes these out of it: they were replaced, or the mount has ended. */
void sc_notify_forget(const struct sc_hold_fds *fds);

/* What the manager gave back to this process, which owns it now: true if all of a mount is there.
 */
bool sc_notify_take(struct sc_hold_fds *ret);

#endif
