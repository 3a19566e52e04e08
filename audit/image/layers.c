/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths of layers; see audit/image/layers.h and the OCI image specification, layer.md, "Whiteouts".
 */
#include "audit/image/layers.h"

#include <stdlib.h>
#include <string.h>

#include "core/banned.h"

#define WHITEOUT ".wh."
#define OPAQUE   ".wh..wh..opq"

/* Where the text of a path begins, and its length without slashes at the end. */
static const char *normalise(const char *path, size_t *ret_len)
{
    for (;;) {
        if (path[0] == '/')
            path++;
        else if (path[0] == '.' && path[1] == '/')
            path += 2;
        else
            break;
    }
    size_t len = strlen(path);
    while (len > 0 && path[len - 1] == '/')
        len--;
    *ret_len = len;
    return path;
}

/* FNV-1a. */
static uint64_t hash_bytes(uint64_t hash, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3ULL;
    return hash;
}

static uint64_t hash_path(const char *text, size_t len)
{
    return hash_bytes(0xcbf29ce484222325ULL, text, len);
}

static int add(struct sc_path_set *set, uint64_t hash, struct sc_error *err)
{
    if (set->count == set->cap) {
        size_t wanted = set->cap == 0 ? 256 : set->cap * 2;
        uint64_t *grown = reallocarray(set->hashes, wanted, sizeof(*grown));
        if (grown == NULL)
            return sc_fail_nomem(err);
        set->hashes = grown;
        set->cap = wanted;
    }
    set->hashes[set->count++] = hash;
    set->sorted = false;
    return 0;
}

int sc_layer_paths_add(struct sc_layer_paths *paths, const char *path, bool directory,
                       struct sc_error *err)
{
    if (paths->written.count + paths->removed.count >= SC_LAYER_PATHS_MAX) {
        paths->overflow = true;
        return 0;
    }
    size_t len = 0;
    const char *text = normalise(path, &len);
    const char *slash = memrchr(text, '/', len);
    size_t dir = slash == NULL ? 0 : (size_t)(slash - text);
    const char *leaf = slash == NULL ? text : slash + 1;
    size_t leaf_len = len - (size_t)(leaf - text);
    if (leaf_len == strlen(OPAQUE) && memcmp(leaf, OPAQUE, leaf_len) == 0)
        return add(&paths->opaque, hash_path(text, dir), err);
    if (leaf_len > strlen(WHITEOUT) && memcmp(leaf, WHITEOUT, strlen(WHITEOUT)) == 0) {
        uint64_t hash = hash_path(text, (size_t)(leaf - text));
        hash = hash_bytes(hash, leaf + strlen(WHITEOUT), leaf_len - strlen(WHITEOUT));
        return add(&paths->removed, hash, err);
    }
    /* A directory that is listed again leaves what is in it alone. */
    return directory ? 0 : add(&paths->written, hash_path(text, len), err);
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool contains(struct sc_path_set *set, uint64_t hash)
{
    if (set->count == 0)
        return false;
    if (!set->sorted)
        qsort(set->hashes, set->count, sizeof(*set->hashes), compare);
    set->sorted = true;
    return bsearch(&hash, set->hashes, set->count, sizeof(hash), compare) != NULL;
}

enum sc_fate sc_layer_paths_fate(struct sc_layer_paths *paths, const char *path)
{
    size_t len = 0;
    const char *text = normalise(path, &len);
    if (contains(&paths->removed, hash_path(text, len)))
        return SC_FATE_DELETED;
    if (contains(&paths->written, hash_path(text, len)))
        return SC_FATE_OVERWRITTEN;
    /* The same for each directory above it: removed, hidden, or turned into a file. */
    for (size_t n = len; n > 0;) {
        const char *slash = memrchr(text, '/', n);
        n = slash == NULL ? 0 : (size_t)(slash - text);
        uint64_t hash = hash_path(text, n);
        if (contains(&paths->opaque, hash) ||
            (n > 0 && (contains(&paths->removed, hash) || contains(&paths->written, hash))))
            return SC_FATE_DELETED;
    }
    return paths->overflow ? SC_FATE_UNKNOWN : SC_FATE_UNTOUCHED;
}

void sc_layer_paths_done(struct sc_layer_paths *paths)
{
    free(paths->written.hashes);
    free(paths->removed.hashes);
    free(paths->opaque.hashes);
    *paths = (struct sc_layer_paths){0};
}
