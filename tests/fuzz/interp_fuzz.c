/* SPDX-License-Identifier: Apache-2.0
 *
 * Interpolation of any text: it ends, stays inside its bytes, and keeps text without '$' as it is.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compose/vars/interp.h"

#include "core/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sc_model_pool pool = {.stash.max = (size_t)64 * 1024 * 1024};
    static const struct sc_origin origin = {.routes = SC_ROUTE_ENVIRONMENT};
    struct sc_value *map = sc_tree_new(&pool, SC_VALUE_MAP, &origin);
    if (map == NULL ||
        sc_tree_set(&pool, map, "A", sc_tree_text(&pool, "v}$", &origin), NULL, NULL) < 0 ||
        sc_tree_set(&pool, map, "E", sc_tree_text(&pool, "", &origin), NULL, NULL) < 0)
        abort();
    struct sc_scope scope = {{map}};
    struct sc_interp interp = {.pool = &pool, .scope = &scope};
    struct sc_interp_result result = {0};
    struct sc_error err = {0};
    int rc = sc_interpolate(&interp, (const char *)data, size, &result, &err);
    bool plain = size == 0 || memchr(data, '$', size) == NULL;
    if (plain && (rc != 0 || result.len != size || result.uses != NULL))
        abort();
    if (!plain && rc == 0 && result.text[result.len] != '\0')
        abort();
    sc_model_pool_done(&pool);
    return 0;
}
