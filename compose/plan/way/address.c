/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses that a program takes as a whole (DATABASE_URL_FILE, a variable with a default) and
 * whose password is another service's too. The file is a template over that one secret then, so
 * that a rotation changes both sides.
 */
#include <string.h>

#include "compose/plan/internal.h"

#include "core/banned.h"

struct address {
    struct context *c;
    const char *text; /* as the container gets it; terminated */
    struct sc_buf template;
    size_t secret; /* the first that it holds */
    bool twin;     /* some credential in it is known from elsewhere */
};

static void address_done(struct address *a)
{
    sc_buf_done(&a->template);
}

/* One credential of the text: the secret behind it, as a placeholder. */
static int put_part(struct address *a, struct occurrence *o, const struct sc_credential *found,
                    bool first, struct sc_error *err)
{
    struct context *c = a->c;
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    const char *piece = sc_stash_dup(&c->plan->pool, a->text + found->offset, found->length, err);
    if (piece == NULL)
        return SC_E_NOMEM;
    const struct sc_plan_spot spot = {.text = a->text,
                                      .start = found->offset,
                                      .end = found->offset + found->length,
                                      .value = piece};
    const char *filter = NULL;
    size_t secret = 0;
    int rc = sc_plan_filter(&spot, &value, &filter, err);
    a->twin = a->twin || (rc == 0 && sc_plan_twin_note(c, sc_secret_view(&value)) != NULL);
    if (rc == 0 && !a->twin)
        return 0; /* the first one decides */
    if (rc == 0)
        rc = sc_plan_secret_for(c, "password", o->service->name, sc_secret_view(&value), &secret,
                                err);
    if (rc < 0)
        return rc;
    c->plan->secrets[secret].inside = true;
    a->secret = first ? secret : a->secret;
    sc_buf_printf(&a->template, "{{secret:%s%s}}", c->plan->secrets[secret].name, filter);
    return 0;
}

static int put_parts(struct address *a, struct occurrence *o, struct sc_error *err)
{
    struct sc_credential_part parts[SC_CREDENTIAL_PARTS_MAX];
    const size_t len = strlen(a->text);
    size_t count = sc_credential_parts(o->key, strlen(o->key), a->text, len, parts), at = 0;
    if (count == 0 || count > SC_CREDENTIAL_PARTS_MAX)
        return 0;
    for (size_t i = 0; i < count; i++) {
        const struct sc_credential *found = &parts[i].credential;
        if (found->shape != SC_SHAPE_URL || found->offset < at)
            return 0;
        sc_buf_append(&a->template, a->text + at, found->offset - at);
        int rc = put_part(a, o, found, i == 0, err);
        if (rc < 0 || !a->twin)
            return rc;
        at = found->offset + found->length;
    }
    sc_buf_append(&a->template, a->text + at, len - at);
    return sc_buf_status(&a->template, err);
}

bool sc_plan_is_address(const struct occurrence *o)
{
    bool whole = !o->use_shim || !sc_plan_is_part(o);
    return whole && o->native == NULL && o->resolved != NULL &&
           strstr(o->resolved, "://") != NULL && strstr(o->resolved, "{{") == NULL;
}

static int assign(struct context *c, struct occurrence *o, struct sc_error *err)
{
    SC_CLEANUP(address_done)
    struct address a = {.c = c, .text = o->resolved, .template = SC_BUF_INIT(SC_YAML_SCALAR_MAX)};
    int rc = put_parts(&a, o, err);
    if (rc < 0 || !a.twin)
        return rc;
    rc = sc_plan_secret_template(c, o->key, o->service->name, sc_buf_view(&a.template),
                                 &o->file_secret, err);
    o->secret = a.secret;
    o->filter = ""; /* the file is the whole value */
    return rc;
}

int sc_plan_addresses(struct context *c, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < c->found_count && rc == 0; i++) {
        struct occurrence *o = &c->found[i];
        if (o->reason != NULL || !sc_plan_is_address(o))
            continue;
        o->secret = SIZE_MAX;
        rc = o->next ? 0 : assign(c, o, err);
        if (rc == 0 && o->secret == SIZE_MAX)
            rc = sc_plan_assign(c, o, err);
    }
    return rc;
}
