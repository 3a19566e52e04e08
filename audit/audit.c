/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs an audit; see audit/audit.h.
 */
#include "audit/audit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/follow.h"
#include "audit/source/git.h"
#include "audit/walk.h"
#include "audit/worker.h"
#include "core/fsutil.h"
#include "core/random.h"

#include "core/banned.h"

/* Fewer files than this are not worth a second thread. */
#define FILES_PER_THREAD      ((size_t)16)
#define PROGRESS_MICROSECONDS 100000

/* What the threads of one run share. */
struct run {
    const struct sc_audit_options *options;
    struct sc_ignore ignore;
    struct sc_strv files;
    struct sc_references references; /* what the Compose files among them name */
    atomic_size_t next;
    atomic_size_t done_files;
    atomic_ullong done_bytes;
    atomic_bool stop;
};

struct share {
    struct run *run;
    struct sc_worker worker;
    struct sc_error err;
    int rc;
    pthread_t thread;
    bool started;
};

static void work(struct share *share)
{
    struct run *run = share->run;
    while (share->rc == 0 && !atomic_load(&run->stop)) {
        size_t index = atomic_fetch_add(&run->next, 1);
        if (index >= run->files.count)
            break;
        uint64_t before = share->worker.result.bytes;
        share->rc = sc_worker_file(&share->worker, run->files.items[index], &share->err);
        atomic_fetch_add(&run->done_files, 1);
        atomic_fetch_add(&run->done_bytes, share->worker.result.bytes - before);
    }
    if (share->rc < 0)
        atomic_store(&run->stop, true);
}

static void *thread_main(void *argument)
{
    work(argument);
    return NULL;
}

static unsigned thread_count(const struct sc_audit_options *options, size_t files)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t wanted =
        options->threads > 0 ? options->threads : SC_MIN((size_t)SC_MAX(processors, 1L), (size_t)8);
    wanted = SC_MIN(wanted, SC_MAX(files / FILES_PER_THREAD, (size_t)1));
    return (unsigned)SC_MIN(wanted, (size_t)SC_AUDIT_THREADS_MAX);
}

static void report_progress(const struct run *run, bool *ret_all)
{
    size_t files = atomic_load(&run->done_files);
    *ret_all = files >= run->files.count || atomic_load(&run->stop);
    if (run->options->progress != NULL)
        run->options->progress(run->options->ctx, files, atomic_load(&run->done_bytes));
}

static int collect(struct sc_audit_result *to, struct sc_audit_result *from, struct sc_error *err)
{
    int rc = sc_findings_move(&to->findings, &from->findings, err);
    if (rc == 0)
        rc = sc_skips_move(&to->skips, &from->skips, err);
    to->files += from->files;
    to->bytes += from->bytes;
    to->suppressed += from->suppressed;
    return rc;
}

/* With progress the caller's thread watches; without, it works. */
static void run_threads(struct run *run, struct share *shares, unsigned count)
{
    bool watching = run->options->progress != NULL;
    for (unsigned i = watching ? 0 : 1; i < count; i++)
        shares[i].started = pthread_create(&shares[i].thread, NULL, thread_main, &shares[i]) == 0;
    if (!watching || !shares[0].started)
        work(&shares[0]);
    for (bool all = !watching; !all;) {
        report_progress(run, &all);
        if (!all)
            usleep(PROGRESS_MICROSECONDS);
    }
    for (unsigned i = 0; i < count; i++) {
        if (shares[i].started)
            pthread_join(shares[i].thread, NULL);
    }
}

static int run_all(struct run *run, struct sc_audit_result *result, struct sc_error *err)
{
    unsigned count = thread_count(run->options, run->files.count);
    struct share *shares = calloc(count, sizeof(*shares));
    if (shares == NULL)
        return sc_fail_nomem(err);
    int rc = 0;
    for (unsigned i = 0; i < count && rc == 0; i++) {
        shares[i].run = run;
        rc = sc_worker_init(&shares[i].worker, run->options, &run->ignore, err);
    }
    if (rc == 0)
        run_threads(run, shares, count);
    for (unsigned i = 0; i < count; i++) {
        if (rc == 0 && shares[i].rc < 0) {
            rc = shares[i].rc;
            *err = shares[i].err;
        }
        if (rc == 0)
            rc = collect(result, &shares[i].worker.result, err);
        if (rc == 0)
            rc = sc_references_move(&run->references, &shares[i].worker.references, err);
        sc_worker_done(&shares[i].worker);
    }
    free(shares);
    return rc;
}

/* What one more worker does when the walk is done: the history of `path` or what is staged there,
 * or (NULL) the files that Compose files name. */
static int run_more(struct run *run, const char *path, struct sc_audit_result *result,
                    struct sc_error *err)
{
    struct sc_worker worker;
    int rc = sc_worker_init(&worker, run->options, &run->ignore, err);
    if (rc < 0)
        return rc;
    if (path == NULL)
        rc = sc_follow(&worker, &run->files, &run->references, err);
    else if (run->options->staged)
        rc = sc_git_audit_staged(&worker, path, err);
    else
        rc = sc_git_audit(&worker, path, err);
    if (rc == 0)
        rc = collect(result, &worker.result, err);
    sc_worker_done(&worker);
    return rc;
}

/* A path that is not there is skipped, so that the others are looked at; of none being there the
 * first is the error. */
static int walk_all(struct run *run, const char *const *paths, size_t count, struct sc_skips *skips,
                    struct sc_error *err)
{
    size_t missing = 0;
    for (size_t i = 0; i < count; i++) {
        int rc = sc_walk(paths[i], run->options->no_ignore, &run->ignore, &run->files, skips,
                         missing == 0 ? err : NULL);
        if (rc == SC_E_NOTFOUND) {
            missing++;
            rc = sc_skips_add(skips, paths[i], "no such file or folder", 0, NULL);
        }
        if (rc < 0)
            return rc;
    }
    return missing > 0 && missing == count ? SC_E_NOTFOUND : 0;
}

static int load_ignore_above(const struct sc_git_object *object, void *ctx, struct sc_error *err)
{
    struct run *run = ctx;
    return run->options->no_ignore ? 0 : sc_ignore_load_above(&run->ignore, object->name, err);
}

static int pass_over(const char *name, const char *reason, void *ctx, struct sc_error *err)
{
    (void)name;
    (void)reason;
    (void)ctx;
    (void)err;
    return 0;
}

/* The ignore files first: a worker only reads them. */
static int run_staged(struct run *run, const char *path, struct sc_audit_result *result,
                      struct sc_error *err)
{
    const struct sc_git_visitor folders = {
        .object_max = SC_GIT_BLOB_MAX, .object = load_ignore_above, .skip = pass_over, .ctx = run};
    int rc = sc_git_walk_staged(path, &folders, err);
    return rc < 0 ? rc : run_more(run, path, result, err);
}

int sc_audit_run(const struct sc_audit_options *options, const char *const *paths, size_t count,
                 struct sc_audit_result *ret, struct sc_error *err)
{
    struct run run = {.options = options};
    struct sc_audit_result result = {0};
    int rc = options->no_ignore ? 0 : sc_ignore_load(&run.ignore, ".", err);
    for (size_t i = 0; i < count && rc == 0 && options->staged; i++)
        rc = run_staged(&run, paths[i], &result, err);
    if (rc == 0 && !options->staged)
        rc = walk_all(&run, paths, count, &result.skips, err);
    if (rc == 0 && !options->staged)
        rc = run_all(&run, &result, err);
    if (rc == 0 && run.references.count > 0)
        rc = run_more(&run, NULL, &result, err);
    struct stat st;
    for (size_t i = 0; i < count && rc == 0 && options->history; i++)
        if (stat(paths[i], &st) == 0) /* else it is skipped already */
            rc = run_more(&run, paths[i], &result, err);
    sc_ignore_done(&run.ignore);
    sc_strv_done(&run.files);
    sc_references_done(&run.references);
    if (rc < 0) {
        sc_audit_result_done(&result);
        return rc;
    }
    sc_findings_sort(&result.findings);
    sc_skips_sort(&result.skips);
    *ret = result;
    return 0;
}

void sc_audit_result_done(struct sc_audit_result *result)
{
    sc_findings_done(&result->findings);
    sc_skips_done(&result->skips);
}

size_t sc_audit_count(const struct sc_audit_result *result, enum sc_severity severity)
{
    size_t count = 0;
    for (size_t i = 0; i < result->findings.count; i++)
        count += result->findings.items[i].severity == severity;
    return count;
}

int sc_fingerprint_key_make(struct sc_fingerprint_key *ret, struct sc_error *err)
{
    return sc_random_bytes(ret->bytes, sizeof(ret->bytes), err);
}

static int create_key(const char *path, struct sc_error *err)
{
    struct sc_fingerprint_key made;
    int rc = sc_fingerprint_key_make(&made, err);
    SC_CLEANUP(sc_str_freep) char *folder = rc == 0 ? sc_path_dirname(path, err) : NULL;
    if (rc == 0)
        rc = folder == NULL ? SC_E_NOMEM : sc_dir_make(folder, 0700, err);
    if (rc == 0) {
        struct sc_file_attr attr = {.mode = 0600};
        rc = sc_file_create(path, (struct sc_bytes){made.bytes, sizeof(made.bytes)}, &attr, err);
    }
    sc_wipe(&made, sizeof(made));
    return rc == SC_E_EXISTS ? 0 : rc; /* another run was faster */
}

int sc_fingerprint_key_load(const char *path, struct sc_fingerprint_key *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret key = {0};
    int rc = sc_file_read_secret(path, sizeof(ret->bytes), true, &key, err);
    if (rc == SC_E_NOTFOUND) {
        sc_error_clear(err);
        rc = create_key(path, err);
        if (rc == 0)
            rc = sc_file_read_secret(path, sizeof(ret->bytes), true, &key, err);
    }
    if (rc < 0)
        return rc;
    struct sc_bytes bytes = sc_secret_view(&key);
    if (bytes.len != sizeof(ret->bytes))
        return sc_fail(err, SC_E_FORMAT, "'%s' is no fingerprint key: %zu bytes instead of %zu",
                       path, bytes.len, sizeof(ret->bytes));
    memcpy(ret->bytes, bytes.ptr, sizeof(ret->bytes));
    return 0;
}
