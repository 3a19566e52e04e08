/* SPDX-License-Identifier: Apache-2.0
 *
 * Grants of a Compose project as rules; see cli/provision/grants.h.
 */
#include "cli/provision/grants.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "compose/project.h"
#include "fuse/serve/policy.h"

#include "core/banned.h"

struct grants {
    const struct sc_project *project;
    const char *directory;
    struct sc_granted_rules *to;
};

/* The entry a file below the mount shows; NULL if it lies elsewhere. Borrowed. */
static const char *name_of(const struct grants *grants, const char *file)
{
    size_t len = strlen(grants->directory);
    if (file == NULL || strncmp(file, grants->directory, len) != 0 || file[len] != '/')
        return NULL;
    const char *name = file + len + 1;
    return sc_name_check(name, 1, NULL) == 0 ? name : NULL;
}

static void add_rule(struct grants *grants, const char *name, const char *service)
{
    const struct sc_rule rule = {
        .glob = name,
        .conditions = {{SC_CONDITION_PROJECT, grants->project->name},
                       {SC_CONDITION_SERVICE, service}},
        .condition_count = 2,
    };
    sc_policy_encode(grants->to->policy, &rule);
    ++*grants->to->rules;
}

static int add_grants(struct grants *grants, const struct sc_service *service,
                      const struct sc_grants *list, const struct sc_resources *resources,
                      struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < list->count && rc == 0; i++) {
        const struct sc_resource *resource = sc_resources_get(resources, list->items[i].source);
        const char *name = resource != NULL ? name_of(grants, resource->file) : NULL;
        if (name == NULL)
            continue;
        add_rule(grants, name, service->name);
        rc = sc_owners_add(grants->to->owners, name, &list->items[i], err);
    }
    return rc;
}

int sc_grants_policy(const struct sc_strv *files, bool optional, const char *directory,
                     struct sc_granted_rules *to, struct sc_error *err)
{
    SC_CLEANUP(sc_project_freep) struct sc_project *project = NULL;
    char working[PATH_MAX];
    if (getcwd(working, sizeof(working)) == NULL)
        return sc_fail_errno(err, "cannot tell the working directory");
    const struct sc_compose_options options = {
        .files = (const char *const *)files->items,
        .file_count = files->count,
        .working_directory = working,
        .environment = (const char *const *)environ,
        .all = true,
        .tolerant = true,
    };
    int rc = sc_compose_load(&options, &project, err);
    if (rc == SC_E_NOTFOUND && optional && files->count == 0) {
        sc_error_clear(err);
        return 0;
    }
    if (rc < 0)
        return rc;
    struct grants grants = {project, directory, to};
    for (size_t i = 0; i < project->service_count && rc == 0; i++) {
        const struct sc_service *service = &project->services[i];
        rc = add_grants(&grants, service, &service->secrets, &project->secrets, err);
        if (rc == 0)
            rc = add_grants(&grants, service, &service->configs, &project->configs, err);
    }
    return rc == 0 ? sc_buf_status(to->policy, err) : rc;
}
