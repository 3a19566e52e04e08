/* SPDX-License-Identifier: Apache-2.0
 *
 * Git repositories: every object there is (blobs, messages, names in trees), and the plain files of
 * the repository's folder beside them: configuration with its remotes, reflogs, hooks, LFS objects.
 */
#include "audit/source/git.h"

#include <stdio.h>
#include <string.h>

#include "audit/image/archive.h"
#include "audit/surface/surface.h"
#include "audit/surface/tree.h"

#include "core/banned.h"

#define SURFACE "git"
/* Bytes of one object: git holds it in memory as a whole. */
#define OBJECT_MAX ((size_t)512 * 1024 * 1024)

struct search {
    struct sc_probe *probe;
    const char *title;
    struct sc_archive *archive;
    uint64_t bytes;
    size_t objects;
};

static int search_object(const struct sc_git_object *object, void *ctx, struct sc_error *err)
{
    struct search *search = ctx;
    char where[64];
    (void)snprintf(where, sizeof(where), "commit %.40s", object->commit);
    const struct sc_spot spot = {
        .place = "git", .file = search->title, .path = object->name, .where = where};
    uint64_t bytes = 0;
    sc_ledger_object(search->probe->ledger);
    sc_archive_begin(search->archive, &spot);
    int rc = sc_archive_write(search->archive, object->text, err);
    if (rc == 0)
        rc = sc_archive_end(search->archive, &bytes, err);
    search->bytes += bytes;
    search->objects++;
    return rc;
}

static int skip_object(const char *name, const char *reason, void *ctx, struct sc_error *err)
{
    const struct search *search = ctx;
    SC_CLEANUP(sc_str_freep) char *object = sc_str_printf(err, "%s: %s", search->title, name);
    return object == NULL ? SC_E_NOMEM
                          : sc_ledger_skip(search->probe->ledger, SURFACE, object, reason, err);
}

static int search_objects(struct search *search, const char *path, char **ret_folder,
                          struct sc_error *err)
{
    const struct sc_git_visitor visitor = {
        .object_max = OBJECT_MAX,
        .trees = true,
        .object = search_object,
        .skip = skip_object,
        .ctx = search,
    };
    struct sc_ledger *ledger = search->probe->ledger;
    struct sc_error why = {0};
    int rc = sc_git_walk(path, &visitor, ret_folder, &why);
    if (rc == SC_E_NOMEM)
        return sc_fail_nomem(err);
    if (rc < 0)
        return sc_ledger_skip(ledger, SURFACE, search->title, sc_error_message(&why), err);
    SC_CLEANUP(sc_str_freep)
    char *note = sc_str_printf(err, "%s: %zu objects searched", search->title, search->objects);
    rc = note == NULL ? SC_E_NOMEM : sc_ledger_note(ledger, note, err);
    return rc < 0 ? rc : sc_ledger_looked(ledger, SURFACE, search->title, NULL, search->bytes, err);
}

int sc_surface_git(struct sc_probe *probe, const char *path, struct sc_error *err)
{
    const struct sc_archive_options inside = {
        .searcher = probe->searcher, .ledger = probe->ledger, .surface = SURFACE};
    SC_CLEANUP(sc_str_freep) char *title = sc_str_printf(err, "repository %s", path);
    SC_CLEANUP(sc_str_freep) char *folder = NULL;
    struct search search = {
        .probe = probe, .title = title, .archive = sc_archive_new(&inside, err)};
    int rc = title == NULL || search.archive == NULL ? sc_fail_nomem(err) : 0;
    if (rc == 0)
        rc = search_objects(&search, path, &folder, err);
    sc_archive_free(search.archive);
    if (rc < 0 || folder == NULL)
        return rc;
    size_t len = strlen(folder);
    if (len > 1 && folder[len - 1] == '/')
        folder[len - 1] = '\0';
    const struct sc_tree_options options = {
        .surface = SURFACE, .place = "git", .title = folder, .leave_out = "objects"};
    return sc_tree_search(probe, folder, &options, err);
}
