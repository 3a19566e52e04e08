/* SPDX-License-Identifier: Apache-2.0
 *
 * What a container engine tells about containers, images and volumes: the JSON of `docker inspect`.
 */
#include <string.h>

#include "audit/known/inspect.h"
#include "audit/known/json_walk.h"
#include "audit/surface/surface.h"

#include "core/banned.h"

/* Ids out of a list: "/0/Id", "/1/Id", ... */
static int take_id(const struct sc_json_scalar *scalar, void *ctx, struct sc_error *err)
{
    struct sc_strv *ids = ctx;
    const char *last = strrchr(scalar->pointer, '/');
    bool outer = last != NULL && strchr(scalar->pointer + 1, '/') == last;
    if (!outer || scalar->type != SC_JSON_STRING || strcmp(last, "/Id") != 0)
        return 0;
    /* An id becomes part of a path: only what ids are made of is taken. */
    for (size_t i = 0; i < scalar->text.len; i++) {
        if (strchr("0123456789abcdef:sh", scalar->text.ptr[i]) == NULL)
            return sc_fail(err, SC_E_FORMAT, "the engine's answer has an id that is none");
    }
    SC_CLEANUP(sc_str_freep)
    char *id = sc_str_ndup((const char *)scalar->text.ptr, scalar->text.len, err);
    return id == NULL ? SC_E_NOMEM : sc_strv_add(ids, id, err);
}

int sc_engine_list_ids(const struct sc_engine *engine, const char *path, struct sc_strv *ids,
                       struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret answer = {0};
    int rc = sc_engine_get_secret(engine, path, SC_ENGINE_ANSWER_MAX, &answer, err);
    if (rc == 0)
        rc = sc_json_walk(sc_secret_view(&answer), take_id, ids, err);
    return rc;
}

/* What an answer says of itself, for the report. */
struct identity {
    char *name, *id, *service;
    int rc;
};

static int take_identity(const struct sc_json_scalar *scalar, void *ctx, struct sc_error *err)
{
    struct identity *identity = ctx;
    char **slot = NULL;
    if (scalar->type != SC_JSON_STRING)
        return 0;
    if (strcmp(scalar->pointer, "/Id") == 0)
        slot = &identity->id;
    else if (strcmp(scalar->pointer, "/Name") == 0 || strcmp(scalar->pointer, "/RepoTags/0") == 0)
        slot = &identity->name;
    else if (strcmp(scalar->pointer, "/Config/Labels/com.docker.compose.service") == 0)
        slot = &identity->service;
    if (slot == NULL || *slot != NULL || memchr(scalar->text.ptr, '\0', scalar->text.len) != NULL)
        return 0;
    size_t skip = scalar->text.ptr[0] == '/' ? 1 : 0;
    *slot = sc_str_ndup((const char *)scalar->text.ptr + skip, scalar->text.len - skip, err);
    return *slot == NULL ? SC_E_NOMEM : 0;
}

static void identity_done(struct identity *identity)
{
    sc_str_freep(&identity->name);
    sc_str_freep(&identity->id);
    sc_str_freep(&identity->service);
}

/* The kinds of object an engine has. */
struct kind {
    const char *noun;           /* "container" */
    const char *surface;        /* as the ledger calls it */
    const char *list, *inspect; /* paths; what stands before a name */
    const char *behind;         /* and behind it */
};

static const struct kind containers = {"container", "container", "/containers/json?all=1",
                                       "/containers/", "/json"};
static const struct kind images = {"image", "image settings", "/images/json?all=1", "/images/",
                                   "/json"};
static const struct kind volumes = {"volume", "volume settings", NULL, "/volumes/", ""};

char *sc_engine_path(const char *before, const char *name, const char *after, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf path = SC_BUF_INIT(4096);
    sc_buf_puts(&path, before);
    for (const char *c = name; *c != '\0'; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                     (*c >= '0' && *c <= '9') || strchr("-._:/@", *c) != NULL;
        if (plain)
            sc_buf_putc(&path, *c);
        else
            sc_buf_printf(&path, "%%%02X", (unsigned)(unsigned char)*c);
    }
    sc_buf_puts(&path, after);
    return sc_buf_status(&path, err) < 0 ? NULL : sc_buf_take(&path);
}

int sc_engine_image_names(const struct sc_engine *engine, struct sc_strv *ret, struct sc_error *err)
{
    return sc_engine_list_ids(engine, images.list, ret, err);
}

static int search_answer(struct sc_probe *probe, const struct kind *kind, const char *name,
                         const struct sc_secret *answer, struct sc_error *err)
{
    SC_CLEANUP(identity_done) struct identity identity = {0};
    struct sc_bytes json = sc_secret_view(answer);
    struct sc_error why = {0};
    /* Who it is can be told without, too; what is no JSON is told below. */
    if (sc_json_walk(json, take_identity, &identity, &why) == SC_E_NOMEM)
        return sc_fail_nomem(err);
    SC_CLEANUP(sc_str_freep)
    char *title =
        sc_str_printf(err, "%s %s", kind->noun, identity.name == NULL ? name : identity.name);
    if (title == NULL)
        return SC_E_NOMEM;
    const struct sc_spot spot = {.place = "inspect", .file = title, .service = identity.service};
    sc_ledger_object(probe->ledger);
    int rc = sc_inspect_json(probe, &spot, json, &why);
    if (rc == SC_E_NOMEM)
        return sc_fail_nomem(err);
    if (rc < 0)
        return sc_ledger_skip(probe->ledger, kind->surface, title, sc_error_message(&why), err);
    return sc_ledger_looked(probe->ledger, kind->surface, title, identity.id, json.len, err);
}

static int search_one(struct sc_probe *probe, const struct sc_engine *engine,
                      const struct kind *kind, const char *name, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *path = sc_engine_path(kind->inspect, name, kind->behind, err);
    if (path == NULL)
        return SC_E_NOMEM;
    SC_CLEANUP(sc_secret_done) struct sc_secret answer = {0};
    struct sc_error why = {0};
    int rc = sc_engine_get_secret(engine, path, SC_ENGINE_ANSWER_MAX, &answer, &why);
    if (rc == 0)
        return search_answer(probe, kind, name, &answer, err);
    SC_CLEANUP(sc_str_freep) char *title = sc_str_printf(err, "%s %s", kind->noun, name);
    if (title == NULL)
        return SC_E_NOMEM;
    return sc_ledger_skip(probe->ledger, kind->surface, title, sc_error_message(&why), err);
}

static int search_kind(struct sc_probe *probe, const struct sc_engine *engine,
                       const struct kind *kind, const struct sc_strv *names, struct sc_error *err)
{
    SC_CLEANUP(sc_strv_done) struct sc_strv ids = {0};
    struct sc_error why = {0};
    if (names->count == 0 && sc_engine_list_ids(engine, kind->list, &ids, &why) < 0)
        return sc_ledger_skip(probe->ledger, kind->surface, engine->host, sc_error_message(&why),
                              err);
    const struct sc_strv *list = names->count > 0 ? names : &ids;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < list->count; i++)
        rc = search_one(probe, engine, kind, list->items[i], err);
    return rc;
}

int sc_surface_containers(struct sc_probe *probe, const struct sc_engine *engine,
                          const struct sc_strv *names, struct sc_error *err)
{
    return search_kind(probe, engine, &containers, names, err);
}

int sc_surface_image_settings(struct sc_probe *probe, const struct sc_engine *engine,
                              const struct sc_strv *names, struct sc_error *err)
{
    return search_kind(probe, engine, &images, names, err);
}

int sc_engine_search_volume(struct sc_probe *probe, const struct sc_engine *engine,
                            const char *name, struct sc_error *err)
{
    return search_one(probe, engine, &volumes, name, err);
}
