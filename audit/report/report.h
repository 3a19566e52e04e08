/* SPDX-License-Identifier: Apache-2.0
 *
 * The forms in which a result is written. All of them escape what they quote; none can hold a
 * value, because a finding cannot.
 */
#ifndef SC_AUDIT_REPORT_REPORT_H
#define SC_AUDIT_REPORT_REPORT_H

#include "audit/audit.h"
#include "core/buf.h"

/* Bytes of a report at most. */
#define SC_REPORT_MAX ((size_t)512 * 1024 * 1024)

/* The contract of `audit --format json`. */
void sc_report_json(const struct sc_audit_result *result, struct sc_buf *out);

#endif
