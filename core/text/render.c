/* SPDX-License-Identifier: Apache-2.0
 *
 * Rendering into locked memory; see core/text/render.h.
 */
#include "core/text/render.h"

#include <string.h>

#include "core/banned.h"

struct place {
    size_t line, column; /* from 1 */
};

static struct place place_of(struct sc_bytes text, size_t offset)
{
    struct place place = {1, 1};
    for (size_t i = 0; i < offset && i < text.len; i++) {
        place.column++;
        if (text.ptr[i] == '\n')
            place = (struct place){place.line + 1, 1};
    }
    return place;
}

static int wrap_place(struct sc_bytes text, size_t offset, int rc, struct sc_error *err)
{
    struct place place = place_of(text, offset);
    return sc_wrap(err, rc, "line %zu, column %zu", place.line, place.column);
}

static int full_name(const struct sc_template_part *part, const char *scope, char out[SC_NAME_SIZE],
                     struct sc_error *err)
{
    char given[SC_NAME_SIZE];
    if (part->len >= sizeof(given))
        return sc_fail(err, SC_E_BADNAME, "the name is too long");
    memcpy(given, part->ptr, part->len);
    given[part->len] = '\0';
    if (strchr(given, '/') != NULL) {
        memcpy(out, given, part->len + 1);
        return 0;
    }
    if (scope == NULL || scope[0] == '\0')
        return sc_fail(err, SC_E_BADNAME, "'%s' has no scope; write scope/name or give a scope",
                       given);
    return sc_name_join(out, scope, given, err);
}

static int next_part(struct sc_bytes text, size_t *at, struct sc_template_part *part,
                     struct sc_error *err)
{
    int got = sc_template_next((const char *)text.ptr, text.len, at, part);
    if (got >= 0)
        return got;
    int rc = sc_fail(err, SC_E_SYNTAX, "%s", part->ptr);
    return wrap_place(text, part->offset, rc, err);
}

static int append(struct sc_secret *result, struct sc_bytes bytes, struct sc_error *err)
{
    if (bytes.len > SC_RENDER_MAX - sc_secret_view(result).len)
        return sc_fail(err, SC_E_TOOBIG, "the result is longer than %zu bytes", SC_RENDER_MAX);
    return sc_secret_append(result, bytes.ptr, bytes.len, err);
}

static int apply_filter(enum sc_template_filter filter, struct sc_secret *value,
                        struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret filtered = {0};
    struct sc_bytes from = sc_secret_view(value);
    size_t len = sc_template_filter(filter, from.ptr, from.len, NULL);
    if (len > SC_RENDER_MAX)
        return sc_fail(err, SC_E_TOOBIG, "the result is longer than %zu bytes", SC_RENDER_MAX);
    unsigned char *room = NULL;
    int rc = sc_secret_resize(&filtered, len, &room, err);
    if (rc < 0)
        return rc;
    sc_template_filter(filter, from.ptr, from.len, (char *)room);
    sc_secret_move(value, &filtered);
    return 0;
}

int sc_render(struct sc_bytes template, const char *scope, sc_render_fn fetch, void *ctx,
              struct sc_secret *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret result = {0};
    struct sc_template_part part;
    size_t at = 0;
    int got = 0;
    while ((got = next_part(template, &at, &part, err)) > 0) {
        struct sc_bytes bytes = {(const unsigned char *)part.ptr, part.len};
        SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
        char name[SC_NAME_SIZE];
        int rc = 0;
        if (part.kind != SC_TEMPLATE_TEXT) {
            rc = full_name(&part, scope, name, err);
            if (rc == 0)
                rc = fetch(name, part.kind, ctx, &value, err);
            for (size_t i = 0; rc == 0 && i < part.filter_count; i++)
                rc = apply_filter(part.filters[i], &value, err);
            bytes = sc_secret_view(&value);
        }
        if (rc == 0)
            rc = append(&result, bytes, err);
        if (rc < 0)
            return wrap_place(template, part.offset, rc, err);
    }
    if (got < 0)
        return SC_E_SYNTAX;
    sc_secret_move(ret, &result);
    return 0;
}

bool sc_render_has_placeholder(struct sc_bytes text)
{
    struct sc_template_part part = {.kind = SC_TEMPLATE_TEXT};
    size_t at = 0;
    int got = 1;
    while (got > 0 && part.kind == SC_TEMPLATE_TEXT)
        got = sc_template_next((const char *)text.ptr, text.len, &at, &part);
    return got != 0;
}

int sc_render_names(struct sc_bytes template, const char *scope, sc_render_name_fn fn, void *ctx,
                    struct sc_error *err)
{
    struct sc_template_part part;
    size_t at = 0;
    int got = 0;
    while ((got = next_part(template, &at, &part, err)) > 0) {
        char name[SC_NAME_SIZE];
        if (part.kind == SC_TEMPLATE_TEXT)
            continue;
        int rc = full_name(&part, scope, name, err);
        if (rc < 0)
            return wrap_place(template, part.offset, rc, err);
        rc = fn(name, ctx, err);
        if (rc < 0)
            return rc;
    }
    return got < 0 ? SC_E_SYNTAX : 0;
}
