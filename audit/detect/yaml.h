/* SPDX-License-Identifier: Apache-2.0
 *
 * What the readers of YAML share: Compose files, and everything else that is YAML.
 */
#ifndef SC_AUDIT_DETECT_YAML_H
#define SC_AUDIT_DETECT_YAML_H

#include "audit/detect/context.h"
#include "audit/detect/region.h"
#include "audit/detect/shell.h"
#include "compose/yaml_doc.h"

struct sc_yaml_detect {
    struct sc_detect *detect;
    size_t base; /* where the YAML begins in the outer text */
};

/* Where a pair stands in the model. */
struct sc_yaml_place {
    enum sc_family family;
    const char *service; /* or NULL */
    const char *where;   /* or NULL: the family's */
    bool ignore_variables;
    const char *image; /* of the service, or NULL */
};

/* The text inside a scalar: behind the header of a block scalar, between quotes. */
struct sc_region sc_yaml_inside(const struct sc_yaml_detect *yaml, const struct sc_yaml_node *node);

/* Judges key and value; a key of NULL takes what speaks for itself. */
int sc_yaml_judge(const struct sc_yaml_detect *yaml, const struct sc_yaml_place *place,
                  const struct sc_yaml_node *key, const struct sc_yaml_node *value,
                  struct sc_error *err) SC_NODISCARD;

/* A list item NAME=value, or a mapping's entries, or a list of either. */
int sc_yaml_judge_pairs(const struct sc_yaml_detect *yaml, const struct sc_yaml_place *place,
                        const struct sc_yaml_node *node, struct sc_error *err) SC_NODISCARD;

/* A command: a string for the shell or a list of words. */
int sc_yaml_judge_command(const struct sc_yaml_detect *yaml, const struct sc_shell_context *context,
                          const struct sc_yaml_node *node, struct sc_error *err) SC_NODISCARD;

/* A scalar that is a text of its own: a file of a ConfigMap, JSON. */
int sc_yaml_judge_text(const struct sc_yaml_detect *yaml, const struct sc_yaml_node *value,
                       enum sc_text_kind kind, struct sc_error *err) SC_NODISCARD;

/* A Compose file as a whole; one service. */
bool sc_yaml_is_compose(const struct sc_yaml_node *root);
int sc_yaml_detect_compose(const struct sc_yaml_detect *yaml, const struct sc_yaml_node *root,
                           struct sc_error *err) SC_NODISCARD;
/* Adds the files that a Compose file names to the references of the context. */
int sc_yaml_compose_files(const struct sc_yaml_detect *yaml, const struct sc_yaml_node *root,
                          struct sc_error *err) SC_NODISCARD;
bool sc_yaml_is_service(const struct sc_yaml_node *node);
int sc_yaml_detect_service(const struct sc_yaml_detect *yaml, const char *name,
                           const struct sc_yaml_node *service, struct sc_error *err) SC_NODISCARD;

/* Kubernetes, pipelines, anything. */
int sc_yaml_detect_manifest(const struct sc_yaml_detect *yaml, const struct sc_yaml_node *root,
                            struct sc_error *err) SC_NODISCARD;

#endif
