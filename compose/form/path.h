/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths by their text alone, as Go's path package treats them. No file is looked at.
 */
#ifndef SC_COMPOSE_FORM_PATH_H
#define SC_COMPOSE_FORM_PATH_H

#include "compose/tree/pool.h"

/* Without ".", "..", doubled and trailing slashes; "." for an empty one. NULL without memory. */
const char *sc_path_clean(struct sc_model_pool *pool, const char *path);

/* path below base, cleaned; an absolute path stays as it is (and is not cleaned). */
const char *sc_path_below(struct sc_model_pool *pool, const char *base, const char *path);

/* The directory of a path, cleaned: "." for a bare name. */
const char *sc_path_parent(struct sc_model_pool *pool, const char *path);

/* `path` as seen from `base`, both absolute: "sub", "../x", ".". */
const char *sc_path_relative(struct sc_model_pool *pool, const char *base, const char *path);

/* As a person would write it: relative to `base` where the path lies below, else as it is. */
const char *sc_path_shown(const char *base, const char *path);

#endif
