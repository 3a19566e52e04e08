/* SPDX-License-Identifier: Apache-2.0
 *
 * What the JSON documents of an image archive say: which layers belong to an image, in which order,
 * and what made each. Knows the manifest.json of `docker save` and manifests and indexes of OCI.
 *
 * Threads: one at a time. Documents are not trusted: numbers and lengths have limits, references
 * are compared as text and never used as paths.
 */
#ifndef SC_AUDIT_IMAGE_MANIFEST_H
#define SC_AUDIT_IMAGE_MANIFEST_H

#include "core/error.h"
#include "core/secret.h"
#include "core/str.h"

/* Layers of one image; Docker itself stops at 127. */
#define SC_IMAGE_LAYERS_MAX 4096
/* Images of one archive. */
#define SC_IMAGES_MAX 4096

/* One image of an archive. Names are as members of the archive are called. */
struct sc_manifest {
    char *config;          /* member that holds the settings */
    struct sc_strv layers; /* members, lowest first */
};

struct sc_manifests {
    struct sc_manifest *items;
    size_t count, cap;
    struct sc_strv absent; /* manifests that an index refers to; see sc_manifests_read() */
};

/* What the settings of an image say about its layers. */
struct sc_image_history {
    struct sc_strv diff_ids;   /* digests of the unpacked layers, lowest first */
    struct sc_strv created_by; /* of each layer, "" where it is not said */
};

/* What kind of document this is, for the place of what is found in it: "image-config",
 * "attestation", or "manifest". */
const char *sc_manifest_place(struct sc_bytes json);

/* Adds the images that a document describes; a document that describes none adds none. Digests
 * become member names ("blobs/sha256/HEX"). What an index refers to is added to `absent`; the
 * caller takes out what it has. */
int sc_manifests_read(struct sc_manifests *manifests, struct sc_bytes json,
                      struct sc_error *err) SC_NODISCARD;

int sc_image_history_read(struct sc_image_history *history, struct sc_bytes json,
                          struct sc_error *err) SC_NODISCARD;

void sc_manifests_done(struct sc_manifests *manifests);
void sc_image_history_done(struct sc_image_history *history);

#endif
