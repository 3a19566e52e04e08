/* SPDX-License-Identifier: Apache-2.0
 *
 * The zlib stream (RFC 1950) of one git object, fed. The checksum at its end is passed over: that
 * the object has the length it says is what tells damage here, and damaged or not it is searched.
 *
 * Threads: one stream, one thread.
 */
#ifndef SC_AUDIT_IMAGE_GIT_ZLIB_H
#define SC_AUDIT_IMAGE_GIT_ZLIB_H

#include "audit/image/git/object.h"
#include "audit/image/unpack/unpack.h"

/* All zero before the first use. */
struct sc_git_zlib {
    struct sc_unpack *unpack;
    enum { SC_GIT_ZLIB_HEAD, SC_GIT_ZLIB_BODY, SC_GIT_ZLIB_SUM } state;
    unsigned char head[2];
    size_t count; /* bytes of head or sum so far */
    sc_unpack_fn fn;
    void *ctx;
    struct sc_git_object *object; /* borrowed; filled up to here */
    size_t filled;
};

/* Whether a zlib stream begins so. */
bool sc_git_zlib_sniff(const unsigned char start[2]);

/* A new stream, of the content of the object, which must come out whole. */
int sc_git_zlib_begin(struct sc_git_zlib *zlib, struct sc_git_object *object,
                      struct sc_error *err) SC_NODISCARD;
/* The same, for what is not kept. */
int sc_git_zlib_stream(struct sc_git_zlib *zlib, sc_unpack_fn fn, void *ctx,
                       struct sc_error *err) SC_NODISCARD;

/* Takes its bytes off *data; *ret_ended behind the last. SYNTAX for damage. */
int sc_git_zlib_write(struct sc_git_zlib *zlib, struct sc_bytes *data, bool *ret_ended,
                      struct sc_error *err) SC_NODISCARD;

/* The object will not come out whole: it is made as short as it is filled. */
void sc_git_zlib_cut(struct sc_git_zlib *zlib);

void sc_git_zlib_done(struct sc_git_zlib *zlib);

#endif
