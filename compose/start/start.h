/* SPDX-License-Identifier: Apache-2.0
 *
 * What an image starts when a service says nothing, and as whom.
 */
#ifndef SC_COMPOSE_START_START_H
#define SC_COMPOSE_START_START_H

#include "core/str.h"

/* ENTRYPOINT, CMD and USER of an image; zero value = nothing is set. */
struct sc_image_start {
    struct sc_strv entrypoint, command;
    char *user;         /* NULL: root */
    char *architecture; /* as images call it: "amd64", "arm64"; NULL: not known */
};
void sc_image_start_done(struct sc_image_start *start);

/* 16 hex digits over ENTRYPOINT and CMD. A service that is started through the shim has them
 * written out and this in the label SC_START_LABEL, so that a change of the image is noticed. */
#define SC_START_LABEL "secretsctl.entrypoint"
void sc_image_start_hash(const struct sc_image_start *start, char out[17]);

#endif
