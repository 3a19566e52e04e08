/* SPDX-License-Identifier: Apache-2.0
 *
 * The agent: everything slow. It reads the source, tells the workers what there is, answers what
 * they ask (a value, facts on a container) and writes the read log.
 *
 * It may die: reads go on from what the workers know, and the next agent attaches to the same
 * memory.
 *
 * Ownership: the source outlives the agent. Threads: one.
 */
#ifndef SC_FUSE_AGENT_AGENT_H
#define SC_FUSE_AGENT_AGENT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "core/source.h"
#include "fuse/agent/accesslog.h"
#include "fuse/serve/policy.h"

struct sc_fuse_agent_options {
    const char *directory; /* the mount point, absolute, without links */
    bool allow_other;
    bool log_deny;          /* refuse opens that cannot be logged */
    bool no_resend;         /* for tests of kernels that cannot */
    unsigned threads;       /* of a worker; 0 = 4 */
    size_t store_size;      /* 0 = SC_STORE_DEFAULT */
    bool require_lock;      /* FAILED if the store cannot be kept out of swap */
    const char *watch;      /* a file whose change means that the source has changed; or NULL */
    const char *access_log; /* where reads are written; NULL = nowhere */
    const char *engine;     /* socket of the container engine; NULL = none */
    struct sc_bytes policy; /* encoded rules; borrowed until the agent has started */
    unsigned policy_rules;
};

struct sc_agent;

/* Makes the shared memory, reads the source, starts the keeper and returns when the mount serves.
 * When a keeper without an agent holds that mount already, attaches to it instead. */
int sc_agent_start(const struct sc_fuse_agent_options *options, struct sc_source *source,
                   struct sc_agent **ret, struct sc_error *err) SC_NODISCARD;

/* Works until the mount has ended (0), `stop_fd` becomes readable (0; -1 = never) or the mount is
 * lost (IO). */
int sc_agent_run(struct sc_agent *agent, int stop_fd, struct sc_error *err) SC_NODISCARD;

/* Looks at the source now. */
int sc_agent_sync(struct sc_agent *agent, struct sc_error *err) SC_NODISCARD;

/* Leaves the mount alone and forgets it. */
void sc_agent_free(struct sc_agent *agent);

/* ---- for commands: no agent needed ---- */

/* Asks the keeper of a mount to unmount, or to go on with another program file. */
int sc_mount_end(const char *directory, bool force, struct sc_error *err) SC_NODISCARD;
int sc_mount_upgrade(const char *directory, const char *program, struct sc_error *err) SC_NODISCARD;

/* What a mount's processes say of themselves. */
struct sc_mount_status {
    int keeper, worker, agent; /* process ids, 0 = none */
    uint64_t generation;       /* of workers */
    uint64_t requests, replayed, restarts, lost;
};
int sc_mount_status(const char *directory, struct sc_mount_status *ret,
                    struct sc_error *err) SC_NODISCARD;

/* Waits until what was opened up to now stands in the read log, two seconds at most: who asks right
 * after a read has it in the answer. */
int sc_mount_await_log(const char *directory, struct sc_error *err) SC_NODISCARD;

/* How many handles are open on a version of an entry; NOTFOUND without a mount. */
int sc_mount_handles(const char *directory, const char *name, uint64_t version, int64_t *ret_count,
                     struct sc_error *err) SC_NODISCARD;

#endif
