/* SPDX-License-Identifier: Apache-2.0
 *
 * compose rewrite: plan, then show it or carry it out.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/compose/image_start.h"
#include "cli/compose/rewrite.h"
#include "cli/output.h"
#include "compose/project.h"
#include "core/fsutil.h"

#include "core/banned.h"

static int read_secret(const char *path, void *ctx, struct sc_secret *ret, struct sc_error *err)
{
    (void)ctx;
    return sc_file_read_secret(path, SC_VALUE_MAX, false, ret, err);
}

/* What looking things up needs. */
struct lookup {
    const struct sc_strv *archives;
    const struct sc_rewrite_input *input;
};

static int image_start(const char *image, void *ctx, struct sc_image_start *ret,
                       struct sc_error *err)
{
    const struct lookup *lookup = ctx;
    return sc_rewrite_image_start(image, lookup->archives, ret, err);
}

/* A link is not replaced: what it leads to would keep the values. What lies outside of the
 * project's folder is not the project's: restore looks there for files, and others may use it. */
static const char *fixed(const char *path, void *ctx)
{
    const struct lookup *lookup = ctx;
    char real[PATH_MAX];
    if (realpath(path, real) == NULL || strcmp(real, path) != 0)
        return "the file is a symbolic link; put the file itself there, or change it by hand";
    return sc_rewrite_input_holds(lookup->input, path)
               ? NULL
               : "the file lies outside of the project's folder; change it there by hand";
}

/* An archive that cannot be read is a mistake, not an image that is not known. */
static int check_archives(const struct sc_strv *archives, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < archives->count && rc == 0; i++) {
        SC_CLEANUP(sc_image_start_done) struct sc_image_start start = {0};
        const char *path = strchr(archives->items[i], '=');
        path = path != NULL ? path + 1 : archives->items[i];
        rc = sc_image_archive_start(path, "-", &start, err);
        rc = rc == SC_E_NOTFOUND && access(path, R_OK) == 0 ? 0 : rc;
    }
    return rc;
}

/* Over everything that the project reads; over the given files alone where that is not possible. */
static int make_plan(const struct sc_rewrite_input *input, const struct sc_plan_options *settings,
                     struct sc_plan **ret, struct sc_error *err)
{
    const struct sc_project *project = settings->project;
    size_t room = input->count + (project != NULL ? project->file_count : 0);
    struct sc_plan_source *sources = calloc(room, sizeof(*sources));
    if (sources == NULL)
        return sc_fail_nomem(err);
    size_t count = sc_plan_sources(input->files, input->count, settings, sources);
    int rc = sc_plan_make(sources, count, settings, ret, err);
    free(sources);
    if (rc == 0 || rc == SC_E_NOMEM || count == input->count)
        return rc;
    sc_warn("%s; files that are included or extended stay as they are", sc_error_message(err));
    return sc_plan_make(input->files, input->count, settings, ret, err);
}

/* A plan that cannot be carried out here is shown all the same, if that is what was asked for. */
static int carry_out(struct sc_cli *cli, const struct sc_plan *plan, bool write,
                     struct sc_error *err)
{
    bool moves = sc_plan_moves(plan) > 0;
    int rc = moves ? sc_rewrite_check(plan, err) : 0;
    if (rc < 0 && !write) {
        struct sc_error failed = {0};
        int printed = sc_rewrite_print(cli, plan, SC_REWRITE_HINDERED, &failed);
        if (printed < 0)
            *err = failed;
        return printed < 0 ? printed : rc;
    }
    if (rc == 0 && write && moves)
        rc = sc_rewrite_store(cli, plan, err);
    return rc < 0 ? rc
                  : sc_rewrite_print(cli, plan, write ? SC_REWRITE_WRITTEN : SC_REWRITE_SHOWN, err);
}

int sc_run_compose_rewrite(struct sc_cli *cli, const void *options, int count, char **operands,
                           struct sc_error *err)
{
    const struct sc_rewrite_options *o = options;
    (void)count;
    (void)operands;
    SC_CLEANUP(sc_rewrite_input_done) struct sc_rewrite_input input = {0};
    SC_CLEANUP(sc_plan_freep) struct sc_plan *plan = NULL;
    int rc = sc_rewrite_input_read(&o->files, o->scope, &input, err);
    if (rc < 0)
        return rc;
    rc = check_archives(&o->images, err);
    if (rc < 0)
        return rc;
    struct sc_error why = {0};
    SC_CLEANUP(sc_str_freep) char *found = o->shim == NULL ? sc_rewrite_find_shim(&why) : NULL;
    if (why.code == SC_E_NOMEM)
        return sc_fail_nomem(err);
    const char *shim = o->shim != NULL ? o->shim : found;
    const char *no_shim =
        o->no_shim ? "it was ruled out with --no-shim" : sc_rewrite_shim_obstacle(shim);
    struct lookup lookup = {&o->images, &input};
    struct sc_plan_options settings = {
        .scope = input.scope,
        .mount = input.mount,
        .shim = no_shim == NULL ? shim : NULL,
        .no_shim = no_shim,
        .shim_architecture = sc_rewrite_shim_architecture(shim),
        .read_secret = read_secret,
        .fixed = fixed,
        .start = image_start,
        .ctx = &lookup,
    };
    SC_CLEANUP(sc_project_freep) struct sc_project *project = NULL;
    char directory[PATH_MAX];
    if (getcwd(directory, sizeof(directory)) == NULL)
        return sc_fail_errno(err, "cannot find the working directory");
    struct sc_compose_options load = {
        .files = (const char *const *)input.paths,
        .file_count = input.count,
        .working_directory = directory,
        .environment = (const char *const *)environ,
        .all = true,
        .tolerant = true,
    };
    rc = sc_compose_load(&load, &project, err);
    if (rc < 0)
        return rc;
    settings.project = project;
    settings.load = &load;
    rc = make_plan(&input, &settings, &plan, err);
    return rc < 0 ? rc : carry_out(cli, plan, o->write, err);
}
