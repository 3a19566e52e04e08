/* SPDX-License-Identifier: Apache-2.0
 *
 * The read log on disk: append-only lines in a hash chain.
 *
 * A line is tab-separated text: sequence, time (RFC 3339), name, version, result, uid, gid, pid,
 * start time, container id, project, service, image, executable, cgroup, number of opens (of the
 * same by the same within a second), and BLAKE2b-256 over the hash of the line before and the line
 * itself. Cutting, editing and reordering break the chain; cutting the end shows against a later
 * line only, or a copy of the head. No value stands in it, nor a hash of one.
 *
 * The file belongs to one agent at a time (an exclusive lock). Lines are flushed to disk in
 * batches. Whoever renames the file ends it: the agent writes what it has there, lets go of it and
 * begins a new one at the old name, so who has the lock then has the whole of it.
 */
#ifndef SC_FUSE_AGENT_ACCESSLOG_H
#define SC_FUSE_AGENT_ACCESSLOG_H

#include <stdint.h>
#include <sys/types.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/name.h"
#include "fuse/shared/ring.h"
#include "fuse/shared/store.h"

#define SC_ACCESS_LINE_MAX 4096
/* The result where no open is told but the first read by a process that has not opened the file. */
#define SC_ACCESS_HANDED_ON "handed-on"

struct sc_access_log {
    int fd;     /* -1 = closed */
    char *path; /* absolute */
    uint64_t sequence;
    unsigned char chain[SC_HASH_SIZE];
    bool dirty;    /* written, not flushed */
    off_t end;     /* of what is written */
    char *pending; /* whole lines in the chain, not written yet */
    size_t pending_len;
    struct sc_buf line; /* being made */
};
#define SC_ACCESS_LOG_CLOSED                                                                       \
    {                                                                                              \
        .fd = -1                                                                                   \
    }

/* Opens or makes the log, checks its chain and goes on behind it. TAMPERED with the line's number
 * when the chain is broken; a last line that was cut by a crash is dropped. BUSY if another agent
 * has it. */
int sc_access_log_open(const char *path, struct sc_access_log *ret,
                       struct sc_error *err) SC_NODISCARD;
/* Adds a line to those that wait to be written, for which there must be room; a failure leaves all
 * as it was. `container` may be NULL. */
int sc_access_log_add(struct sc_access_log *log, const char *name,
                      const struct sc_ring_record *record,
                      const struct sc_store_container *container,
                      struct sc_error *err) SC_NODISCARD;
/* A line that says that `lost` opens could not be logged. */
int sc_access_log_add_loss(struct sc_access_log *log, uint64_t lost,
                           struct sc_error *err) SC_NODISCARD;
/* Room for one more line: writes those that wait when there is none. When that fails they wait on,
 * and no line may be added. */
int sc_access_log_make_room(struct sc_access_log *log, struct sc_error *err) SC_NODISCARD;
/* Writes the lines that wait; and has them, and all before, on disk. Failure loses nothing: the
 * next call goes on. */
int sc_access_log_write(struct sc_access_log *log, struct sc_error *err) SC_NODISCARD;
int sc_access_log_flush(struct sc_access_log *log, struct sc_error *err) SC_NODISCARD;
void sc_access_log_close(struct sc_access_log *log);

/* One line, read back; texts point into the line. */
struct sc_access_entry {
    uint64_t sequence, version, opens;
    const char *time, *name, *result, *uid, *gid, *pid, *start, *container, *project, *service,
        *image, *exe, *cgroup;
    const char *hash; /* the chain's, hexadecimal, behind this line */
};
typedef int (*sc_access_fn)(const struct sc_access_entry *entry, void *ctx, struct sc_error *err);

/* Waits for whoever writes the file to let go of it; BUSY when that takes too long. The descriptor
 * holds the lock. */
int sc_access_log_lock(const char *path, int *ret_fd, struct sc_error *err) SC_NODISCARD;

/* The number and hash of the last whole line, without checking the chain before it: what to write
 * down elsewhere so that nobody can cut or rewrite the log up to there. NOTFOUND while it is empty.
 */
#define SC_ACCESS_HASH_TEXT (2 * SC_HASH_SIZE + 1)
int sc_access_log_head(const char *path, uint64_t *ret_sequence, char ret_hash[SC_ACCESS_HASH_TEXT],
                       struct sc_error *err) SC_NODISCARD;

/* Calls fn for each line in order. TAMPERED where the chain breaks. NOTFOUND without a file. */
int sc_access_log_read(const char *path, sc_access_fn fn, void *ctx,
                       struct sc_error *err) SC_NODISCARD;

#endif
