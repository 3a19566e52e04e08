/* SPDX-License-Identifier: Apache-2.0
 *
 * A folder as a tar stream, made while it is read: what stands unpacked on disk is then searched by
 * the same code as a layer. Names, targets of links, extended attributes and contents are in it;
 * whiteouts of the overlay file system become those of OCI. Links are not followed. Threads: any.
 */
#ifndef SC_AUDIT_IMAGE_PACK_H
#define SC_AUDIT_IMAGE_PACK_H

#include "core/error.h"
#include "core/secret.h"

/* Folders inside each other. */
#define SC_PACK_DEPTH_MAX 256

struct sc_pack_ops {
    int (*write)(struct sc_bytes bytes, void *ctx, struct sc_error *err);
    /* Something could not be read; the stream goes on behind it. */
    int (*skip)(const char *path, const char *reason, void *ctx, struct sc_error *err);
};

/* Takes over fd. */
int sc_pack_folder(int fd, const struct sc_pack_ops *ops, void *ctx,
                   struct sc_error *err) SC_NODISCARD;

#endif
