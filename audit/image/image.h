/* SPDX-License-Identifier: Apache-2.0
 *
 * Searches an image: the archive of `docker save` or of the engine's API, an OCI layout as folder
 * or archive, packed or not.
 *
 * Every member of the archive is searched, whether or not a manifest refers to it: each layer with
 * all its files in all their versions, each document with every string decoded. Which layer is
 * which, and what became of a file in higher layers, is worked out at the end, since manifests may
 * come last.
 *
 * Layers and documents are proved by their digests (SHA-256): what was searched is what the image
 * names. What is damaged, missing or not what it is called is entered as skipped. Threads: one
 * object, one thread.
 */
#ifndef SC_AUDIT_IMAGE_IMAGE_H
#define SC_AUDIT_IMAGE_IMAGE_H

#include "audit/known/probe.h"

/* Bytes of one JSON document; larger ones are searched as plain files. */
#define SC_IMAGE_DOCUMENT_MAX ((size_t)3 * 1024 * 1024)
/* Members of one archive, and bytes of all its documents. */
#define SC_IMAGE_MEMBERS_MAX   ((size_t)65536)
#define SC_IMAGE_DOCUMENTS_MAX ((size_t)128 * 1024 * 1024)

struct sc_image;

/* `title` is how findings and coverage call it ("image shop/api:1"); copied. */
struct sc_image *sc_image_new(struct sc_probe *probe, const char *title,
                              struct sc_error *err) SC_NODISCARD;
void sc_image_free(struct sc_image *image);
void sc_image_freep(struct sc_image **image);

/* Feeds the archive. After it failed with an error of the data, sc_image_end() may still be called.
 */
int sc_image_write(struct sc_image *image, struct sc_bytes data, struct sc_error *err) SC_NODISCARD;

/* One member at a time, instead of an archive: for folders. */
int sc_image_member_begin(struct sc_image *image, const char *name,
                          struct sc_error *err) SC_NODISCARD;
int sc_image_member_write(struct sc_image *image, struct sc_bytes data,
                          struct sc_error *err) SC_NODISCARD;
int sc_image_member_end(struct sc_image *image, struct sc_error *err) SC_NODISCARD;

/* Enters what is still open, works out the layers, and enters the image as looked at, or as skipped
 * with `why` (NULL if it was read to its end). */
int sc_image_end(struct sc_image *image, const char *why, struct sc_error *err) SC_NODISCARD;

/* The image in a file or folder, and its end. */
int sc_image_search_path(struct sc_probe *probe, const char *path,
                         struct sc_error *err) SC_NODISCARD;

#endif
