/* SPDX-License-Identifier: Apache-2.0
 *
 * The zlib stream of one git object; see audit/image/git/zlib.h.
 */
#include "audit/image/git/zlib.h"

#include <string.h>

#include "core/macros.h"

#include "core/banned.h"

#define SUM_SIZE 4
/* Of the first byte the method; of both a remainder; and a bit that is never set here. */
#define METHOD(head)     ((head)[0] & 0x0f)
#define DEFLATE          8
#define WINDOW(head)     ((head)[0] >> 4)
#define WINDOW_MAX       7
#define DICTIONARY(head) (((head)[1] & 0x20) != 0)

bool sc_git_zlib_sniff(const unsigned char start[2])
{
    return METHOD(start) == DEFLATE && WINDOW(start) <= WINDOW_MAX && !DICTIONARY(start) &&
           (start[0] * 256 + start[1]) % 31 == 0;
}

static int unpacked(struct sc_bytes piece, void *ctx, struct sc_error *err)
{
    struct sc_git_zlib *zlib = ctx;
    struct sc_git_object *object = zlib->object;
    if (object == NULL)
        return zlib->fn(piece, zlib->ctx, err);
    if (piece.len > object->len - zlib->filled)
        return sc_fail(err, SC_E_SYNTAX, "the object is longer than it says");
    memcpy(object->bytes + zlib->filled, piece.ptr, piece.len);
    zlib->filled += piece.len;
    return 0;
}

int sc_git_zlib_stream(struct sc_git_zlib *zlib, sc_unpack_fn fn, void *ctx, struct sc_error *err)
{
    zlib->state = SC_GIT_ZLIB_HEAD;
    zlib->count = zlib->filled = 0;
    zlib->object = NULL;
    zlib->fn = fn;
    zlib->ctx = ctx;
    return sc_unpack_begin(&zlib->unpack, SC_PACKING_DEFLATE, unpacked, zlib, err);
}

int sc_git_zlib_begin(struct sc_git_zlib *zlib, struct sc_git_object *object, struct sc_error *err)
{
    int rc = sc_git_zlib_stream(zlib, NULL, NULL, err);
    zlib->object = object;
    return rc;
}

/* The two bytes in front, or the checksum; true once they are complete. */
static bool take(struct sc_git_zlib *zlib, struct sc_bytes *data, size_t size)
{
    while (zlib->count < size && data->len > 0) {
        if (zlib->state == SC_GIT_ZLIB_HEAD)
            zlib->head[zlib->count] = data->ptr[0];
        *data = (struct sc_bytes){data->ptr + 1, data->len - 1};
        zlib->count++;
    }
    return zlib->count == size;
}

int sc_git_zlib_write(struct sc_git_zlib *zlib, struct sc_bytes *data, bool *ret_ended,
                      struct sc_error *err)
{
    bool ended = false;
    int rc = 0;
    *ret_ended = false;
    if (zlib->state == SC_GIT_ZLIB_HEAD && take(zlib, data, sizeof(zlib->head))) {
        if (!sc_git_zlib_sniff(zlib->head))
            return sc_fail(err, SC_E_SYNTAX, "the zlib data is damaged");
        zlib->state = SC_GIT_ZLIB_BODY;
    }
    if (zlib->state == SC_GIT_ZLIB_BODY) {
        rc = sc_unpack_member(zlib->unpack, data, &ended, err);
        if (rc == 0 && ended && zlib->object != NULL && zlib->filled < zlib->object->len)
            rc = sc_fail(err, SC_E_SYNTAX, "the object is shorter than it says");
        if (rc == 0 && ended) {
            zlib->state = SC_GIT_ZLIB_SUM;
            zlib->count = 0;
        }
    }
    if (rc == 0 && zlib->state == SC_GIT_ZLIB_SUM)
        *ret_ended = take(zlib, data, SUM_SIZE);
    return rc;
}

void sc_git_zlib_cut(struct sc_git_zlib *zlib)
{
    if (zlib->object != NULL)
        zlib->object->len = zlib->filled;
    zlib->object = NULL;
}

void sc_git_zlib_done(struct sc_git_zlib *zlib)
{
    sc_unpack_free(zlib->unpack);
    zlib->unpack = NULL;
}
