/* SPDX-License-Identifier: Apache-2.0
 *
 * A source of entries in plain memory, for tests of what hands values out (core/source.h).
 *
 * Entries are kept in order of name. Each change of a value raises its version by one. A failure
 * can be planted on an entry, or on all of them. Threads: one at a time.
 */
#ifndef SC_TESTS_SUPPORT_SOURCE_MEM_H
#define SC_TESTS_SUPPORT_SOURCE_MEM_H

#include "core/source.h"

struct sc_source_mem;

/* NULL when there is no memory; abort in a test. */
struct sc_source_mem *sc_source_mem_new(void);
void sc_source_mem_free(struct sc_source_mem *mem);

/* Adds the entry or gives it a new version. */
void sc_source_mem_set(struct sc_source_mem *mem, const char *name, const void *value, size_t len);

/* Owner and mode of an entry that exists. */
void sc_source_mem_attr(struct sc_source_mem *mem, const char *name, uint32_t uid, uint32_t gid,
                        uint32_t mode);

void sc_source_mem_remove(struct sc_source_mem *mem, const char *name);

/* From now on list (name NULL), or stat and open of the entry, fail with this code; 0 heals. */
void sc_source_mem_fail(struct sc_source_mem *mem, const char *name, int code);

/* How often open was called, and list. */
unsigned sc_source_mem_opens(const struct sc_source_mem *mem);
unsigned sc_source_mem_lists(const struct sc_source_mem *mem);

/* The source: borrowed, as long as mem lives. */
struct sc_source sc_source_mem_source(struct sc_source_mem *mem);

#endif
