/* SPDX-License-Identifier: Apache-2.0
 *
 * Files in which programs and libraries look for a credential by themselves, for variables that
 * neither the image nor the shim can take from a file: a template entry of the vault, rendered with
 * the other files.
 *
 * PGPASSFILE is for any image, since libpq alone reads PGPASSWORD. The variables of AWS are read by
 * many programs on their own, so their file is for images whose manuals name it.
 */
#include <string.h>

#include "compose/plan/internal.h"
#include "core/str.h"

#include "core/banned.h"

static const char *const rabbitmq[] = {"rabbitmq", NULL};
static const char *const with_aws_files[] = {
    "amazon/aws-cli",
    "public.ecr.aws/aws-cli/aws-cli",
    "fluent/fluent-bit",
    "cr.fluentbit.io/fluent/fluent-bit",
    "restic/restic",
    "ghcr.io/restic/restic",
    NULL,
};

#define AWS_SET                                                                                    \
    .repositories = with_aws_files, .stem = "aws_credentials", .set = "[default]\n",               \
    .unsafe = " \t#;'\"\\{}[]%"

static const struct native natives[] = {
    /* libpq ignores the file when others may read it */
    {.variable = "PGPASSWORD",
     .named_by = "PGPASSFILE",
     .stem = "pgpass",
     .before = "*:*:*:*:",
     .filter = "pgpass",
     .unsafe = "",
     .owner = true},
    /* read by the server after its entrypoint stepped down */
    {.variable = "RABBITMQ_DEFAULT_PASS",
     .repositories = rabbitmq,
     .target = "/etc/rabbitmq/conf.d/90-default-pass.conf",
     .stem = "rabbitmq.conf",
     .before = "default_pass = ",
     .unsafe = " \t#'\"\\{}[]$"},
    /* a key id left in the environment would be taken for the half of a pair there */
    {.variable = "AWS_ACCESS_KEY_ID", .before = "aws_access_key_id = ", AWS_SET},
    {.variable = "AWS_SECRET_ACCESS_KEY",
     .named_by = "AWS_SHARED_CREDENTIALS_FILE",
     .before = "aws_secret_access_key = ",
     AWS_SET},
    {.variable = "AWS_SESSION_TOKEN", .before = "aws_session_token = ", AWS_SET},
};

static bool fits(const char *value, const char *unsafe)
{
    for (const unsigned char *p = (const unsigned char *)value; *p != '\0'; p++) {
        if (*p < 0x20 || *p >= 0x7f || strchr(unsafe, *p) != NULL)
            return false;
    }
    return value[0] != '\0';
}

/* What is there for this variable and image, whatever the value. */
static const struct native *find(const char *image, const char *variable)
{
    char repository[128] = "";
    if (image != NULL && !sc_image_repository(image, repository, sizeof(repository)))
        return NULL;
    for (size_t i = 0; i < SC_ARRAY_SIZE(natives); i++) {
        const struct native *n = &natives[i];
        const char *const *all = n->repositories;
        while (all != NULL && *all != NULL && !sc_str_equal(*all, repository))
            all++;
        if (sc_str_equal(n->variable, variable) && (all == NULL || *all != NULL))
            return n;
    }
    return NULL;
}

const struct native *sc_plan_native(struct context *c, const struct occurrence *o)
{
    if (c->plan->files[o->service->file].base)
        return NULL; /* several services may take it from there, each in its own way */
    const struct native *n = find(o->service->image, o->key);
    const char *value = o->resolved != NULL ? o->resolved : o->raw;
    return n != NULL && fits(value, n->unsafe) && (!n->owner || sc_plan_reader_known(c, o->service))
               ? n
               : NULL;
}

/* ---- several variables, one file ---- */

bool sc_plan_native_companion(const char *image, const char *variable)
{
    const struct native *n = find(image, variable);
    return n != NULL && n->set != NULL && n->named_by == NULL;
}

/* The n-th occurrence of the service that is of the same set and about this variable. */
static const struct occurrence *part_of_set(const struct context *c, const struct occurrence *o,
                                            const struct native *native, size_t n)
{
    for (size_t i = 0; i < c->found_count; i++) {
        const struct occurrence *part = &c->found[i];
        if (part->native == native && sc_str_equal(part->service->name, o->service->name) &&
            n-- == 0)
            return part;
    }
    return NULL;
}

const char *sc_plan_native_set(struct context *c, const struct occurrence *o)
{
    static const char *const profiles[] = {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"};
    if (o->service->user_count != 1)
        return "what it is with its variables is not known, since the project was not loaded";
    for (size_t i = 0; i < SC_ARRAY_SIZE(profiles); i++) {
        if (sc_variables_get(&o->service->users[0]->environment, profiles[i]) != NULL)
            return sc_plan_say(c, "%s chooses another section of the file; write the file by hand",
                               profiles[i], NULL);
    }
    for (size_t i = 0; i < SC_ARRAY_SIZE(natives); i++) {
        if (natives[i].stem != o->native->stem)
            continue;
        const struct occurrence *part = part_of_set(c, o, &natives[i], 0);
        bool set =
            sc_variables_get(&o->service->users[0]->environment, natives[i].variable) != NULL;
        if (part == NULL && (set || !sc_str_equal(natives[i].variable, "AWS_SESSION_TOKEN")))
            return sc_plan_say(c,
                               "%s, which belongs to it, does not stand beside it or cannot follow",
                               natives[i].variable, NULL);
        if (part != NULL && part->reason != NULL)
            return sc_plan_say(c, "%s, which belongs to it, cannot follow", part->key, NULL);
        if (part_of_set(c, o, &natives[i], 1) != NULL)
            return sc_plan_say(c, "%s is set at several places; leave one of them",
                               natives[i].variable, NULL);
    }
    return NULL;
}

int sc_plan_native_assign(struct context *c, struct occurrence *o, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(4096);
    sc_buf_puts(&text, o->native->set != NULL ? o->native->set : "");
    for (size_t i = 0; i < SC_ARRAY_SIZE(natives); i++) {
        const struct native *n = &natives[i];
        const struct occurrence *part = n == o->native ? o : NULL;
        if (o->native->set != NULL && n->stem == o->native->stem)
            part = part_of_set(c, o, n, 0);
        if (part == NULL)
            continue;
        struct sc_plan_secret *secret = &c->plan->secrets[part->secret];
        secret->inside = true;
        sc_buf_printf(&text, "%s{{secret:%s%s%s}}\n", n->before, secret->name,
                      n->filter != NULL ? "|" : "", n->filter != NULL ? n->filter : "");
    }
    int rc = sc_buf_status(&text, err);
    return rc < 0 ? rc
                  : sc_plan_secret_template(c, o->native->stem, o->service->name,
                                            sc_buf_view(&text), &o->file_secret, err);
}
