/* SPDX-License-Identifier: Apache-2.0
 *
 * One thread's share of an audit: looks at files and bytes, keeps what it found.
 */
#ifndef SC_AUDIT_WORKER_H
#define SC_AUDIT_WORKER_H

#include "audit/audit.h"
#include "audit/detect/region.h"
#include "audit/reference.h"
#include "audit/rules/scanner.h"

struct sc_worker {
    const struct sc_audit_options *options;
    const struct sc_ignore *ignore;
    struct sc_scanner *scanner;
    struct sc_audit_result result;
    struct sc_references references; /* what Compose files on disk name */
    struct sc_buf buffer;            /* the file being looked at; reused */
};

int sc_worker_init(struct sc_worker *worker, const struct sc_audit_options *options,
                   const struct sc_ignore *ignore, struct sc_error *err) SC_NODISCARD;
void sc_worker_done(struct sc_worker *worker);

/* Looks at text that has this name in reports. `commit` is NULL outside git history. */
int sc_worker_bytes(struct sc_worker *worker, const char *name, const char *commit,
                    struct sc_bytes text, struct sc_error *err) SC_NODISCARD;

/* Looks at a file. What cannot be read is noted as skipped, and no failure. */
int sc_worker_file(struct sc_worker *worker, const char *path, struct sc_error *err) SC_NODISCARD;

/* The same for a file of variables, whatever its name makes of it. `again`: sc_worker_file was
 * there already, so only what it did not read as variables. */
int sc_worker_env_file(struct sc_worker *worker, const char *path, bool again,
                       struct sc_error *err) SC_NODISCARD;

/* Takes over what a detector found in a file: doubles and what is suppressed go, excerpts are made
 * from the file's text. */
int sc_worker_keep(struct sc_worker *worker, struct sc_detect *detect, struct sc_bytes text,
                   struct sc_error *err) SC_NODISCARD;

/* Notes a place that was not looked at. */
int sc_worker_skip(struct sc_worker *worker, const char *name, const char *reason,
                   struct sc_error *err) SC_NODISCARD;

#endif
