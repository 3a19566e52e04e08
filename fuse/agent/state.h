/* SPDX-License-Identifier: Apache-2.0
 *
 * The agent's insides, shared by agent.c and duties.c.
 */
#ifndef SC_FUSE_AGENT_STATE_H
#define SC_FUSE_AGENT_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/str.h"
#include "fuse/agent/accesslog.h"
#include "fuse/agent/agent.h"
#include "fuse/agent/feed.h"
#include "fuse/agent/watch.h"
#include "fuse/hold/process.h"
#include "fuse/shared/journal.h"
#include "fuse/shared/node.h"

/* Requests remembered so that a replayed one is logged once. */
#define SC_AGENT_FOLD 8192

struct sc_agent {
    struct sc_source *source;
    struct sc_journal *journal;
    struct sc_feed feed;
    struct sc_watch watch;
    struct sc_access_log log;
    struct sc_buf policy;
    struct sc_bytes policy_view;
    unsigned policy_rules;
    char *engine;
    bool store_secret;
    int fuse_fd; /* only between a resume and its keeper's start */
    int journal_fd, store_fd, bell_fd, keeper_fd;
    int64_t looked;      /* when the source was last compared */
    bool retry;          /* that failed: look again soon */
    bool untold;         /* the keeper may not have workers on this store */
    int64_t told;        /* when it was last given it */
    int64_t swept;       /* when values that nobody needs were last looked for */
    int64_t flushed;     /* when the log was last brought to disk */
    int64_t hole_since;  /* for sc_ring_take */
    int64_t engine_down; /* until then the engine is not asked */
    int64_t cramped;     /* until then no more memory is asked for */
    uint64_t fold[SC_AGENT_FOLD];
};

#define SC_AGENT_EMPTY                                                                             \
    {                                                                                              \
        .watch = SC_WATCH_NONE, .log = SC_ACCESS_LOG_CLOSED,                                       \
        .policy = SC_BUF_INIT(SC_POLICY_BYTES_MAX), .fuse_fd = -1, .journal_fd = -1,               \
        .store_fd = -1, .bell_fd = -1, .keeper_fd = -1                                             \
    }

/* New memory for what is to be served, larger, or else without what nobody has open; the keeper
 * does not know of it yet. On failure nothing has changed. */
int sc_agent_make_room(struct sc_agent *agent, struct sc_error *err) SC_NODISCARD;
/* Has the keeper start a worker on the store; `untold` says whether that is to be tried again:
 * until then those who serve go on with what they know. */
void sc_agent_hand_over(struct sc_agent *agent);
/* Answers what requests wait for. */
int sc_agent_answer(struct sc_agent *agent, struct sc_error *err) SC_NODISCARD;
/* Moves the ring to the log. */
int sc_agent_drain(struct sc_agent *agent, struct sc_error *err) SC_NODISCARD;

#endif
