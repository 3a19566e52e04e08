/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths of the hash tree; see vault/state/path.h.
 */
#include "vault/state/path.h"

#include <stdlib.h>
#include <string.h>

#include "core/banned.h"

/* Room for all nodes of the first three levels, and for some of those below. */
#define UPPER_LEVELS 3
#define UPPER_COUNT  (1 + 16 + 256)
#define LOWER_COUNT  239

/* A node that was verified, by place and hash. */
struct sc_known_node {
    int64_t scope_id; /* 0: none */
    struct sc_node_place place;
    unsigned char hash[SC_KEY_SIZE];
    unsigned char kids[SC_NODE_SIZE];
};

static struct sc_known_node *room_for(struct sc_vault *vault, struct sc_node_place place)
{
    if (vault->known == NULL) /* without memory nothing is kept */
        vault->known = calloc(UPPER_COUNT + LOWER_COUNT, sizeof(*vault->known));
    if (vault->known == NULL)
        return NULL;
    static const size_t begins[UPPER_LEVELS] = {0, 1, 1 + 16};
    return &vault->known[place.level < UPPER_LEVELS ? begins[place.level] + place.prefix % 256
                                                    : UPPER_COUNT + place.prefix % LOWER_COUNT];
}

static void keep(struct sc_vault *vault, const struct sc_scope *scope, struct sc_node_place place,
                 const unsigned char hash[SC_KEY_SIZE], const unsigned char kids[SC_NODE_SIZE])
{
    struct sc_known_node *known = room_for(vault, place);
    if (known == NULL)
        return;
    known->scope_id = scope->id;
    known->place = place;
    memcpy(known->hash, hash, SC_KEY_SIZE);
    memcpy(known->kids, kids, SC_NODE_SIZE);
}

static bool is_known(struct sc_vault *vault, const struct sc_scope *scope,
                     struct sc_node_place place, const unsigned char hash[SC_KEY_SIZE],
                     unsigned char kids[SC_NODE_SIZE])
{
    const struct sc_known_node *known = room_for(vault, place);
    if (known == NULL || known->scope_id != scope->id || known->place.level != place.level ||
        known->place.prefix != place.prefix || memcmp(known->hash, hash, SC_KEY_SIZE) != 0)
        return false;
    memcpy(kids, known->kids, SC_NODE_SIZE);
    return true;
}

int sc_path_fail(const struct sc_scope *scope, struct sc_error *err)
{
    if (scope->name[0] == '\0')
        return sc_fail(err, SC_E_TAMPERED, "the rows of a scope are not the signed ones");
    return sc_fail(err, SC_E_TAMPERED, "the rows of scope '%s' are not the signed ones",
                   scope->name);
}

static int read_node(struct sc_vault *vault, const struct sc_scope *scope,
                     struct sc_node_place place, const unsigned char demanded[SC_KEY_SIZE],
                     unsigned char kids[SC_NODE_SIZE], struct sc_error *err)
{
    unsigned char hash[SC_KEY_SIZE];
    if (is_known(vault, scope, place, demanded, kids))
        return 0;
    int rc = sc_node_read(vault, scope, place, kids, err);
    if (rc < 0)
        return rc;
    sc_node_hash(hash, kids);
    if (memcmp(hash, demanded, SC_KEY_SIZE) != 0)
        return sc_path_fail(scope, err);
    keep(vault, scope, place, hash, kids);
    return 0;
}

static struct sc_node_place place_at(const struct sc_scope *scope, uint64_t prefix, uint32_t level)
{
    return (struct sc_node_place){level, prefix >> (4 * (scope->depth - level))};
}

/* Where the hash of the next one stands in the node of this level. */
static unsigned char *child_at(struct sc_path *path, const struct sc_scope *scope, uint64_t prefix,
                               uint32_t level)
{
    size_t child = (size_t)(prefix >> (4 * (scope->depth - level - 1))) & 15;
    return path->kids[level] + child * SC_KEY_SIZE;
}

int sc_path_read(struct sc_vault *vault, const struct sc_scope *scope, uint64_t prefix,
                 struct sc_path *ret, struct sc_error *err)
{
    const unsigned char *demanded = scope->root;
    for (uint32_t level = 0; level < scope->depth; level++) {
        int rc = read_node(vault, scope, place_at(scope, prefix, level), demanded, ret->kids[level],
                           err);
        if (rc < 0)
            return rc;
        demanded = child_at(ret, scope, prefix, level);
    }
    memcpy(ret->bucket, demanded, SC_KEY_SIZE);
    return 0;
}

int sc_path_write(struct sc_vault *vault, struct sc_scope *scope, uint64_t prefix,
                  const unsigned char bucket[SC_KEY_SIZE], struct sc_path *path,
                  struct sc_error *err)
{
    unsigned char hash[SC_KEY_SIZE];
    memcpy(hash, bucket, SC_KEY_SIZE);
    for (uint32_t level = scope->depth; level-- > 0;) {
        struct sc_node_place place = place_at(scope, prefix, level);
        memcpy(child_at(path, scope, prefix, level), hash, SC_KEY_SIZE);
        int rc = sc_node_write(vault, scope, place, path->kids[level], err);
        if (rc < 0)
            return rc;
        sc_node_hash(hash, path->kids[level]);
        keep(vault, scope, place, hash, path->kids[level]);
    }
    memcpy(scope->root, hash, SC_KEY_SIZE);
    return 0;
}
