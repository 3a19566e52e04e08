/* SPDX-License-Identifier: Apache-2.0
 *
 * Node ids: a function of kind and full name alone, so that any server process, now or after an
 * upgrade, gives a file the id it always had. A container's bind mount pins an id for the life of
 * the container; by name it follows rotation, removal and re-adding.
 *
 * Threads: any.
 */
#ifndef SC_FUSE_SHARED_NODE_H
#define SC_FUSE_SHARED_NODE_H

#include <stddef.h>
#include <stdint.h>

/* The id FUSE fixes for the root. */
#define SC_NODE_ROOT ((uint64_t)1)

enum sc_node_kind { SC_NODE_DIR = 'd', SC_NODE_FILE = 'f' };

/* 62 bits of BLAKE2b; never below 16, so that small numbers stay free for the root and for "." and
 * ".." in directory offsets. */
uint64_t sc_node_id(enum sc_node_kind kind, const char *name, size_t len);

#endif
