/* SPDX-License-Identifier: Apache-2.0
 *
 * The proof on the model: the project loaded from the new texts is the old one, but for what the
 * plan names. The proof on the trees (compose/edit/verify.c) says that the files changed as meant;
 * this one that nothing else follows from it, through anchors, overrides, extends and variables.
 */
#include <stdio.h>
#include <string.h>

#include "compose/plan/internal.h"
#include "core/str.h"

#include "core/banned.h"

struct proof {
    struct context *c;
    const struct sc_reader *disk;
    const struct sc_project *before;
    struct sc_project *after;
    const struct definition **own; /* one of each service of `before` */
};

/* ---- the new texts in place of the old ones ---- */

static int read_overlay(void *ctx, const char *path, struct sc_buf *out, struct sc_error *err)
{
    const struct proof *p = ctx;
    const struct sc_plan *plan = p->c->plan;
    for (size_t i = 0; i < plan->file_count; i++) {
        if (!plan->files[i].changed || !sc_str_equal(plan->files[i].path, path))
            continue;
        sc_buf_append(out, sc_buf_text(&plan->files[i].after), plan->files[i].after.len);
        return sc_buf_status(out, err);
    }
    return p->disk->read(p->disk->ctx, path, out, err);
}

static enum sc_path_kind kind_overlay(void *ctx, const char *path)
{
    const struct proof *p = ctx;
    return p->disk->kind(p->disk->ctx, path);
}

/* ---- comparison ---- */

static int differs(const struct sc_service *service, const char *what, struct sc_error *err)
{
    return sc_fail(err, SC_E_BUG,
                   "the rewritten project would differ: service '%s', %s; nothing was changed",
                   service->name, what);
}

static int differs_in(const struct sc_service *service, const char *variable, const char *how,
                      struct sc_error *err)
{
    return sc_fail(
        err, SC_E_BUG,
        "the rewritten project would differ: service '%s', the variable '%s' %s; nothing "
        "was changed",
        service->name, variable, how);
}

/* Whether what the definition says reaches the service. */
static bool reaches(const struct proof *p, const struct definition *d,
                    const struct sc_service *service)
{
    const struct definition *own = p->own[service - p->before->services];
    return own != NULL && sc_plan_serves(p->c, d, own);
}

static int find_own(struct proof *p, struct sc_error *err)
{
    p->own = sc_stash_array(&p->c->plan->pool, p->before->service_count,
                            sizeof(const struct definition *), err);
    if (p->own == NULL)
        return SC_E_NOMEM;
    for (size_t i = 0; i < p->c->definition_count; i++) {
        const struct definition *d = &p->c->definitions[i];
        if (!p->c->plan->files[d->file].base && d->user_count == 1)
            p->own[d->users[0] - p->before->services] = d;
    }
    return 0;
}

/* The moved variable that the service has, of its own or from what it extends. */
static const struct occurrence *moved(const struct proof *p, const struct sc_service *service,
                                      const char *key)
{
    for (size_t i = 0; i < p->c->found_count; i++) {
        const struct occurrence *o = &p->c->found[i];
        if (o->reason == NULL && sc_str_equal(o->key, key) && reaches(p, o->service, service))
            return o;
    }
    return NULL;
}

/* Whether the service is given what one of its moved variables of this name is read from. */
static bool given(const struct proof *p, const struct sc_service *old, const struct sc_service *new,
                  const char *key)
{
    for (size_t i = 0; i < p->c->found_count; i++) {
        const struct occurrence *o = &p->c->found[i];
        if (o->reason != NULL || !sc_str_equal(o->key, key) || !reaches(p, o->service, old))
            continue;
        const char *name = p->c->plan->secrets[o->file_secret].name;
        for (size_t k = 0; k < new->secrets.count; k++) {
            if (sc_str_equal(new->secrets.items[k].source, name))
                return true;
        }
    }
    return false;
}

/* Where the whole variable became a reference: the secret that the service's reference is to has
 * the value that the variable had. Lists drop an item that stands in them already, so of two
 * references the one that counts need not be the one whose setting counted. */
static int check_reference(const struct proof *p, const struct sc_service *old,
                           const struct sc_service *new, const struct sc_variable *v,
                           struct sc_error *err)
{
    bool another = false;
    for (size_t i = 0; i < p->c->found_count; i++) {
        const struct occurrence *o = &p->c->found[i];
        const char *name = NULL, *value = NULL;
        if (o->reason != NULL || !sc_str_equal(o->key, v->name) || !reaches(p, o->service, old))
            continue;
        const struct sc_plan_secret *secret = &p->c->plan->secrets[o->file_secret];
        if (o->native != NULL || secret->is_template || sc_plan_is_part(o))
            return 0;
        int rc = sc_plan_variable(p->c, o, &name, &value, err);
        if (rc < 0)
            return rc;
        const struct sc_variable *now = sc_variables_get(&new->environment, name);
        if (now == NULL || !sc_str_equal(now->value, value))
            continue;
        if (v->value != NULL && secret->value.len == strlen(v->value) &&
            memcmp(secret->value.ptr, v->value, secret->value.len) == 0)
            return 0;
        another = true;
    }
    return another ? differs_in(old, v->name, "would be read from another one's secret", err) : 0;
}

/* Whether the plan gives some service a variable of this name. */
static bool is_new_name(const struct proof *p, const char *name)
{
    for (size_t i = 0; i < p->c->found_count; i++) {
        const struct occurrence *o = &p->c->found[i];
        if (o->reason == NULL && (sc_str_equal(o->argument, name) || sc_str_equal(o->key, name)))
            return true;
    }
    return false;
}

static int check_environment(const struct proof *p, const struct sc_service *old,
                             const struct sc_service *new, struct sc_error *err)
{
    for (size_t i = 0; i < old->environment.count; i++) {
        const struct sc_variable *v = &old->environment.items[i];
        const struct sc_variable *now = sc_variables_get(&new->environment, v->name);
        if (now != NULL && sc_str_equal(now->value, v->value))
            continue;
        if (moved(p, old, v->name) == NULL)
            return differs_in(old, v->name, "was not to change", err);
        if (now != NULL && now->value != NULL && strstr(now->value, "{{secret:") == NULL &&
            strstr(now->value, "/run/secrets/") == NULL)
            return differs_in(old, v->name, "is no reference to its secret", err);
        if (!given(p, old, new, v->name))
            return differs_in(old, v->name, "has no secret to be read from", err);
        int rc = check_reference(p, old, new, v, err);
        if (rc < 0)
            return rc;
    }
    for (size_t i = 0; i < new->environment.count; i++) {
        const struct sc_variable *v = &new->environment.items[i];
        if (sc_variables_get(&old->environment, v->name) == NULL && !is_new_name(p, v->name))
            return differs_in(old, v->name, "is new", err);
    }
    return 0;
}

/* Whether an item of the plan changes this attribute of the service. */
static bool item_changes(const struct proof *p, const struct sc_service *service, const char *key)
{
    for (size_t i = 0; i < p->c->plan->item_count; i++) {
        const struct sc_plan_item *item = &p->c->plan->items[i];
        bool here = item->action != SC_PLAN_REPORT && sc_str_equal(item->where, key);
        for (size_t k = 0; here && k < p->c->definition_count; k++) {
            const struct definition *d = &p->c->definitions[k];
            if (sc_str_equal(item->service, d->name) && reaches(p, d, service))
                return true;
        }
    }
    return false;
}

/* And did not before. */
static bool starts_through_shim(const struct proof *p, const struct sc_service *service)
{
    for (size_t i = 0; i < p->c->found_count; i++) {
        const struct occurrence *o = &p->c->found[i];
        if (o->reason == NULL && o->use_shim && !o->service->shim->there &&
            sc_str_equal(o->service->name, service->name))
            return true;
    }
    return false;
}

/* Attributes the plan may have changed for this service. */
static bool may_change(const struct proof *p, const struct sc_service *service, const char *key)
{
    static const char *const by_shim[] = {"entrypoint", "command", "volumes", "labels"};
    if (strcmp(key, "environment") == 0 || strcmp(key, "secrets") == 0)
        return true;
    for (size_t k = 0; k < SC_ARRAY_SIZE(by_shim); k++) {
        if (strcmp(by_shim[k], key) == 0 && starts_through_shim(p, service))
            return true;
    }
    return item_changes(p, service, key);
}

/* What started before starts now, behind the shim maybe: the same words where the project says
 * them, and as many where credentials in them are read from files. */
static int check_start(const struct proof *p, const struct sc_service *old,
                       const struct sc_service *new, struct sc_error *err)
{
    static const char *const keys[] = {"entrypoint", "command"};
    for (size_t i = 0; i < SC_ARRAY_SIZE(keys); i++) {
        const struct sc_value *before = sc_value_get(old->value, keys[i]);
        const struct sc_value *after = sc_value_get(new->value, keys[i]);
        if (before == NULL || before->kind != SC_VALUE_LIST || before->count == 0)
            continue;
        size_t more = i == 0 && starts_through_shim(p, old) ? 2 : 0;
        bool same =
            after != NULL && after->kind == SC_VALUE_LIST && after->count == before->count + more;
        for (size_t k = 0; same && k < before->count && !item_changes(p, old, keys[i]); k++)
            same = sc_value_same(before->u.items[k], after->u.items[k + more]);
        if (!same ||
            (more > 0 && !sc_str_equal(sc_value_text(after->u.items[0]), SC_PLAN_SHIM_TARGET)))
            return differs(old, keys[i], err);
    }
    return 0;
}

static int check_attributes(const struct proof *p, const struct sc_service *old,
                            const struct sc_service *new, struct sc_error *err)
{
    for (size_t i = 0; i < old->value->count; i++) {
        const struct sc_entry *e = &old->value->u.entries[i];
        if (!may_change(p, old, e->key) &&
            !sc_value_same(e->value, sc_value_get(new->value, e->key)))
            return differs(old, e->key, err);
    }
    for (size_t i = 0; i < new->value->count; i++) {
        const char *key = new->value->u.entries[i].key;
        if (sc_value_get(old->value, key) == NULL && !may_change(p, old, key))
            return differs(old, key, err);
    }
    return 0;
}

/* What was granted before is granted still, and every new grant leads somewhere. */
static int check_grants(const struct proof *p, const struct sc_service *old,
                        const struct sc_service *new, struct sc_error *err)
{
    for (size_t i = 0; i < old->secrets.count; i++) {
        bool found = false;
        for (size_t k = 0; k < new->secrets.count && !found; k++)
            found = sc_str_equal(old->secrets.items[i].source, new->secrets.items[k].source) &&
                    sc_str_equal(old->secrets.items[i].target, new->secrets.items[k].target);
        if (!found)
            return differs(old, "a grant is gone", err);
    }
    for (size_t i = 0; i < new->secrets.count; i++) {
        const char *source = new->secrets.items[i].source;
        bool dangled = false; /* before, which is a mistake of the project's own */
        for (size_t k = 0; k < old->secrets.count && !dangled; k++)
            dangled = sc_str_equal(old->secrets.items[k].source, source);
        if (dangled)
            continue;
        if (sc_resources_get(&p->after->secrets, source) == NULL &&
            sc_resources_get(&p->before->secrets, source) == NULL)
            return differs(old, "a grant leads nowhere", err);
    }
    return 0;
}

/* A config that was content and is the file the plan says. */
static bool config_moved(const struct proof *p, const struct sc_value *now)
{
    char folder[512];
    snprintf(folder, sizeof(folder), "%s/%s/", p->c->options->mount, p->c->plan->scope);
    const char *file = sc_value_text(sc_value_get(now, "file"));
    return sc_value_get(now, "content") == NULL && file != NULL && sc_str_has_prefix(file, folder);
}

static int check_configs(const struct proof *p, struct sc_error *err)
{
    const struct sc_value *old = sc_value_get(p->before->root, "configs");
    const struct sc_value *new = sc_value_get(p->after->root, "configs");
    if ((old == NULL) != (new == NULL) || (old != NULL && old->count != new->count))
        return sc_fail(err, SC_E_BUG,
                       "the rewritten project would differ: configs; nothing was changed");
    for (size_t i = 0; old != NULL && i < old->count; i++) {
        const struct sc_entry *entry = &old->u.entries[i];
        const struct sc_value *now = sc_value_get(new, entry->key);
        if (now == NULL ||
            (!sc_value_same(entry->value, now) &&
             !(sc_value_get(entry->value, "content") != NULL && config_moved(p, now))))
            return sc_fail(err, SC_E_BUG,
                           "the rewritten project would differ: configs; nothing was changed");
    }
    return 0;
}

static int compare(const struct proof *p, struct sc_error *err)
{
    static const char *const same[] = {"networks", "volumes", "models", "name"};
    if (p->before->service_count != p->after->service_count)
        return sc_fail(err, SC_E_BUG,
                       "the rewritten project would have other services; nothing was changed");
    for (size_t i = 0; i < SC_ARRAY_SIZE(same); i++) {
        const struct sc_value *old = sc_value_get(p->before->root, same[i]);
        const struct sc_value *new = sc_value_get(p->after->root, same[i]);
        if ((old == NULL) != (new == NULL) || (old != NULL && !sc_value_same(old, new)))
            return sc_fail(err, SC_E_BUG,
                           "the rewritten project would differ: %s; nothing was changed", same[i]);
    }
    int rc = check_configs(p, err);
    for (size_t i = 0; i < p->before->service_count && rc == 0; i++) {
        const struct sc_service *old = &p->before->services[i];
        const struct sc_service *new = sc_project_service(p->after, old->name);
        if (new == NULL)
            return differs(old, "which is gone", err);
        rc = check_environment(p, old, new, err);
        if (rc == 0)
            rc = check_attributes(p, old, new, err);
        if (rc == 0)
            rc = check_grants(p, old, new, err);
        if (rc == 0)
            rc = check_start(p, old, new, err);
    }
    return rc;
}

int sc_plan_prove(struct context *c, struct sc_error *err)
{
    if (c->options->project == NULL || c->options->load == NULL || !sc_plan_changes(c->plan))
        return 0;
    struct proof p = {
        .c = c,
        .disk = c->options->load->reader != NULL ? c->options->load->reader : &sc_reader_disk,
        .before = c->options->project,
    };
    struct sc_reader overlay = {.read = read_overlay, .kind = kind_overlay, .ctx = &p};
    struct sc_compose_options options = *c->options->load;
    options.reader = &overlay;
    int rc = sc_compose_load(&options, &p.after, err);
    if (rc < 0)
        return sc_wrap(err, rc, "the rewritten project does not load");
    rc = find_own(&p, err);
    if (rc == 0)
        rc = compare(&p, err);
    c->plan->after = p.after;
    return rc;
}
