/* SPDX-License-Identifier: Apache-2.0
 *
 * A baseline: the findings a team lives with for now, by keyed fingerprint. The file tells no
 * value, and without the key confirms no guess; lines may move without its becoming stale.
 *
 * Text, a line each: "FINGERPRINT RULE FILE", sorted; the first line names the format and checks
 * the key.
 */
#ifndef SC_AUDIT_REPORT_BASELINE_H
#define SC_AUDIT_REPORT_BASELINE_H

#include "audit/audit.h"

#define SC_BASELINE_MAX ((size_t)64 * 1024 * 1024)

/* Writes the findings of the result. */
int sc_baseline_write(const char *path, const struct sc_audit_result *result,
                      const struct sc_fingerprint_key *key, struct sc_error *err) SC_NODISCARD;

/* Takes out of the result what the baseline knows; counts it as suppressed. FORMAT for a file that
 * is no baseline, BADPASS for one made under another key. */
int sc_baseline_apply(const char *path, struct sc_audit_result *result,
                      const struct sc_fingerprint_key *key, struct sc_error *err) SC_NODISCARD;

#endif
