/* SPDX-License-Identifier: Apache-2.0
 *
 * SQL: what compose/judge/sql.h reads becomes findings.
 */
#include "compose/judge/sql.h"

#include "audit/detect/region.h"

#include "core/banned.h"

static int judge(void *ctx, struct sc_region value, struct sc_error *err)
{
    return sc_detect_password(ctx, SC_FAMILY_CONFIG, value, err);
}

int sc_detect_sql(struct sc_detect *detect, struct sc_region region, struct sc_error *err)
{
    return sc_sql_read(detect->text, region, judge, detect, err);
}
