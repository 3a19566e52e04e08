/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of one model; see compose/load/validate.h.
 */
#include "compose/load/validate.h"

#include <string.h>

#include "compose/form/port.h"
#include "compose/load/document.h"

#include "core/banned.h"

static int check_source(const struct sc_value *value, const struct sc_path *path, bool config,
                        struct sc_error *err)
{
    static const char *const keys[] = {"file", "environment", "content"};
    size_t count = 0;
    for (size_t i = 0; i < (config ? 3U : 2U); i++)
        count += sc_value_get(value, keys[i]) != NULL ? 1 : 0;
    if (count > 1)
        return sc_fail_value(err, SC_E_SYNTAX, value, path,
                             "%s exclude each other; !override replaces one by another",
                             config ? "file, environment and content" : "file and environment");
    if (count == 1 || sc_value_get(value, "driver") != NULL ||
        sc_value_get(value, "external") != NULL)
        return 0;
    return sc_fail_value(err, SC_E_SYNTAX, value, path, "needs one of: %s",
                         config ? "file, environment, content" : "file, environment");
}

static int check_volume(const struct sc_value *value, const struct sc_path *path,
                        struct sc_error *err)
{
    const struct sc_value *external = sc_value_get(value, "external");
    if (!sc_value_is(external, SC_VALUE_BOOL) || !external->u.boolean)
        return 0;
    for (size_t i = 0; i < value->count; i++) {
        const char *key = value->u.entries[i].key;
        if (strcmp(key, "name") != 0 && strcmp(key, "external") != 0 && strncmp(key, "x-", 2) != 0)
            return sc_fail_value(err, SC_E_SYNTAX, value, path, "an external volume has no '%s'",
                                 key);
    }
    return 0;
}

static int check_port(const struct sc_value *value, const struct sc_path *path,
                      struct sc_error *err)
{
    const struct sc_value *ip = sc_value_get(value, "host_ip");
    if (ip == NULL || (ip->kind == SC_VALUE_STRING && sc_port_is_address(ip->u.text)))
        return 0;
    return sc_fail_value(err, SC_E_SYNTAX, ip, path, "host_ip must be an IP address");
}

static int check_devices(const struct sc_value *value, const struct sc_path *path,
                         struct sc_error *err)
{
    if (sc_value_get(value, "count") == NULL || sc_value_get(value, "device_ids") == NULL)
        return 0;
    return sc_fail_value(err, SC_E_SYNTAX, value, path, "count and device_ids exclude each other");
}

static int check_watch(const struct sc_value *value, const struct sc_path *path,
                       struct sc_error *err)
{
    return sc_value_equals(value, "")
               ? sc_fail_value(err, SC_E_SYNTAX, value, path, "must not be empty")
               : 0;
}

static int check_config(const struct sc_value *value, const struct sc_path *path,
                        struct sc_error *err)
{
    return check_source(value, path, true, err);
}

static int check_secret(const struct sc_value *value, const struct sc_path *path,
                        struct sc_error *err)
{
    return check_source(value, path, false, err);
}

static const struct check_row {
    struct sc_pattern pattern;
    int (*check)(const struct sc_value *value, const struct sc_path *path, struct sc_error *err);
} check_table[] = {
    {SC_PATTERN(2, "volumes.*"), check_volume},
    {SC_PATTERN(2, "configs.*"), check_config},
    {SC_PATTERN(2, "secrets.*"), check_secret},
    {SC_PATTERN(4, "services.*.ports.*"), check_port},
    {SC_PATTERN(6, "services.*.develop.watch.*.path"), check_watch},
    {SC_PATTERN(7, "services.*.deploy.resources.reservations.devices.*"), check_devices},
    {SC_PATTERN(4, "services.*.gpus.*"), check_devices},
    {SC_PATTERN_END, NULL},
};

static int walk(const struct sc_value *value, const struct sc_path *path, struct sc_error *err)
{
    int row = path->depth > 0 ? sc_path_find(path, check_table, sizeof(check_table[0])) : -1;
    if (row >= 0)
        return check_table[row].check(value, path, err);
    bool map = value->kind == SC_VALUE_MAP;
    if ((!map && value->kind != SC_VALUE_LIST) ||
        !sc_path_leads(path, check_table, sizeof(check_table[0])))
        return 0;
    for (size_t i = 0; i < value->count; i++) {
        struct sc_path next =
            map ? sc_path_key(path, value->u.entries[i].key) : sc_path_item(path, i);
        int rc = walk(map ? value->u.entries[i].value : value->u.items[i], &next, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int sc_validate_model(const struct sc_value *root, struct sc_error *err)
{
    struct sc_path top = {0};
    return walk(root, &top, err);
}
