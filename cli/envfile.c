/* SPDX-License-Identifier: Apache-2.0
 *
 * See cli/envfile.h.
 */
#include "cli/envfile.h"

#include "compose/vars/envfile.h"
#include "core/buf.h"
#include "core/fsutil.h"

#include "core/banned.h"

static int give(const struct sc_entry *variable, sc_cli_envfile_fn fn, void *ctx,
                struct sc_error *err)
{
    struct sc_bytes value = {(const unsigned char *)"", 0};
    if (sc_value_is(variable->value, SC_VALUE_STRING))
        value = (struct sc_bytes){(const unsigned char *)variable->value->u.text,
                                  variable->value->count};
    return fn(variable->key, value, ctx, err);
}

int sc_cli_envfile_each(const char *path, sc_cli_envfile_fn fn, void *ctx, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(SC_CLI_ENVFILE_MAX);
    int rc = sc_file_read(path, &text, err);
    if (rc < 0)
        return rc;
    struct sc_model_pool pool = {0};
    const struct sc_project_file file = {.path = path,
                                         .display = path,
                                         .kind = SC_FILE_ENV_FILE,
                                         .text = sc_buf_text(&text),
                                         .size = text.len};
    const struct sc_envfile in = {.file = &file, .routes = SC_ROUTE_ENV_FILE};
    struct sc_value *map = sc_tree_new(&pool, SC_VALUE_MAP, &(const struct sc_origin){0});
    rc = map != NULL ? sc_envfile_parse(&pool, &in, map, err) : sc_fail_nomem(err);
    for (size_t i = 0; rc == 0 && i < map->count; i++)
        rc = give(&map->u.entries[i], fn, ctx, err);
    sc_model_pool_done(&pool);
    sc_wipe(text.data, text.len);
    return rc;
}
