/* SPDX-License-Identifier: Apache-2.0
 *
 * The second part of an audit: the files that Compose files name and the walk did not reach, and
 * the plain files that hold Compose secrets.
 *
 * A secret's file is a finding when everybody may read it or git tracks it: its name says nothing
 * and its content looks like anything, so only the Compose file tells that it is a credential.
 */
#ifndef SC_AUDIT_FOLLOW_H
#define SC_AUDIT_FOLLOW_H

#include "audit/reference.h"
#include "audit/worker.h"

/* Looks at what `references` name, and at what those name in turn, each once and not what is among
 * `walked`. Files that are not there are left out: they may be made when the stack starts. */
int sc_follow(struct sc_worker *worker, const struct sc_strv *walked,
              struct sc_references *references, struct sc_error *err) SC_NODISCARD;

#endif
