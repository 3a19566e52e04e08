/* SPDX-License-Identifier: Apache-2.0
 *
 * What shall lie where: the entries of a source, sorted into scope directories. Pure data; nothing
 * here opens a value or a file. The writer marks in it what it did, so it is the report as well.
 *
 * Ownership: the layout owns its strings. Threads: one at a time.
 */
#ifndef SC_PROVISION_LAYOUT_H
#define SC_PROVISION_LAYOUT_H

#include "core/source.h"
#include "core/str.h"

#define SC_LAYOUT_ENTRIES_MAX 100000

enum sc_layout_state {
    SC_LAYOUT_UNCHANGED, /* the same file, inode included */
    SC_LAYOUT_CREATED,
    SC_LAYOUT_CHANGED, /* a new file under the old name */
    SC_LAYOUT_REMOVED, /* overwritten, then unlinked */
};

struct sc_layout_entry {
    char *name;
    size_t scope_len;
    uint32_t uid, gid, mode;
    uint64_t size;
    bool due; /* for rotation */
    enum sc_layout_state state;
};

/* A directory and its entries, which stand next to each other. */
struct sc_layout_scope {
    char *path; /* "prod/shop" */
    size_t first, count;
    /* The writer's: numbers of the generations, 0 where there is none. */
    uint64_t old_number, new_number;
    bool dir_made, switched;
};

struct sc_layout {
    struct sc_layout_entry *entries; /* by scope, then by name; removed ones behind all others */
    size_t count, cap;
    struct sc_layout_scope *scopes;
    size_t scope_count, scope_cap;
    uint64_t bytes;         /* of all values */
    struct sc_strv foreign; /* scopes of another source, which stay as they are */
};

/* Adds the source's entries whose name lies in one of the scopes (all without any) and sorts them.
 * TOOBIG over SC_LAYOUT_ENTRIES_MAX or over `quota` bytes, BADNAME for a name without a scope,
 * EXISTS when a name is an entry and a scope at once. A mode of 0 becomes 0400. */
int sc_layout_collect(struct sc_layout *layout, const struct sc_source *source,
                      const struct sc_strv *scopes, uint64_t quota,
                      struct sc_error *err) SC_NODISCARD;

bool sc_layout_has_scope(const struct sc_layout *layout, const char *path);

/* Adds a scope that has no entries any more. */
int sc_layout_add_scope(struct sc_layout *layout, const char *path,
                        struct sc_error *err) SC_NODISCARD;

/* Notes an entry that was removed. */
int sc_layout_note_removed(struct sc_layout *layout, const char *scope, const char *leaf,
                           struct sc_error *err) SC_NODISCARD;

/* Whether `path` is one of the scopes or below one; true without any. */
bool sc_layout_in_scopes(const struct sc_strv *scopes, const char *path);

/* "unchanged", "created", "changed", "removed". */
const char *sc_layout_state_name(enum sc_layout_state state);

void sc_layout_done(struct sc_layout *layout);

#endif
