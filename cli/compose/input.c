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
#include "compose/project.h"
#include "core/fsutil.h"
#include "core/name.h"
#include "core/replace.h"

#include "core/banned.h"

/* What Docker Compose takes for the project: -f, else COMPOSE_FILE of the environment or of '.env',
 * else the usual names here or above, with their override; and what it calls it. */
static int discover(const struct sc_strv *given, struct sc_strv *files, char **ret_name,
                    struct sc_error *err)
{
    char directory[PATH_MAX];
    if (getcwd(directory, sizeof(directory)) == NULL)
        return sc_fail_errno(err, "cannot find the working directory");
    const struct sc_compose_options options = {.files = (const char *const *)given->items,
                                               .file_count = given->count,
                                               .working_directory = directory,
                                               .environment = (const char *const *)environ,
                                               .all = true,
                                               .tolerant = true};
    return sc_compose_discover(&options, files, ret_name, err);
}

/* The path from the working directory, for messages and the diff; as it is from the root only. */
static char *shown_path(const char *path, struct sc_error *err)
{
    char base[PATH_MAX];
    SC_CLEANUP(sc_buf_done) struct sc_buf up = SC_BUF_INIT(PATH_MAX);
    if (getcwd(base, sizeof(base)) == NULL)
        base[0] = '\0';
    for (size_t len = strlen(base); len > 1; len = strlen(base)) {
        if (strncmp(path, base, len) == 0 && path[len] == '/') {
            sc_buf_puts(&up, path + len + 1);
            return sc_buf_status(&up, err) == 0 ? sc_buf_take(&up) : NULL;
        }
        *strrchr(base, '/') = '\0';
        sc_buf_puts(&up, "../");
    }
    return sc_str_dup(path, err);
}

/* Those that are given are called as given. */
static int choose_files(const struct sc_strv *given, struct sc_strv *ret, char **ret_name,
                        struct sc_error *err)
{
    SC_CLEANUP(sc_strv_done) struct sc_strv found = {0};
    int rc = 0;
    for (size_t i = 0; i < given->count && rc == 0; i++)
        rc = sc_strv_add(ret, given->items[i], err);
    if (given->count > 0 || rc < 0)
        return rc;
    rc = discover(given, &found, ret_name, err);
    for (size_t i = 0; i < found.count && rc == 0; i++) {
        SC_CLEANUP(sc_str_freep) char *shown = shown_path(found.items[i], err);
        rc = shown == NULL ? SC_E_NOMEM : sc_strv_add(ret, shown, err);
    }
    return rc;
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

/* The name of the project. */
static int default_scope(const struct sc_strv *given, const char *name, char **ret,
                         struct sc_error *err)
{
    SC_CLEANUP(sc_strv_done) struct sc_strv files = {0};
    SC_CLEANUP(sc_str_freep) char *found = NULL;
    int rc = name != NULL ? 0 : discover(given, &files, &found, err);
    if (rc == 0)
        rc = sc_name_check(name != NULL ? name : found, 1, err);
    if (rc < 0)
        return rc;
    *ret = name != NULL ? sc_str_dup(name, err) : SC_TAKE(found);
    return *ret != NULL ? 0 : SC_E_NOMEM;
}

int sc_rewrite_input_read(const struct sc_strv *given, const char *scope,
                          struct sc_rewrite_input *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_strv_done) struct sc_strv files = {0};
    SC_CLEANUP(sc_str_freep) char *name = NULL;
    int rc = choose_files(given, &files, &name, err);
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
            sc_warn("finished a rewrite that was interrupted: %zu file%s", finished,
                    finished == 1 ? "" : "s");
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
        return default_scope(given, name, &ret->scope, err);
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
