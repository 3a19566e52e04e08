/* SPDX-License-Identifier: Apache-2.0
 *
 * The secrets of a plan: one for each different value, with a name of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compose/plan/internal.h"
#include "core/parse.h"
#include "core/str.h"

#include "core/banned.h"

/* Whether a top-level secret of this name stands in one of the files and leads somewhere else. */
static bool taken_by_file(const struct context *c, const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s/%s", c->options->mount, c->plan->scope, name);
    for (size_t f = 0; f < c->plan->file_count; f++) {
        const struct sc_yaml_stream *yaml = c->plan->files[f].yaml;
        if (yaml == NULL)
            continue;
        for (size_t i = 0; i < sc_yaml_count(yaml); i++) {
            const struct sc_yaml_node *secrets =
                sc_merged_get(sc_yaml_document(yaml, i)->root, "secrets");
            const struct sc_yaml_node *entry = sc_merged_get(secrets, name);
            if (entry != NULL && !sc_str_equal(sc_node_text(sc_merged_get(entry, "file")), path))
                return true;
        }
    }
    return false;
}

static bool taken(const struct context *c, const char *name)
{
    for (size_t i = 0; i < c->plan->secret_count; i++) {
        if (sc_str_equal(c->plan->secrets[i].name, name))
            return true;
    }
    return taken_by_file(c, name);
}

/* The lowest number that makes a name of the stem which is free. */
static int number_name(const struct context *c, char name[SC_NAME_PART_MAX + 1],
                       struct sc_error *err)
{
    const size_t stem = SC_MIN(strlen(name), (size_t)SC_NAME_PART_MAX - 8);
    const size_t count = c->plan->secret_count + 3; /* one of these is free of secrets */
    bool *used = calloc(count, sizeof(*used));
    if (used == NULL)
        return sc_fail_nomem(err);
    for (size_t i = 0; i < c->plan->secret_count; i++) {
        const char *other = c->plan->secrets[i].name;
        uint64_t number = 0;
        if (strncmp(other, name, stem) == 0 && other[stem] == '_' &&
            sc_parse_u64(other + stem + 1, count - 1, "number", &number, NULL) == 0)
            used[number] = true;
    }
    size_t number = 2;
    do {
        while (number < count && used[number])
            number++;
        snprintf(name + stem, SC_NAME_PART_MAX + 1 - stem, "_%zu", number++);
    } while (taken_by_file(c, name));
    free(used);
    return 0;
}

static int choose_name(struct context *c, const char *key, const char *service, const char **ret,
                       struct sc_error *err)
{
    char name[SC_NAME_PART_MAX + 1], longer[2 * SC_NAME_PART_MAX + 16];
    int rc = sc_name_from_text(name, key, err);
    if (rc < 0)
        return rc;
    size_t n = strlen(service);
    bool says_service = strncmp(name, service, n) == 0 && name[n] == '_';
    if (taken(c, name) && !says_service) {
        snprintf(longer, sizeof(longer), "%s_%s", service, name);
        longer[SC_NAME_PART_MAX] = '\0';
        rc = sc_name_from_text(name, longer, err);
        if (rc < 0)
            return rc;
    }
    rc = taken(c, name) ? number_name(c, name, err) : 0;
    if (rc < 0)
        return rc;
    char *copy = sc_stash_dup(&c->plan->pool, name, strlen(name), err);
    if (copy == NULL)
        return SC_E_NOMEM;
    *ret = copy;
    return 0;
}

static int add_secret(struct sc_plan *plan, const char *name, struct sc_bytes value, size_t *ret,
                      struct sc_error *err)
{
    if (!sc_plan_room(&plan->secrets, plan->secret_count, &plan->secret_cap, sizeof(*plan->secrets),
                      err))
        return SC_E_NOMEM;
    struct sc_plan_secret *secret = &plan->secrets[plan->secret_count];
    *secret = (struct sc_plan_secret){.name = name};
    int rc = sc_secret_append(&secret->value, value.ptr, value.len, err);
    if (rc < 0)
        return rc;
    *ret = plan->secret_count++;
    return 0;
}

static bool same_value(const struct sc_plan_secret *secret, struct sc_bytes value)
{
    struct sc_bytes known = sc_secret_view(&secret->value);
    return known.len == value.len &&
           (value.len == 0 || memcmp(known.ptr, value.ptr, value.len) == 0);
}

int sc_plan_secret_named(struct context *c, const char *name, struct sc_bytes value, size_t *ret,
                         struct sc_error *err)
{
    for (size_t i = 0; i < c->plan->secret_count; i++) {
        if (!sc_str_equal(c->plan->secrets[i].name, name))
            continue;
        if (c->plan->secrets[i].is_template || !same_value(&c->plan->secrets[i], value))
            return sc_fail(err, SC_E_EXISTS, "two values want the name '%s'", name);
        *ret = i;
        return 0;
    }
    return add_secret(c->plan, name, value, ret, err);
}

static const struct sc_plan_secret *with_value(const struct context *c, struct sc_bytes value)
{
    for (size_t i = 0; i < c->plan->secret_count; i++) {
        const struct sc_plan_secret *secret = &c->plan->secrets[i];
        if (!secret->is_template && same_value(secret, value))
            return secret;
    }
    return NULL;
}

const char *sc_plan_twin_note(struct context *c, struct sc_bytes value)
{
    const struct sc_plan_secret *twin = value.len > 0 ? with_value(c, value) : NULL;
    return twin == NULL ? NULL
                        : sc_plan_say(c, "the same value moves as '%s': rotate both together",
                                      twin->name, NULL);
}

int sc_plan_secret_for(struct context *c, const char *key, const char *service,
                       struct sc_bytes value, size_t *ret, struct sc_error *err)
{
    const struct sc_plan_secret *known = with_value(c, value);
    if (known != NULL) {
        *ret = (size_t)(known - c->plan->secrets);
        return 0;
    }
    const char *name = NULL;
    int rc = choose_name(c, key, service, &name, err);
    return rc < 0 ? rc : add_secret(c->plan, name, value, ret, err);
}

int sc_plan_secret_template(struct context *c, const char *stem, const char *service,
                            struct sc_bytes text, size_t *ret, struct sc_error *err)
{
    for (size_t i = 0; i < c->plan->secret_count; i++) {
        if (c->plan->secrets[i].is_template && same_value(&c->plan->secrets[i], text)) {
            *ret = i;
            return 0;
        }
    }
    const char *name = NULL;
    int rc = choose_name(c, stem, service, &name, err);
    if (rc == 0)
        rc = add_secret(c->plan, name, text, ret, err);
    if (rc == 0)
        c->plan->secrets[*ret].is_template = true;
    return rc;
}
