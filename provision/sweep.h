/* SPDX-License-Identifier: Apache-2.0
 *
 * Removing files of a place in memory: listing, wiping, and clearing what a crash left behind.
 * All functions work below descriptors and never follow a link. Threads: any.
 */
#ifndef SC_PROVISION_SWEEP_H
#define SC_PROVISION_SWEEP_H

#include <stdint.h>

#include "core/error.h"
#include "core/str.h"

/* The names in a directory but "." and "..". */
int sc_sweep_list(int dir_fd, struct sc_strv *ret, struct sc_error *err) SC_NODISCARD;
int sc_sweep_count(int dir_fd, size_t *ret, struct sc_error *err) SC_NODISCARD;

/* Overwrites a file with zeroes, cuts it to nothing and unlinks it: whoever has it open or bound
 * loses the value too. For entries that were removed. */
int sc_sweep_wipe(int dir_fd, const char *leaf, struct sc_error *err) SC_NODISCARD;

/* Wipes all files of a directory, or removes what cannot be wiped. Takes no memory. */
int sc_sweep_empty(int dir_fd, struct sc_error *err) SC_NODISCARD;

/* Removes each generation of a scope's directory but number `keep` (0 keeps none), and a link that
 * was not switched to. Files are unlinked, not wiped: a container that has a superseded one bound
 * needs it until it is started again. */
int sc_sweep_leftovers(int dir_fd, uint64_t keep, struct sc_error *err) SC_NODISCARD;

/* Removes the directory `path` below `top_fd` and its parents as long as they are empty. */
void sc_sweep_empty_dirs(int top_fd, const char *path);

/* Adds to `ret` the paths below `top_fd` of all directories that hold the link `marker`. */
int sc_sweep_find(int top_fd, const char *marker, struct sc_strv *ret,
                  struct sc_error *err) SC_NODISCARD;

#endif
