/* SPDX-License-Identifier: Apache-2.0
 *
 * The project as text; see sc_compose_render() in compose/project.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "compose/out/render.h"
#include "compose/project.h"
#include "core/buf.h"

#include "core/banned.h"

bool sc_render_skips(const struct sc_renderer *r, const struct sc_value *value)
{
    return value->only == (r->options->format == SC_RENDER_JSON ? SC_ONLY_YAML : SC_ONLY_JSON);
}

size_t sc_render_count(const struct sc_renderer *r, const struct sc_value *value)
{
    size_t count = 0;
    bool map = value->kind == SC_VALUE_MAP;
    for (size_t i = 0; i < value->count; i++)
        count += sc_render_skips(r, map ? value->u.entries[i].value : value->u.items[i]) ? 0 : 1;
    return count;
}

bool sc_render_hides(const struct sc_renderer *r, const struct sc_value *value)
{
    const struct sc_render *options = r->options;
    return options->hide != NULL && options->hide(options->ctx, r->keys, r->depth, value);
}

const char *sc_render_redacted(const struct sc_renderer *r)
{
    return r->options->redacted != NULL ? r->options->redacted : "*****";
}

/* From "2024-01-31 12:00:00.5 +0200 +0200" to "2024-01-31T12:00:00.5+02:00". */
const char *sc_render_time(const struct sc_value *value, char out[SC_SCALAR_TEXT_SIZE])
{
    const char *text = value->u.text;
    size_t date = strcspn(text, " ");
    const char *time = text + date + (text[date] == ' ');
    size_t time_len = strcspn(time, " ");
    const char *zone = time + time_len + (time[time_len] == ' ');
    if (strncmp(zone, "+0000", 5) == 0)
        zone = "Z";
    snprintf(out, SC_SCALAR_TEXT_SIZE, "%.*sT%.*s%.3s%s%.2s", (int)date, text, (int)time_len, time,
             zone, *zone == 'Z' ? "" : ":", *zone == 'Z' ? "" : zone + 3);
    return out;
}

void sc_render_plain(struct sc_renderer *r, const struct sc_value *value)
{
    char number[SC_SCALAR_TEXT_SIZE];
    switch (value->kind) {
    case SC_VALUE_BOOL:
        sc_buf_puts(r->out, value->u.boolean ? "true" : "false");
        break;
    case SC_VALUE_INT:
        sc_buf_printf(r->out, "%" PRId64, value->u.integer);
        break;
    case SC_VALUE_UINT:
        sc_buf_printf(r->out, "%" PRIu64, value->u.natural);
        break;
    case SC_VALUE_FLOAT:
        if (r->options->format == SC_RENDER_JSON)
            sc_scalar_float_json(number, value->u.real, value->single);
        else
            sc_scalar_float_text(number, value->u.real, value->single);
        sc_buf_puts(r->out, number);
        break;
    case SC_VALUE_STRING:
    case SC_VALUE_LIST:
    case SC_VALUE_MAP:
    case SC_VALUE_NULL:
    default:
        sc_buf_puts(r->out, "null");
        break;
    }
}

bool sc_render_push(struct sc_renderer *r, const char *key)
{
    if (r->depth >= SC_RENDER_DEPTH_MAX)
        return false;
    r->keys[r->depth++] = key;
    return true;
}

/* Doubles each `$` from `start` on, so that the output can be loaded again: makes room behind the
 * text, then moves the pieces there, the last one first. */
static void double_dollars(struct sc_buf *out, size_t start)
{
    size_t dollars = 0;
    size_t from = out->len;
    for (size_t i = start; i < from; i++)
        dollars += out->data[i] == '$';
    for (size_t i = 0; i < dollars; i++)
        sc_buf_putc(out, '$');
    if (sc_buf_status(out, NULL) < 0)
        return;
    for (size_t to = out->len; from < to;) {
        const char *dollar = memrchr(out->data + start, '$', from - start);
        size_t at = (size_t)(dollar - out->data);
        memmove(out->data + to - (from - at), dollar, from - at);
        to -= from - at + 1;
        out->data[to] = '$';
        from = at;
    }
}

int sc_compose_render(const struct sc_project *project, const struct sc_render *render,
                      struct sc_buf *out, struct sc_error *err)
{
    size_t start = out->len;
    struct sc_renderer r = {.options = render, .out = out};
    int rc = render->format == SC_RENDER_JSON ? sc_render_json(&r, project->root, err)
                                              : sc_render_yaml(&r, project->root, err);
    if (rc == 0 && !render->single_dollar && sc_buf_status(out, NULL) == 0)
        double_dollars(out, start);
    return rc < 0 ? rc : sc_buf_status(out, err);
}
