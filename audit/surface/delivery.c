/* SPDX-License-Identifier: Apache-2.0
 *
 * What containers are given on purpose; see audit/surface/delivery.h.
 */
#include "audit/surface/delivery.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/known/json_walk.h"
#include "audit/surface/surface.h"
#include "core/fd.h"
#include "core/text/render.h"

#include "core/banned.h"

#define ID_SIZE    64
#define CGROUP_MAX 4096

/* One container's answer being read. */
struct reading {
    struct sc_delivery *delivery;
    const char *id;
};

/* The name of the variable that an entrypoint makes of NAME_FILE, NAME__FILE or FILE__NAME; empty
 * for any other. */
static struct sc_bytes without_file(struct sc_bytes name)
{
    static const char suffix[] = "_FILE", prefix[] = "FILE__";
    const size_t n = sizeof(suffix) - 1, m = sizeof(prefix) - 1;
    if (name.len > m && memcmp(name.ptr, prefix, m) == 0)
        return (struct sc_bytes){name.ptr + m, name.len - m};
    if (name.len <= n || memcmp(name.ptr + name.len - n, suffix, n) != 0)
        return (struct sc_bytes){0};
    size_t len = name.len - n;
    return (struct sc_bytes){name.ptr, name.ptr[len - 1] == '_' ? len - 1 : len};
}

static int take_variable(const struct sc_json_scalar *scalar, void *ctx, struct sc_error *err)
{
    const struct reading *reading = ctx;
    if (scalar->type != SC_JSON_STRING || !sc_str_has_prefix(scalar->pointer, "/Config/Env/"))
        return 0;
    const unsigned char *text = scalar->text.ptr;
    const unsigned char *equals = memchr(text, '=', scalar->text.len);
    if (equals == NULL)
        return 0;
    struct sc_strv *list = &reading->delivery->by_shim;
    struct sc_bytes name = {text, (size_t)(equals - text)};
    if (!sc_render_has_placeholder(scalar->text)) {
        bool path = equals + 1 < text + scalar->text.len && equals[1] == '/';
        list = &reading->delivery->by_image;
        name = path ? without_file(name) : (struct sc_bytes){0};
    }
    if (name.len == 0)
        return 0;
    return sc_strv_take(
        list, sc_str_printf(err, "%s %.*s", reading->id, (int)name.len, (const char *)name.ptr),
        err);
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

enum sc_delivered sc_delivery_of(const struct sc_delivery *delivery, int process_fd,
                                 const char *variable)
{
    if (delivery->by_shim.count == 0 && delivery->by_image.count == 0)
        return SC_DELIVERED_NOT;
    char cgroup[CGROUP_MAX] = "", id[ID_SIZE + 1];
    SC_CLEANUP(sc_fd_closep) int fd = openat(process_fd, "cgroup", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, cgroup, sizeof(cgroup) - 1);
    if (got <= 0 || !find_id(cgroup, id))
        return SC_DELIVERED_NOT;
    char wanted[ID_SIZE + 2 + 256];
    int n = snprintf(wanted, sizeof(wanted), "%s %s", id, variable);
    if (n <= 0 || (size_t)n >= sizeof(wanted))
        return SC_DELIVERED_NOT;
    if (sc_strv_contains(&delivery->by_shim, wanted))
        return SC_DELIVERED_BY_SHIM;
    return sc_strv_contains(&delivery->by_image, wanted) ? SC_DELIVERED_BY_IMAGE : SC_DELIVERED_NOT;
}

void sc_delivery_done(struct sc_delivery *delivery)
{
    sc_strv_done(&delivery->by_shim);
    sc_strv_done(&delivery->by_image);
}
