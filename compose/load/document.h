/* SPDX-License-Identifier: Apache-2.0
 *
 * From one YAML document to a tree: types, aliases, merge keys, and the tags !reset and !override.
 */
#ifndef SC_COMPOSE_LOAD_DOCUMENT_H
#define SC_COMPOSE_LOAD_DOCUMENT_H

#include "compose/project.h"
#include "compose/tree/path.h"
#include "compose/tree/tree.h"
#include "compose/yaml_doc.h"

/* A path named by !reset or !override: keys from the top. */
struct sc_reset {
    const char *const *keys;
    size_t depth;
    const struct sc_reset *next;
};

struct sc_document_input {
    struct sc_model_pool *pool;
    const struct sc_project_file *file;
    unsigned routes; /* bits every value of this file gets besides SC_ROUTE_LITERAL */
};

/* *ret_root is NULL for an empty document; *ret_resets the paths to delete from what the document
 * is merged over. SYNTAX, TOOBIG. */
int sc_document_build(const struct sc_document_input *in, const struct sc_yaml_document *document,
                      struct sc_value **ret_root, const struct sc_reset **ret_resets,
                      struct sc_error *err) SC_NODISCARD;

/* Deletes each path from the tree (a map at the top). */
void sc_reset_apply(struct sc_model_pool *pool, const struct sc_reset *resets,
                    struct sc_value *root);

/* Fails with "'file' line L, column C: PATH: text". `value` gives the place, as far as it has one.
 */
int sc_fail_value(struct sc_error *err, int code, const struct sc_value *value,
                  const struct sc_path *path, const char *fmt, ...) SC_PRINTF(5, 6);
/* Prepends the same to the message in err. */
int sc_wrap_value(struct sc_error *err, int code, const struct sc_value *value,
                  const struct sc_path *path);

#endif
