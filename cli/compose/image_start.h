/* SPDX-License-Identifier: Apache-2.0
 *
 * What images start, from archives and from the container engine.
 */
#ifndef SC_CLI_COMPOSE_IMAGE_START_H
#define SC_CLI_COMPOSE_IMAGE_START_H

#include "audit/known/json_walk.h"
#include "compose/start/start.h"

/* Takes what belongs to a start out of an image's settings, as the engine and as OCI spell them. */
int sc_image_start_take(const struct sc_json_scalar *scalar, void *ctx, struct sc_error *err);

/* From an archive or folder, "FILE" or "NAME=FILE"; NOTFOUND when it is another image. */
int sc_image_archive_start(const char *given, const char *image, struct sc_image_start *ret,
                           struct sc_error *err) SC_NODISCARD;

/* From the engine. */
int sc_image_engine_start(const char *image, struct sc_image_start *ret,
                          struct sc_error *err) SC_NODISCARD;

#endif
