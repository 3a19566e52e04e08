/* SPDX-License-Identifier: Apache-2.0
 *
 * The files that a Compose file names.
 */
#include "audit/detect/yaml.h"

#include "core/banned.h"

struct namer {
    const struct sc_yaml_detect *yaml;
    struct sc_error *err;
};

static int add(const struct namer *namer, enum sc_reference_kind kind,
               const struct sc_yaml_node *path, const struct sc_yaml_node *name)
{
    struct sc_detect *detect = namer->yaml->detect;
    if (!sc_yaml_is(path, SC_YAML_SCALAR))
        return 0;
    return sc_references_add(&detect->references, kind, detect->file, path->text,
                             sc_yaml_is(name, SC_YAML_SCALAR) ? name->text : NULL, namer->err);
}

/* A list of mappings with a list of paths in them is as deep as Compose goes. */
#define PATHS_DEPTH_MAX 3

/* A path, a mapping with a path (and env files), or a list of either. */
static int add_paths(const struct namer *namer, enum sc_reference_kind kind,
                     const struct sc_yaml_node *node, unsigned depth)
{
    node = sc_yaml_resolve(node);
    if (node == NULL || depth > PATHS_DEPTH_MAX)
        return 0;
    int rc = 0;
    if (sc_yaml_is(node, SC_YAML_MAPPING)) {
        rc = add_paths(namer, kind, sc_yaml_get(node, "path"), depth + 1);
        if (rc == 0)
            rc = add_paths(namer, SC_REFERENCE_ENV_FILE, sc_yaml_get(node, "env_file"), depth + 1);
        return rc;
    }
    if (sc_yaml_is(node, SC_YAML_SCALAR))
        return add(namer, kind, node, NULL);
    for (size_t i = 0; i < node->count && rc == 0; i++)
        rc = add_paths(namer, kind, node->values[i], depth + 1);
    return rc;
}

static int service(const struct namer *namer, const struct sc_yaml_node *node)
{
    node = sc_yaml_resolve(node);
    if (!sc_yaml_is(node, SC_YAML_MAPPING))
        return 0;
    int rc = add_paths(namer, SC_REFERENCE_ENV_FILE, sc_yaml_get(node, "env_file"), 0);
    if (rc == 0)
        rc = add_paths(namer, SC_REFERENCE_ENV_FILE, sc_yaml_get(node, "label_file"), 0);
    const struct sc_yaml_node *extends = sc_yaml_resolve(sc_yaml_get(node, "extends"));
    if (rc == 0 && sc_yaml_is(extends, SC_YAML_MAPPING))
        rc = add(namer, SC_REFERENCE_COMPOSE, sc_yaml_get(extends, "file"), NULL);
    return rc;
}

int sc_yaml_compose_files(const struct sc_yaml_detect *yaml, const struct sc_yaml_node *root,
                          struct sc_error *err)
{
    const struct namer namer = {yaml, err};
    const struct sc_yaml_node *services = sc_yaml_resolve(sc_yaml_get(root, "services"));
    const struct sc_yaml_node *secrets = sc_yaml_resolve(sc_yaml_get(root, "secrets"));
    int rc = add_paths(&namer, SC_REFERENCE_COMPOSE, sc_yaml_get(root, "include"), 0);
    for (size_t i = 0; sc_yaml_is(services, SC_YAML_MAPPING) && i < services->count && rc == 0; i++)
        rc = service(&namer, services->values[i]);
    for (size_t i = 0; sc_yaml_is(secrets, SC_YAML_MAPPING) && i < secrets->count && rc == 0; i++) {
        const struct sc_yaml_node *secret = sc_yaml_resolve(secrets->values[i]);
        if (sc_yaml_is(secret, SC_YAML_MAPPING))
            rc = add(&namer, SC_REFERENCE_SECRET, sc_yaml_resolve(sc_yaml_get(secret, "file")),
                     secrets->keys[i]);
    }
    return rc;
}
