/* SPDX-License-Identifier: Apache-2.0
 *
 * Git history through libgit2; see audit/source/git.h.
 */
#include "audit/source/git.h"

#include <stdlib.h>
#include <string.h>

#include <git2.h>

#include "core/proc.h"
#include "core/str.h"

#include "core/banned.h"

/* The functions used, loaded on the first call: see core/proc.h. */
/* clang-format off */
#define GIT_FUNCTIONS(X) \
    X(commit_free) X(commit_lookup) X(commit_parent) X(commit_parentcount) X(commit_tree) \
    X(diff_foreach) X(diff_free) X(diff_tree_to_index) X(diff_tree_to_tree) X(error_last) X(object_free) X(index_free) \
    X(index_get_bypath) X(libgit2_init) X(libgit2_shutdown) X(odb_foreach) X(odb_free) X(odb_object_data) X(odb_object_free) \
    X(odb_object_size) X(odb_read) X(odb_read_header) X(oid_tostr) X(reference_free) X(reference_peel) X(repository_commondir) X(repository_head) \
    X(repository_is_shallow) \
    X(repository_free) X(repository_index) X(repository_odb) X(repository_workdir) X(repository_open_ext) X(revwalk_free) X(revwalk_new) \
    X(revwalk_next) X(revwalk_push_glob) X(revwalk_push_head) X(revwalk_sorting) X(tree_free)
/* clang-format on */

struct git_api {
#define X(name) __typeof__(git_##name) *name;
    GIT_FUNCTIONS(X)
#undef X
};

static int load(struct git_api *api, struct sc_error *err)
{
    const struct sc_symbol symbols[] = {
#define X(name) {"git_" #name, (void **)(void *)&api->name},
        GIT_FUNCTIONS(X)
#undef X
    };
    return sc_proc_load_library("libgit2.so." LIBGIT2_SOVERSION, symbols, SC_ARRAY_SIZE(symbols),
                                err);
}

static bool is_zero(const git_oid *id)
{
    static const git_oid zero;
    return memcmp(id, &zero, sizeof(zero)) == 0;
}

/* Blobs of one repository at most. */
#define BLOBS_MAX ((size_t)1 << 27)

/* The blobs looked at so far: open addressing, a power of two of slots, an all-zero id is free. */
struct seen {
    git_oid *slots;
    size_t size, used;
};

struct history {
    struct git_api api;
    const struct sc_git_visitor *visitor;
    git_repository *repository;
    git_odb *odb;
    const char *path;
    struct seen seen, unwanted;
    bool each_path;                 /* the same blob at two paths is looked at twice */
    char commit[GIT_OID_HEXSZ + 1]; /* being looked at; "" for objects that no commit has */
    int rc;
    struct sc_error *err;
};

static int git_failure(const struct history *h, const char *what)
{
    const git_error *cause = h->api.error_last();
    return sc_fail(h->err, SC_E_FAILED, "%s '%s': %s", what, h->path,
                   cause == NULL || cause->message == NULL ? "unknown error" : cause->message);
}

static git_oid *slot_of(const struct seen *seen, const git_oid *id)
{
    uint64_t hash;
    memcpy(&hash, id->id, sizeof(hash)); /* an id is a hash already */
    size_t at = (size_t)hash & (seen->size - 1);
    while (!is_zero(&seen->slots[at]) && memcmp(&seen->slots[at], id, sizeof(*id)) != 0)
        at = (at + 1) & (seen->size - 1);
    return &seen->slots[at];
}

static int grow(struct seen *seen, struct sc_error *err)
{
    struct seen larger = {.size = seen->size == 0 ? 4096 : seen->size * 2, .used = seen->used};
    if (larger.size > BLOBS_MAX)
        return sc_fail(err, SC_E_TOOBIG, "a repository of more than %zu blobs", BLOBS_MAX / 2);
    larger.slots = calloc(larger.size, sizeof(*larger.slots));
    if (larger.slots == NULL)
        return sc_fail_nomem(err);
    for (size_t i = 0; i < seen->size; i++) {
        if (!is_zero(&seen->slots[i]))
            *slot_of(&larger, &seen->slots[i]) = seen->slots[i];
    }
    free(seen->slots);
    *seen = larger;
    return 0;
}

/* 1 if the id is new, 0 if it was seen before. */
static int mark(struct seen *seen, const git_oid *id, struct sc_error *err)
{
    if (seen->used * 2 >= seen->size) {
        int rc = grow(seen, err);
        if (rc < 0)
            return rc;
    }
    git_oid *slot = slot_of(seen, id);
    if (!is_zero(slot))
        return 0;
    *slot = *id;
    seen->used++;
    return 1;
}

static int skip(struct history *h, const char *name, const char *reason)
{
    return h->visitor->skip(name, reason, h->visitor->ctx, h->err);
}

static int skip_large(struct history *h, const char *name)
{
    SC_CLEANUP(sc_str_freep)
    char *reason =
        sc_str_printf(h->err, "a blob of %zu MiB or more", h->visitor->object_max / (1024 * 1024));
    return reason == NULL ? SC_E_NOMEM : skip(h, name, reason);
}

/* What an object is called that no path leads to. */
static const char *name_of(git_object_t type, const char *name)
{
    return type == GIT_OBJECT_TREE ? "tree" : type == GIT_OBJECT_TAG ? "tag" : name;
}

/* Looks at an object that is new. `name` is its path, for reports and to tell its kind. */
static int look_at_object(struct history *h, const git_oid *id, const char *name)
{
    int is_new = h->each_path ? 1 : mark(&h->seen, id, h->err);
    if (is_new <= 0)
        return is_new;
    size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    if (h->api.odb_read_header(&size, &type, h->odb, id) < 0)
        return skip(h, name, "git cannot read the object");
    if (type == GIT_OBJECT_TREE && !h->visitor->trees)
        return 0;
    if (size >= h->visitor->object_max)
        return skip_large(h, name);
    git_odb_object *object = NULL;
    if (h->api.odb_read(&object, h->odb, id) < 0)
        return skip(h, name, "git cannot read the object");
    char hex[GIT_OID_HEXSZ + 1];
    h->api.oid_tostr(hex, sizeof(hex), id);
    const struct sc_git_object found = {
        .name = name_of(type, name),
        .commit = h->commit[0] != '\0' ? h->commit : hex,
        .text = {h->api.odb_object_data(object), h->api.odb_object_size(object)},
    };
    int rc = h->visitor->object(&found, h->visitor->ctx, h->err);
    h->api.odb_object_free(object);
    return rc;
}

/* A blob that one path leads to may be ignored there, and not where another one does. */
static int look_at_blob(struct history *h, const git_oid *id, const char *path)
{
    if (h->visitor->wanted == NULL || h->visitor->wanted(path, h->visitor->ctx))
        return look_at_object(h, id, path);
    int rc = mark(&h->unwanted, id, h->err);
    return rc < 0 ? rc : 0;
}

static int on_delta(const git_diff_delta *delta, float progress, void *ctx)
{
    (void)progress;
    struct history *h = ctx;
    if (!is_zero(&delta->new_file.id) && delta->new_file.mode != GIT_FILEMODE_COMMIT)
        h->rc = look_at_blob(h, &delta->new_file.id, delta->new_file.path);
    return h->rc < 0 ? GIT_EUSER : 0;
}

/* The commit's message, and what it brought against its first parent. */
static int look_at_commit(struct history *h, const git_oid *id)
{
    git_commit *commit = NULL, *parent = NULL;
    git_tree *tree = NULL, *before = NULL;
    git_diff *diff = NULL;
    h->api.oid_tostr(h->commit, sizeof(h->commit), id);
    h->rc = look_at_object(h, id, "commit message");
    if (h->rc == 0 && h->api.commit_lookup(&commit, h->repository, id) == 0 &&
        h->api.commit_tree(&tree, commit) == 0) {
        if (h->api.commit_parentcount(commit) > 0 && h->api.commit_parent(&parent, commit, 0) == 0)
            (void)h->api.commit_tree(&before, parent); /* a shallow clone's edge has none */
        if (h->api.diff_tree_to_tree(&diff, h->repository, before, tree, NULL) == 0)
            (void)h->api.diff_foreach(diff, on_delta, NULL, NULL, NULL, h); /* see h->rc */
    }
    h->api.diff_free(diff);
    h->api.tree_free(before);
    h->api.tree_free(tree);
    h->api.commit_free(parent);
    h->api.commit_free(commit);
    return h->rc;
}

/* Oldest first, so that the commit named is the one that brought the blob; no commit before its
 * parents, whatever their clocks said. */
static int walk_commits(struct history *h)
{
    git_revwalk *walk = NULL;
    if (h->api.revwalk_new(&walk, h->repository) < 0)
        return git_failure(h, "cannot walk the history of");
    (void)h->api.revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME | GIT_SORT_REVERSE);
    (void)h->api.revwalk_push_glob(walk, "refs/*");
    (void)h->api.revwalk_push_head(walk); /* an empty repository has none */
    git_oid id;
    while (h->rc == 0 && h->api.revwalk_next(&id, walk) == 0)
        h->rc = look_at_commit(h, &id);
    h->api.revwalk_free(walk);
    h->commit[0] = '\0';
    return h->rc;
}

/* What is in the object store and in no commit: dropped stashes, amended commits, staged files. */
static int on_object(const git_oid *id, void *ctx)
{
    struct history *h = ctx;
    if (h->unwanted.used > 0 && !is_zero(slot_of(&h->unwanted, id)))
        return 0;
    h->rc = look_at_object(h, id, "unreachable object");
    return h->rc < 0 ? GIT_EUSER : 0;
}

static int open_repository(struct history *h)
{
    if (h->api.repository_open_ext(&h->repository, h->path, 0, NULL) < 0)
        return git_failure(h, "cannot open the git repository of");
    if (h->api.repository_odb(&h->odb, h->repository) < 0)
        return git_failure(h, "cannot read the git repository of");
    return 0;
}

static int walk(struct history *h)
{
    int rc = open_repository(h);
    if (rc == 0 && h->api.repository_is_shallow(h->repository) == 1)
        rc = skip(h, h->path, "a shallow clone: older history is not here (git fetch --unshallow)");
    if (rc == 0)
        rc = walk_commits(h);
    if (rc == 0 && h->api.odb_foreach(h->odb, on_object, h) < 0)
        rc = h->rc < 0 ? h->rc : git_failure(h, "cannot read the git repository of");
    return rc;
}

/* What the index has that the last commit has not; all of it where there is none. */
static int walk_staged(struct history *h)
{
    git_reference *head = NULL;
    git_object *tree = NULL;
    git_diff *diff = NULL;
    int rc = open_repository(h);
    if (rc < 0)
        return rc;
    h->each_path = true;
    int status = h->api.repository_head(&head, h->repository);
    if (status == 0)
        status = h->api.reference_peel(&tree, head, GIT_OBJECT_TREE);
    if (status == 0 || status == GIT_EUNBORNBRANCH || status == GIT_ENOTFOUND)
        status =
            h->api.diff_tree_to_index(&diff, h->repository, (git_tree *)(void *)tree, NULL, NULL);
    if (status < 0)
        rc = git_failure(h, "cannot read what is staged in");
    else if (h->api.diff_foreach(diff, on_delta, NULL, NULL, NULL, h) < 0)
        rc = h->rc < 0 ? h->rc : git_failure(h, "cannot read what is staged in");
    h->api.diff_free(diff);
    h->api.object_free(tree);
    h->api.reference_free(head);
    return rc;
}

static int with_repository(const char *path, const struct sc_git_visitor *visitor,
                           int (*visit)(struct history *h), char **ret_folder, struct sc_error *err)
{
    struct history h = {.visitor = visitor, .path = path, .err = err};
    int rc = load(&h.api, err);
    if (rc < 0)
        return rc;
    h.api.libgit2_init();
    rc = visit(&h);
    if (rc == 0 && ret_folder != NULL) {
        *ret_folder = sc_str_dup(h.api.repository_commondir(h.repository), err);
        rc = *ret_folder == NULL ? SC_E_NOMEM : 0;
    }
    free(h.seen.slots);
    free(h.unwanted.slots);
    h.api.odb_free(h.odb);
    h.api.repository_free(h.repository);
    h.api.libgit2_shutdown();
    return rc;
}

int sc_git_walk(const char *path, const struct sc_git_visitor *visitor, char **ret_folder,
                struct sc_error *err)
{
    return with_repository(path, visitor, walk, ret_folder, err);
}

int sc_git_walk_staged(const char *path, const struct sc_git_visitor *visitor, struct sc_error *err)
{
    return with_repository(path, visitor, walk_staged, NULL, err);
}

static int audit_object(const struct sc_git_object *object, void *ctx, struct sc_error *err)
{
    return sc_worker_bytes(ctx, object->name, object->commit, object->text, err);
}

static int audit_skip(const char *name, const char *reason, void *ctx, struct sc_error *err)
{
    return sc_worker_skip(ctx, name, reason, err);
}

static bool is_wanted(const char *path, void *ctx)
{
    const struct sc_worker *worker = ctx;
    return worker->options->no_ignore || !sc_ignore_matches(worker->ignore, path, NULL);
}

int sc_git_audit(struct sc_worker *worker, const char *path, struct sc_error *err)
{
    const struct sc_git_visitor visitor = {.object_max = SC_GIT_BLOB_MAX,
                                           .wanted = is_wanted,
                                           .object = audit_object,
                                           .skip = audit_skip,
                                           .ctx = worker};
    return sc_git_walk(path, &visitor, NULL, err);
}

static int audit_staged(const struct sc_git_object *object, void *ctx, struct sc_error *err)
{
    return sc_worker_bytes(ctx, object->name, NULL, object->text, err);
}

int sc_git_audit_staged(struct sc_worker *worker, const char *path, struct sc_error *err)
{
    const struct sc_git_visitor visitor = {
        .object_max = SC_GIT_BLOB_MAX, .object = audit_staged, .skip = audit_skip, .ctx = worker};
    return sc_git_walk_staged(path, &visitor, err);
}

/* `absolute` is a real path, as libgit2's work trees are. */
static int index_has(const struct git_api *api, const char *absolute, bool *ret,
                     struct sc_error *err)
{
    git_repository *repository = NULL;
    git_index *index = NULL;
    int status = api->repository_open_ext(&repository, absolute, 0, NULL);
    if (status == GIT_ENOTFOUND)
        return 0;
    int rc = 0;
    if (status < 0 || api->repository_index(&index, repository) < 0) {
        const git_error *cause = api->error_last();
        rc = sc_fail(err, SC_E_FAILED, "cannot tell whether git tracks it: %s",
                     cause == NULL || cause->message == NULL ? "unknown error" : cause->message);
    } else {
        const char *top = api->repository_workdir(repository);
        size_t len = top == NULL ? 0 : strlen(top); /* it ends in a slash */
        *ret = len > 0 && strncmp(absolute, top, len) == 0 &&
               api->index_get_bypath(index, absolute + len, 0) != NULL;
    }
    api->index_free(index);
    api->repository_free(repository);
    return rc;
}

int sc_git_tracks(const char *path, bool *ret, struct sc_error *err)
{
    struct git_api api;
    int rc = load(&api, err);
    if (rc < 0)
        return rc;
    char *absolute = realpath(path, NULL);
    if (absolute == NULL)
        return sc_fail_errno(err, "cannot find '%s'", path);
    api.libgit2_init();
    rc = index_has(&api, absolute, ret, err);
    api.libgit2_shutdown();
    free(absolute);
    return rc;
}
