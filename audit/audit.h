/* SPDX-License-Identifier: Apache-2.0
 *
 * The audit: paths in, findings and skipped places out.
 *
 * Reads regular files and folders (symbolic links inside folders are not followed), standard input
 * ("-"), archives and git history when asked. Never the network. Memory is bounded by the number of
 * threads times SC_AUDIT_WHOLE_MAX plus the findings.
 *
 * Threads: sc_audit_run() starts its own and joins them; the progress call comes from the caller's.
 */
#ifndef SC_AUDIT_AUDIT_H
#define SC_AUDIT_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "audit/finding.h"
#include "audit/ignore.h"
#include "audit/skip.h"

/* Bytes of a file that is looked at as a whole; of a larger one only tokens are looked for, piece
 * by piece. */
#define SC_AUDIT_WHOLE_MAX   ((size_t)16 * 1024 * 1024)
#define SC_AUDIT_FILES_MAX   ((size_t)10 * 1000 * 1000)
#define SC_AUDIT_DEPTH_MAX   256
#define SC_AUDIT_THREADS_MAX 16

struct sc_audit_options {
    struct sc_fingerprint_key key;
    unsigned threads; /* 0: one for each processor, up to 8 */
    bool history;     /* also every blob of the git repository a path lies in */
    bool staged;      /* instead of files, what is staged in the repository a path lies in */
    bool archives;    /* look into tar, zip and compressed files */
    bool no_ignore;   /* report what was suppressed, too */
    void (*progress)(void *ctx, size_t files, uint64_t bytes); /* now and then; or NULL */
    void *ctx;
};

struct sc_audit_result {
    struct sc_findings findings; /* sorted */
    struct sc_skips skips;       /* sorted */
    size_t files;
    uint64_t bytes;
    size_t suppressed; /* by marks and .secretsctlignore */
};

int sc_audit_run(const struct sc_audit_options *options, const char *const *paths, size_t count,
                 struct sc_audit_result *ret, struct sc_error *err) SC_NODISCARD;
void sc_audit_result_done(struct sc_audit_result *result);

/* How many findings are of this severity. */
size_t sc_audit_count(const struct sc_audit_result *result, enum sc_severity severity);

/* The key of fingerprints: from `path`, which is created (0600) if it is missing. */
int sc_fingerprint_key_load(const char *path, struct sc_fingerprint_key *ret,
                            struct sc_error *err) SC_NODISCARD;
/* A key for this run only. */
int sc_fingerprint_key_make(struct sc_fingerprint_key *ret, struct sc_error *err) SC_NODISCARD;

#endif
