/* SPDX-License-Identifier: Apache-2.0
 *
 * Objects of a git pack: what stands before them, their content, and the deltas to others as
 * which most are kept.
 *
 * Format: gitformat-pack(5), version 2 and 3. Objects are counted by reference; their bytes are
 * wiped with the last one. Threads: one object, one thread.
 */
#ifndef SC_AUDIT_IMAGE_GIT_OBJECT_H
#define SC_AUDIT_IMAGE_GIT_OBJECT_H

#include <stdint.h>

#include "core/error.h"
#include "core/secret.h"

/* Of an object that is held in memory whole: deltas, and what they are deltas to. */
#define SC_GIT_OBJECT_MAX ((size_t)64 * 1024 * 1024)
/* Bytes of an object's name: SHA-1, or SHA-256 (a pack does not say which). */
#define SC_GIT_NAME_SIZE     20
#define SC_GIT_NAME_MAX_SIZE 32
/* A size in its longest form, and a name. */
#define SC_GIT_HEADER_MAX ((size_t)10 + SC_GIT_NAME_MAX_SIZE)

enum sc_git_type {
    SC_GIT_COMMIT = 1,
    SC_GIT_TREE = 2,
    SC_GIT_BLOB = 3,
    SC_GIT_TAG = 4,
    SC_GIT_OFS_DELTA = 6, /* a delta to an object before it in the pack */
    SC_GIT_REF_DELTA = 7  /* a delta to an object of that name */
};

struct sc_git_header {
    enum sc_git_type type;
    uint64_t size; /* of the content, or of the delta */
    uint64_t back; /* of SC_GIT_OFS_DELTA: bytes to where the other one begins */
    uint64_t name; /* of SC_GIT_REF_DELTA: how the other one's begins */
    size_t len;    /* of the header itself */
};

/* Reads the header at the start of the bytes. Returns 1 with *ret, 0 if there must be more bytes,
 * -1 for what is none. *name_size is 0 until the first name of a pack: what follows it tells. */
int sc_git_header_read(struct sc_bytes bytes, size_t *name_size, struct sc_git_header *ret);

/* As much of a name as is kept of it. */
uint64_t sc_git_name_start(const unsigned char *name);

/* "blob", "tree", "commit" or "tag"; NULL for a delta. */
const char *sc_git_type_name(enum sc_git_type type);

struct sc_git_object {
    unsigned refs;
    enum sc_git_type type;
    size_t len;
    unsigned char bytes[];
};

/* One of `len` bytes, to be written; TOOBIG over SC_GIT_OBJECT_MAX. */
struct sc_git_object *sc_git_object_new(enum sc_git_type type, uint64_t len, struct sc_error *err);
struct sc_git_object *sc_git_object_ref(struct sc_git_object *object);
void sc_git_object_unref(struct sc_git_object *object);
void sc_git_object_unrefp(struct sc_git_object **object);

/* What the base becomes by the delta; a new one. SYNTAX for a damaged delta or one to
 * another object. */
struct sc_git_object *sc_git_object_apply(const struct sc_git_object *base, struct sc_bytes delta,
                                          struct sc_error *err);

#endif
