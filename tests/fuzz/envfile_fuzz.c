/* SPDX-License-Identifier: Apache-2.0
 *
 * Env files of any bytes, in both formats: places lie inside the file, in rising order of lines.
 */
#include <stdint.h>
#include <stdlib.h>

#include "compose/vars/envfile.h"

#include "core/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct sc_value *map, size_t size)
{
    for (size_t i = 0; i < map->count; i++) {
        const struct sc_place *place = &map->u.entries[i].value->origin->place;
        if (place->start > place->end || place->end > size || place->line == 0 ||
            place->column == 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int raw = 0; raw < 2; raw++) {
        struct sc_model_pool pool = {.stash.max = (size_t)64 * 1024 * 1024};
        struct sc_value *into = sc_tree_new(&pool, SC_VALUE_MAP, sc_origin_implied());
        struct sc_project_file file = {.display = "f", .text = (const char *)data, .size = size};
        struct sc_envfile input = {.file = &file, .routes = SC_ROUTE_ENV_FILE};
        struct sc_error err = {0};
        if (into == NULL)
            abort();
        int rc = raw != 0 ? sc_envfile_parse_raw(&pool, &input, into, &err)
                          : sc_envfile_parse(&pool, &input, into, &err);
        if (rc == 0)
            check(into, size);
        sc_model_pool_done(&pool);
    }
    return 0;
}
