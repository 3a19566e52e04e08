/* SPDX-License-Identifier: Apache-2.0
 *
 * Libraries that are loaded when a command first needs them.
 *
 * Linked in the usual way, libgit2 and libarchive pull some twenty further libraries into every
 * start of the program (Kerberos, OpenSSL, ICU, the C++ runtime), which costs several milliseconds,
 * and each decompressor costs its part; `get` needs none of them. Threads: any. A loaded library
 * stays loaded.
 */
#ifndef SC_AUDIT_LIBRARY_H
#define SC_AUDIT_LIBRARY_H

#include <stddef.h>

#include "core/error.h"

/* One function to look up, and where its address goes. */
struct sc_symbol {
    const char *name;
    void **address;
};

/* Loads `soname` and fills in all addresses; UNSUPPORTED, naming the library, when it or one of the
 * functions is missing. */
int sc_library_load(const char *soname, const struct sc_symbol *symbols, size_t count,
                    struct sc_error *err) SC_NODISCARD;

#endif
