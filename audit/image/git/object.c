/* SPDX-License-Identifier: Apache-2.0
 *
 * Objects of a git pack; see audit/image/git/object.h.
 */
#include "audit/image/git/object.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "audit/image/git/zlib.h"

#include "core/banned.h"

/* No size is as long as this. */
#define SHIFT_MAX 56
/* What a length of zero means in a delta. */
#define COPY_DEFAULT 0x10000

const char *sc_git_type_name(enum sc_git_type type)
{
    static const char *const names[] = {NULL, "commit", "tree", "blob", "tag"};
    return (size_t)type < SC_ARRAY_SIZE(names) ? names[type] : NULL;
}

uint64_t sc_git_name_start(const unsigned char *name)
{
    uint64_t start = 0;
    for (size_t i = 0; i < sizeof(start); i++)
        start = start << 8 | name[i];
    return start;
}

/* Behind a name stands the zlib stream; git makes them all begin with the same byte. */
static size_t find_name_size(const unsigned char *behind)
{
    return behind[0] == 0x78 && sc_git_zlib_sniff(behind) ? SC_GIT_NAME_SIZE : SC_GIT_NAME_MAX_SIZE;
}

int sc_git_header_read(struct sc_bytes bytes, size_t *name_size, struct sc_git_header *ret)
{
    size_t at = 0;
    unsigned shift = 4;
    if (bytes.len == 0)
        return 0;
    unsigned char c = bytes.ptr[at++];
    *ret = (struct sc_git_header){.type = (enum sc_git_type)((c >> 4) & 7), .size = c & 0x0f};
    for (; (c & 0x80) != 0; shift += 7) {
        if (shift > SHIFT_MAX)
            return -1;
        if (at == bytes.len)
            return 0;
        c = bytes.ptr[at++];
        ret->size |= (uint64_t)(c & 0x7f) << shift;
    }
    if (ret->type == SC_GIT_REF_DELTA) {
        size_t behind = *name_size == 0 ? SC_GIT_NAME_SIZE + 2 : *name_size;
        if (behind > bytes.len - at)
            return 0;
        if (*name_size == 0)
            *name_size = find_name_size(bytes.ptr + at + SC_GIT_NAME_SIZE);
        if (*name_size > bytes.len - at)
            return 0;
        ret->name = sc_git_name_start(bytes.ptr + at);
        at += *name_size;
    } else if (ret->type == SC_GIT_OFS_DELTA) {
        do {
            if (ret->back > UINT64_MAX >> 8)
                return -1;
            if (at == bytes.len)
                return 0;
            /* Each further byte stands for one more than it says, so that no distance has two
             * forms. */
            ret->back += (c & 0x80) != 0 ? 1 : 0;
            c = bytes.ptr[at++];
            ret->back = ret->back << 7 | (c & 0x7f);
        } while ((c & 0x80) != 0);
    } else if (sc_git_type_name(ret->type) == NULL) {
        return -1;
    }
    ret->len = at;
    return 1;
}

struct sc_git_object *sc_git_object_new(enum sc_git_type type, uint64_t len, struct sc_error *err)
{
    if (len > SC_GIT_OBJECT_MAX) {
        SC_IGNORE(sc_fail(err, SC_E_TOOBIG, "it is larger than %zu MiB",
                          SC_GIT_OBJECT_MAX / 1024 / 1024));
        return NULL;
    }
    struct sc_git_object *object = malloc(sizeof(*object) + (size_t)len);
    if (object == NULL) {
        SC_IGNORE(sc_fail_nomem(err)); /* the code is in err */
        return NULL;
    }
    object->refs = 1;
    object->type = type;
    object->len = (size_t)len;
    return object;
}

struct sc_git_object *sc_git_object_ref(struct sc_git_object *object)
{
    if (object != NULL)
        object->refs++;
    return object;
}

void sc_git_object_unref(struct sc_git_object *object)
{
    if (object == NULL || --object->refs > 0)
        return;
    sc_wipe(object->bytes, object->len);
    free(object);
}

void sc_git_object_unrefp(struct sc_git_object **object)
{
    sc_git_object_unref(*object);
}

/* ---- deltas ---- */

/* A size as deltas have it; false where they end early. */
static bool take_size(struct sc_bytes *data, uint64_t *ret)
{
    unsigned char c = 0x80;
    *ret = 0;
    for (unsigned shift = 0; (c & 0x80) != 0; shift += 7) {
        if (data->len == 0 || shift > SHIFT_MAX)
            return false;
        c = data->ptr[0];
        *data = (struct sc_bytes){data->ptr + 1, data->len - 1};
        *ret |= (uint64_t)(c & 0x7f) << shift;
    }
    return true;
}

/* Where to copy from and how much: the bits of the instruction say which bytes are there. */
static bool take_copy(unsigned char instruction, struct sc_bytes *data, size_t *ret_from,
                      size_t *ret_len)
{
    size_t fields[2] = {0, 0};
    for (unsigned bit = 0; bit < 7; bit++) {
        if ((instruction & (1U << bit)) == 0)
            continue;
        if (data->len == 0)
            return false;
        fields[bit / 4] |= (size_t)data->ptr[0] << (8 * (bit % 4));
        *data = (struct sc_bytes){data->ptr + 1, data->len - 1};
    }
    *ret_from = fields[0];
    *ret_len = fields[1] == 0 ? COPY_DEFAULT : fields[1];
    return true;
}

/* Carries out all instructions; true if they make the object exactly. *ret_done bytes of it are
 * written. */
static bool carry_out(const struct sc_git_object *base, struct sc_bytes data,
                      struct sc_git_object *object, size_t *ret_done)
{
    size_t done = *ret_done = 0;
    while (data.len > 0) {
        unsigned char instruction = data.ptr[0];
        const unsigned char *source = NULL;
        size_t from = 0, len = instruction;
        data = (struct sc_bytes){data.ptr + 1, data.len - 1};
        if ((instruction & 0x80) != 0) {
            if (!take_copy(instruction, &data, &from, &len) || from > base->len ||
                len > base->len - from)
                return false;
            source = base->bytes + from;
        } else {
            if (len == 0 || len > data.len)
                return false;
            source = data.ptr;
            data = (struct sc_bytes){data.ptr + len, data.len - len};
        }
        if (len > object->len - done)
            return false;
        memcpy(object->bytes + done, source, len);
        *ret_done = done += len;
    }
    return done == object->len;
}

struct sc_git_object *sc_git_object_apply(const struct sc_git_object *base, struct sc_bytes delta,
                                          struct sc_error *err)
{
    uint64_t from = 0, to = 0;
    struct sc_git_object *object = NULL;
    if (take_size(&delta, &from) && take_size(&delta, &to) && from == base->len) {
        object = sc_git_object_new(base->type, to, err);
        if (object == NULL)
            return NULL;
        size_t done = 0;
        if (carry_out(base, delta, object, &done))
            return object;
        object->len = done; /* to be wiped so far */
        sc_git_object_unref(object);
    }
    SC_IGNORE(sc_fail(err, SC_E_SYNTAX, "the delta to another object is damaged"));
    return NULL;
}
