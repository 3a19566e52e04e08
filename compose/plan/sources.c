/* SPDX-License-Identifier: Apache-2.0
 *
 * The files of a plan: those that were given, and what the project reaches from them.
 */
#include "compose/plan/plan.h"
#include "compose/project.h"
#include "core/str.h"

#include "core/banned.h"

/* Whether all that is read from a file is bases of services: it may be included as well. */
static bool only_extended(const struct sc_project *project, const char *path)
{
    bool only = true;
    for (size_t i = 0; i < project->file_count && only; i++) {
        const struct sc_project_file *file = project->files[i];
        only = file->kind == SC_FILE_EXTENDS || !sc_str_equal(file->path, path);
    }
    return only;
}

size_t sc_plan_sources(const struct sc_plan_source *given, size_t count,
                       const struct sc_plan_options *options, struct sc_plan_source *ret)
{
    const struct sc_project *project = options->project;
    size_t found = 0;
    while (found < count) {
        ret[found] = given[found];
        found++;
    }
    for (size_t i = 0; project != NULL && i < project->file_count; i++) {
        const struct sc_project_file *file = project->files[i];
        bool known = false;
        for (size_t k = 0; k < found && !known; k++)
            known = sc_str_equal(ret[k].path, file->path);
        if (known || (file->kind != SC_FILE_INCLUDE && file->kind != SC_FILE_EXTENDS))
            continue;
        ret[found++] = (struct sc_plan_source){
            .path = file->path,
            .display = file->display,
            .text = {(const unsigned char *)file->text, file->size},
            .fixed = options->fixed != NULL ? options->fixed(file->path, options->ctx) : NULL,
            .base = only_extended(project, file->path),
        };
    }
    return found;
}
