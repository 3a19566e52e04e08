/* SPDX-License-Identifier: Apache-2.0
 *
 * Node ids; see fuse/shared/node.h.
 */
#include "fuse/shared/node.h"

#include <string.h>

#include "core/hash.h"
#include "core/name.h"

#include "core/banned.h"

#define FIRST_FREE 16

uint64_t sc_node_id(enum sc_node_kind kind, const char *name, size_t len)
{
    char text[1 + SC_NAME_SIZE];
    if (len == 0)
        return SC_NODE_ROOT;
    if (len > SC_NAME_SIZE)
        len = SC_NAME_SIZE; /* no valid name is this long */
    text[0] = (char)kind;
    memcpy(text + 1, name, len);
    unsigned char hash[SC_HASH_SIZE];
    sc_hash_blake2b(hash, text, len + 1, NULL, 0);
    uint64_t id = 0;
    memcpy(&id, hash, sizeof(id));
    id &= (UINT64_C(1) << 62) - 1;
    return id < FIRST_FREE ? id + FIRST_FREE : id;
}
