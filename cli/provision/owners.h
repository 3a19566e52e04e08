/* SPDX-License-Identifier: Apache-2.0
 *
 * Owner and mode of a project's files: as its grants say (uid, gid, mode, which Compose ignores for
 * secrets that are files), else so that every service can read what the policy lets it open.
 *
 * A file has one owner and mode for all its readers. Where grants of one entry differ, or say
 * nothing and the entry has the default of 0400, it is 0444 of root: the policy decides at each
 * open.
 */
#ifndef SC_CLI_PROVISION_OWNERS_H
#define SC_CLI_PROVISION_OWNERS_H

#include "compose/project.h"
#include "core/source.h"

struct sc_owners {
    const struct sc_source *source; /* whose entries get these owners; borrowed */
    struct sc_owner {
        char *name;
        uint32_t uid, gid, mode;
        bool said; /* by a grant */
    } * items;     /* sorted by name once sc_owners_source() was called */
    size_t count, cap;
};

/* Notes a grant of an entry. */
int sc_owners_add(struct sc_owners *owners, const char *name, const struct sc_grant *grant,
                  struct sc_error *err) SC_NODISCARD;

/* The source, with these owners; borrows both. */
struct sc_source sc_owners_source(struct sc_owners *owners, const struct sc_source *source);

void sc_owners_done(struct sc_owners *owners);

#endif
