/* SPDX-License-Identifier: Apache-2.0
 *
 * The store kept equal to the source: what is new, what changed, what is gone, and the values that
 * workers ask for.
 *
 * A value is read from the source when a reader first asks for it; once asked for, its successors
 * are put into the store before they are announced, so that nobody waits for them. A superseded
 * version is wiped when no handle has been open on it for a while; asked for again, it comes from
 * the source's history. Threads: the agent's.
 */
#ifndef SC_FUSE_AGENT_FEED_H
#define SC_FUSE_AGENT_FEED_H

#include <stdbool.h>

#include "core/source.h"
#include "core/str.h"
#include "fuse/serve/idmap.h"
#include "fuse/shared/journal.h"
#include "fuse/shared/store.h"

/* Containers remembered: of more, those that were heard of first are asked about again. */
#define SC_FEED_CONTAINERS_MAX ((size_t)4096)

/* What the store says of an entry. */
struct sc_feed_entry {
    struct sc_source_entry about; /* its last state */
    uint64_t id;
    bool live;
    bool wanted; /* its value was asked for */
    unsigned round;
};

/* A value in the store. */
struct sc_feed_value {
    uint64_t id, version;
    struct sc_store_value *place;
    int64_t idle_since; /* superseded and without handles since then; 0 = in use */
};

struct sc_feed {
    struct sc_source *source;
    struct sc_journal *journal;
    struct sc_store store;
    struct sc_feed_entry *entries;
    size_t count, cap;
    struct sc_idmap by_id;
    struct sc_feed_value *values;
    size_t value_count, value_cap;
    struct sc_store_container *containers;
    size_t container_count, container_cap;
    struct sc_bytes policy; /* encoded; owned by the agent */
    unsigned policy_rules;
    const struct sc_store_policy *told; /* the last one in a store that was learnt; NULL: none */
    unsigned round;
    struct sc_source_mark mark; /* the source's state that the store tells */
    bool full;                  /* the store must be made anew */
    bool cramped;               /* that was tried, and there is no more memory */
    struct sc_strv rotated;     /* names whose value has changed; the agent empties it */
};

int sc_feed_init(struct sc_feed *feed, struct sc_source *source, struct sc_journal *journal,
                 int store_fd, struct sc_error *err) SC_NODISCARD;
/* Learns what a store says already: after the agent has attached to a mount that serves. */
int sc_feed_learn(struct sc_feed *feed, struct sc_error *err) SC_NODISCARD;
void sc_feed_done(struct sc_feed *feed);

/* Compares what may have changed in the source since the last time. LOCKED closes the gate (every
 * open gets ENOKEY) and wipes all values; *ret_changed tells whether readers may notice something.
 * TOOBIG: see sc_feed_move. */
int sc_feed_sync(struct sc_feed *feed, bool *ret_changed, struct sc_error *err) SC_NODISCARD;

/* The value of a version, for those who wait; a failure is told to them too. TOOBIG: see
 * sc_feed_move; told as a failure when the feed is cramped. */
int sc_feed_value(struct sc_feed *feed, uint64_t id, uint64_t version,
                  struct sc_error *err) SC_NODISCARD;
int sc_feed_container(struct sc_feed *feed, const struct sc_store_container *facts,
                      struct sc_error *err) SC_NODISCARD;
const struct sc_store_container *sc_feed_find_container(const struct sc_feed *feed,
                                                        const unsigned char *id);

/* Puts the values of up to `limit` entries into the store, before anyone asks. */
int sc_feed_preload(struct sc_feed *feed, size_t limit, struct sc_error *err) SC_NODISCARD;

/* Wipes versions that nobody needs. */
void sc_feed_sweep(struct sc_feed *feed);

/* Bytes a compact store would need now; and writing all that is needed into a new store, which
 * becomes the feed's. A `tight` one is without the values that nobody has open: they are asked for
 * again. On failure nothing has changed. */
size_t sc_feed_needed(const struct sc_feed *feed, bool tight);
int sc_feed_move(struct sc_feed *feed, int store_fd, bool tight, struct sc_error *err) SC_NODISCARD;

/* The policy, for workers that know another one or none; TOOBIG: see sc_feed_move. */
int sc_feed_policy(struct sc_feed *feed, struct sc_error *err) SC_NODISCARD;

/* The full name of a node, NULL if never heard of. */
const char *sc_feed_name(const struct sc_feed *feed, uint64_t id);

#endif
