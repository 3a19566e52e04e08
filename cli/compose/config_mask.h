/* SPDX-License-Identifier: Apache-2.0
 *
 * What `compose config` masks. It may mask too much, never too little: the model is for reading.
 */
#ifndef SC_CLI_COMPOSE_CONFIG_MASK_H
#define SC_CLI_COMPOSE_CONFIG_MASK_H

#include "compose/project.h"

/* The words of a command so far: an option that a credential follows, a program with such options.
 */
struct sc_config_mask {
    const char *service, *attribute; /* of the list that the last words came from */
    bool expects;                    /* the last word makes the next one a credential */
    bool short_options;              /* a program whose -p, -a, -u or -w takes a password came by */
};

/* For struct sc_render; ctx is a struct sc_config_mask, zeroed. */
bool sc_config_hide(void *ctx, const char *const *path, size_t depth, const struct sc_value *value);

#endif
