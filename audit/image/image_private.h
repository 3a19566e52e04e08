/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the image reader share; not for others.
 */
#ifndef SC_AUDIT_IMAGE_IMAGE_PRIVATE_H
#define SC_AUDIT_IMAGE_IMAGE_PRIVATE_H

#include "audit/image/archive.h"
#include "audit/image/hasher.h"
#include "audit/image/image.h"
#include "audit/image/layers.h"
#include "audit/image/manifest.h"
#include "audit/image/unpack/unpack.h"

#define SC_IMAGE_SURFACE "image"

struct sc_image_member {
    char *name;
    char *target;          /* of a link */
    struct sc_secret json; /* of a document */
    struct sc_layer_paths paths;
    bool foreign; /* a document that names things which are elsewhere: not read as a manifest */
    bool made_up; /* by us, of what stands on disk: its digest means nothing */
    /* Digests in hexadecimal, of the bytes as stored and of what they unpack to; "" where not
     * known.
     */
    char stored[SC_SHA256_HEX_SIZE], unpacked[SC_SHA256_HEX_SIZE];
};

enum sc_member_mode { SC_MEMBER_NEW, SC_MEMBER_DOCUMENT, SC_MEMBER_FILE };

struct sc_image {
    struct sc_probe *probe;
    char *title;
    size_t first_leak, first_skip; /* of this image in the ledger */
    struct sc_image_member *members;
    size_t count, cap;
    struct sc_archive *archive;
    enum sc_member_mode mode; /* of the last member */
    struct sc_spot spot;
    struct sc_sha256 stored, unpacked; /* of the last member */
    struct sc_hasher *hasher;
    uint64_t own;     /* bytes of it to come; what follows is padding */
    bool packed;      /* it has been unpacked */
    bool named;       /* after its digest */
    size_t documents; /* bytes kept */
    uint64_t bytes;   /* searched */
    /* The outer archive, if there is one. */
    unsigned char start[SC_UNPACK_SNIFF];
    size_t start_len;
    bool begun;
    struct sc_unpack *outer;
    struct sc_tar *tar;
    struct sc_spot outer_spot;
    /* Worked out at the end. */
    size_t images, proved; /* layers whose digest is the one that their image names */
    char id[80];           /* digest of the first image's settings; "" if unknown */
};

#define SC_IMAGE_BLOBS "blobs/sha256/"

/* The digest that a member is called after (64 digits of `name`); NULL if it is called otherwise.
 */
const char *sc_image_named_digest(const char *name);

/* Completes the leaks since first_leak by layer number, command and fate; enters layers that are
 * missing as skipped. */
int sc_image_resolve(struct sc_image *image, struct sc_error *err) SC_NODISCARD;

#endif
