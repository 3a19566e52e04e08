/* SPDX-License-Identifier: Apache-2.0
 *
 * Files in which programs and libraries look for a credential by themselves, for variables that
 * neither the image nor the shim can take from a file: a template entry of the vault, rendered with
 * the other files.
 */
#include <string.h>

#include "compose/plan/internal.h"
#include "core/str.h"

#include "core/banned.h"

static const struct native natives[] = {
    /* libpq ignores the file when others may read it */
    {.variable = "PGPASSWORD",
     .named_by = "PGPASSFILE",
     .stem = "pgpass",
     .before = "*:*:*:*:",
     .after = "",
     .unsafe = ":\\",
     .owner = true},
    /* read by the server after its entrypoint stepped down */
    {.variable = "RABBITMQ_DEFAULT_PASS",
     .repository = "rabbitmq",
     .target = "/etc/rabbitmq/conf.d/90-default-pass.conf",
     .stem = "rabbitmq.conf",
     .before = "default_pass = ",
     .after = "",
     .unsafe = " \t#'\"\\{}[]$"},
};

static bool fits(const char *value, const char *unsafe)
{
    for (const unsigned char *p = (const unsigned char *)value; *p != '\0'; p++) {
        if (*p < 0x20 || *p >= 0x7f || strchr(unsafe, *p) != NULL)
            return false;
    }
    return value[0] != '\0';
}

const struct native *sc_plan_native(struct context *c, const struct occurrence *o)
{
    char repository[128] = "";
    if (c->plan->files[o->service->file].base)
        return NULL; /* several services may take it from there, each in its own way */
    if (o->service->image != NULL &&
        !sc_image_repository(o->service->image, repository, sizeof(repository)))
        return NULL;
    for (size_t i = 0; i < SC_ARRAY_SIZE(natives); i++) {
        const struct native *n = &natives[i];
        const char *value = o->resolved != NULL ? o->resolved : o->raw;
        if (sc_str_equal(n->variable, o->key) &&
            (n->repository == NULL || sc_str_equal(n->repository, repository)) &&
            fits(value, n->unsafe) && (!n->owner || sc_plan_reader_known(c, o->service)))
            return n;
    }
    return NULL;
}

int sc_plan_native_assign(struct context *c, struct occurrence *o, struct sc_error *err)
{
    struct sc_plan_secret *secret = &c->plan->secrets[o->secret];
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(1024);
    secret->inside = true;
    sc_buf_printf(&text, "%s{{secret:%s}}%s\n", o->native->before, secret->name, o->native->after);
    int rc = sc_buf_status(&text, err);
    return rc < 0 ? rc
                  : sc_plan_secret_template(c, o->native->stem, sc_buf_view(&text), &o->file_secret,
                                            err);
}
