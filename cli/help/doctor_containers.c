/* SPDX-License-Identifier: Apache-2.0
 *
 * doctor: containers that are started through the shim. Their Compose file has ENTRYPOINT and CMD
 * of the image written out, which an update of the image may have changed since; a label holds what
 * they were.
 */
#include <stdlib.h>
#include <string.h>

#include "audit/known/json_walk.h"
#include "audit/surface/http.h"
#include "audit/surface/surface.h"
#include "cli/compose/image_start.h"
#include "cli/help/doctor.h"

#include "core/banned.h"

/* Containers that are looked at, and seconds for a silent engine. */
#define CONTAINERS_MAX 256
/* Of them are named, at most. */
#define NAMED_MAX 8
#define TIMEOUT   3
/* all=1, filters={"label":["secretsctl.entrypoint"]} */
#define LIST "/containers/json?all=1&filters=%7B%22label%22%3A%5B%22" SC_START_LABEL "%22%5D%7D"

struct container {
    char name[128], image[96], label[24];
};

struct containers {
    struct container *items;
    size_t count;
};

static void keep(char *out, size_t size, const struct sc_json_scalar *scalar)
{
    size_t n = SC_MIN(scalar->text.len, size - 1);
    memcpy(out, scalar->text.ptr, n);
    out[n] = '\0';
}

static int take(const struct sc_json_scalar *scalar, void *ctx, struct sc_error *err)
{
    struct containers *all = ctx;
    const char *pointer = scalar->pointer;
    size_t at = pointer[0] == '/' ? (size_t)strtoul(pointer + 1, NULL, 10) : CONTAINERS_MAX;
    const char *field = strchr(pointer + (pointer[0] == '/'), '/');
    (void)err;
    if (scalar->type != SC_JSON_STRING || at >= CONTAINERS_MAX || field == NULL)
        return 0;
    struct container *c = &all->items[at];
    all->count = SC_MAX(all->count, at + 1);
    if (strcmp(field, "/Names/0") == 0)
        keep(c->name, sizeof(c->name), scalar);
    else if (strcmp(field, "/ImageID") == 0)
        keep(c->image, sizeof(c->image), scalar);
    else if (strcmp(field, "/Labels/" SC_START_LABEL) == 0)
        keep(c->label, sizeof(c->label), scalar);
    return 0;
}

/* Whether the image still starts what the label says; so too when that cannot be found out. */
static bool as_written(const struct container *c)
{
    SC_CLEANUP(sc_image_start_done) struct sc_image_start start = {0};
    char now[17];
    if (c->label[0] == '\0' || sc_image_engine_start(c->image, &start, NULL) < 0)
        return true;
    sc_image_start_hash(&start, now);
    return strcmp(now, c->label) == 0;
}

void sc_doctor_check_containers(struct sc_doctor *doctor)
{
    struct sc_engine engine = sc_engine_default();
    SC_CLEANUP(sc_secret_done) struct sc_secret answer = {0};
    struct containers all = {.items = calloc(CONTAINERS_MAX, sizeof(*all.items))};
    size_t changed = 0;
    engine.timeout = TIMEOUT;
    if (all.items != NULL &&
        sc_engine_get_secret(&engine, LIST, SC_ENGINE_ANSWER_MAX, &answer, NULL) == 0 &&
        sc_json_walk(sc_secret_view(&answer), take, &all, NULL) == 0) {
        for (size_t i = 0; i < all.count; i++) {
            if (as_written(&all.items[i]) || changed++ >= NAMED_MAX)
                continue;
            sc_doctor_add(doctor, "shim-entrypoint", SC_DOCTOR_WARN,
                          "compose restore, then compose rewrite again",
                          "the image of container '%s' starts something else than the Compose file "
                          "has written out for the shim",
                          all.items[i].name[0] == '/' ? all.items[i].name + 1 : all.items[i].name);
        }
        if (all.count > 0 && changed == 0)
            sc_doctor_add(doctor, "shim-entrypoint", SC_DOCTOR_OK, NULL,
                          "%zu containers start what their images start", all.count);
    }
    free(all.items);
}
