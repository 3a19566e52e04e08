/* SPDX-License-Identifier: Apache-2.0
 *
 * The private files of --file: 0400 in a fresh 0700 directory on /dev/shm, which the engine gives
 * to each container, read-only ones too, and which is memory.
 */
#ifndef SC_SHIM_FILE_H
#define SC_SHIM_FILE_H

#include "shim/shim.h"

/* Writes (or, after a change, replaces) the file named like the variable; *ret_string is
 * "NAME=path". */
bool shim_write_file(struct shim *shim, const struct shim_item *item, struct shim_bytes content,
                     char **ret_string);

/* Removes the files and their directory. */
void shim_remove_files(struct shim *shim);

#endif
