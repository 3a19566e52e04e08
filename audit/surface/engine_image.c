/* SPDX-License-Identifier: Apache-2.0
 *
 * Images of an engine with all their layers, as the engine's API exports them: streamed, never
 * stored.
 */
#include "audit/image/image.h"
#include "audit/surface/surface.h"

#include "core/banned.h"

#define SURFACE "image"

static int feed(struct sc_bytes piece, void *ctx, struct sc_error *err)
{
    return sc_image_write(ctx, piece, err);
}

static int search_image(struct sc_probe *probe, const struct sc_engine *engine, const char *name,
                        struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *path = sc_engine_path("/images/", name, "/get", err);
    SC_CLEANUP(sc_str_freep) char *title = sc_str_printf(err, "image %s", name);
    if (path == NULL || title == NULL)
        return SC_E_NOMEM;
    SC_CLEANUP(sc_image_freep) struct sc_image *image = sc_image_new(probe, title, err);
    if (image == NULL)
        return SC_E_NOMEM;
    struct sc_error why = {0};
    int rc = sc_engine_get(engine, path, feed, image, &why);
    if (rc == SC_E_NOMEM)
        return sc_fail_nomem(err);
    return sc_image_end(image, rc < 0 ? sc_error_message(&why) : NULL, err);
}

int sc_surface_image_layers(struct sc_probe *probe, const struct sc_engine *engine,
                            const struct sc_strv *names, struct sc_error *err)
{
    SC_CLEANUP(sc_strv_done) struct sc_strv ids = {0};
    struct sc_error why = {0};
    if (names->count == 0 && sc_engine_image_names(engine, &ids, &why) < 0)
        return sc_ledger_skip(probe->ledger, SURFACE, engine->host, sc_error_message(&why), err);
    const struct sc_strv *list = names->count > 0 ? names : &ids;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < list->count; i++)
        rc = search_image(probe, engine, list->items[i], err);
    return rc;
}
