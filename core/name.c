/* SPDX-License-Identifier: Apache-2.0
 *
 * Names; see core/name.h.
 */
#include "core/name.h"

#include <ctype.h>
#include <string.h>

#include "core/banned.h"

/* What a user may type by mistake (a value, control characters) is not repeated to the screen. */
static int bad_name(const char *reason, struct sc_error *err)
{
    return sc_fail(err, SC_E_BADNAME,
                   "the name is not valid: %s (parts of A-Z a-z 0-9 . _ -, joined by '/', as in "
                   "'shop/db_password')",
                   reason);
}

int sc_name_check(const char *name, size_t min_parts, struct sc_error *err)
{
    size_t parts = 0;
    for (const char *part = name;; part++) {
        size_t n = strcspn(part, "/");
        if (n == 0)
            return bad_name("a part is empty", err);
        if (n > SC_NAME_PART_MAX)
            return bad_name("a part is longer than 128 characters", err);
        if (!sc_name_part_valid(part, n))
            return bad_name(part[0] == '.' && n <= 2 ? "'.' and '..' are no names"
                                                     : "it holds a character that is not allowed",
                            err);
        if (++parts > SC_NAME_PARTS_MAX)
            return bad_name("it has more than 8 parts", err);
        part += n;
        if (*part == '\0')
            break;
    }
    if (parts < min_parts)
        return bad_name("the scope is missing", err);
    return 0;
}

const char *sc_name_leaf(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash != NULL ? slash + 1 : name;
}

size_t sc_name_scope_len(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash != NULL ? (size_t)(slash - name) : 0;
}

int sc_name_join(char out[SC_NAME_SIZE], const char *scope, const char *leaf, struct sc_error *err)
{
    char joined[SC_NAME_SIZE];
    size_t scope_len = strlen(scope), leaf_len = strlen(leaf);
    if (scope_len + leaf_len + 2 > sizeof(joined))
        return bad_name("it is too long", err);
    memcpy(joined, scope, scope_len);
    joined[scope_len] = '/';
    memcpy(joined + scope_len + 1, leaf, leaf_len + 1);
    int rc = sc_name_check(joined, 2, err);
    if (rc < 0)
        return rc;
    memcpy(out, joined, scope_len + leaf_len + 2);
    return 0;
}

int sc_name_from_text(char out[SC_NAME_PART_MAX + 1], const char *text, struct sc_error *err)
{
    size_t n = 0;
    for (; text[n] != '\0' && n < SC_NAME_PART_MAX; n++) {
        unsigned char c = (unsigned char)text[n];
        bool keep = c < 0x80 && (isalnum(c) || c == '.' || c == '_' || c == '-');
        out[n] = keep ? (char)tolower(c) : '_';
    }
    out[n] = '\0';
    if (!sc_name_part_valid(out, n))
        return bad_name("nothing valid remains of it", err);
    return 0;
}

int sc_name_to_variable(char out[SC_NAME_PART_MAX + 1], const char *leaf, struct sc_error *err)
{
    if (leaf[0] >= '0' && leaf[0] <= '9')
        return sc_fail(err, SC_E_BADNAME, "'%s' cannot be a variable: it begins with a digit",
                       leaf);
    size_t n = 0;
    for (; leaf[n] != '\0' && n < SC_NAME_PART_MAX; n++) {
        unsigned char c = (unsigned char)leaf[n];
        out[n] = c < 0x80 && isalnum(c) ? (char)toupper(c) : '_';
    }
    out[n] = '\0';
    return 0;
}
