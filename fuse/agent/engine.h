/* SPDX-License-Identifier: Apache-2.0
 *
 * What the container engine knows of a container: Compose project and service, image, name.
 *
 * Asked by GET /containers/json with a filter, which answers while the container is starting. The
 * inspection of one container does not: it waits for the start, which waits for the very file whose
 * reader is being looked up.
 */
#ifndef SC_FUSE_AGENT_ENGINE_H
#define SC_FUSE_AGENT_ENGINE_H

#include "core/error.h"
#include "fuse/shared/store.h"

/* Bytes of an answer, at most. */
#define SC_ENGINE_ANSWER_MAX ((size_t)256 * 1024)

/* Fills *ret (known is 0 when the engine has no such container). IO when it does not answer in
 * time. */
int sc_engine_container(const char *socket_path, const unsigned char *id, int budget_ms,
                        struct sc_store_container *ret, struct sc_error *err) SC_NODISCARD;

/* What the engine says of a container, before its image was asked about. */
struct sc_engine_answer {
    struct sc_store_container facts; /* `id` is the caller's */
    char image_id[SC_CONTAINER_TEXT_MAX];
    char made[SC_CONTAINER_TEXT_MAX]; /* Compose's hash of how it made the container */
};

/* From the body of such an answer; and without the labels that are the image's own, from the body
 * of GET /images/ID/json. For tests and fuzzing. */
int sc_engine_parse(const char *body, size_t len, struct sc_engine_answer *ret,
                    struct sc_error *err) SC_NODISCARD;
int sc_engine_parse_image(const char *body, size_t len, struct sc_engine_answer *answer,
                          struct sc_error *err) SC_NODISCARD;

#endif
