/* SPDX-License-Identifier: Apache-2.0
 *
 * Compose files: every place where a credential can stand.
 *
 * Aliases are not followed: what they stand for is looked at where it is written, once.
 */
#include <string.h>

#include "audit/detect/region.h"
#include "audit/detect/yaml.h"
#include "compose/judge/lines.h"
#include "core/str.h"

#include "core/banned.h"

bool sc_yaml_is_compose(const struct sc_yaml_node *root)
{
    const struct sc_yaml_node *services = sc_yaml_resolve(sc_yaml_get(root, "services"));
    if (!sc_yaml_is(services, SC_YAML_MAPPING))
        return false;
    for (size_t i = 0; i < services->count; i++) {
        if (sc_yaml_is(sc_yaml_resolve(services->values[i]), SC_YAML_MAPPING))
            return true;
    }
    return services->count == 0;
}

bool sc_yaml_is_service(const struct sc_yaml_node *node)
{
    return sc_yaml_is(node, SC_YAML_MAPPING) && sc_yaml_get(node, "environment") != NULL &&
           (sc_yaml_get(node, "image") != NULL || sc_yaml_get(node, "build") != NULL ||
            sc_yaml_get(node, "container_name") != NULL) &&
           sc_yaml_get(node, "stage") == NULL && sc_yaml_get(node, "script") == NULL;
}

static struct sc_shell_context command_context(enum sc_family family, const char *service,
                                               const char *where)
{
    return (struct sc_shell_context){.assign = family,
                                     .environ = family,
                                     .command = family,
                                     .service = service,
                                     .where = where,
                                     .variables = true};
}

/* traefik's basicauth.users and its like hold user:hash. */
static int judge_label(const struct sc_yaml_detect *yaml, const struct sc_yaml_place *place,
                       struct sc_chars key, const struct sc_yaml_node *value, size_t skip,
                       struct sc_error *err)
{
    if (memmem(key.ptr, key.len, "basicauth.users", 15) == NULL || value->len <= skip ||
        value->text[skip] == '{' || memchr(value->text + skip, ':', value->len - skip) == NULL ||
        memmem(value->text + skip, value->len - skip, "${", 2) != NULL)
        return 0;
    struct sc_region region = sc_yaml_inside(yaml, value);
    const char *text = yaml->detect->text + region.offset;
    const char *found = memmem(text, region.len, value->text + skip, value->len - skip);
    if (found != NULL)
        region = (struct sc_region){(size_t)(found - yaml->detect->text), value->len - skip};
    struct sc_pair pair = {.family = place->family,
                           .key = key.ptr,
                           .key_len = key.len,
                           .service = place->service,
                           .where = place->where};
    struct sc_judgement verdict = {NULL, SC_CLASS_LABEL, SC_SEVERITY_MEDIUM};
    return sc_detect_add(yaml->detect, verdict, &pair, region, err);
}

static int labels(const struct sc_yaml_detect *yaml, const struct sc_yaml_node *node,
                  const char *service, struct sc_error *err)
{
    struct sc_yaml_place place = {.family = SC_FAMILY_COMPOSE_LABEL, .service = service};
    int rc = sc_yaml_judge_pairs(yaml, &place, node, err);
    for (size_t i = 0; node != NULL && i < node->count && rc == 0; i++) {
        const struct sc_yaml_node *value = node->values[i];
        if (!sc_yaml_is(value, SC_YAML_SCALAR))
            continue;
        if (node->kind == SC_YAML_MAPPING && sc_yaml_is(node->keys[i], SC_YAML_SCALAR)) {
            rc = judge_label(yaml, &place,
                             (struct sc_chars){node->keys[i]->text, node->keys[i]->len}, value, 0,
                             err);
        } else if (node->kind == SC_YAML_SEQUENCE) {
            const char *equals = memchr(value->text, '=', value->len);
            size_t split = equals == NULL ? 0 : (size_t)(equals - value->text);
            if (equals != NULL)
                rc = judge_label(yaml, &place, (struct sc_chars){value->text, split}, value,
                                 split + 1, err);
        }
    }
    return rc;
}

static int pairs(const struct sc_yaml_detect *yaml, enum sc_family family, const char *service,
                 const char *where, const struct sc_yaml_node *node, struct sc_error *err)
{
    struct sc_yaml_place place = {.family = family, .service = service, .where = where};
    return sc_yaml_judge_pairs(yaml, &place, node, err);
}

static int command(const struct sc_yaml_detect *yaml, enum sc_family family, const char *service,
                   const char *where, const struct sc_yaml_node *node, struct sc_error *err)
{
    struct sc_shell_context context = command_context(family, service, where);
    return sc_yaml_judge_command(yaml, &context, node, err);
}

/* command, entrypoint, healthcheck. Behind an alias too: nothing at the anchor says that a list of
 * words there is a command. */
static int commands(const struct sc_yaml_detect *yaml, const char *service, const char *name,
                    const struct sc_yaml_node *value, struct sc_error *err)
{
    const struct sc_yaml_node *node = sc_yaml_resolve(value);
    if (strcmp(name, "healthcheck") == 0)
        return command(yaml, SC_FAMILY_COMPOSE_HEALTHCHECK, service, NULL,
                       sc_yaml_resolve(sc_yaml_get(node, "test")), err);
    return command(yaml, SC_FAMILY_COMPOSE_COMMAND, service, name, node, err);
}

static int build(const struct sc_yaml_detect *yaml, const char *service,
                 const struct sc_yaml_node *node, struct sc_error *err)
{
    struct sc_yaml_place place = {
        .family = SC_FAMILY_COMPOSE_BUILD, .service = service, .where = "build"};
    if (sc_yaml_is(node, SC_YAML_SCALAR))
        return sc_yaml_judge(yaml, &place, NULL, node, err);
    if (!sc_yaml_is(node, SC_YAML_MAPPING))
        return 0;
    int rc = 0;
    for (size_t i = 0; i < node->count && rc == 0; i++) {
        const struct sc_yaml_node *value = node->values[i];
        if (sc_yaml_equals(node->keys[i], "args"))
            rc = pairs(yaml, SC_FAMILY_COMPOSE_BUILD, service, NULL, value, err);
        else if (sc_yaml_equals(node->keys[i], "labels"))
            rc = labels(yaml, value, service, err);
        else if (sc_yaml_equals(node->keys[i], "dockerfile_inline") &&
                 sc_yaml_is(value, SC_YAML_SCALAR))
            rc = sc_detect_region(yaml->detect, sc_yaml_inside(yaml, value), SC_TEXT_DOCKERFILE,
                                  err);
        else if (sc_yaml_equals(node->keys[i], "secrets") || sc_yaml_equals(node->keys[i], "ssh"))
            rc = 0;
        else if (sc_yaml_is(value, SC_YAML_SCALAR))
            rc = sc_yaml_judge(yaml, &place, NULL, value, err);
        else
            rc = pairs(yaml, SC_FAMILY_COMPOSE_BUILD, service, "build", value, err);
    }
    return rc;
}

/* post_start, pre_stop, develop.watch[].exec */
static int hooks(const struct sc_yaml_detect *yaml, const char *service, const char *where,
                 const struct sc_yaml_node *node, struct sc_error *err)
{
    int rc = 0;
    if (sc_yaml_is(node, SC_YAML_SEQUENCE)) {
        for (size_t i = 0; i < node->count && rc == 0; i++)
            rc = hooks(yaml, service, where, node->values[i], err);
        return rc;
    }
    rc =
        command(yaml, SC_FAMILY_COMPOSE_COMMAND, service, where, sc_yaml_get(node, "command"), err);
    if (rc == 0)
        rc = pairs(yaml, SC_FAMILY_COMPOSE_ENV, service, where, sc_yaml_get(node, "environment"),
                   err);
    return rc == 0 && sc_yaml_get(node, "exec") != NULL
               ? hooks(yaml, service, where, sc_yaml_get(node, "exec"), err)
               : rc;
}

/* A fragment of a service, or anything: what both ways find counts once. */
static int extension(const struct sc_yaml_detect *yaml, const struct sc_yaml_node *node,
                     struct sc_error *err)
{
    static const char *const marks[] = {"command", "entrypoint", "healthcheck"};
    bool mapping = sc_yaml_is(node, SC_YAML_MAPPING);
    if (mapping && (sc_yaml_is_service(node) || sc_yaml_get(node, "environment") != NULL))
        return sc_yaml_detect_service(yaml, NULL, node, err);
    int rc = 0;
    for (size_t i = 0; mapping && i < SC_ARRAY_SIZE(marks) && rc == 0; i++)
        rc = commands(yaml, NULL, marks[i], sc_yaml_get(node, marks[i]), err);
    return rc < 0 ? rc : pairs(yaml, SC_FAMILY_COMPOSE_EXTENSION, NULL, NULL, node, err);
}

static int attribute(const struct sc_yaml_detect *yaml, const char *service, const char *name,
                     const struct sc_yaml_node *value, struct sc_error *err)
{
    if (strcmp(name, "command") == 0 || strcmp(name, "entrypoint") == 0 ||
        strcmp(name, "healthcheck") == 0)
        return commands(yaml, service, name, value, err);
    if (strcmp(name, "labels") == 0 || strcmp(name, "annotations") == 0)
        return labels(yaml, value, service, err);
    if (strcmp(name, "deploy") == 0)
        return labels(yaml, sc_yaml_get(value, "labels"), service, err);
    if (strcmp(name, "build") == 0)
        return build(yaml, service, value, err);
    if (strcmp(name, "logging") == 0)
        return pairs(yaml, SC_FAMILY_COMPOSE_OPTION, service, "logging.options",
                     sc_yaml_get(value, "options"), err);
    if (strcmp(name, "storage_opt") == 0 || strcmp(name, "sysctls") == 0 ||
        strcmp(name, "provider") == 0 || strcmp(name, "log_opt") == 0)
        return pairs(yaml, SC_FAMILY_COMPOSE_OPTION, service, name, value, err);
    if (strcmp(name, "post_start") == 0 || strcmp(name, "pre_stop") == 0 ||
        strcmp(name, "pre_start") == 0)
        return hooks(yaml, service, name, value, err);
    if (strcmp(name, "develop") == 0)
        return hooks(yaml, service, "develop.watch", sc_yaml_get(value, "watch"), err);
    if (sc_str_has_prefix(name, "x-"))
        return extension(yaml, value, err);
    return 0;
}

static int environment(const struct sc_yaml_detect *yaml, const char *name,
                       const struct sc_yaml_node *service, const struct sc_yaml_node *value,
                       struct sc_error *err)
{
    const struct sc_yaml_node *image = sc_yaml_get(service, "image");
    struct sc_yaml_place place = {.family = SC_FAMILY_COMPOSE_ENV, .service = name};
    if (sc_yaml_is(image, SC_YAML_SCALAR))
        place.image = image->text;
    return sc_yaml_judge_pairs(yaml, &place, value, err);
}

int sc_yaml_detect_service(const struct sc_yaml_detect *yaml, const char *name,
                           const struct sc_yaml_node *service, struct sc_error *err)
{
    int rc = 0;
    if (!sc_yaml_is(service, SC_YAML_MAPPING))
        return 0;
    for (size_t i = 0; i < service->count && rc == 0; i++) {
        if (sc_yaml_equals(service->keys[i], "environment"))
            rc = environment(yaml, name, service, service->values[i], err);
        else if (sc_yaml_is(service->keys[i], SC_YAML_SCALAR))
            rc = attribute(yaml, name, service->keys[i]->text, service->values[i], err);
    }
    return rc;
}

/* volumes and networks: driver options and labels */
static int resources(const struct sc_yaml_detect *yaml, const char *where,
                     const struct sc_yaml_node *node, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; sc_yaml_is(node, SC_YAML_MAPPING) && i < node->count && rc == 0; i++) {
        const struct sc_yaml_node *options = sc_yaml_get(node->values[i], "driver_opts");
        rc = pairs(yaml, SC_FAMILY_COMPOSE_OPTION, NULL, where, options, err);
        if (rc == 0)
            rc = labels(yaml, sc_yaml_get(node->values[i], "labels"), NULL, err);
    }
    return rc;
}

static int inline_configs(const struct sc_yaml_detect *yaml, const struct sc_yaml_node *node,
                          struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; sc_yaml_is(node, SC_YAML_MAPPING) && i < node->count && rc == 0; i++) {
        const struct sc_yaml_node *name = node->keys[i];
        const struct sc_yaml_node *content = sc_yaml_get(node->values[i], "content");
        if (!sc_yaml_is(content, SC_YAML_SCALAR))
            continue;
        bool logins = sc_yaml_is(name, SC_YAML_SCALAR) && sc_logins_named(name->text);
        rc = (logins ? sc_detect_logins : sc_detect_config)(
            yaml->detect, sc_yaml_inside(yaml, content), SC_FAMILY_COMPOSE_CONFIG, err);
    }
    return rc;
}

int sc_yaml_detect_compose(const struct sc_yaml_detect *yaml, const struct sc_yaml_node *root,
                           struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < root->count && rc == 0; i++) {
        const struct sc_yaml_node *key = root->keys[i], *value = root->values[i];
        if (sc_yaml_equals(key, "services")) {
            for (size_t s = 0; sc_yaml_is(value, SC_YAML_MAPPING) && s < value->count && rc == 0;
                 s++) {
                if (sc_yaml_is(value->keys[s], SC_YAML_SCALAR))
                    rc = sc_yaml_detect_service(yaml, value->keys[s]->text, value->values[s], err);
            }
        } else if (sc_yaml_equals(key, "volumes")) {
            rc = resources(yaml, "volumes.driver_opts", value, err);
        } else if (sc_yaml_equals(key, "networks")) {
            rc = resources(yaml, "networks.driver_opts", value, err);
        } else if (sc_yaml_equals(key, "configs")) {
            rc = inline_configs(yaml, value, err);
        } else if (sc_yaml_is(key, SC_YAML_SCALAR) && sc_str_has_prefix(key->text, "x-")) {
            rc = extension(yaml, value, err);
        }
    }
    return rc;
}
