/* SPDX-License-Identifier: Apache-2.0
 *
 * Which files a rewrite works on, and under which scope.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/compose/rewrite.h"
#include "cli/output.h"
#include "cli/place.h"
#include "core/fsutil.h"
#include "core/name.h"
#include "core/parse.h"
#include "core/replace.h"

#include "core/banned.h"

static const char *const usual_names[] = {"compose.yaml", "compose.yml", "docker-compose.yml",
                                          "docker-compose.yaml"};
static const char *const override_names[] = {"compose.override.yaml", "compose.override.yml",
                                             "docker-compose.override.yml",
                                             "docker-compose.override.yaml"};

static const char *first_present(const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (access(names[i], F_OK) == 0)
            return names[i];
    }
    return NULL;
}

/* -f, else COMPOSE_FILE, else the usual names in the working directory with their override. */
static int choose_files(const struct sc_strv *given, struct sc_strv *ret, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < given->count && rc == 0; i++)
        rc = sc_strv_add(ret, given->items[i], err);
    const char *variable = sc_env("COMPOSE_FILE");
    if (given->count > 0 || rc < 0)
        return rc;
    for (const char *at = variable; at != NULL && *at != '\0' && rc == 0;) {
        size_t n = strcspn(at, ":");
        SC_CLEANUP(sc_str_freep) char *name = sc_str_ndup(at, n, err);
        rc = name == NULL ? SC_E_NOMEM : sc_strv_add(ret, name, err);
        at += n + (at[n] == ':');
    }
    if (variable != NULL || rc < 0)
        return rc;
    const char *base = first_present(usual_names, SC_ARRAY_SIZE(usual_names));
    const char *over = first_present(override_names, SC_ARRAY_SIZE(override_names));
    if (base == NULL)
        return sc_fail(err, SC_E_NOTFOUND,
                       "there is no compose.yaml or docker-compose.yml here; name one with -f");
    rc = sc_strv_add(ret, base, err);
    return rc == 0 && over != NULL ? sc_strv_add(ret, over, err) : rc;
}

/* The real path, which must lie in the folder that the path names: a link that leads elsewhere
 * would have a file changed that nobody named. */
static char *real_path(const char *path, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *dir = sc_path_dirname(path, err);
    if (dir == NULL)
        return NULL;
    char real[PATH_MAX], real_dir[PATH_MAX];
    if (realpath(path, real) == NULL || realpath(dir, real_dir) == NULL) {
        sc_fail_errno(err, "cannot open '%s'", path);
        return NULL;
    }
    size_t n = strlen(real_dir);
    if (strncmp(real, real_dir, n) != 0 || (real[n] != '/' && n > 1)) {
        sc_fail(err, SC_E_UNSUPPORTED,
                "'%s' is a symbolic link out of its folder; name the file itself", path);
        return NULL;
    }
    return sc_str_dup(real, err);
}

/* `name:` of the last file that has one, else the folder of the first file. */
static int default_scope(const struct sc_rewrite_input *input, char **ret, struct sc_error *err)
{
    char name[SC_NAME_PART_MAX + 1] = "";
    for (size_t i = 0; i < input->count; i++) {
        SC_CLEANUP(sc_yaml_freep) struct sc_yaml_stream *yaml = NULL;
        int rc = sc_yaml_load(input->files[i].text, input->files[i].display, &yaml, NULL, err);
        if (rc < 0)
            return rc;
        const struct sc_yaml_node *node = NULL;
        if (sc_yaml_count(yaml) > 0)
            node = sc_yaml_resolve(sc_yaml_get(sc_yaml_document(yaml, 0)->root, "name"));
        if (sc_yaml_is(node, SC_YAML_SCALAR) && node->len > 0 && strchr(node->text, '$') == NULL) {
            rc = sc_name_from_text(name, node->text, err);
            if (rc < 0)
                return rc;
        }
    }
    const char *project = sc_env("COMPOSE_PROJECT_NAME");
    if (project != NULL || name[0] == '\0') {
        SC_CLEANUP(sc_str_freep) char *dir = sc_path_dirname(input->paths[0], err);
        if (dir == NULL)
            return SC_E_NOMEM;
        const char *leaf = strrchr(dir, '/') != NULL ? strrchr(dir, '/') + 1 : dir;
        int rc = sc_name_from_text(name, project != NULL ? project : leaf, err);
        if (rc < 0)
            return sc_wrap(err, rc, "cannot make a scope of the folder's name; give --scope");
    }
    *ret = sc_str_dup(name, err);
    return *ret != NULL ? 0 : SC_E_NOMEM;
}

int sc_rewrite_input_read(const struct sc_strv *given, const char *scope,
                          struct sc_rewrite_input *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_strv_done) struct sc_strv files = {0};
    int rc = choose_files(given, &files, err);
    if (rc < 0)
        return rc;
    ret->files = calloc(files.count, sizeof(*ret->files));
    ret->texts = calloc(files.count, sizeof(*ret->texts));
    ret->paths = calloc(files.count, sizeof(*ret->paths));
    if (ret->files == NULL || ret->texts == NULL || ret->paths == NULL)
        return sc_fail_nomem(err);
    for (size_t i = 0; i < files.count; i++) {
        ret->paths[i] = real_path(files.items[i], err);
        if (ret->paths[i] == NULL)
            return err->code;
        size_t finished = 0;
        ret->count++;
        rc = sc_replace_recover(ret->paths[i], &finished, err);
        if (rc < 0)
            return rc;
        if (finished > 0)
            sc_warn("finished a rewrite that was interrupted: %zu files", finished);
        ret->texts[i] = (struct sc_buf)SC_BUF_INIT(SC_YAML_SIZE_MAX);
        rc = sc_file_read(ret->paths[i], &ret->texts[i], err);
        if (rc < 0)
            return rc;
        ret->files[i] = (struct sc_plan_source){
            .path = ret->paths[i], .display = NULL, .text = sc_buf_view(&ret->texts[i])};
        ret->files[i].display = sc_str_dup(files.items[i], err);
        if (ret->files[i].display == NULL)
            return SC_E_NOMEM;
    }
    ret->mount = sc_cli_run_dir(err);
    if (ret->mount == NULL)
        return err->code;
    if (scope == NULL)
        return default_scope(ret, &ret->scope, err);
    rc = sc_name_check(scope, 1, err);
    if (rc == 0) {
        ret->scope = sc_str_dup(scope, err);
        rc = ret->scope != NULL ? 0 : SC_E_NOMEM;
    }
    return rc;
}

bool sc_rewrite_input_holds(const struct sc_rewrite_input *input, const char *path)
{
    for (size_t i = 0; i < input->count; i++) {
        const char *slash = strrchr(input->paths[i], '/');
        size_t folder = slash != NULL ? (size_t)(slash - input->paths[i]) + 1 : 0;
        if (strcmp(path, input->paths[i]) == 0 ||
            (folder > 0 && strncmp(path, input->paths[i], folder) == 0))
            return true;
    }
    return false;
}

void sc_rewrite_input_done(struct sc_rewrite_input *input)
{
    for (size_t i = 0; i < input->count; i++) {
        if (input->texts[i].data != NULL)
            sc_wipe(input->texts[i].data, input->texts[i].len);
        sc_buf_done(&input->texts[i]);
        free(input->paths[i]);
        free((char *)(uintptr_t)input->files[i].display);
    }
    free(input->files);
    free(input->texts);
    free(input->paths);
    free(input->scope);
    free(input->mount);
}
