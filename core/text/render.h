/* SPDX-License-Identifier: Apache-2.0
 *
 * Renders a template (core/text/template.h) with values that come from a callback, into locked
 * memory. For `render` and for template entries; the shim has a renderer of its own without a heap.
 */
#ifndef SC_CORE_TEXT_RENDER_H
#define SC_CORE_TEXT_RENDER_H

#include <stdbool.h>

#include "core/error.h"
#include "core/name.h"
#include "core/secret.h"
#include "core/text/template.h"

/* Bytes of a template and of what it renders to, at most. */
#define SC_RENDER_MAX SC_VALUE_MAX

/* Fetches the value of a full name. For kind CONFIG the entry must be a config. */
typedef int (*sc_render_fn)(const char *name, enum sc_template_kind kind, void *ctx,
                            struct sc_secret *ret, struct sc_error *err);

/* A name of one part is looked up in `scope` (which may be NULL: then it is an error). Replaces the
 * content of `ret`, which is untouched on failure. SYNTAX for a placeholder that does not parse:
 * "line 3, column 7: ..."; the text of a template is never quoted. */
int sc_render(struct sc_bytes template, const char *scope, sc_render_fn fetch, void *ctx,
              struct sc_secret *ret, struct sc_error *err) SC_NODISCARD;

/* Whether a placeholder stands in the text, also one that does not parse. */
bool sc_render_has_placeholder(struct sc_bytes text);

/* Calls fn for the full name at each placeholder, in order; a name may come again. */
typedef int (*sc_render_name_fn)(const char *name, void *ctx, struct sc_error *err);
int sc_render_names(struct sc_bytes template, const char *scope, sc_render_name_fn fn, void *ctx,
                    struct sc_error *err) SC_NODISCARD;

#endif
