/* SPDX-License-Identifier: Apache-2.0
 *
 * The store: what the agent tells the workers, in memory they share and no one else sees.
 *
 * An append-only sequence of records in a memfd_secret(2) (a locked memfd where the kernel has
 * none): entries, values, containers, policy. The agent is the one writer; a record counts once
 * `committed` has passed it, so an agent that dies while writing leaves nothing half said. Workers
 * build an index (fuse/serve/view.h) and read on from where they stopped. The keeper holds the
 * descriptor and never maps it: a new worker, or a new agent, goes on where the last one was,
 * asking nobody.
 *
 * A value that nobody needs any more is marked dead and wiped in place; a reader copies first and
 * looks at the mark afterwards. When the store is full the agent writes a compact one and the
 * keeper starts workers on it.
 *
 * Ownership: struct sc_store owns its mapping, not the descriptor. Threads: one writer; any
 * readers.
 */
#ifndef SC_FUSE_SHARED_STORE_H
#define SC_FUSE_SHARED_STORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/secret.h"
#include "core/source.h"

/* Default size in bytes; memory is taken as it is used. */
#define SC_STORE_DEFAULT ((size_t)64 * 1024 * 1024)
#define SC_STORE_MIN     ((size_t)2 * 1024 * 1024)
#define SC_STORE_MAX     ((size_t)3 * 1024 * 1024 * 1024)
/* Values leave so large a part of it to the other records, so that it can be told that one does not
 * fit. */
#define SC_STORE_KEPT ((size_t)16)

#define SC_CONTAINER_ID_SIZE 32
/* Bytes of the four texts known of a container, each cut to this with its NUL. */
#define SC_CONTAINER_TEXT_MAX 256

enum sc_store_type {
    SC_STORE_ENTRY = 1,
    SC_STORE_GONE,
    SC_STORE_VALUE,
    SC_STORE_FAILURE,
    SC_STORE_CONTAINER,
    SC_STORE_POLICY
};

struct sc_store_record {
    uint32_t type;
    uint32_t size; /* of the whole record, a multiple of 8 */
};

struct sc_store_entry {
    struct sc_store_record record;
    uint64_t id, version, size;
    int64_t mtime;
    uint32_t uid, gid, mode;
    uint32_t name_len;
    char name[]; /* with a NUL */
};

struct sc_store_gone {
    struct sc_store_record record;
    uint64_t id;
};

struct sc_store_value {
    struct sc_store_record record;
    uint64_t id, version;
    _Atomic uint32_t dead;
    uint32_t len;
    unsigned char bytes[];
};

/* The agent could not get what was asked for; answers only requests that wait already. */
struct sc_store_failure {
    struct sc_store_record record;
    uint64_t id, version;
    int32_t error_number;
    uint32_t unused;
};

struct sc_store_container {
    struct sc_store_record record;
    unsigned char id[SC_CONTAINER_ID_SIZE];
    uint32_t known; /* 0: the engine could not tell; answers only requests that wait already */
    uint32_t unused;
    char project[SC_CONTAINER_TEXT_MAX], service[SC_CONTAINER_TEXT_MAX];
    char image[SC_CONTAINER_TEXT_MAX], name[SC_CONTAINER_TEXT_MAX];
};

struct sc_store_policy {
    struct sc_store_record record;
    uint32_t rules;
    uint32_t len;
    unsigned char bytes[]; /* see fuse/serve/policy.h */
};

struct sc_store {
    unsigned char *base; /* NULL while not mapped */
    size_t capacity;
};

/* A new, empty store; *ret_secret tells whether it is a memfd_secret. */
int sc_store_create(size_t capacity, int *ret_fd, bool *ret_secret,
                    struct sc_error *err) SC_NODISCARD;

/* Maps a store; FORMAT if the descriptor is something else. */
int sc_store_map(int fd, bool writable, struct sc_store *ret, struct sc_error *err) SC_NODISCARD;
void sc_store_done(struct sc_store *store);

/* Appending: TOOBIG when the store is full. */
int sc_store_put_entry(struct sc_store *store, const struct sc_source_entry *entry,
                       struct sc_error *err) SC_NODISCARD;
int sc_store_put_gone(struct sc_store *store, uint64_t id, struct sc_error *err) SC_NODISCARD;
int sc_store_put_value(struct sc_store *store, uint64_t id, uint64_t version, struct sc_bytes value,
                       struct sc_error *err) SC_NODISCARD;
int sc_store_put_failure(struct sc_store *store, uint64_t id, uint64_t version, int error_number,
                         struct sc_error *err) SC_NODISCARD;
int sc_store_put_container(struct sc_store *store, const struct sc_store_container *facts,
                           struct sc_error *err) SC_NODISCARD;
int sc_store_put_policy(struct sc_store *store, uint32_t rules, struct sc_bytes encoded,
                        struct sc_error *err) SC_NODISCARD;

/* Marks a value dead and wipes it. */
void sc_store_wipe_value(struct sc_store_value *value);

/* Bytes in use, and where the first record stands. */
uint64_t sc_store_committed(const struct sc_store *store);
uint64_t sc_store_first(void);

/* The record at *offset, which moves on behind it; NULL at the end (or at a record that lies). */
struct sc_store_record *sc_store_next(const struct sc_store *store, uint64_t *offset);

#endif
