/* SPDX-License-Identifier: Apache-2.0
 *
 * What the shim delivers on purpose; see audit/surface/delivery.h.
 */
#include "audit/surface/delivery.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/known/json_walk.h"
#include "audit/surface/surface.h"
#include "core/fd.h"
#include "core/name.h"

#include "core/banned.h"

#define ID_SIZE    64
#define CGROUP_MAX 4096

/* One container's answer being read. */
struct reading {
    struct sc_delivery *delivery;
    const char *id;
};

static bool holds_placeholder(struct sc_bytes text)
{
    return memmem(text.ptr, text.len, "{{secret:", 9) != NULL ||
           memmem(text.ptr, text.len, "{{config:", 9) != NULL;
}

static int take_variable(const struct sc_json_scalar *scalar, void *ctx, struct sc_error *err)
{
    const struct reading *reading = ctx;
    if (scalar->type != SC_JSON_STRING || !sc_str_has_prefix(scalar->pointer, "/Config/Env/"))
        return 0;
    const unsigned char *equals = memchr(scalar->text.ptr, '=', scalar->text.len);
    if (equals == NULL || !holds_placeholder(scalar->text))
        return 0;
    int name = (int)(equals - scalar->text.ptr);
    return sc_strv_take(
        &reading->delivery->variables,
        sc_str_printf(err, "%s %.*s", reading->id, name, (const char *)scalar->text.ptr), err);
}

static int read_container(struct sc_delivery *delivery, const struct sc_engine *engine,
                          const char *id, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *path = sc_engine_path("/containers/", id, "/json", err);
    if (path == NULL)
        return SC_E_NOMEM;
    SC_CLEANUP(sc_secret_done) struct sc_secret answer = {0};
    struct sc_error why = {0};
    struct reading reading = {.delivery = delivery, .id = id};
    int rc = sc_engine_get_secret(engine, path, SC_ENGINE_ANSWER_MAX, &answer, &why);
    if (rc == 0)
        rc = sc_json_walk(sc_secret_view(&answer), take_variable, &reading, &why);
    return rc == SC_E_NOMEM ? sc_fail_nomem(err) : 0;
}

int sc_delivery_load(struct sc_delivery *delivery, const struct sc_engine *engine,
                     struct sc_error *err)
{
    SC_CLEANUP(sc_strv_done) struct sc_strv ids = {0};
    struct sc_error why = {0};
    int rc = sc_engine_list_ids(engine, "/containers/json", &ids, &why);
    if (rc < 0)
        return rc == SC_E_NOMEM ? sc_fail_nomem(err) : 0;
    for (size_t i = 0; rc == 0 && i < ids.count; i++)
        rc = read_container(delivery, engine, ids.items[i], err);
    return rc;
}

/* The first run of 64 hexadecimal digits: the container's id, whatever the cgroup driver. */
static bool find_id(const char *text, char id[ID_SIZE + 1])
{
    for (const char *at = text; *at != '\0';) {
        size_t run = strspn(at, "0123456789abcdef");
        if (run == ID_SIZE) {
            memcpy(id, at, ID_SIZE);
            id[ID_SIZE] = '\0';
            return true;
        }
        at += run > 0 ? run : 1;
    }
    return false;
}

bool sc_delivery_covers(const struct sc_delivery *delivery, int process_fd, const char *variable)
{
    if (delivery->variables.count == 0)
        return false;
    char cgroup[CGROUP_MAX] = "", id[ID_SIZE + 1];
    SC_CLEANUP(sc_fd_closep) int fd = openat(process_fd, "cgroup", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, cgroup, sizeof(cgroup) - 1);
    if (got <= 0 || !find_id(cgroup, id))
        return false;
    char wanted[ID_SIZE + 2 + 256];
    int n = snprintf(wanted, sizeof(wanted), "%s %s", id, variable);
    return n > 0 && (size_t)n < sizeof(wanted) && sc_strv_contains(&delivery->variables, wanted);
}

void sc_delivery_done(struct sc_delivery *delivery)
{
    sc_strv_done(&delivery->variables);
}
