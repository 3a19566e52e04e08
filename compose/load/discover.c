/* SPDX-License-Identifier: Apache-2.0
 *
 * Discovery; see compose/load/discover.h. The order is that of Docker Compose: a .env beside the
 * caller may name the files, and the .env beside those files adds what is still unset.
 */
#include "compose/load/discover.h"

#include <string.h>

#include "compose/form/path.h"
#include "core/str.h"

#include "core/banned.h"

struct discoverer {
    struct sc_loader *loader;
    const struct sc_compose_options *options;
    const char *given_directory; /* --project-directory, absolute; or NULL */
    const char **files;
    size_t file_count;
    struct sc_error *err;
};

static int nomem(const struct discoverer *d)
{
    return sc_model_pool_fail(d->loader->pool, d->err);
}

static const char *variable(const struct discoverer *d, const char *name)
{
    return sc_value_text(sc_value_get(d->loader->environment, name));
}

static const char *from_here(const struct discoverer *d, const char *path)
{
    if (strcmp(path, "-") == 0)
        return path;
    const char *below = sc_path_below(d->loader->pool, d->options->working_directory, path);
    return below != NULL ? sc_path_clean(d->loader->pool, below) : NULL;
}

/* ---- the caller's environment ---- */

static int add_variable(const struct discoverer *d, struct sc_value *map, const char *name,
                        const char *value)
{
    static const struct sc_origin origin = {.routes = SC_ROUTE_ENVIRONMENT};
    const char *text = value != NULL ? sc_model_pool_dup(d->loader->pool, value) : NULL;
    return sc_tree_set(d->loader->pool, map, name, sc_tree_text(d->loader->pool, text, &origin),
                       NULL, d->err);
}

static int read_caller(const struct discoverer *d)
{
    struct sc_loader *loader = d->loader;
    loader->environment = sc_tree_new(loader->pool, SC_VALUE_MAP, sc_origin_implied());
    if (loader->environment == NULL)
        return nomem(d);
    const char *const *items = d->options->environment;
    for (; items != NULL && *items != NULL; items++) {
        const char *equals = strchr(*items, '=');
        if (equals == NULL)
            continue;
        const char *name = sc_model_pool_ndup(loader->pool, *items, (size_t)(equals - *items));
        int rc = add_variable(d, loader->environment, name, equals + 1);
        if (rc < 0)
            return rc;
    }
    loader->home = variable(d, "HOME");
    if (variable(d, "PWD") != NULL)
        return 0;
    return add_variable(d, loader->environment, "PWD", d->options->working_directory);
}

/* ---- directories ---- */

/* What Docker Compose takes for the working directory as far as things are known. */
static const char *current_directory(const struct discoverer *d)
{
    if (d->given_directory != NULL)
        return d->given_directory;
    for (size_t i = 0; i < d->file_count; i++) {
        if (strcmp(d->files[i], "-") != 0)
            return sc_path_parent(d->loader->pool, d->files[i]);
    }
    return d->options->working_directory;
}

/* ---- .env ---- */

/* COMPOSE_DISABLE_ENV_FILE, as Go reads a bool. */
static int default_disabled(const struct discoverer *d, bool *ret)
{
    static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True"};
    static const char *const no[] = {"0", "f", "F", "FALSE", "false", "False"};
    const char *text = variable(d, "COMPOSE_DISABLE_ENV_FILE");
    *ret = false;
    for (size_t i = 0; text != NULL && i < SC_ARRAY_SIZE(yes); i++) {
        if (strcmp(text, yes[i]) == 0) {
            *ret = true;
            return 0;
        }
        if (strcmp(text, no[i]) == 0)
            return 0;
    }
    return text == NULL
               ? 0
               : sc_fail(d->err, SC_E_USAGE, "COMPOSE_DISABLE_ENV_FILE must be true or false");
}

/* Items of a text divided by `mark`; empty ones are left out where `fields` is set. */
static int split(const struct discoverer *d, const char *text, const char *mark, bool fields,
                 const char ***ret, size_t *ret_count)
{
    const char **items = sc_model_pool_array(d->loader->pool, strlen(text) + 1, sizeof(*items));
    if (items == NULL)
        return nomem(d);
    size_t count = 0;
    for (;;) {
        const char *end = strstr(text, mark);
        size_t len = end != NULL ? (size_t)(end - text) : strlen(text);
        if (len > 0 || !fields) {
            items[count] = sc_model_pool_ndup(d->loader->pool, text, len);
            if (items[count++] == NULL)
                return nomem(d);
        }
        if (end == NULL)
            break;
        text = end + strlen(mark);
    }
    *ret = items;
    *ret_count = count;
    return 0;
}

/* The env files that are known now; those named by the user, else the directory's .env. */
static int env_files(const struct discoverer *d, const char ***ret, size_t *ret_count)
{
    struct sc_loader *loader = d->loader;
    const char **files = NULL;
    size_t count = 0;
    const char *list = variable(d, "COMPOSE_ENV_FILES");
    int rc = 0;
    if (d->options->env_file_count > 0) {
        count = d->options->env_file_count;
        files = sc_model_pool_array(loader->pool, count, sizeof(*files));
        if (files == NULL)
            return nomem(d);
        memcpy(files, d->options->env_files, count * sizeof(*files));
    } else if (list != NULL) {
        rc = split(d, list, ",", true, &files, &count);
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        files[i] = from_here(d, files[i]);
        if (files[i] == NULL)
            rc = nomem(d);
    }
    bool disabled = false;
    if (rc == 0 && count == 0)
        rc = default_disabled(d, &disabled);
    if (rc < 0 || count > 0 || disabled) {
        *ret = files;
        *ret_count = count;
        return rc;
    }
    files = sc_model_pool_array(loader->pool, 1, sizeof(*files));
    const char *directory = current_directory(d);
    const char *path = directory != NULL ? sc_path_below(loader->pool, directory, ".env") : NULL;
    if (files == NULL || path == NULL)
        return nomem(d);
    files[0] = path;
    *ret = files;
    *ret_count = sc_loader_kind(loader, path) == SC_PATH_FILE ? 1 : 0;
    return 0;
}

static int read_env_files(const struct discoverer *d)
{
    struct sc_loader *loader = d->loader;
    const char **files = NULL;
    size_t count = 0;
    int rc = env_files(d, &files, &count);
    if (rc < 0 || count == 0)
        return rc;
    struct sc_value *read = sc_tree_new(loader->pool, SC_VALUE_MAP, sc_origin_implied());
    if (read == NULL)
        return nomem(d);
    rc = sc_loader_env_files(loader, loader->environment, files, count, read, d->err);
    return rc < 0 ? rc : sc_environment_merge(loader->pool, loader->environment, read, d->err);
}

/* ---- Compose files ---- */

static int add_file(struct discoverer *d, const char *path)
{
    const char **files = sc_model_pool_array(d->loader->pool, d->file_count + 1, sizeof(*files));
    if (files == NULL || path == NULL)
        return nomem(d);
    if (d->file_count > 0)
        memcpy(files, d->files, d->file_count * sizeof(*files));
    files[d->file_count++] = path;
    d->files = files;
    return 0;
}

static int files_of_variable(struct discoverer *d, const char *list)
{
    const char *mark = variable(d, "COMPOSE_PATH_SEPARATOR");
    const char **items = NULL;
    size_t count = 0;
    int rc = split(d, list, mark != NULL && *mark != '\0' ? mark : ":", false, &items, &count);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        const char *path = from_here(d, items[i]);
        if (path == NULL)
            return nomem(d);
        if (strcmp(path, "-") != 0 && sc_loader_kind(d->loader, path) != SC_PATH_FILE)
            return sc_fail(d->err, SC_E_NOTFOUND, "COMPOSE_FILE names '%s', which is not a file",
                           items[i]);
        rc = add_file(d, path);
    }
    return rc;
}

/* The first of the usual names in the directory; a note if there are more. */
static int find_usual(struct discoverer *d, const char *directory, const char *const *names,
                      size_t count, bool *ret_found)
{
    const char *found = NULL;
    const char *found_name = NULL;
    for (size_t i = 0; i < count; i++) {
        const char *path = sc_path_below(d->loader->pool, directory, names[i]);
        if (path == NULL)
            return nomem(d);
        if (sc_loader_kind(d->loader, path) == SC_PATH_NONE)
            continue;
        if (found != NULL) {
            const char *note = sc_model_pool_printf(
                d->loader->pool, "there is '%s' besides '%s'; the latter is used", names[i],
                found_name);
            return note == NULL                                  ? nomem(d)
                   : sc_loader_note(d->loader, note, d->err) < 0 ? SC_E_NOMEM
                                                                 : add_file(d, found);
        }
        found = path;
        found_name = names[i];
        *ret_found = true;
    }
    return found != NULL ? add_file(d, found) : 0;
}

static int search(struct discoverer *d)
{
    static const char *const names[] = {"compose.yaml", "compose.yml", "docker-compose.yml",
                                        "docker-compose.yaml"};
    static const char *const overrides[] = {"compose.override.yml", "compose.override.yaml",
                                            "docker-compose.override.yml",
                                            "docker-compose.override.yaml"};
    const char *directory = current_directory(d);
    while (directory != NULL) {
        bool found = false;
        int rc = find_usual(d, directory, names, SC_ARRAY_SIZE(names), &found);
        if (rc == 0 && found)
            rc = find_usual(d, directory, overrides, SC_ARRAY_SIZE(overrides), &found);
        if (rc < 0 || found)
            return rc;
        if (strcmp(directory, "/") == 0)
            return sc_fail(d->err, SC_E_NOTFOUND,
                           "there is no Compose file here or above; name one with -f");
        directory = sc_path_parent(d->loader->pool, directory);
    }
    return nomem(d);
}

static int find_files(struct discoverer *d)
{
    for (size_t i = 0; i < d->options->file_count; i++) {
        int rc = add_file(d, from_here(d, d->options->files[i]));
        if (rc < 0)
            return rc;
    }
    int rc = read_env_files(d);
    if (rc < 0 || d->file_count > 0)
        return rc;
    const char *list = variable(d, "COMPOSE_FILE");
    return list != NULL ? files_of_variable(d, list) : search(d);
}

/* ---- profiles and name ---- */

static int find_profiles(const struct discoverer *d, struct sc_discovery *ret)
{
    static const char *const every[] = {"*"};
    const char *const *given = d->options->all ? every : d->options->profiles;
    size_t count = d->options->all ? 1 : d->options->profile_count;
    const char *list = variable(d, "COMPOSE_PROFILES");
    if (count == 0 && list != NULL) {
        int rc = split(d, list, ",", false, &ret->profiles, &ret->profile_count);
        for (size_t i = 0; rc == 0 && i < ret->profile_count; i++) {
            const char *text = ret->profiles[i] + strspn(ret->profiles[i], " \t");
            size_t len = strlen(text);
            while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
                len--;
            ret->profiles[i] = sc_model_pool_ndup(d->loader->pool, text, len);
            rc = ret->profiles[i] != NULL ? 0 : nomem(d);
        }
        return rc;
    }
    ret->profiles = sc_model_pool_array(d->loader->pool, count + 1, sizeof(*ret->profiles));
    if (ret->profiles == NULL)
        return nomem(d);
    if (count > 0)
        memcpy(ret->profiles, given, count * sizeof(*given));
    ret->profile_count = count;
    return 0;
}

/* Lower case, only letters, digits, '_' and '-', beginning with a letter or digit. */
static const char *normal_name(const struct discoverer *d, const char *text)
{
    char *name = sc_model_pool_alloc(d->loader->pool, strlen(text) + 1);
    size_t len = 0;
    for (; name != NULL && *text != '\0'; text++) {
        char c = *text >= 'A' && *text <= 'Z' ? (char)(*text + 32) : *text;
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (plain || ((c == '_' || c == '-') && len > 0))
            name[len++] = c;
    }
    return name;
}

/* The last `name:` of all files and documents. */
static int name_of_files(const struct discoverer *d, const char **ret)
{
    *ret = NULL;
    for (size_t i = 0; i < d->file_count; i++) {
        struct sc_loaded_file *file = NULL;
        int rc = sc_loader_yaml(d->loader, d->files[i], SC_FILE_COMPOSE, &file, d->err);
        if (rc < 0)
            return rc;
        for (size_t j = 0; j < sc_yaml_count(file->yaml); j++) {
            const struct sc_yaml_node *root = sc_yaml_document(file->yaml, j)->root;
            const struct sc_yaml_node *name =
                sc_yaml_resolve(sc_yaml_get(sc_yaml_resolve(root), "name"));
            if (sc_yaml_is(name, SC_YAML_SCALAR) && name->len > 0 && !sc_yaml_is_null(name))
                *ret = name->text;
        }
    }
    return 0;
}

static int find_name(const struct discoverer *d, struct sc_discovery *ret)
{
    struct sc_loader *loader = d->loader;
    const char *name = d->options->project_name;
    const char *what = "the project name given by -p";
    if (name == NULL || *name == '\0') {
        name = variable(d, "COMPOSE_PROJECT_NAME");
        what = "COMPOSE_PROJECT_NAME";
    }
    if (name != NULL && *name != '\0') {
        const char *normal = normal_name(d, name);
        if (normal != NULL && strcmp(normal, name) != 0)
            return sc_fail(d->err, SC_E_USAGE,
                           "%s may have lower case letters, digits, '-' and '_' only, and begins "
                           "with a letter or digit",
                           what);
        ret->name = normal;
        return normal != NULL ? 0 : nomem(d);
    }
    const char *written = NULL;
    int rc = name_of_files(d, &written);
    if (rc == 0 && written != NULL) {
        struct sc_scope scope = {{loader->environment}};
        struct sc_interp interp = sc_loader_interp(loader, &scope);
        struct sc_interp_result result = {0};
        rc = sc_interpolate(&interp, written, strlen(written), &result, d->err);
        if (rc < 0)
            return sc_wrap(d->err, rc, "name");
        ret->name = normal_name(d, result.text);
    } else if (rc == 0) {
        const char *slash = strrchr(loader->directory, '/');
        ret->name = normal_name(d, slash != NULL ? slash + 1 : loader->directory);
    }
    if (rc < 0)
        return rc;
    if (ret->name == NULL)
        return nomem(d);
    return *ret->name != '\0'
               ? 0
               : sc_fail(d->err, SC_E_USAGE, "the project has no name; give one with -p");
}

int sc_discover(struct sc_loader *loader, struct sc_discovery *ret, struct sc_error *err)
{
    struct discoverer d = {.loader = loader, .options = loader->options, .err = err};
    loader->directory = d.options->working_directory;
    int rc = read_caller(&d);
    if (rc == 0 && d.options->project_directory != NULL) {
        d.given_directory = from_here(&d, d.options->project_directory);
        rc = d.given_directory != NULL ? 0 : nomem(&d);
    }
    if (rc == 0)
        rc = find_files(&d);
    if (rc == 0)
        rc = read_env_files(&d);
    if (rc < 0)
        return rc;
    loader->directory = current_directory(&d);
    if (loader->directory == NULL)
        return nomem(&d);
    ret->files = d.files;
    ret->file_count = d.file_count;
    rc = find_profiles(&d, ret);
    if (rc == 0)
        rc = find_name(&d, ret);
    if (rc < 0)
        return rc;
    static const struct sc_origin made = {.routes = 0};
    return sc_tree_set(loader->pool, loader->environment, "COMPOSE_PROJECT_NAME",
                       sc_tree_text(loader->pool, ret->name, &made), NULL, err);
}
