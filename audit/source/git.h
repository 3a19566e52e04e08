/* SPDX-License-Identifier: Apache-2.0
 *
 * Git history: every blob once, whatever branch, tag or stash it is in; also blobs that nothing
 * refers to any more. Path and commit are looked up for findings only.
 */
#ifndef SC_AUDIT_SOURCE_GIT_H
#define SC_AUDIT_SOURCE_GIT_H

#include "audit/worker.h"

/* Blobs of this size and more are named as skipped. */
#define SC_GIT_BLOB_MAX SC_AUDIT_WHOLE_MAX

/* Looks at the repository that `path` lies in. FAILED if there is none, or git refuses it as owned
 * by somebody else: that is never an empty history. */
int sc_git_audit(struct sc_worker *worker, const char *path, struct sc_error *err) SC_NODISCARD;

#endif
