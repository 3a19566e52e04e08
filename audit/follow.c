/* SPDX-License-Identifier: Apache-2.0
 *
 * Follows what Compose files name; see audit/follow.h.
 */
#include "audit/follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "audit/detect/region.h"
#include "audit/source/git.h"
#include "core/fsutil.h"

#include "core/banned.h"

/* Compose files that name Compose files. */
#define ROUNDS_MAX 64
/* A value of the vault's greatest size. */
#define SECRET_FILE_MAX ((size_t)1024 * 1024)

struct follow {
    struct sc_worker *worker;
    struct sc_strv walked;   /* absolute, sorted */
    struct sc_strv followed; /* of the rounds before; absolute, sorted */
};

static int compare_text(const void *key, const void *item)
{
    return strcmp(key, *(char *const *)item);
}

static bool has(const struct sc_strv *sorted, const char *path)
{
    return sorted->count > 0 && bsearch(path, sorted->items, sorted->count, sizeof(*sorted->items),
                                        compare_text) != NULL;
}

static int compare_references(const void *left, const void *right)
{
    const struct sc_reference *a = left, *b = right;
    int order = strcmp(a->path, b->path);
    return order != 0 ? order : (int)a->kind - (int)b->kind;
}

static bool is_public(struct sc_bytes text)
{
    return memmem(text.ptr, text.len, "PRIVATE KEY", 11) == NULL &&
           (memmem(text.ptr, text.len, "-----BEGIN CERTIFICATE", 22) != NULL ||
            memmem(text.ptr, text.len, "PUBLIC KEY-----", 15) != NULL);
}

/* Everybody may read the file, and go through all folders down to it: one that is closed protects
 * what lies below, as the top folder of provisioned values does. */
static bool is_open_to_all(const char *path, const struct stat *st)
{
    if ((st->st_mode & S_IROTH) == 0)
        return false;
    SC_CLEANUP(sc_str_freep) char *real = realpath(path, NULL);
    struct stat above;
    for (char *slash = real != NULL ? strrchr(real, '/') : NULL; slash != NULL && slash != real;
         slash = strrchr(real, '/')) {
        *slash = '\0';
        if (stat(real, &above) == 0 && (above.st_mode & S_IXOTH) == 0)
            return false;
    }
    return true;
}

static int add_secret_file(struct sc_worker *worker, const struct sc_reference *reference,
                           struct sc_bytes text, bool tracked, struct sc_error *err)
{
    size_t end = 0;
    while (end < text.len && text.ptr[end] != '\n' && text.ptr[end] != '\r')
        end++;
    if (end == 0 || is_public(text))
        return 0;
    struct sc_detect detect;
    sc_detect_init(&detect, reference->path, text, &worker->options->key);
    struct sc_pair pair = {.family = SC_FAMILY_COMPOSE_SECRET,
                           .key = reference->name,
                           .key_len = reference->name == NULL ? 0 : strlen(reference->name),
                           .where = tracked ? "secret file tracked by git"
                                            : "secret file readable by everybody"};
    struct sc_judgement verdict = {NULL, SC_CLASS_LITERAL,
                                   tracked ? SC_SEVERITY_HIGH : SC_SEVERITY_MEDIUM};
    int rc = sc_detect_add(&detect, verdict, &pair, (struct sc_region){0, end}, err);
    if (rc == 0)
        rc = sc_worker_keep(worker, &detect, text, err);
    sc_detect_done(&detect);
    return rc;
}

static int look_at_secret_file(struct sc_worker *worker, const struct sc_reference *reference,
                               struct sc_error *err)
{
    struct stat st;
    if (stat(reference->path, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
        return 0;
    bool tracked = false;
    struct sc_error cause = {0};
    int rc = sc_git_tracks(reference->path, &tracked, &cause);
    if (rc == SC_E_NOMEM)
        return sc_fail_nomem(err);
    if (rc < 0)
        rc = sc_worker_skip(worker, reference->path, sc_error_message(&cause), err);
    if (rc < 0 || (!tracked && !is_open_to_all(reference->path, &st)))
        return rc;
    SC_CLEANUP(sc_secret_done) struct sc_secret content = {0};
    sc_error_clear(&cause);
    rc = sc_file_read_secret(reference->path, SECRET_FILE_MAX, false, &content, &cause);
    if (rc < 0)
        return sc_worker_skip(worker, reference->path, sc_error_message(&cause), err);
    return add_secret_file(worker, reference, sc_secret_view(&content), tracked, err);
}

/* What a service reads variables from, whatever it is called. */
static int look_at_env_file(const struct follow *follow, const struct sc_reference *reference,
                            bool walked, struct sc_error *err)
{
    enum sc_text_kind kind = sc_text_kind_of_name(reference->path);
    bool known = kind == SC_TEXT_DOTENV || kind == SC_TEXT_SHELL || kind == SC_TEXT_CONFIG;
    if (walked)
        return known ? 0 : sc_worker_env_file(follow->worker, reference->path, true, err);
    return known ? sc_worker_file(follow->worker, reference->path, err)
                 : sc_worker_env_file(follow->worker, reference->path, false, err);
}

static int follow_one(const struct follow *follow, const struct sc_reference *reference,
                      const char *absolute, struct sc_error *err)
{
    struct sc_worker *worker = follow->worker;
    struct stat st;
    bool walked = has(&follow->walked, absolute);
    if (has(&follow->followed, absolute) || (stat(reference->path, &st) < 0 && errno == ENOENT) ||
        (!worker->options->no_ignore && sc_ignore_matches(worker->ignore, reference->path, NULL)))
        return 0;
    switch (reference->kind) {
    case SC_REFERENCE_SECRET:
        return look_at_secret_file(worker, reference, err);
    case SC_REFERENCE_ENV_FILE:
        return look_at_env_file(follow, reference, walked, err);
    case SC_REFERENCE_COMPOSE:
    default:
        return walked ? 0 : sc_worker_file(worker, reference->path, err);
    }
}

/* Looks at one batch; what it names is among the worker's references then. */
static int follow_batch(struct follow *follow, const struct sc_references *batch,
                        struct sc_error *err)
{
    int rc = 0;
    SC_CLEANUP(sc_strv_done) struct sc_strv done = {0};
    for (size_t i = 0; i < batch->count && rc == 0; i++) {
        const struct sc_reference *reference = &batch->items[i];
        if (i > 0 && compare_references(reference, reference - 1) == 0)
            continue;
        SC_CLEANUP(sc_str_freep) char *absolute = sc_path_absolute(reference->path, err);
        rc = absolute == NULL ? SC_E_NOMEM : follow_one(follow, reference, absolute, err);
        if (rc == 0)
            rc = sc_strv_add(&done, absolute, err);
    }
    for (size_t i = 0; i < done.count && rc == 0; i++)
        rc = sc_strv_add(&follow->followed, done.items[i], err);
    sc_strv_sort(&follow->followed);
    return rc;
}

int sc_follow(struct sc_worker *worker, const struct sc_strv *walked,
              struct sc_references *references, struct sc_error *err)
{
    struct follow follow = {.worker = worker};
    int rc = 0;
    for (size_t i = 0; i < walked->count && references->count > 0 && rc == 0; i++) {
        char *absolute = sc_path_absolute(walked->items[i], err);
        rc = absolute == NULL ? SC_E_NOMEM : sc_strv_take(&follow.walked, absolute, err);
    }
    sc_strv_sort(&follow.walked);
    for (unsigned round = 0; round < ROUNDS_MAX && references->count > 0 && rc == 0; round++) {
        qsort(references->items, references->count, sizeof(*references->items), compare_references);
        rc = follow_batch(&follow, references, err);
        sc_references_done(references);
        if (rc == 0)
            rc = sc_references_move(references, &worker->references, err);
    }
    sc_strv_done(&follow.walked);
    sc_strv_done(&follow.followed);
    return rc;
}
