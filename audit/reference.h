/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that a Compose file names: what a service reads variables from, other Compose files, and
 * secrets in plain files.
 *
 * Ownership: a list owns its strings. Threads: a list belongs to one thread at a time.
 */
#ifndef SC_AUDIT_REFERENCE_H
#define SC_AUDIT_REFERENCE_H

#include <stddef.h>

#include "core/error.h"

/* Of one run; beyond that the run fails instead of eating the memory. */
#define SC_REFERENCES_MAX ((size_t)1000000)

enum sc_reference_kind {
    SC_REFERENCE_COMPOSE,  /* include, extends: file */
    SC_REFERENCE_ENV_FILE, /* env_file, label_file */
    SC_REFERENCE_SECRET    /* secrets: file */
};

struct sc_reference {
    enum sc_reference_kind kind;
    char *path; /* as the working directory has it */
    char *name; /* of the secret; or NULL */
};

struct sc_references {
    struct sc_reference *items;
    size_t count, cap;
};

/* `path` is relative to the folder of `from`, the file that names it. Paths with variables, of
 * remote resources and of standard input's neighbours are left out: they name no file that could be
 * looked at. */
int sc_references_add(struct sc_references *list, enum sc_reference_kind kind, const char *from,
                      const char *path, const char *name, struct sc_error *err) SC_NODISCARD;
int sc_references_move(struct sc_references *to, struct sc_references *from,
                       struct sc_error *err) SC_NODISCARD;
void sc_references_done(struct sc_references *list);

#endif
