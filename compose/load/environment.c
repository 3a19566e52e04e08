/* SPDX-License-Identifier: Apache-2.0
 *
 * Environments and labels; see compose/load/environment.h.
 */
#include "compose/load/environment.h"

#include <string.h>

#include "compose/out/bind_value.h"
#include "compose/vars/envfile.h"

#include "core/banned.h"

static int is_raw(const struct sc_value *entry, const struct sc_path *path, bool *ret,
                  struct sc_error *err)
{
    const struct sc_value *format = sc_value_get(entry, "format");
    *ret = sc_value_equals(format, "raw");
    if (format == NULL || *ret || sc_value_equals(format, ".env") || sc_value_equals(format, ""))
        return 0;
    return sc_fail_value(err, SC_E_SYNTAX, format, path,
                         "there is no such format of env files; leave it out, or: raw");
}

static int read_env_file(struct sc_loader *loader, const struct sc_value *entry,
                         const struct sc_path *path, const struct sc_scope *scope,
                         struct sc_value *into, struct sc_error *err)
{
    const struct sc_value *file_path = sc_value_get(entry, "path");
    const struct sc_value *required = sc_value_get(entry, "required");
    const char *text = sc_value_text(file_path);
    bool optional = sc_value_is(required, SC_VALUE_BOOL) && !required->u.boolean;
    bool raw = false;
    if (text == NULL)
        return sc_fail_value(err, SC_E_SYNTAX, entry, path, "needs a path");
    if (sc_loader_kind(loader, text) == SC_PATH_NONE) {
        if (optional)
            return 0;
        return sc_fail_value(err, SC_E_NOTFOUND, file_path, path,
                             "there is no such file; 'required: false' would allow that");
    }
    struct sc_loaded_file *file = NULL;
    int rc = is_raw(entry, path, &raw, err);
    if (rc == 0)
        rc = sc_loader_read(loader, text, SC_FILE_ENV_FILE, &file, err);
    if (rc < 0)
        return rc;
    file->file.raw = raw;
    struct sc_interp interp = sc_loader_interp(loader, scope);
    struct sc_envfile input = {.file = &file->file,
                               .routes = SC_ROUTE_ENV_FILE,
                               .scope = *scope,
                               .unset = interp.unset,
                               .ctx = interp.ctx};
    return raw ? sc_envfile_parse_raw(loader->pool, &input, into, err)
               : sc_envfile_parse(loader->pool, &input, into, err);
}

/* Copies what has a value. */
static int copy_values(struct sc_loader *loader, const struct sc_value *from, struct sc_value *into,
                       bool nulls, struct sc_error *err)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct sc_entry *entry = &from->u.entries[i];
        if (entry->value->kind == SC_VALUE_NULL && !nulls)
            continue;
        int rc = sc_tree_set(loader->pool, into, entry->key, entry->value, &entry->at, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int bound_pairs(struct sc_loader *loader, const struct sc_value *service, const char *key,
                       const struct sc_path *path, struct sc_value **ret, struct sc_error *err)
{
    const struct sc_value *written = sc_value_get(service, key);
    struct sc_path next = sc_path_key(path, key);
    bool environment = strcmp(key, "environment") == 0;
    if (written != NULL && written->kind != SC_VALUE_NULL)
        return sc_bind_value(loader->pool, environment ? SC_FIELD_ENVIRONMENT : SC_FIELD_MAPPING,
                             written, &next, ret, err);
    *ret = sc_tree_new(loader->pool, SC_VALUE_MAP, service->origin);
    return *ret != NULL ? 0 : sc_model_pool_fail(loader->pool, err);
}

/* As written where nothing has to be looked up in it: binding the service binds it then. */
static struct sc_value *unbound(const struct sc_value *service, const char *key, const char *files)
{
    const struct sc_value *list = sc_value_get(service, files);
    struct sc_value *written = sc_value_get(service, key);
    bool pairs = sc_value_is(written, SC_VALUE_MAP) || sc_value_is(written, SC_VALUE_LIST);
    return pairs && (!sc_value_is(list, SC_VALUE_LIST) || list->count == 0) ? written : NULL;
}

int sc_service_environment(struct sc_loader *loader, const struct sc_value *service,
                           const struct sc_path *path, struct sc_value **ret, struct sc_error *err)
{
    struct sc_value *own = unbound(service, "environment", "env_file");
    if (own != NULL) {
        *ret = own;
        return 0;
    }
    int rc = bound_pairs(loader, service, "environment", path, &own, err);
    const struct sc_value *files = sc_value_get(service, "env_file");
    if (rc < 0)
        return rc;
    if (!sc_value_is(files, SC_VALUE_LIST) || files->count == 0) {
        *ret = own;
        return 0;
    }
    struct sc_value *all = sc_tree_new(loader->pool, SC_VALUE_MAP, service->origin);
    if (all == NULL)
        return sc_model_pool_fail(loader->pool, err);
    rc = copy_values(loader, own, all, false, err);
    struct sc_scope scope = {{loader->environment, own}};
    struct sc_path list = sc_path_key(path, "env_file");
    for (size_t i = 0; rc == 0 && i < files->count; i++) {
        struct sc_path item = sc_path_item(&list, i);
        rc = read_env_file(loader, files->u.items[i], &item, &scope, all, err);
    }
    if (rc == 0)
        rc = copy_values(loader, own, all, true, err);
    if (rc == 0)
        *ret = all;
    return rc;
}

int sc_service_labels(struct sc_loader *loader, const struct sc_value *service,
                      const struct sc_path *path, struct sc_value **ret, struct sc_error *err)
{
    struct sc_value *own = unbound(service, "labels", "label_file");
    if (own != NULL) {
        *ret = own;
        return 0;
    }
    int rc = bound_pairs(loader, service, "labels", path, &own, err);
    const struct sc_value *files = sc_value_get(service, "label_file");
    struct sc_value *all = sc_tree_new(loader->pool, SC_VALUE_MAP, service->origin);
    struct sc_path list = sc_path_key(path, "label_file");
    if (rc == 0 && all == NULL)
        rc = sc_model_pool_fail(loader->pool, err);
    for (size_t i = 0; rc == 0 && sc_value_is(files, SC_VALUE_LIST) && i < files->count; i++) {
        struct sc_path item = sc_path_item(&list, i);
        const struct sc_value *entry = files->u.items[i];
        struct sc_loaded_file *file = NULL;
        if (!sc_value_is(entry, SC_VALUE_STRING))
            return sc_fail_value(err, SC_E_SYNTAX, entry, &item, "must be a path");
        if (sc_loader_kind(loader, entry->u.text) == SC_PATH_NONE)
            return sc_fail_value(err, SC_E_NOTFOUND, entry, &item, "there is no such file");
        rc = sc_loader_read(loader, entry->u.text, SC_FILE_LABEL_FILE, &file, err);
        struct sc_scope scope = {{all}};
        struct sc_interp interp = sc_loader_interp(loader, &scope);
        struct sc_envfile input = {
            .routes = SC_ROUTE_ENV_FILE, .scope = scope, .unset = interp.unset, .ctx = interp.ctx};
        if (rc == 0) {
            input.file = &file->file;
            rc = sc_envfile_parse(loader->pool, &input, all, err);
        }
    }
    if (rc == 0)
        rc = copy_values(loader, own, all, true, err);
    if (rc == 0)
        *ret = all;
    return rc;
}
