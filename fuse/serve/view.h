/* SPDX-License-Identifier: Apache-2.0
 *
 * A worker's index over the store: nodes, current versions, values, containers, policy.
 *
 * Built when a worker starts and carried on as the store grows. It points into the store's mapping
 * and copies neither names nor values.
 *
 * Threads: sc_view_update() needs the view for itself; everything else may run side by side.
 */
#ifndef SC_FUSE_SERVE_VIEW_H
#define SC_FUSE_SERVE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "fuse/serve/idmap.h"
#include "fuse/serve/policy.h"
#include "fuse/shared/store.h"

struct sc_view_node {
    uint64_t id, parent;
    const char *name;  /* full name; of a directory: the name of an entry below it */
    uint32_t name_len; /* bytes of it that are this node's */
    uint32_t leaf;     /* where the last part starts */
    bool directory;
    uint32_t children; /* directory: live nodes right below */
    bool live;
    uint64_t version, size;
    int64_t mtime;
    uint32_t uid, gid, mode;
    /* The newest answer "cannot get it", and where in the store it stands. */
    uint64_t failed_version, failed_at;
    int32_t failed_errno;
};

struct sc_view {
    const struct sc_store *store;
    uint64_t seen; /* bytes of the store read so far */
    struct sc_view_node *nodes;
    size_t count, cap;
    struct sc_idmap by_id;      /* node id -> index in nodes */
    struct sc_idmap values;     /* mixed (id, version) -> offset of the record */
    struct sc_idmap containers; /* first 8 bytes of the id -> offset of the record */
    struct sc_policy policy;
    uint32_t *sorted; /* indices of live nodes by (parent, id), for listings */
    size_t sorted_count;
    bool sorted_stale;
    uint64_t live_files;
};

int sc_view_init(struct sc_view *view, const struct sc_store *store,
                 struct sc_error *err) SC_NODISCARD;
/* Reads what the store has gained. On NOMEM the rest is read next time. */
int sc_view_update(struct sc_view *view, struct sc_error *err) SC_NODISCARD;
bool sc_view_current(const struct sc_view *view);
void sc_view_done(struct sc_view *view);

/* Live or not; NULL if nothing of that id was ever heard of. */
struct sc_view_node *sc_view_node(const struct sc_view *view, uint64_t id);
struct sc_view_node *sc_view_child(const struct sc_view *view, const struct sc_view_node *parent,
                                   const char *leaf);

/* The bytes of a version, or NULL if the store does not hold them (any more). */
const struct sc_store_value *sc_view_value(const struct sc_view *view, uint64_t id,
                                           uint64_t version);
/* What is known of a container; *ret_at is where in the store that stands. */
const struct sc_store_container *sc_view_container(const struct sc_view *view,
                                                   const unsigned char *id, uint64_t *ret_at);

/* Live children of a directory whose id is above `after`, in order of id; calls fn until it returns
 * false. Needs sc_view_sort() after an update. */
void sc_view_children(const struct sc_view *view, uint64_t parent, uint64_t after,
                      bool (*fn)(const struct sc_view_node *node, void *ctx), void *ctx);
int sc_view_sort(struct sc_view *view, struct sc_error *err) SC_NODISCARD;

#endif
