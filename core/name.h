/* SPDX-License-Identifier: Apache-2.0
 *
 * The one grammar of names: `scope/name`, where a scope may have several parts.
 *
 *   name = part *7( "/" part )        part = 1*128( A-Z a-z 0-9 . _ - ), not "." or ".."
 *
 * So each part is a valid file name and a valid path element of the mount. The last part is the
 * entry's own name, the rest its scope. Source: docs/CLI.md, "Names".
 */
#ifndef SC_CORE_NAME_H
#define SC_CORE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

#define SC_NAME_PART_MAX  128
#define SC_NAME_PARTS_MAX 8
/* Bytes of the longest name with its NUL. */
#define SC_NAME_SIZE (SC_NAME_PARTS_MAX * (SC_NAME_PART_MAX + 1))

/* Whether n bytes are a valid part. Needs nothing but this header: the shim uses it too. */
static inline bool sc_name_part_valid(const char *part, size_t n)
{
    if (n == 0 || n > SC_NAME_PART_MAX ||
        (part[0] == '.' && (n == 1 || (n == 2 && part[1] == '.'))))
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = part[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
        if (!ok)
            return false;
    }
    return true;
}

/* Names that begin with '.' are the program's own (originals of rewritten files): kept like others,
 * but neither listed without asking nor served, provisioned, exported or searched for. */
static inline bool sc_name_is_internal(const char *name)
{
    return name[0] == '.';
}

/* BADNAME with the reason unless `name` is a full name with at least `min_parts` parts (1 for a
 * scope or a bare name, 2 for scope/name). The message quotes the name only where it is printable.
 */
int sc_name_check(const char *name, size_t min_parts, struct sc_error *err) SC_NODISCARD;

/* The last part; borrowed from name, which must be valid. */
const char *sc_name_leaf(const char *name);

/* Bytes of the scope, without the slash; 0 for a bare name. */
size_t sc_name_scope_len(const char *name);

/* Writes "scope/name". BADNAME if the result is not a valid name. */
int sc_name_join(char out[SC_NAME_SIZE], const char *scope, const char *leaf,
                 struct sc_error *err) SC_NODISCARD;

/* Makes a valid part of any text: letters lower-cased, other bytes to '_'; for Compose project and
 * variable names (DB_PASSWORD to db_password). BADNAME if nothing valid remains. */
int sc_name_from_text(char out[SC_NAME_PART_MAX + 1], const char *text,
                      struct sc_error *err) SC_NODISCARD;

/* The environment variable for a leaf: upper case, other bytes than A-Z 0-9 to '_'. BADNAME when
 * the result would begin with a digit. */
int sc_name_to_variable(char out[SC_NAME_PART_MAX + 1], const char *leaf,
                        struct sc_error *err) SC_NODISCARD;

#endif
