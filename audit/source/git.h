/* SPDX-License-Identifier: Apache-2.0
 *
 * Git history: every object once, whatever branch, tag or stash it is in; also objects that nothing
 * refers to any more.
 */
#ifndef SC_AUDIT_SOURCE_GIT_H
#define SC_AUDIT_SOURCE_GIT_H

#include "audit/worker.h"

/* Blobs of this size and more are named as skipped. */
#define SC_GIT_BLOB_MAX SC_AUDIT_WHOLE_MAX

struct sc_git_object {
    const char *name;   /* path of a blob, "commit message", "tag", "tree", "unreachable object" */
    const char *commit; /* hexadecimal: the oldest one that has it; its own id where none has */
    struct sc_bytes text;
};

/* What a walk hands out; a negative result stops and is passed on. */
struct sc_git_visitor {
    size_t object_max; /* bytes; larger objects are skipped */
    bool trees;        /* trees are wanted too: a name may be what is looked for */
    /* Whether a blob is looked at under this path; NULL: under any. */
    bool (*wanted)(const char *path, void *ctx);
    int (*object)(const struct sc_git_object *object, void *ctx, struct sc_error *err);
    int (*skip)(const char *name, const char *reason, void *ctx, struct sc_error *err);
    void *ctx;
};

/* Every object of the repository that `path` lies in. *ret_folder (may be NULL) is the repository's
 * own folder, malloc'd. FAILED as for sc_git_audit(). */
int sc_git_walk(const char *path, const struct sc_git_visitor *visitor, char **ret_folder,
                struct sc_error *err) SC_NODISCARD;

/* Every blob of the index that the last commit has not at this path: what a commit would bring.
 * Paths are from the top of the work tree. */
int sc_git_walk_staged(const char *path, const struct sc_git_visitor *visitor,
                       struct sc_error *err) SC_NODISCARD;

/* Tells whether the index of the repository around `path` has it; *ret is untouched where there is
 * no repository. FAILED where git refuses the repository, UNSUPPORTED without libgit2. */
int sc_git_tracks(const char *path, bool *ret, struct sc_error *err) SC_NODISCARD;

/* Looks at the repository that `path` lies in. FAILED if there is none, or git refuses it as owned
 * by somebody else: that is never an empty history. */
int sc_git_audit(struct sc_worker *worker, const char *path, struct sc_error *err) SC_NODISCARD;

/* Looks at what is staged there. */
int sc_git_audit_staged(struct sc_worker *worker, const char *path,
                        struct sc_error *err) SC_NODISCARD;

#endif
