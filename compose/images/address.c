/* SPDX-License-Identifier: Apache-2.0
 *
 * Variables that take the address of a database; see compose/images/images.h.
 */
#include <string.h>
#include <strings.h>

#include "compose/images/images.h"

#include "core/banned.h"

/* The longest name of a variable that is looked up. */
#define VARIABLE_MAX 256

/* Cuts the last word of NAMES_LIKE_THIS off if it is one of the list. */
static bool cut_word(const char *const *words, const char *key, size_t *len)
{
    const char *gap = memrchr(key, '_', *len);
    size_t start = gap == NULL ? 0 : (size_t)(gap - key) + 1;
    for (; *words != NULL; words++) {
        if (*len - start == strlen(*words) && strncasecmp(key + start, *words, *len - start) == 0) {
            *len = start == 0 ? 0 : start - 1;
            return true;
        }
    }
    return false;
}

/* DATABASE_URL, X_MONGODB_URI, DB_CONNECTION_STRING: an address that holds a password as a rule.
 * DB_CONNECTION alone is a driver's name. */
static bool names_database(const char *key, size_t len)
{
    static const char *const addresses[] = {"url", "uri", "dsn", "string", NULL};
    static const char *const fillers[] = {"connection", "conn", NULL};
    static const char *const databases[] = {"database", "db",      "postgres", "postgresql", "pg",
                                            "mysql",    "mariadb", "mongo",    "mongodb",    NULL};
    if (!cut_word(addresses, key, &len))
        return false;
    (void)cut_word(fillers, key, &len);
    return cut_word(databases, key, &len);
}

bool sc_image_takes_address(const char *image, const char *variable, size_t len)
{
    char name[VARIABLE_MAX];
    if (len == 0 || len >= sizeof(name))
        return false;
    if (names_database(variable, len))
        return true;
    memcpy(name, variable, len);
    name[len] = '\0';
    const struct sc_image_rule *rule = image == NULL ? NULL : sc_image_rule(image, name);
    return rule != NULL && rule->way != SC_IMAGE_WAY_NONE &&
           strcmp(sc_image_text(rule->image), "*") != 0 &&
           (strcmp(sc_image_text(rule->kind), "dsn") == 0 ||
            strcmp(sc_image_text(rule->kind), "url-with-credentials") == 0);
}
