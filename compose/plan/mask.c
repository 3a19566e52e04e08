/* SPDX-License-Identifier: Apache-2.0
 *
 * The diff for people: the lines that go hold the credentials, and lines around them may, so what a
 * person sees has them masked.
 */
#include <stdlib.h>
#include <string.h>

#include "compose/plan/internal.h"

#include "core/banned.h"

#define MASK "*****"

int sc_plan_mask_span(struct sc_plan *plan, size_t file, size_t start, size_t end,
                      struct sc_error *err)
{
    if (plan->mask_count == plan->mask_cap) {
        size_t cap = plan->mask_cap == 0 ? 32 : plan->mask_cap * 2;
        struct sc_plan_mask *grown = reallocarray(plan->masks, cap, sizeof(*grown));
        if (grown == NULL)
            return sc_fail_nomem(err);
        plan->masks = grown;
        plan->mask_cap = cap;
    }
    plan->masks[plan->mask_count++] = (struct sc_plan_mask){file, start, end};
    return 0;
}

int sc_plan_mask_add(struct sc_plan *plan, const struct occurrence *o, struct sc_error *err)
{
    if (o->line != NULL && o->credential.length > 0 && o->use == NULL)
        return sc_plan_mask_span(plan, o->file, o->line->start, o->line->end, err);
    if (o->line != NULL)
        return 0; /* a variable's name is no secret */
    const struct sc_yaml_node *node = sc_yaml_resolve(o->value_node);
    const char *bytes = (const char *)plan->files[o->file].before.ptr + node->span.start;
    size_t len = node->span.end - node->span.start;
    size_t start = node->span.start, end = node->span.end;
    if (o->bare || o->credential.shape == SC_SHAPE_INTERPOLATED ||
        o->credential.shape == SC_SHAPE_URL_INTERPOLATED)
        return 0; /* a variable's name is no secret */
    /* only the credential itself where the bytes are the value, else the whole scalar */
    const char *found = o->raw_len > 0 ? memmem(bytes, len, o->raw, o->raw_len) : NULL;
    size_t inside = o->credential.offset;
    if (found == NULL && sc_plan_once(plan, o->file, node, o->raw + inside, o->credential.length)) {
        found = memmem(bytes, len, o->raw + inside, o->credential.length);
        inside = 0;
    }
    if (found != NULL) {
        start += (size_t)(found - bytes) + inside;
        end = start + o->credential.length;
    }
    return sc_plan_mask_span(plan, o->file, start, end, err);
}

struct view {
    const struct sc_plan *plan;
    size_t file;
};

/* The end of the mask that covers this byte of the old file, or 0. */
static size_t covered(const struct view *v, size_t at)
{
    for (size_t i = 0; i < v->plan->mask_count; i++) {
        const struct sc_plan_mask *m = &v->plan->masks[i];
        if (m->file == v->file && at >= m->start && at < m->end)
            return m->end;
    }
    return 0;
}

static void show_old(const struct view *v, const char *line, size_t len, size_t offset,
                     struct sc_buf *out)
{
    for (size_t i = 0; i < len;) {
        size_t end = covered(v, offset + i);
        if (end == 0) {
            sc_buf_putc(out, line[i++]);
            continue;
        }
        sc_buf_puts(out, MASK);
        i = SC_MIN(end - offset, len);
    }
}

/* In new lines a credential that stays is known by its text only. */
static size_t known_text(const struct view *v, const char *line, size_t len)
{
    const unsigned char *text = v->plan->files[v->file].before.ptr;
    for (size_t i = 0; i < v->plan->mask_count; i++) {
        const struct sc_plan_mask *m = &v->plan->masks[i];
        size_t n = m->end - m->start;
        if (m->file == v->file && n > 2 && n <= len && memcmp(line, text + m->start, n) == 0 &&
            text[m->start] != '$')
            return n;
    }
    return 0;
}

/* Bytes of a `{{secret:name}}` that begins here: "{{secret:db_password}}" with the password
 * "password". */
static size_t placeholder(const char *line, size_t len)
{
    const char *end =
        len > 9 && memcmp(line, "{{secret:", 9) == 0 ? memmem(line, len, "}}", 2) : NULL;
    return end != NULL ? (size_t)(end - line) + 2 : 0;
}

static void show_new(const struct view *v, const char *line, size_t len, struct sc_buf *out)
{
    const char *value = memchr(line, '=', len);
    if (value == NULL)
        value = memchr(line, ':', len);
    for (size_t i = 0; i < len;) {
        /* a name in front is no value: POSTGRES_PASSWORD_FILE with the password "postgres" */
        bool behind = value != NULL && line + i > value;
        size_t n = behind ? known_text(v, line + i, len - i) : 0;
        bool path = len - i > 4 && (memcmp(line + i, "/run/", 5) == 0);
        if (path) {
            sc_buf_append(out, line + i, len - i);
            return;
        }
        size_t name = placeholder(line + i, len - i);
        if (name > 0)
            sc_buf_append(out, line + i, name);
        else if (n > 0)
            sc_buf_puts(out, MASK);
        else
            sc_buf_putc(out, line[i]);
        i += name > 0 ? name : SC_MAX(n, (size_t)1);
    }
}

static void show(const char *line, size_t len, size_t offset, void *ctx, struct sc_buf *out)
{
    const struct view *v = ctx;
    if (offset == SIZE_MAX)
        show_new(v, line, len, out);
    else
        show_old(v, line, len, offset, out);
}

int sc_plan_diff(const struct sc_plan *plan, size_t file, const struct sc_diff_paint *paint,
                 bool reveal, struct sc_buf *out, struct sc_error *err)
{
    const struct sc_plan_file *f = &plan->files[file];
    struct view view = {.plan = plan, .file = file};
    struct sc_diff diff = {
        .name = f->display[0] == '/' ? f->display + 1 : f->display,
        .before = f->before,
        .splices = &f->splices,
        .paint = *paint,
        .show = reveal ? NULL : show,
        .ctx = &view,
    };
    return f->changed ? sc_diff_write(&diff, out, err) : 0;
}
