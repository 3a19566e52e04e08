/* SPDX-License-Identifier: Apache-2.0
 *
 * Loading libraries late; see audit/library.h.
 */
#include "audit/library.h"

#include <dlfcn.h>

#include "core/banned.h"

int sc_library_load(const char *soname, const struct sc_symbol *symbols, size_t count,
                    struct sc_error *err)
{
    void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return sc_fail(err, SC_E_UNSUPPORTED, "this needs the library '%s', which is not installed",
                       soname);
    for (size_t i = 0; i < count; i++) {
        *symbols[i].address = dlsym(library, symbols[i].name);
        if (*symbols[i].address == NULL)
            return sc_fail(err, SC_E_UNSUPPORTED, "the library '%s' lacks '%s'", soname,
                           symbols[i].name);
    }
    return 0;
}
