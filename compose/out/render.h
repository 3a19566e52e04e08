/* SPDX-License-Identifier: Apache-2.0
 *
 * What the two renderings share.
 */
#ifndef SC_COMPOSE_OUT_RENDER_H
#define SC_COMPOSE_OUT_RENDER_H

#include "compose/project.h"
#include "compose/tree/scalar.h"

/* Levels of a rendering's nesting. */
#define SC_RENDER_DEPTH_MAX 256

struct sc_renderer {
    const struct sc_render *options;
    struct sc_buf *out;
    const char *keys[SC_RENDER_DEPTH_MAX]; /* where the walk is, for options->hide */
    size_t depth;
};

/* Whether the value stands in the other rendering only. */
bool sc_render_skips(const struct sc_renderer *r, const struct sc_value *value);
/* Children that are not skipped. */
size_t sc_render_count(const struct sc_renderer *r, const struct sc_value *value);
bool sc_render_hides(const struct sc_renderer *r, const struct sc_value *value);
const char *sc_render_redacted(const struct sc_renderer *r);
/* A point in time in the form of RFC 3339, written into `out`. */
const char *sc_render_time(const struct sc_value *value, char out[SC_SCALAR_TEXT_SIZE]);
/* A scalar that is no text. */
void sc_render_plain(struct sc_renderer *r, const struct sc_value *value);
/* Steps down; false when that is too deep. */
bool sc_render_push(struct sc_renderer *r, const char *key);

int sc_render_json(struct sc_renderer *r, const struct sc_value *root,
                   struct sc_error *err) SC_NODISCARD;
int sc_render_yaml(struct sc_renderer *r, const struct sc_value *root,
                   struct sc_error *err) SC_NODISCARD;

#endif
