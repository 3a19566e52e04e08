/* SPDX-License-Identifier: Apache-2.0
 *
 * References between the parts of a project; see compose/load/validate.h. Only enabled services are
 * looked at, as Docker Compose does.
 */
#include <stdlib.h>
#include <string.h>

#include "compose/load/document.h"
#include "compose/load/validate.h"
#include "core/str.h"

#include "core/banned.h"

struct check {
    const struct sc_value *root, *services, *disabled;
    const struct sc_value *service;
    const char *name;
    const struct sc_path *path;
    struct sc_error *err;
};

static int fail(const struct check *c, const struct sc_value *at, const char *attribute,
                const char *text, const char *subject)
{
    struct sc_path path = sc_path_key(c->path, attribute);
    return sc_fail_value(c->err, SC_E_SYNTAX, at != NULL ? at : c->service,
                         attribute != NULL ? &path : c->path, "%s%s%s%s", text,
                         subject != NULL ? " '" : "", subject != NULL ? subject : "",
                         subject != NULL ? "'" : "");
}

static const struct sc_value *attribute(const struct check *c, const char *key)
{
    return sc_value_get(c->service, key);
}

static const struct sc_value *any_service(const struct check *c, const char *name)
{
    const struct sc_value *found = sc_value_get(c->services, name);
    return found != NULL ? found : sc_value_get(c->disabled, name);
}

/* ---- image and build ---- */

static int check_build(const struct check *c)
{
    const struct sc_value *build = attribute(c, "build");
    if (build == NULL && attribute(c, "image") == NULL && attribute(c, "provider") == NULL)
        return fail(c, NULL, NULL, "needs an image or a build", NULL);
    if (sc_value_get(build, "dockerfile") != NULL &&
        sc_value_get(build, "dockerfile_inline") != NULL)
        return fail(c, build, "build", "dockerfile and dockerfile_inline exclude each other", NULL);
    const struct sc_value *contexts = sc_value_get(build, "additional_contexts");
    for (size_t i = 0; contexts != NULL && i < contexts->count; i++) {
        const char *context = sc_value_text(contexts->u.entries[i].value);
        if (context == NULL || !sc_str_has_prefix(context, "service:"))
            continue;
        const struct sc_value *target = any_service(c, context + strlen("service:"));
        if (target == NULL || sc_value_get(target, "build") == NULL)
            return fail(c, contexts, "build", "a context names a service that is not built:",
                        context + strlen("service:"));
    }
    const struct sc_value *platforms = sc_value_get(build, "platforms");
    const char *platform = sc_value_text(attribute(c, "platform"));
    bool found = platforms == NULL || platforms->count == 0 || platform == NULL;
    for (size_t i = 0; !found && i < platforms->count; i++)
        found = sc_value_equals(platforms->u.items[i], platform);
    return found
               ? 0
               : fail(c, platforms, "build", "platforms must include the service's platform", NULL);
}

/* ---- references ---- */

/* Every name (keys of a map, or `source` of a list's maps) must be a key of the top-level section.
 */
static int check_names(const struct check *c, const struct sc_value *names,
                       const char *attribute_name, const char *section)
{
    const struct sc_value *defined = sc_value_get(c->root, section);
    for (size_t i = 0; names != NULL && i < names->count; i++) {
        bool map = names->kind == SC_VALUE_MAP;
        const struct sc_value *item = map ? names->u.entries[i].value : names->u.items[i];
        const char *name =
            map ? names->u.entries[i].key : sc_value_text(sc_value_get(item, "source"));
        if (name != NULL && sc_value_get(defined, name) != NULL)
            continue;
        struct sc_path path = sc_path_key(c->path, attribute_name);
        return sc_fail_value(c->err, SC_E_SYNTAX, item, &path,
                             "refers to '%s', which is not defined under %s",
                             name != NULL ? name : "", section);
    }
    return 0;
}

static int check_volumes(const struct check *c)
{
    const struct sc_value *volumes = attribute(c, "volumes");
    const struct sc_value *defined = sc_value_get(c->root, "volumes");
    for (size_t i = 0; volumes != NULL && i < volumes->count; i++) {
        const struct sc_value *volume = volumes->u.items[i];
        const char *source = sc_value_text(sc_value_get(volume, "source"));
        if (sc_value_equals(sc_value_get(volume, "type"), "volume") && source != NULL &&
            sc_value_get(defined, source) == NULL)
            return fail(c, volume, "volumes", "this volume is not defined under volumes:", source);
    }
    return 0;
}

static int check_references(const struct check *c)
{
    static const char *const sections[] = {"networks", "secrets", "configs", "models"};
    const struct sc_value *networks = attribute(c, "networks");
    if (attribute(c, "network_mode") != NULL && networks != NULL && networks->count > 0)
        return fail(c, networks, "networks", "excludes network_mode", NULL);
    for (size_t i = 0; i < SC_ARRAY_SIZE(sections); i++) {
        int rc = check_names(c, attribute(c, sections[i]), sections[i], sections[i]);
        if (rc < 0)
            return rc;
    }
    int rc =
        check_names(c, sc_value_get(attribute(c, "build"), "secrets"), "build.secrets", "secrets");
    return rc < 0 ? rc : check_volumes(c);
}

static int check_dependencies(const struct check *c)
{
    const struct sc_value *depends_on = attribute(c, "depends_on");
    for (size_t i = 0; depends_on != NULL && i < depends_on->count; i++) {
        const struct sc_entry *entry = &depends_on->u.entries[i];
        const struct sc_value *required = sc_value_get(entry->value, "required");
        bool optional = sc_value_is(required, SC_VALUE_BOOL) && !required->u.boolean;
        bool disabled = sc_value_get(c->disabled, entry->key) != NULL;
        if (sc_value_get(c->services, entry->key) == NULL && !(disabled && optional))
            return fail(c, entry->value, "depends_on",
                        disabled ? "depends on a service that no active profile enables:"
                                 : "depends on a service that does not exist:",
                        entry->key);
    }
    const char *mode = sc_value_text(attribute(c, "network_mode"));
    if (mode != NULL && sc_str_has_prefix(mode, "service:") &&
        sc_value_get(c->services, mode + strlen("service:")) == NULL)
        return fail(c, NULL, "network_mode",
                    "there is no such service:", mode + strlen("service:"));
    return 0;
}

/* ---- values that exclude each other ---- */

static int64_t integer_of(const struct sc_value *value, int64_t unset)
{
    return sc_value_is(value, SC_VALUE_INT) ? value->u.integer : unset;
}

/* A limit given twice must be given alike. */
static int check_twin(const struct check *c, const char *key, const char *section,
                      const char *twin_key)
{
    const struct sc_value *own = attribute(c, key);
    const struct sc_value *part = sc_value_at(attribute(c, "deploy"), "resources", section, NULL);
    const struct sc_value *twin = sc_value_get(part, twin_key);
    if (own == NULL || part == NULL || sc_value_same(own, twin))
        return 0;
    return fail(c, own, key, "differs from its twin under deploy.resources", NULL);
}

static int check_scale(const struct check *c)
{
    const struct sc_value *scale = attribute(c, "scale");
    const struct sc_value *replicas = sc_value_get(attribute(c, "deploy"), "replicas");
    int64_t count = integer_of(scale, integer_of(replicas, 1));
    if (scale != NULL && replicas != NULL && !sc_value_same(scale, replicas))
        return fail(c, scale, "scale", "differs from deploy.replicas", NULL);
    if (count < 0)
        return fail(c, scale != NULL ? scale : replicas, "scale", "must not be negative", NULL);
    if (count > 1 && attribute(c, "container_name") != NULL)
        return fail(c, NULL, "container_name", "cannot be given to more than one replica", NULL);
    return 0;
}

static int check_limits(const struct check *c)
{
    static const struct {
        const char *key, *section, *twin;
    } twins[] = {{"cpus", "limits", "cpus"},
                 {"mem_limit", "limits", "memory"},
                 {"mem_reservation", "reservations", "memory"},
                 {"pids_limit", "limits", "pids"}};
    for (size_t i = 0; i < SC_ARRAY_SIZE(twins); i++) {
        int rc = check_twin(c, twins[i].key, twins[i].section, twins[i].twin);
        if (rc < 0)
            return rc;
    }
    return check_scale(c);
}

static int check_healthcheck(const struct check *c)
{
    const struct sc_value *test = sc_value_get(attribute(c, "healthcheck"), "test");
    if (test == NULL || test->count == 0)
        return 0;
    const struct sc_value *head = test->u.items[0];
    if (sc_value_equals(head, "CMD") || sc_value_equals(head, "CMD-SHELL") ||
        sc_value_equals(head, "NONE"))
        return 0;
    return fail(c, test, "healthcheck", "test must begin with CMD, CMD-SHELL or NONE", NULL);
}

static int check_watch(const struct check *c)
{
    const struct sc_value *watch = sc_value_get(attribute(c, "develop"), "watch");
    for (size_t i = 0; watch != NULL && i < watch->count; i++) {
        const struct sc_value *action = sc_value_get(watch->u.items[i], "action");
        if (sc_value_get(watch->u.items[i], "target") == NULL &&
            !sc_value_equals(action, "rebuild") && !sc_value_equals(action, "restart"))
            return fail(c, watch->u.items[i], "develop", "a sync needs a target", NULL);
    }
    return 0;
}

/* ---- mounts ---- */

static int compare_targets(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int check_mounts(const struct check *c)
{
    const struct sc_value *tmpfs = attribute(c, "tmpfs");
    const struct sc_value *volumes = attribute(c, "volumes");
    size_t count = (tmpfs != NULL ? tmpfs->count : 0) + (volumes != NULL ? volumes->count : 0);
    if (count < 2)
        return 0;
    struct sc_strv targets = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && tmpfs != NULL && i < tmpfs->count; i++) {
        const char *text = tmpfs->u.items[i]->u.text;
        rc = sc_strv_take(&targets, sc_str_ndup(text, strcspn(text, ":"), c->err), c->err);
    }
    for (size_t i = 0; rc == 0 && volumes != NULL && i < volumes->count; i++) {
        const char *target = sc_value_text(sc_value_get(volumes->u.items[i], "target"));
        rc = sc_strv_add(&targets, target != NULL ? target : "", c->err);
    }
    if (rc == 0)
        qsort(targets.items, targets.count, sizeof(targets.items[0]), compare_targets);
    for (size_t i = 1; rc == 0 && i < targets.count; i++) {
        if (strcmp(targets.items[i - 1], targets.items[i]) == 0)
            rc = fail(c, volumes != NULL ? volumes : tmpfs, "volumes", "two mounts have the target",
                      targets.items[i]);
    }
    sc_strv_done(&targets);
    return rc;
}

/* ---- the project ---- */

static int check_service(const struct check *c)
{
    static int (*const checks[])(const struct check *) = {
        check_build,  check_references, check_healthcheck, check_dependencies,
        check_limits, check_watch,      check_mounts,
    };
    for (size_t i = 0; i < SC_ARRAY_SIZE(checks); i++) {
        int rc = checks[i](c);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int check_secrets(const struct sc_value *root, struct sc_error *err)
{
    const struct sc_value *secrets = sc_value_get(root, "secrets");
    struct sc_path section = sc_path_key(NULL, "secrets");
    for (size_t i = 0; secrets != NULL && i < secrets->count; i++) {
        const struct sc_value *secret = secrets->u.entries[i].value;
        if (sc_value_get(secret, "external") != NULL || sc_value_get(secret, "file") != NULL ||
            sc_value_get(secret, "environment") != NULL)
            continue;
        struct sc_path path = sc_path_key(&section, secrets->u.entries[i].key);
        return sc_fail_value(err, SC_E_SYNTAX, secret, &path, "needs a file or an environment");
    }
    return 0;
}

/* A service with a container_name. */
struct named {
    const char *container;
    const struct sc_entry *service;
};

static int compare_named(const void *a, const void *b)
{
    const struct named *left = a;
    const struct named *right = b;
    int order = strcmp(left->container, right->container);
    return order != 0 ? order : left->service < right->service ? -1 : 1;
}

static int check_names_unique(const struct sc_value *services, struct sc_error *err)
{
    struct sc_path section = sc_path_key(NULL, "services");
    struct named *names = calloc(services->count + 1, sizeof(*names));
    if (names == NULL)
        return sc_fail_nomem(err);
    size_t count = 0;
    for (size_t i = 0; i < services->count; i++) {
        const struct sc_entry *entry = &services->u.entries[i];
        const char *name = sc_value_text(sc_value_get(entry->value, "container_name"));
        if (name != NULL)
            names[count++] = (struct named){name, entry};
    }
    qsort(names, count, sizeof(*names), compare_named);
    int rc = 0;
    for (size_t i = 1; rc == 0 && i < count; i++) {
        if (strcmp(names[i - 1].container, names[i].container) != 0)
            continue;
        const struct sc_entry *second = names[i].service;
        struct sc_path path = sc_path_key(&section, second->key);
        rc = sc_fail_value(err, SC_E_SYNTAX, sc_value_get(second->value, "container_name"), &path,
                           "has the container_name of service '%s'", names[i - 1].service->key);
    }
    free(names);
    return rc;
}

/* Depth-first search for a cycle of depends_on; marks: 1 = being visited, 2 = free of cycles.
 * Without recursion, since a file may name a hundred thousand services in a row. */
struct visit {
    size_t service, next;
};

static int search_cycle(const struct sc_value *services, size_t start, unsigned char *marks,
                        struct visit *stack, struct sc_error *err)
{
    size_t depth = 0;
    stack[depth++] = (struct visit){.service = start};
    marks[start] = 1;
    while (depth > 0) {
        struct visit *top = &stack[depth - 1];
        const struct sc_entry *entry = &services->u.entries[top->service];
        const struct sc_value *depends_on = sc_value_get(entry->value, "depends_on");
        if (depends_on == NULL || top->next >= depends_on->count) {
            marks[top->service] = 2;
            depth--;
            continue;
        }
        const struct sc_entry *child =
            sc_value_entry(services, depends_on->u.entries[top->next++].key);
        size_t index = child != NULL ? (size_t)(child - services->u.entries) : 0;
        if (child == NULL || marks[index] == 2)
            continue;
        if (marks[index] == 1) {
            struct sc_path section = sc_path_key(NULL, "services");
            struct sc_path path = sc_path_key(&section, entry->key);
            return sc_fail_value(err, SC_E_SYNTAX, depends_on, &path,
                                 "depends_on goes in a circle through '%s'", child->key);
        }
        marks[index] = 1;
        stack[depth++] = (struct visit){.service = index};
    }
    return 0;
}

static int check_cycles(const struct sc_value *services, struct sc_error *err)
{
    unsigned char *marks = calloc(services->count + 1, 1);
    struct visit *stack = calloc(services->count + 1, sizeof(*stack));
    int rc = marks != NULL && stack != NULL ? 0 : sc_fail_nomem(err);
    for (size_t i = 0; rc == 0 && i < services->count; i++) {
        if (marks[i] == 0)
            rc = search_cycle(services, i, marks, stack, err);
    }
    free(marks);
    free(stack);
    return rc;
}

int sc_validate_project(const struct sc_value *root, const struct sc_value *disabled,
                        struct sc_error *err)
{
    const struct sc_value *services = sc_value_get(root, "services");
    struct sc_path section = sc_path_key(NULL, "services");
    for (size_t i = 0; i < services->count; i++) {
        const struct sc_entry *entry = &services->u.entries[i];
        struct sc_path path = sc_path_key(&section, entry->key);
        struct check c = {.root = root,
                          .services = services,
                          .disabled = disabled,
                          .service = entry->value,
                          .name = entry->key,
                          .path = &path,
                          .err = err};
        int rc = check_service(&c);
        if (rc < 0)
            return rc;
    }
    int rc = check_secrets(root, err);
    if (rc == 0)
        rc = check_cycles(services, err);
    return rc < 0 ? rc : check_names_unique(services, err);
}
