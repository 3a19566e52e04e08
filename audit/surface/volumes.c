/* SPDX-License-Identifier: Apache-2.0
 *
 * Volumes of an engine: what it says of them, and their files, read where they lie on this machine,
 * else through a container that has them mounted, as the engine packs them up.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/image/archive.h"
#include "audit/known/json_walk.h"
#include "audit/surface/surface.h"
#include "audit/surface/tree.h"

#include "core/banned.h"

#define SURFACE "volume"

/* ---- the engine's lists ---- */

struct volume {
    char *name, *folder;
};

struct volumes {
    struct volume *items;
    size_t count;
};

static void volumes_done(struct volumes *volumes)
{
    for (size_t i = 0; i < volumes->count; i++) {
        free(volumes->items[i].name);
        free(volumes->items[i].folder);
    }
    free(volumes->items);
}

/* "/Volumes/3/Name": the index, and whether the rest is `leaf`. */
static bool at_item(const char *pointer, const char *before, const char *leaf, size_t *ret_index)
{
    size_t skip = strlen(before);
    if (strncmp(pointer, before, skip) != 0)
        return false;
    char *end = NULL;
    unsigned long index = strtoul(pointer + skip, &end, 10);
    *ret_index = (size_t)index;
    return end != pointer + skip && strcmp(end, leaf) == 0;
}

static int set_field(const struct sc_json_scalar *scalar, char **slot, struct sc_error *err)
{
    if (*slot == NULL && memchr(scalar->text.ptr, '\0', scalar->text.len) == NULL)
        *slot = sc_str_ndup((const char *)scalar->text.ptr, scalar->text.len, err);
    return *slot == NULL ? SC_E_FORMAT : 0;
}

static int take_volume(const struct sc_json_scalar *scalar, void *ctx, struct sc_error *err)
{
    struct volumes *volumes = ctx;
    size_t index = 0;
    bool name = at_item(scalar->pointer, "/Volumes/", "/Name", &index);
    bool folder = !name && at_item(scalar->pointer, "/Volumes/", "/Mountpoint", &index);
    if (scalar->type != SC_JSON_STRING || (!name && !folder) || index > volumes->count)
        return 0;
    if (index == volumes->count) {
        struct volume *grown =
            reallocarray(volumes->items, volumes->count + 1, sizeof(*volumes->items));
        if (grown == NULL)
            return sc_fail_nomem(err);
        volumes->items = grown;
        volumes->items[volumes->count++] = (struct volume){0};
    }
    struct volume *volume = &volumes->items[index];
    return set_field(scalar, name ? &volume->name : &volume->folder, err);
}

static int list_volumes(const struct sc_engine *engine, struct volumes *volumes,
                        struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret answer = {0};
    int rc = sc_engine_get_secret(engine, "/volumes", SC_ENGINE_ANSWER_MAX, &answer, err);
    return rc < 0 ? rc : sc_json_walk(sc_secret_view(&answer), take_volume, volumes, err);
}

/* Where a container has the volume. Members of a mount come in any order, so both are kept until
 * the mount's index changes. */
struct mount {
    const char *volume;
    char *container, *name, *destination;
    char *found_container, *found_destination;
    size_t index;
};

static void mount_done(struct mount *mount)
{
    free(mount->container);
    free(mount->name);
    free(mount->destination);
    free(mount->found_container);
    free(mount->found_destination);
}

static int keep_mount(struct mount *mount, struct sc_error *err)
{
    if (mount->found_container != NULL || mount->name == NULL || mount->destination == NULL ||
        mount->container == NULL || strcmp(mount->name, mount->volume) != 0)
        return 0;
    mount->found_destination = SC_TAKE(mount->destination);
    mount->found_container = sc_str_dup(mount->container, err);
    return mount->found_container == NULL ? SC_E_NOMEM : 0;
}

static int take_mount(const struct sc_json_scalar *scalar, void *ctx, struct sc_error *err)
{
    struct mount *mount = ctx;
    size_t container = 0;
    if (scalar->type != SC_JSON_STRING)
        return 0;
    if (at_item(scalar->pointer, "/", "/Id", &container)) {
        sc_str_freep(&mount->container);
        return set_field(scalar, &mount->container, err);
    }
    const char *mounts = strstr(scalar->pointer, "/Mounts/");
    size_t index = 0;
    if (mounts == NULL)
        return 0;
    bool name = at_item(mounts, "/Mounts/", "/Name", &index);
    bool destination = !name && at_item(mounts, "/Mounts/", "/Destination", &index);
    if (!name && !destination)
        return 0;
    if (index != mount->index || (name && mount->name != NULL) ||
        (destination && mount->destination != NULL)) {
        sc_str_freep(&mount->name);
        sc_str_freep(&mount->destination);
        mount->index = index;
    }
    int rc = set_field(scalar, name ? &mount->name : &mount->destination, err);
    return rc < 0 ? rc : keep_mount(mount, err);
}

static int find_mount(const struct sc_engine *engine, struct mount *mount, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret answer = {0};
    int rc =
        sc_engine_get_secret(engine, "/containers/json?all=1", SC_ENGINE_ANSWER_MAX, &answer, err);
    if (rc == 0)
        rc = sc_json_walk(sc_secret_view(&answer), take_mount, mount, err);
    if (rc == 0 && mount->found_container == NULL)
        rc = sc_fail(err, SC_E_NOTFOUND,
                     "its files cannot be reached from here and no container has it mounted");
    return rc;
}

/* ---- searching ---- */

static int feed(struct sc_bytes piece, void *ctx, struct sc_error *err)
{
    return sc_archive_write(ctx, piece, err);
}

static int search_packed(const struct sc_engine *engine, const char *volume,
                         struct sc_archive *archive, struct sc_error *err)
{
    SC_CLEANUP(mount_done) struct mount mount = {.volume = volume};
    int rc = find_mount(engine, &mount, err);
    if (rc < 0)
        return rc;
    SC_CLEANUP(sc_str_freep)
    char *before = sc_engine_path("/containers/", mount.found_container, "/archive?path=", err);
    SC_CLEANUP(sc_str_freep)
    char *path = before == NULL ? NULL : sc_engine_path(before, mount.found_destination, "", err);
    return path == NULL ? SC_E_NOMEM : sc_engine_get(engine, path, feed, archive, err);
}

static int search_through_container(struct sc_probe *probe, const struct sc_engine *engine,
                                    const char *volume, const char *title, struct sc_error *err)
{
    const struct sc_archive_options inside = {
        .searcher = probe->searcher, .ledger = probe->ledger, .surface = SURFACE};
    const struct sc_spot spot = {.place = SURFACE, .file = title};
    struct sc_archive *archive = sc_archive_new(&inside, err);
    if (archive == NULL)
        return SC_E_NOMEM;
    sc_ledger_object(probe->ledger);
    sc_archive_begin(archive, &spot);
    struct sc_error why = {0};
    uint64_t bytes = 0;
    int rc = search_packed(engine, volume, archive, &why);
    int ended = sc_archive_end(archive, &bytes, err);
    sc_archive_free(archive);
    if (rc == SC_E_NOMEM || ended < 0)
        return ended < 0 ? ended : sc_fail_nomem(err);
    return rc < 0 ? sc_ledger_skip(probe->ledger, SURFACE, title, sc_error_message(&why), err)
                  : sc_ledger_looked(probe->ledger, SURFACE, title, NULL, bytes, err);
}

/* A path that the engine names means something here only if the engine is here. */
static bool is_here(const struct sc_engine *engine, const char *folder)
{
    return folder != NULL && sc_str_has_prefix(engine->host, "unix://") &&
           access(folder, R_OK | X_OK) == 0;
}

static int search_volume(struct sc_probe *probe, const struct sc_engine *engine,
                         const struct volume *volume, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *title = sc_str_printf(err, "volume %s", volume->name);
    if (title == NULL)
        return SC_E_NOMEM;
    if (!is_here(engine, volume->folder))
        return search_through_container(probe, engine, volume->name, title, err);
    const struct sc_tree_options options = {.surface = SURFACE, .place = SURFACE, .title = title};
    return sc_tree_search(probe, volume->folder, &options, err);
}

static int search_named(struct sc_probe *probe, const struct sc_engine *engine,
                        const struct volumes *volumes, const char *name, struct sc_error *err)
{
    for (size_t i = 0; i < volumes->count; i++) {
        if (sc_str_equal(volumes->items[i].name, name))
            return search_volume(probe, engine, &volumes->items[i], err);
    }
    return sc_ledger_skip(probe->ledger, SURFACE, name, "the engine has no such volume", err);
}

/* What the engine says of those that are to be searched. */
static int search_settings(struct sc_probe *probe, const struct sc_engine *engine,
                           const struct volumes *volumes, const struct sc_strv *names,
                           struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < volumes->count; i++) {
        const char *name = volumes->items[i].name;
        bool wanted = name != NULL && names->count == 0;
        for (size_t k = 0; k < names->count; k++)
            wanted = wanted || sc_str_equal(name, names->items[k]);
        if (wanted)
            rc = sc_engine_search_volume(probe, engine, name, err);
    }
    return rc;
}

int sc_surface_volumes(struct sc_probe *probe, const struct sc_engine *engine,
                       const struct sc_strv *names, struct sc_error *err)
{
    SC_CLEANUP(volumes_done) struct volumes volumes = {0};
    struct sc_error why = {0};
    int rc = list_volumes(engine, &volumes, &why);
    if (rc == SC_E_NOMEM)
        return sc_fail_nomem(err);
    if (rc < 0)
        return sc_ledger_skip(probe->ledger, SURFACE, engine->host, sc_error_message(&why), err);
    rc = search_settings(probe, engine, &volumes, names, err);
    for (size_t i = 0; rc == 0 && i < names->count; i++)
        rc = search_named(probe, engine, &volumes, names->items[i], err);
    for (size_t i = 0; rc == 0 && names->count == 0 && i < volumes.count; i++) {
        if (volumes.items[i].name != NULL)
            rc = search_volume(probe, engine, &volumes.items[i], err);
    }
    return rc;
}
