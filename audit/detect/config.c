/* SPDX-License-Identifier: Apache-2.0
 *
 * Configuration files and source: what compose/judge/lines.h reads becomes findings.
 */
#include "audit/detect/region.h"

#include <string.h>
#include <strings.h>

#include "compose/judge/lines.h"

#include "core/banned.h"

struct config {
    struct sc_detect *detect;
    enum sc_family family;
};

/* `password: Password` and prose: a label of a form, not a value. */
static bool is_caption(const struct sc_pair *pair)
{
    if (memchr(pair->value, ' ', pair->value_len) != NULL)
        return true;
    return pair->value_len <= pair->key_len &&
           strncasecmp(pair->key + pair->key_len - pair->value_len, pair->value, pair->value_len) ==
               0;
}

/* `passwd: files` of nsswitch.conf: where accounts are looked up. */
static bool is_lookup(const struct sc_pair *pair)
{
    static const char *const databases[] = {"files", "compat", "db", "systemd", "sss", "ldap"};
    if (pair->key_len != 6 || memcmp(pair->key, "passwd", 6) != 0)
        return false;
    for (size_t i = 0; i < SC_ARRAY_SIZE(databases); i++) {
        if (pair->value_len == strlen(databases[i]) &&
            memcmp(pair->value, databases[i], pair->value_len) == 0)
            return true;
    }
    return false;
}

static int judge(void *ctx, struct sc_region key, struct sc_region value, struct sc_error *err)
{
    const struct config *c = ctx;
    const struct sc_pair pair = {
        .family = c->family,
        .key = c->detect->text + key.offset,
        .key_len = key.len,
        .value = c->detect->text + value.offset,
        .value_len = value.len,
        .raw = value,
        .ignore_variables = true,
    };
    if (c->family == SC_FAMILY_CONFIG && (is_caption(&pair) || is_lookup(&pair)))
        return 0;
    return sc_detect_pair(c->detect, &pair, NULL, err);
}

int sc_detect_config(struct sc_detect *detect, struct sc_region region, enum sc_family family,
                     struct sc_error *err)
{
    struct config c = {detect, family};
    return sc_lines_read(detect->text, region, judge, &c, err);
}
