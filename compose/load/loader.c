/* SPDX-License-Identifier: Apache-2.0
 *
 * Files and environments of a load; see compose/load/loader.h.
 */
#include "compose/load/loader.h"

#include <string.h>

#include "compose/form/path.h"
#include "compose/vars/envfile.h"

#include "core/banned.h"

const char *sc_loader_path(const struct sc_loader *loader, const char *path)
{
    if (strcmp(path, "-") == 0)
        return path;
    const char *absolute = sc_path_below(loader->pool, loader->directory, path);
    return absolute != NULL ? sc_path_clean(loader->pool, absolute) : NULL;
}

enum sc_path_kind sc_loader_kind(const struct sc_loader *loader, const char *path)
{
    return loader->reader->kind(loader->reader->ctx, path);
}

static const char *display_name(const struct sc_loader *loader, const char *path)
{
    return sc_path_shown(loader->options->working_directory, path);
}

static struct sc_loaded_file *find(const struct sc_loader *loader, const char *path,
                                   enum sc_file_kind kind)
{
    for (struct sc_loaded_file *file = loader->first; file != NULL; file = file->next) {
        if (file->file.kind == kind && strcmp(file->file.path, path) == 0)
            return file;
    }
    return NULL;
}

static int read_text(struct sc_loader *loader, const char *path, struct sc_project_file *file,
                     struct sc_error *err)
{
    struct sc_buf buf = SC_BUF_INIT(SC_COMPOSE_FILE_MAX);
    int rc = loader->reader->read(loader->reader->ctx, path, &buf, err);
    if (rc == 0 && buf.len > SC_COMPOSE_TOTAL_MAX - loader->byte_count)
        rc = sc_fail(err, SC_E_TOOBIG, "the files of the project have more than %zu MiB",
                     SC_COMPOSE_TOTAL_MAX / 1024 / 1024);
    if (rc == 0) {
        loader->byte_count += buf.len;
        file->size = buf.len;
        file->text = sc_model_pool_ndup(loader->pool, sc_buf_text(&buf), buf.len);
        if (file->text == NULL)
            rc = sc_model_pool_fail(loader->pool, err);
    }
    if (buf.data != NULL)
        sc_wipe(buf.data, buf.len);
    sc_buf_done(&buf);
    return rc;
}

int sc_loader_read(struct sc_loader *loader, const char *path, enum sc_file_kind kind,
                   struct sc_loaded_file **ret, struct sc_error *err)
{
    const char *absolute = sc_loader_path(loader, path);
    if (absolute == NULL)
        return sc_model_pool_fail(loader->pool, err);
    struct sc_loaded_file *file = find(loader, absolute, kind);
    if (file != NULL) {
        *ret = file;
        return 0;
    }
    if (loader->file_count >= SC_COMPOSE_FILES_MAX)
        return sc_fail(err, SC_E_TOOBIG, "the project has more than %d files",
                       SC_COMPOSE_FILES_MAX);
    file = sc_model_pool_alloc(loader->pool, sizeof(*file));
    if (file == NULL)
        return sc_model_pool_fail(loader->pool, err);
    file->file.path = absolute;
    file->file.display = display_name(loader, absolute);
    file->file.kind = kind;
    int rc = read_text(loader, absolute, &file->file, err);
    if (rc < 0)
        return rc;
    *loader->last = file;
    loader->last = &file->next;
    loader->file_count++;
    *ret = file;
    return 0;
}

int sc_loader_yaml(struct sc_loader *loader, const char *path, enum sc_file_kind kind,
                   struct sc_loaded_file **ret, struct sc_error *err)
{
    struct sc_loaded_file *file = NULL;
    int rc = sc_loader_read(loader, path, kind, &file, err);
    if (rc == 0 && file->yaml == NULL) {
        struct sc_bytes text = {(const unsigned char *)file->file.text, file->file.size};
        rc = sc_yaml_load(text, file->file.display, &file->yaml, NULL, err);
    }
    if (rc == 0)
        *ret = file;
    return rc;
}

void sc_loader_drop_yaml(struct sc_loaded_file *file)
{
    sc_yaml_freep(&file->yaml);
}

void sc_loader_done(struct sc_loader *loader)
{
    for (struct sc_loaded_file *file = loader->first; file != NULL; file = file->next)
        sc_loader_drop_yaml(file);
}

int sc_loader_note(struct sc_loader *loader, const char *text, struct sc_error *err)
{
    return sc_strv_add(&loader->project->notes, text, err);
}

/* A note is no reason to fail: without memory for it the load fails soon enough. */
static void note_unset(void *ctx, const char *name)
{
    struct sc_loader *loader = ctx;
    if (sc_value_get(loader->noted, name) != NULL)
        return;
    const char *text = sc_model_pool_printf(
        loader->pool, "variable '%s' is not set; nothing is put in its place", name);
    struct sc_value *mark = sc_tree_new(loader->pool, SC_VALUE_NULL, sc_origin_implied());
    if (text != NULL && sc_tree_set(loader->pool, loader->noted, name, mark, NULL, NULL) == 0)
        SC_IGNORE(sc_loader_note(loader, text, NULL));
}

struct sc_interp sc_loader_interp(struct sc_loader *loader, const struct sc_scope *scope)
{
    return (struct sc_interp){
        .pool = loader->pool, .scope = scope, .unset = note_unset, .ctx = loader};
}

static int check_env_file(const struct sc_loader *loader, const char *path, struct sc_error *err)
{
    switch (sc_loader_kind(loader, path)) {
    case SC_PATH_NONE:
        return sc_fail(err, SC_E_NOTFOUND, "there is no env file '%s'", display_name(loader, path));
    case SC_PATH_DIRECTORY:
        return sc_fail(err, SC_E_FAILED, "env file '%s' is a directory",
                       display_name(loader, path));
    case SC_PATH_FILE:
    default:
        return 0;
    }
}

int sc_loader_env_files(struct sc_loader *loader, const struct sc_value *environment,
                        const char *const *paths, size_t count, struct sc_value *into,
                        struct sc_error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct sc_loaded_file *file = NULL;
        const char *path = sc_loader_path(loader, paths[i]);
        int rc = path != NULL ? check_env_file(loader, path, err)
                              : sc_model_pool_fail(loader->pool, err);
        if (rc == 0)
            rc = sc_loader_read(loader, path, SC_FILE_DOTENV, &file, err);
        if (rc < 0)
            return rc;
        struct sc_scope scope = {{environment, into}};
        struct sc_interp interp = sc_loader_interp(loader, &scope);
        struct sc_envfile input = {.file = &file->file,
                                   .routes = SC_ROUTE_DOTENV,
                                   .scope = scope,
                                   .unset = interp.unset,
                                   .ctx = interp.ctx};
        rc = sc_envfile_parse(loader->pool, &input, into, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int sc_environment_merge(struct sc_model_pool *pool, struct sc_value *into,
                         const struct sc_value *from, struct sc_error *err)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct sc_entry *entry = &from->u.entries[i];
        if (sc_value_get(into, entry->key) != NULL)
            continue;
        int rc = sc_tree_set(pool, into, entry->key, entry->value, &entry->at, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}
