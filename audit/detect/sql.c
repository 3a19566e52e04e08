/* SPDX-License-Identifier: Apache-2.0
 *
 * SQL: what compose/judge/sql.h reads becomes findings.
 */
#include "compose/judge/sql.h"

#include "audit/detect/region.h"

#include "core/banned.h"

static int judge(void *ctx, struct sc_region value, struct sc_error *err)
{
    struct sc_detect *detect = ctx;
    static const char key[] = "password";
    const struct sc_pair pair = {
        .family = SC_FAMILY_CONFIG,
        .key = key,
        .key_len = sizeof(key) - 1,
        .value = detect->text + value.offset,
        .value_len = value.len,
        .raw = value,
        .ignore_variables = true,
    };
    return sc_detect_pair(detect, &pair, NULL, err);
}

int sc_detect_sql(struct sc_detect *detect, struct sc_region region, struct sc_error *err)
{
    return sc_sql_read(detect->text, region, judge, detect, err);
}
