/* SPDX-License-Identifier: Apache-2.0
 *
 * `compose config`; see cli/compose/config.h.
 */
#include "cli/compose/config.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/compose/config_mask.h"
#include "cli/output.h"
#include "compose/project.h"
#include "core/fd.h"
#include "core/parse.h"

#include "core/banned.h"

#define OUTPUT_MAX ((size_t)256 * 1024 * 1024)

static int print(const struct sc_config_options *options, bool json,
                 const struct sc_project *project, struct sc_error *err)
{
    struct sc_config_mask mask = {0};
    struct sc_render render = {.format = json ? SC_RENDER_JSON : SC_RENDER_YAML,
                               .hide = options->reveal ? NULL : sc_config_hide,
                               .ctx = &mask};
    struct sc_buf out = SC_BUF_INIT(OUTPUT_MAX);
    int rc = sc_compose_render(project, &render, &out, err);
    if (rc == 0)
        rc = sc_out_flush(err);
    /* Revealed values do not go through stdio. */
    if (rc == 0)
        rc = sc_fd_write_all(STDOUT_FILENO, sc_buf_text(&out), out.len, err);
    if (out.data != NULL)
        sc_wipe(out.data, out.len);
    sc_buf_done(&out);
    return rc;
}

/* Where the user is, by the name they came by: a link in PWD stays, as it does for Docker Compose.
 */
static int working_directory(char *out, size_t size, struct sc_error *err)
{
    const char *named = sc_env("PWD");
    struct stat there;
    struct stat here;
    if (named != NULL && *named == '/' && strlen(named) < size && stat(named, &there) == 0 &&
        stat(".", &here) == 0 && there.st_dev == here.st_dev && there.st_ino == here.st_ino) {
        memcpy(out, named, strlen(named) + 1);
        return 0;
    }
    return getcwd(out, size) != NULL ? 0 : sc_fail_errno(err, "cannot tell the working directory");
}

int sc_run_compose_config(struct sc_cli *cli, const void *options, int count, char **operands,
                          struct sc_error *err)
{
    (void)count;
    (void)operands;
    const struct sc_config_options *given = options;
    char directory[PATH_MAX];
    const char *format = NULL;
    int rc = sc_out_format(cli, given->format, "yaml", &format, err);
    if (rc == 0)
        rc = working_directory(directory, sizeof(directory), err);
    if (rc < 0)
        return rc;
    struct sc_compose_options load = {
        .files = (const char *const *)given->files.items,
        .file_count = given->files.count,
        .env_files = (const char *const *)given->env_files.items,
        .env_file_count = given->env_files.count,
        .profiles = (const char *const *)given->profiles.items,
        .profile_count = given->profiles.count,
        .project_directory = given->project_directory,
        .project_name = given->project_name,
        .working_directory = directory,
        .environment = (const char *const *)environ,
        .all = given->all,
        .tolerant = given->tolerant,
    };
    SC_CLEANUP(sc_project_freep) struct sc_project *project = NULL;
    rc = sc_compose_load(&load, &project, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < project->notes.count; i++)
        sc_note(cli, "%s", project->notes.items[i]);
    return print(given, sc_str_equal(format, "json"), project, err);
}
