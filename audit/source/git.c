/* SPDX-License-Identifier: Apache-2.0
 *
 * Git history through libgit2; see audit/source/git.h. The only file that includes git2.h.
 */
#include "audit/source/git.h"

#include <stdlib.h>
#include <string.h>

#include <git2.h>

#include "core/str.h"

#include "core/banned.h"

/* Blobs of one repository at most. */
#define BLOBS_MAX ((size_t)1 << 27)

/* The blobs looked at so far: open addressing, a power of two of slots, an all-zero id is free. */
struct seen {
    git_oid *slots;
    size_t size, used;
};

struct history {
    struct sc_worker *worker;
    git_repository *repository;
    git_odb *odb;
    const char *path;
    struct seen seen;
    char commit[GIT_OID_HEXSZ + 1]; /* being looked at; "" for objects that no commit has */
    int rc;
    struct sc_error *err;
};

static int git_failure(struct sc_error *err, const char *what, const char *path)
{
    const git_error *cause = git_error_last();
    return sc_fail(err, SC_E_FAILED, "%s '%s': %s", what, path,
                   cause == NULL || cause->message == NULL ? "unknown error" : cause->message);
}

static git_oid *slot_of(const struct seen *seen, const git_oid *id)
{
    uint64_t hash;
    memcpy(&hash, id->id, sizeof(hash)); /* an id is a hash already */
    size_t at = (size_t)hash & (seen->size - 1);
    while (!git_oid_is_zero(&seen->slots[at]) && !git_oid_equal(&seen->slots[at], id))
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
        if (!git_oid_is_zero(&seen->slots[i]))
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
    if (!git_oid_is_zero(slot))
        return 0;
    *slot = *id;
    seen->used++;
    return 1;
}

/* Looks at an object that is new. `name` is its path, for reports and to tell its kind. */
static int look_at_object(struct history *h, const git_oid *id, const char *name)
{
    int is_new = mark(&h->seen, id, h->err);
    if (is_new <= 0)
        return is_new;
    size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    if (git_odb_read_header(&size, &type, h->odb, id) < 0)
        return sc_worker_skip(h->worker, name, "git cannot read the object", h->err);
    if (type == GIT_OBJECT_TREE)
        return 0;
    if (size >= SC_GIT_BLOB_MAX)
        return sc_worker_skip(h->worker, name, "a blob of 16 MiB or more", h->err);
    git_odb_object *object = NULL;
    if (git_odb_read(&object, h->odb, id) < 0)
        return sc_worker_skip(h->worker, name, "git cannot read the object", h->err);
    struct sc_bytes text = {git_odb_object_data(object), git_odb_object_size(object)};
    char hex[GIT_OID_HEXSZ + 1];
    git_oid_tostr(hex, sizeof(hex), id);
    int rc = sc_worker_bytes(h->worker, name, h->commit[0] != '\0' ? h->commit : hex, text, h->err);
    git_odb_object_free(object);
    return rc;
}

static int on_delta(const git_diff_delta *delta, float progress, void *ctx)
{
    (void)progress;
    struct history *h = ctx;
    if (!git_oid_is_zero(&delta->new_file.id) && delta->new_file.mode != GIT_FILEMODE_COMMIT)
        h->rc = look_at_object(h, &delta->new_file.id, delta->new_file.path);
    return h->rc < 0 ? GIT_EUSER : 0;
}

/* The commit's message, and what it brought against its first parent. */
static int look_at_commit(struct history *h, const git_oid *id)
{
    git_commit *commit = NULL, *parent = NULL;
    git_tree *tree = NULL, *before = NULL;
    git_diff *diff = NULL;
    git_oid_tostr(h->commit, sizeof(h->commit), id);
    h->rc = look_at_object(h, id, "commit message");
    if (h->rc == 0 && git_commit_lookup(&commit, h->repository, id) == 0 &&
        git_commit_tree(&tree, commit) == 0) {
        if (git_commit_parentcount(commit) > 0 && git_commit_parent(&parent, commit, 0) == 0)
            (void)git_commit_tree(&before, parent); /* a shallow clone's edge has none */
        if (git_diff_tree_to_tree(&diff, h->repository, before, tree, NULL) == 0)
            (void)git_diff_foreach(diff, on_delta, NULL, NULL, NULL, h); /* see h->rc */
    }
    git_diff_free(diff);
    git_tree_free(before);
    git_tree_free(tree);
    git_commit_free(parent);
    git_commit_free(commit);
    return h->rc;
}

/* Oldest first, so that the commit named is the one that brought the blob. */
static int walk_commits(struct history *h)
{
    git_revwalk *walk = NULL;
    if (git_revwalk_new(&walk, h->repository) < 0)
        return git_failure(h->err, "cannot walk the history of", h->path);
    (void)git_revwalk_sorting(walk, GIT_SORT_TIME | GIT_SORT_REVERSE);
    (void)git_revwalk_push_glob(walk, "refs/*");
    (void)git_revwalk_push_head(walk); /* an empty repository has none */
    git_oid id;
    while (h->rc == 0 && git_revwalk_next(&id, walk) == 0)
        h->rc = look_at_commit(h, &id);
    git_revwalk_free(walk);
    h->commit[0] = '\0';
    return h->rc;
}

/* What is in the object store and in no commit: dropped stashes, amended commits, staged files. */
static int on_object(const git_oid *id, void *ctx)
{
    struct history *h = ctx;
    h->rc = look_at_object(h, id, "unreachable object");
    return h->rc < 0 ? GIT_EUSER : 0;
}

int sc_git_audit(struct sc_worker *worker, const char *path, struct sc_error *err)
{
    struct history h = {.worker = worker, .path = path, .err = err};
    git_libgit2_init();
    int rc = 0;
    if (git_repository_open_ext(&h.repository, path, 0, NULL) < 0)
        rc = git_failure(err, "cannot open the git repository of", path);
    if (rc == 0 && git_repository_odb(&h.odb, h.repository) < 0)
        rc = git_failure(err, "cannot read the git repository of", path);
    if (rc == 0)
        rc = walk_commits(&h);
    if (rc == 0 && git_odb_foreach(h.odb, on_object, &h) < 0)
        rc = h.rc < 0 ? h.rc : git_failure(err, "cannot read the git repository of", path);
    free(h.seen.slots);
    git_odb_free(h.odb);
    git_repository_free(h.repository);
    git_libgit2_shutdown();
    return rc;
}
