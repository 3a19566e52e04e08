/* SPDX-License-Identifier: Apache-2.0
 *
 * Which paths each layer writes and removes: enough to say what became of a file of a lower layer.
 *
 * A layer's whiteouts hide files of lower layers, but the lower layer still ships: so this only
 * annotates findings, and nothing is left out because of it. Paths are kept as hashes; a collision
 * could at worst give a wrong annotation. Threads: one at a time.
 */
#ifndef SC_AUDIT_IMAGE_LAYERS_H
#define SC_AUDIT_IMAGE_LAYERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* Paths of one layer that are kept; with more, fates are unknown. */
#define SC_LAYER_PATHS_MAX ((size_t)4 * 1024 * 1024)

struct sc_path_set {
    uint64_t *hashes;
    size_t count, cap;
    bool sorted;
};

struct sc_layer_paths {
    struct sc_path_set written; /* files, links, directories that are no mere parents */
    struct sc_path_set removed; /* .wh.NAME */
    struct sc_path_set opaque;  /* directories whose lower content is hidden */
    bool overflow;
};

/* Enters an entry of the layer's tar. `directory`: it overwrites nothing but itself. */
int sc_layer_paths_add(struct sc_layer_paths *paths, const char *path, bool directory,
                       struct sc_error *err) SC_NODISCARD;

enum sc_fate { SC_FATE_UNTOUCHED, SC_FATE_OVERWRITTEN, SC_FATE_DELETED, SC_FATE_UNKNOWN };

/* What this (higher) layer does to a path of a lower one. */
enum sc_fate sc_layer_paths_fate(struct sc_layer_paths *paths, const char *path);

void sc_layer_paths_done(struct sc_layer_paths *paths);

#endif
