/* SPDX-License-Identifier: Apache-2.0
 *
 * What a file must be to hold a vault: regular, ours, closed to others, and on a file system whose
 * locks can be trusted.
 *
 * To be called before SQLite opens the file: closing any descriptor of it drops the process's POSIX
 * locks on it.
 */
#ifndef SC_VAULT_STORE_FILE_H
#define SC_VAULT_STORE_FILE_H

#include <stdbool.h>

#include "core/error.h"

/* NOTFOUND, PERM, FORMAT; UNSUPPORTED on a network file system, unless the file is portable: in
 * rollback mode, which needs no memory shared between machines. */
int sc_store_file_check(const char *path, struct sc_error *err) SC_NODISCARD;

/* Makes an empty file (EXISTS). UNSUPPORTED on a network file system, unless portable. */
int sc_store_file_create(const char *path, bool portable, struct sc_error *err) SC_NODISCARD;

/* Whether a new file there would be on a network file system. */
bool sc_store_file_is_remote(const char *path);

#endif
