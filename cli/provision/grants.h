/* SPDX-License-Identifier: Apache-2.0
 *
 * From a Compose project to a policy: each service may open the secrets and configs it was granted,
 * and nobody else may, the host included.
 */
#ifndef SC_CLI_PROVISION_GRANTS_H
#define SC_CLI_PROVISION_GRANTS_H

#include "core/buf.h"
#include "core/str.h"

/* Appends the encoded rules for what lies below `directory`, and adds their number to *rules.
 * Without files the project of the working directory is meant; there need be none if `optional`. */
int sc_grants_policy(const struct sc_strv *files, bool optional, const char *directory,
                     struct sc_buf *to, unsigned *rules, struct sc_error *err) SC_NODISCARD;

#endif
