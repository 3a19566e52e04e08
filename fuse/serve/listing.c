/* SPDX-License-Identifier: Apache-2.0
 *
 * READDIR; see fuse/serve/serve.h.
 *
 * The offset of an entry is its node id, and entries come in the order of their ids: a listing that
 * is continued later, by another worker, after entries came and went, neither repeats nor skips one
 * that was there all the time.
 */
#include <string.h>

#include "core/name.h"
#include "fuse/serve/serve.h"

#include "core/banned.h"

#define OFFSET_SELF   1
#define OFFSET_PARENT 2

struct listing {
    const struct sc_turn *turn;
    const struct sc_fuse_reader *reader; /* NULL: everybody sees everything */
    const struct sc_store_container *container;
    size_t room, used;
};

/* A reader whom policy refuses an entry is not told of it. Where that depends on a container the
 * engine was not asked about, the name shows: listings never wait, and the open decides. */
static bool visible(const struct listing *listing, const struct sc_view_node *node)
{
    if (listing->reader == NULL || node->directory)
        return true;
    uint32_t rule = 0;
    const struct sc_question question = {
        .name = node->name,
        .reader = listing->reader,
        .container = listing->container,
        .minute = sc_policy_minute(),
    };
    return sc_policy_decide(&listing->turn->serve->view.policy, &question, &rule) !=
           SC_VERDICT_REFUSE;
}

static bool add(struct listing *listing, const char *name, uint64_t offset,
                const struct sc_wire_attr *attr)
{
    size_t used = sc_wire_add_dirent(listing->turn->reply + listing->used,
                                     listing->room - listing->used, name, offset, attr);
    listing->used += used;
    return used > 0;
}

static bool add_node(const struct sc_view_node *node, void *ctx)
{
    struct listing *listing = ctx;
    if (!visible(listing, node))
        return true;
    char leaf[SC_NAME_PART_MAX + 1];
    size_t len = SC_MIN((size_t)(node->name_len - node->leaf), sizeof(leaf) - 1);
    memcpy(leaf, node->name + node->leaf, len);
    leaf[len] = '\0';
    struct sc_wire_attr attr;
    sc_serve_attributes(node, &attr);
    return add(listing, leaf, node->id, &attr);
}

static bool add_dots(struct listing *listing, const struct sc_view_node *node, uint64_t after)
{
    struct sc_wire_attr attr;
    sc_serve_attributes(node, &attr);
    if (after < OFFSET_SELF && !add(listing, ".", OFFSET_SELF, &attr))
        return false;
    attr.ino = node->parent;
    return after >= OFFSET_PARENT || add(listing, "..", OFFSET_PARENT, &attr);
}

void sc_serve_listing(struct sc_turn *turn)
{
    struct sc_serve *serve = turn->serve;
    const struct sc_wire_request *request = &turn->request;
    if (serve->view.sorted_stale) {
        /* Held for reading: give it back, sort alone, and take it again. */
        pthread_rwlock_unlock(&serve->lock);
        pthread_rwlock_wrlock(&serve->lock);
        SC_IGNORE(sc_view_sort(&serve->view, NULL)); /* out of memory: the old order serves */
        pthread_rwlock_unlock(&serve->lock);
        pthread_rwlock_rdlock(&serve->lock);
    }
    const struct sc_view_node *node = sc_view_node(&serve->view, request->node);
    struct sc_fuse_reader reader;
    uint64_t at = 0;
    struct listing listing = {.turn = turn,
                              .room = SC_MIN((size_t)request->size, SC_WIRE_REPLY_MAX)};
    if (serve->view.policy.count > 0 && serve->journal->identity) {
        sc_identities_find(serve->readers, request->tid, request->uid, request->gid, &reader);
        listing.reader = &reader;
        if (reader.in_container)
            listing.container = sc_view_container(&serve->view, reader.container, &at);
        if (listing.container != NULL && listing.container->known == 0)
            listing.container = NULL;
    }
    if (node != NULL && node->live && add_dots(&listing, node, request->offset))
        sc_view_children(&serve->view, node->id, request->offset, add_node, &listing);
    SC_IGNORE(sc_wire_reply_data(serve->fuse_fd, request->unique, turn->reply, listing.used));
}
