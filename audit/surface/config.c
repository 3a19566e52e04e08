/* SPDX-License-Identifier: Apache-2.0
 *
 * Searching a rendered Compose project; see audit/surface/config.h.
 */
#include "audit/surface/config.h"

#include <stdio.h>
#include <string.h>

#include "core/proc.h"

#include "core/banned.h"

#define SURFACE "config"
/* Nesting of the model; keys from the top that are reported. */
#define DEPTH_MAX 64
/* Bytes of what Docker Compose prints. */
#define RENDERED_MAX ((size_t)3 * 1024 * 1024)
#define FILES_MAX    64

struct walk {
    struct sc_probe *probe;
    const struct sc_project *project;
    const char *path[DEPTH_MAX];
    size_t depth;
    uint64_t bytes;
};

/* "environment", "labels", "command", ...: the attribute of a service, or the top-level section. */
static const char *attribute(const struct walk *walk)
{
    bool service = walk->depth > 2 && strcmp(walk->path[0], "services") == 0;
    return walk->depth == 0 ? "project" : walk->path[service ? 2 : 0];
}

static struct sc_spot spot_of(const struct walk *walk, const struct sc_place *place)
{
    bool service = walk->depth > 1 && strcmp(walk->path[0], "services") == 0;
    const char *last = walk->depth > 0 ? walk->path[walk->depth - 1] : NULL;
    return (struct sc_spot){
        .place = "config",
        .file = place->file != NULL ? place->file->display : walk->project->name,
        .service = service ? walk->path[1] : NULL,
        .key = last != NULL && strcmp(last, "[]") != 0 ? last : NULL,
        .where = attribute(walk),
        .line = place->file != NULL ? place->line : 0,
        .column = place->file != NULL ? place->column : 0,
    };
}

static int search_text(struct walk *walk, const char *text, size_t len,
                       const struct sc_place *place, struct sc_error *err)
{
    struct sc_spot spot = spot_of(walk, place);
    walk->bytes += len;
    return sc_probe_token(walk->probe, &spot, (struct sc_bytes){(const unsigned char *)text, len},
                          err);
}

static int search_scalar(struct walk *walk, const struct sc_value *value, struct sc_error *err)
{
    char number[32];
    switch (value->kind) {
    case SC_VALUE_STRING:
        return search_text(walk, value->u.text, value->count, &value->origin->place, err);
    case SC_VALUE_INT:
        (void)snprintf(number, sizeof(number), "%lld", (long long)value->u.integer);
        break;
    case SC_VALUE_UINT:
        (void)snprintf(number, sizeof(number), "%llu", (unsigned long long)value->u.natural);
        break;
    default:
        return 0; /* null, true and fractions are no secrets */
    }
    return search_text(walk, number, strlen(number), &value->origin->place, err);
}

static int search_value(struct walk *walk, const struct sc_value *value, struct sc_error *err);

static int search_below(struct walk *walk, const char *key, const struct sc_value *value,
                        struct sc_error *err)
{
    if (walk->depth == DEPTH_MAX)
        return sc_fail(err, SC_E_TOOBIG, "nested deeper than %d", DEPTH_MAX);
    walk->path[walk->depth++] = key;
    int rc = search_value(walk, value, err);
    walk->depth--;
    return rc;
}

static int search_value(struct walk *walk, const struct sc_value *value, struct sc_error *err)
{
    int rc = 0;
    if (value->kind == SC_VALUE_LIST) {
        for (size_t i = 0; rc == 0 && i < value->count; i++)
            rc = search_below(walk, "[]", value->u.items[i], err);
        return rc;
    }
    if (value->kind != SC_VALUE_MAP)
        return search_scalar(walk, value, err);
    for (size_t i = 0; rc == 0 && i < value->count; i++) {
        const struct sc_entry *entry = &value->u.entries[i];
        rc = search_text(walk, entry->key, strlen(entry->key), &entry->at, err);
        if (rc == 0)
            rc = search_below(walk, entry->key, entry->value, err);
    }
    return rc;
}

int sc_surface_config(struct sc_probe *probe, const struct sc_compose_options *options,
                      struct sc_error *err)
{
    SC_CLEANUP(sc_project_freep) struct sc_project *project = NULL;
    struct sc_error why = {0};
    int rc = sc_compose_load(options, &project, &why);
    if (rc == SC_E_NOMEM)
        return sc_fail_nomem(err);
    if (rc == SC_E_NOTFOUND && options->file_count == 0)
        return sc_fail(err, SC_E_NOTFOUND, "%s", sc_error_message(&why));
    if (rc < 0)
        return sc_ledger_skip(probe->ledger, SURFACE, "compose project", sc_error_message(&why),
                              err);
    struct walk walk = {.probe = probe, .project = project};
    sc_ledger_object(probe->ledger);
    rc = search_value(&walk, project->root, err);
    if (rc < 0)
        return rc;
    SC_CLEANUP(sc_str_freep) char *title = sc_str_printf(err, "compose project %s", project->name);
    return title == NULL ? SC_E_NOMEM
                         : sc_ledger_looked(probe->ledger, SURFACE, title, NULL, walk.bytes, err);
}

/* Runs "docker compose" or "docker-compose"; *ret_status is -1 if there is no such program. */
static int render(const char *const *program, const struct sc_strv *files, struct sc_secret *out,
                  int *ret_status, struct sc_error *err)
{
    const char *argv[2 * FILES_MAX + 8] = {NULL};
    size_t n = 0;
    for (; program[n] != NULL; n++)
        argv[n] = program[n];
    for (size_t i = 0; i < files->count && i < FILES_MAX; i++) {
        argv[n++] = "-f";
        argv[n++] = files->items[i];
    }
    argv[n] = "config";
    int rc = sc_proc_capture_secret((char *const *)argv, true, RENDERED_MAX, out, ret_status, err);
    if (rc != SC_E_NOTFOUND)
        return rc;
    *ret_status = -1;
    return 0;
}

int sc_surface_docker_compose(struct sc_probe *probe, const struct sc_strv *files,
                              struct sc_error *err)
{
    static const char *const programs[][3] = {{"docker", "compose", NULL},
                                              {"docker-compose", NULL}};
    for (size_t i = 0; i < SC_ARRAY_SIZE(programs); i++) {
        SC_CLEANUP(sc_secret_done) struct sc_secret out = {0};
        struct sc_error why = {0};
        int status = -1;
        int rc = render(programs[i], files, &out, &status, &why);
        if (rc == SC_E_NOMEM)
            return sc_fail_nomem(err);
        if (rc < 0)
            return sc_ledger_skip(probe->ledger, SURFACE, "docker compose config",
                                  sc_error_message(&why), err);
        if (status != 0)
            continue;
        const struct sc_spot spot = {
            .place = "config", .file = "docker compose config", .where = "output"};
        sc_ledger_object(probe->ledger);
        rc = sc_probe_token(probe, &spot, sc_secret_view(&out), err);
        return rc < 0 ? rc
                      : sc_ledger_looked(probe->ledger, SURFACE, "docker compose config", NULL,
                                         out.len, err);
    }
    return sc_ledger_note(probe->ledger,
                          "Docker Compose is not installed or does not render this project: only "
                          "our own rendering was searched",
                          err);
}
