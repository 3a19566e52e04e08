/* SPDX-License-Identifier: Apache-2.0
 *
 * Where values come from, for the parts that hand them out: fuse/ and provision/ know this
 * interface only. vault/source_vault.c implements it; tests/support/source_mem.c fakes it.
 *
 * Threads: calls may come from any thread, one at a time. Lifetime: the source outlives its users.
 * Calls may block (a locked vault, a busy one), so a serving thread takes snapshots instead.
 */
#ifndef SC_CORE_SOURCE_H
#define SC_CORE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/name.h"
#include "core/secret.h"

enum sc_entry_kind { SC_ENTRY_SECRET = 1, SC_ENTRY_CONFIG = 2, SC_ENTRY_TEMPLATE = 3 };

#define SC_SOURCE_TEMPLATE_STEP UINT64_C(1000000)

/* What is known of an entry without its value. */
struct sc_source_entry {
    char name[SC_NAME_SIZE]; /* full name, scope/leaf */
    enum sc_entry_kind kind;
    uint64_t size;    /* bytes of the value as a reader gets it (a template: rendered) */
    uint64_t version; /* grows with each change of the value; never reused for a name. Of a
                         template: SC_SOURCE_TEMPLATE_STEP for each version of its text, and the
                         sum of the versions of what it names */
    int64_t mtime;    /* seconds since the epoch, UTC; of a template: its youngest part's */
    uint32_t uid, gid;
    uint32_t mode;   /* permission bits, e.g. 0400 */
    int64_t expires; /* when it is due for rotation; 0 = never */
};

/* Called for each entry in order of name; a negative result stops the listing and is passed on. */
typedef int (*sc_source_entry_fn)(const struct sc_source_entry *entry, void *ctx,
                                  struct sc_error *err);

/* A state of the source, so that one can ask what changed since. All zero: none. */
struct sc_source_mark {
    uint64_t number;
    unsigned char id[32];
};
typedef int (*sc_source_name_fn)(const char *name, void *ctx, struct sc_error *err);

struct sc_source_ops {
    /* Entries whose name is `prefix` or lies below it ("" for all). */
    int (*list)(void *source, const char *prefix, sc_source_entry_fn fn, void *ctx,
                struct sc_error *err);
    /* One entry; NOTFOUND, LOCKED. */
    int (*stat)(void *source, const char *name, struct sc_source_entry *ret, struct sc_error *err);
    /* The value of a version (0 = current) into `ret`; a template comes rendered. */
    int (*open)(void *source, const char *name, uint64_t version, struct sc_secret *ret,
                struct sc_error *err);
    /* Names that may have changed since *mark, which moves to the state that is now; not those of
     * templates that name them. *ret_all: it cannot tell, so anything may have. NULL where a source
     * never can. */
    int (*changes)(void *source, struct sc_source_mark *mark, bool *ret_all, sc_source_name_fn fn,
                   void *ctx, struct sc_error *err);
};

struct sc_source {
    const struct sc_source_ops *ops;
    void *ctx;
    const char *id; /* one word that tells sources apart, borrowed; NULL where nobody has to know */
};

#endif
