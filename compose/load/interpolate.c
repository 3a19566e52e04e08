/* SPDX-License-Identifier: Apache-2.0
 *
 * Interpolation of a whole document; see compose/load/interpolate.h.
 */
#include "compose/load/interpolate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compose/load/document.h"
#include "core/str.h"

#include "core/banned.h"

enum cast { CAST_INT, CAST_FLOAT, CAST_FLOAT32, CAST_BOOL };

struct cast_rule {
    struct sc_pattern pattern;
    enum cast cast;
};

static const struct cast_rule cast_rules[] = {
    {SC_PATTERN(3, "services.*.cpu_count"), CAST_INT},
    {SC_PATTERN(3, "services.*.cpu_percent"), CAST_FLOAT},
    {SC_PATTERN(3, "services.*.cpu_period"), CAST_INT},
    {SC_PATTERN(3, "services.*.cpu_quota"), CAST_INT},
    {SC_PATTERN(3, "services.*.cpu_rt_period"), CAST_INT},
    {SC_PATTERN(3, "services.*.cpu_rt_runtime"), CAST_INT},
    {SC_PATTERN(3, "services.*.cpus"), CAST_FLOAT32},
    {SC_PATTERN(3, "services.*.cpu_shares"), CAST_INT},
    {SC_PATTERN(3, "services.*.init"), CAST_BOOL},
    {SC_PATTERN(5, "services.*.depends_on.*.required"), CAST_BOOL},
    {SC_PATTERN(5, "services.*.depends_on.*.restart"), CAST_BOOL},
    {SC_PATTERN(4, "services.*.deploy.replicas"), CAST_INT},
    {SC_PATTERN(5, "services.*.deploy.update_config.parallelism"), CAST_INT},
    {SC_PATTERN(5, "services.*.deploy.update_config.max_failure_ratio"), CAST_FLOAT},
    {SC_PATTERN(5, "services.*.deploy.rollback_config.parallelism"), CAST_INT},
    {SC_PATTERN(5, "services.*.deploy.rollback_config.max_failure_ratio"), CAST_FLOAT},
    {SC_PATTERN(5, "services.*.deploy.restart_policy.max_attempts"), CAST_INT},
    {SC_PATTERN(5, "services.*.deploy.placement.max_replicas_per_node"), CAST_INT},
    {SC_PATTERN(4, "services.*.healthcheck.retries"), CAST_INT},
    {SC_PATTERN(4, "services.*.healthcheck.disable"), CAST_BOOL},
    {SC_PATTERN(3, "services.*.oom_kill_disable"), CAST_BOOL},
    {SC_PATTERN(3, "services.*.oom_score_adj"), CAST_INT},
    {SC_PATTERN(3, "services.*.pids_limit"), CAST_INT},
    {SC_PATTERN(5, "services.*.ports.[].target"), CAST_INT},
    {SC_PATTERN(3, "services.*.privileged"), CAST_BOOL},
    {SC_PATTERN(3, "services.*.read_only"), CAST_BOOL},
    {SC_PATTERN(3, "services.*.scale"), CAST_INT},
    {SC_PATTERN(3, "services.*.stdin_open"), CAST_BOOL},
    {SC_PATTERN(3, "services.*.tty"), CAST_BOOL},
    {SC_PATTERN(4, "services.*.ulimits.*"), CAST_INT},
    {SC_PATTERN(5, "services.*.ulimits.*.hard"), CAST_INT},
    {SC_PATTERN(5, "services.*.ulimits.*.soft"), CAST_INT},
    {SC_PATTERN(5, "services.*.volumes.[].read_only"), CAST_BOOL},
    {SC_PATTERN(6, "services.*.volumes.[].volume.nocopy"), CAST_BOOL},
    {SC_PATTERN(3, "networks.*.external"), CAST_BOOL},
    {SC_PATTERN(3, "networks.*.internal"), CAST_BOOL},
    {SC_PATTERN(3, "networks.*.attachable"), CAST_BOOL},
    {SC_PATTERN(3, "networks.*.enable_ipv4"), CAST_BOOL},
    {SC_PATTERN(3, "networks.*.enable_ipv6"), CAST_BOOL},
    {SC_PATTERN(3, "volumes.*.external"), CAST_BOOL},
    {SC_PATTERN(3, "secrets.*.external"), CAST_BOOL},
    {SC_PATTERN(3, "configs.*.external"), CAST_BOOL},
    {SC_PATTERN_END, CAST_INT},
};

bool sc_cast_bool(const char *text, bool *ret)
{
    static const char *const yes[] = {"true", "y", "yes", "on"};
    static const char *const no[] = {"false", "n", "no", "off"};
    for (size_t i = 0; i < SC_ARRAY_SIZE(yes); i++) {
        bool is_yes = sc_str_equal_nocase(text, yes[i]);
        if (is_yes || sc_str_equal_nocase(text, no[i])) {
            *ret = is_yes;
            return true;
        }
    }
    return false;
}

bool sc_cast_int(const char *text, int64_t *ret)
{
    bool negative = *text == '-';
    const char *digits = text + (*text == '-' || *text == '+');
    uint64_t value = 0;
    if (*digits == '\0')
        return false;
    for (; *digits != '\0'; digits++) {
        if (*digits < '0' || *digits > '9' || __builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t)(*digits - '0'), &value))
            return false;
    }
    if (value > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    *ret = (int64_t)(negative ? 0 - value : value);
    return true;
}

bool sc_cast_float(const char *text, double *ret)
{
    size_t len = strlen(text);
    if (len == 0 || strspn(text, "+-.0123456789eE") != len)
        return false;
    char *end = NULL;
    double real = strtod(text, &end);
    if (*end != '\0' || isinf(real))
        return false;
    *ret = real;
    return true;
}

static bool cast_text(enum cast cast, const char *text, struct sc_value *value)
{
    bool boolean = false;
    int64_t integer = 0;
    double real = 0;
    switch (cast) {
    case CAST_BOOL:
        if (!sc_cast_bool(text, &boolean))
            return false;
        value->kind = SC_VALUE_BOOL;
        value->u.boolean = boolean;
        break;
    case CAST_INT:
        if (!sc_cast_int(text, &integer))
            return false;
        value->kind = SC_VALUE_INT;
        value->u.integer = integer;
        break;
    case CAST_FLOAT:
    case CAST_FLOAT32:
    default:
        if (!sc_cast_float(text, &real))
            return false;
        value->kind = SC_VALUE_FLOAT;
        value->single = cast == CAST_FLOAT32;
        value->u.real = value->single ? (double)(float)real : real;
        break;
    }
    value->count = 0;
    return true;
}

/* `casts`: whether a rule may ask for another type here. */
static int interpolate_text(const struct sc_interp *interp, struct sc_value *value,
                            const struct sc_path *path, bool casts, struct sc_error *err)
{
    struct sc_interp_result result = {0};
    int rc = sc_interpolate(interp, value->u.text, value->count, &result, err);
    if (rc < 0)
        return sc_wrap_value(err, rc, value, path);
    if (result.routes != 0) {
        struct sc_origin *origin = sc_model_pool_alloc(interp->pool, sizeof(*origin));
        if (origin == NULL)
            return sc_model_pool_fail(interp->pool, err);
        *origin = *value->origin;
        origin->routes = (origin->routes & ~(unsigned)SC_ROUTE_LITERAL) | result.routes;
        origin->uses = result.uses;
        value->origin = origin;
    }
    value->u.text = result.text;
    value->count = result.len;
    int rule = casts ? sc_path_find(path, cast_rules, sizeof(cast_rules[0])) : -1;
    if (rule < 0 || cast_text(cast_rules[rule].cast, value->u.text, value))
        return 0;
    static const char *const names[] = {[CAST_INT] = "an integer",
                                        [CAST_FLOAT] = "a number",
                                        [CAST_FLOAT32] = "a number",
                                        [CAST_BOOL] = "true or false"};
    return sc_fail_value(err, SC_E_SYNTAX, value, path, "must be %s", names[cast_rules[rule].cast]);
}

static int walk(const struct sc_interp *interp, struct sc_value *value, const struct sc_path *path,
                bool casts, struct sc_error *err)
{
    if (value->kind == SC_VALUE_STRING)
        return interpolate_text(interp, value, path, casts, err);
    bool map = value->kind == SC_VALUE_MAP;
    if (!map && value->kind != SC_VALUE_LIST)
        return 0;
    casts = casts && sc_path_leads(path, cast_rules, sizeof(cast_rules[0]));
    for (size_t i = 0; i < value->count; i++) {
        struct sc_path next =
            map ? sc_path_key(path, value->u.entries[i].key) : sc_path_item(path, i);
        int rc =
            walk(interp, map ? value->u.entries[i].value : value->u.items[i], &next, casts, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int sc_interpolate_tree(const struct sc_interp *interp, struct sc_value *root, struct sc_error *err)
{
    struct sc_path top = {0};
    return walk(interp, root, &top, true, err);
}
