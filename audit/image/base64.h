/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds gzip that is written as base64 in a file that is fed (releases of Helm, cloud-init's
 * gz+b64), also as base64 of base64, and decodes it.
 *
 * Both alphabets; lines may be wrapped and indented, also by line ends that are escaped as in JSON.
 * Whatever else is no base64 ends it. Threads: one scan, one thread.
 */
#ifndef SC_AUDIT_IMAGE_BASE64_H
#define SC_AUDIT_IMAGE_BASE64_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/secret.h"

/* Bytes that are decoded before it is told: all of a gzip header but its optional parts. */
#define SC_BASE64_HEAD_MAX 10

/* All zero at the start of a file. */
struct sc_base64_scan {
    enum { SC_BASE64_NONE, SC_BASE64_START, SC_BASE64_HEAD, SC_BASE64_OPEN } state;
    enum { SC_BASE64_INSIDE, SC_BASE64_INDENT, SC_BASE64_ESCAPE } line;
    size_t kind, held; /* which beginning, and how many of its letters were there */
    uint32_t bits;     /* decoded bits to come, so many of them */
    unsigned count;
    unsigned char head[SC_BASE64_HEAD_MAX];
    size_t head_len;
};

/* A negative result stops and is passed on. */
struct sc_base64_ops {
    /* 1 if it is not wanted: then nothing else is told of it. */
    int (*begin)(void *ctx, struct sc_error *err);
    /* What it decodes to: gzip, or the base64 of that. */
    int (*write)(struct sc_bytes bytes, void *ctx, struct sc_error *err);
    int (*end)(void *ctx, struct sc_error *err);
};

int sc_base64_write(struct sc_base64_scan *scan, struct sc_bytes data,
                    const struct sc_base64_ops *ops, void *ctx, struct sc_error *err) SC_NODISCARD;

/* The file ends, or something that is no text follows. */
int sc_base64_end(struct sc_base64_scan *scan, const struct sc_base64_ops *ops, void *ctx,
                  struct sc_error *err) SC_NODISCARD;

#endif
