/* SPDX-License-Identifier: Apache-2.0
 *
 * From paths to the list of files to look at.
 */
#ifndef SC_AUDIT_WALK_H
#define SC_AUDIT_WALK_H

#include "audit/audit.h"

/* Adds the files at and below `path`; folders in the order of their names, without .git and what
 * the ignore files name; what cannot be read goes to skips. NOTFOUND if `path` itself is not there.
 */
int sc_walk(const char *path, bool no_ignore, struct sc_ignore *ignore, struct sc_strv *files,
            struct sc_skips *skips, struct sc_error *err) SC_NODISCARD;

#endif
