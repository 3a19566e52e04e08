/* SPDX-License-Identifier: Apache-2.0
 *
 * Images as Podman, Buildah and CRI-O keep them on disk (containers/storage, overlay driver):
 * layers unpacked below overlay/, what belongs to what in overlay-images/ and overlay-layers/.
 */
#ifndef SC_AUDIT_IMAGE_STORAGE_H
#define SC_AUDIT_IMAGE_STORAGE_H

#include "audit/image/image.h"

/* Whether this folder is such a storage. */
bool sc_storage_is(const char *path);

/* Searches every layer in it, of images and of containers, and all documents. */
int sc_storage_search(struct sc_image *image, const char *path, struct sc_error *err) SC_NODISCARD;

#endif
