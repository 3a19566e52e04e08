/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a file has changed, told at once: inotify on its directory, since databases change by way
 * of neighbours (FILE-wal) and renames.
 */
#ifndef SC_FUSE_AGENT_WATCH_H
#define SC_FUSE_AGENT_WATCH_H

#include <stdbool.h>

#include "core/error.h"

struct sc_watch {
    int fd;     /* readable when something happened; -1 = not watching */
    char *leaf; /* name of the file in its directory */
};
#define SC_WATCH_NONE                                                                              \
    {                                                                                              \
        .fd = -1                                                                                   \
    }

/* IO where inotify is refused: the caller looks now and then instead. */
int sc_watch_open(const char *path, struct sc_watch *ret, struct sc_error *err) SC_NODISCARD;
/* Reads some of what happened; whether it concerns the file. The descriptor stays readable while
 * there is more: in a busy directory there always is, and the caller has other things to do. */
bool sc_watch_take(struct sc_watch *watch);
void sc_watch_close(struct sc_watch *watch);

#endif
