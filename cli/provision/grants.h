/* SPDX-License-Identifier: Apache-2.0
 *
 * From a Compose project to a policy: each service may open the secrets and configs it was granted,
 * and nobody else may, the host included.
 */
#ifndef SC_CLI_PROVISION_GRANTS_H
#define SC_CLI_PROVISION_GRANTS_H

#include "cli/provision/owners.h"
#include "core/buf.h"
#include "core/str.h"

/* What a project's grants come to. */
struct sc_granted_rules {
    struct sc_buf *policy; /* encoded rules are appended */
    unsigned *rules;       /* their number is added */
    struct sc_owners *owners;
};

/* Adds the rules and owners for what lies below `directory`.
 * Without files the project of the working directory is meant; there need be none if `optional`. */
int sc_grants_policy(const struct sc_strv *files, bool optional, const char *directory,
                     struct sc_granted_rules *to, struct sc_error *err) SC_NODISCARD;

#endif
