/* SPDX-License-Identifier: Apache-2.0
 *
 * The diff for people: the lines that go hold the credentials, and lines around them may, so what a
 * person sees has them masked.
 */
#include <string.h>

#include "compose/judge/lines.h"
#include "compose/judge/shape.h"
#include "compose/plan/internal.h"

#include "core/banned.h"

#define MASK      "*****"
#define MOVED_MIN ((size_t)12)

int sc_plan_mask_span(struct sc_plan *plan, size_t file, size_t start, size_t end,
                      struct sc_error *err)
{
    if (!sc_plan_room(&plan->masks, plan->mask_count, &plan->mask_cap, sizeof(*plan->masks), err))
        return SC_E_NOMEM;
    plan->masks[plan->mask_count++] = (struct sc_plan_mask){file, start, end};
    return 0;
}

/* How often the text stands there before this place. */
static size_t count_before(struct sc_bytes text, struct sc_bytes part, size_t before)
{
    size_t count = 0;
    for (size_t at = 0; at < before && at + part.len <= text.len; at++)
        count += memcmp(text.ptr + at, part.ptr, part.len) == 0;
    return count;
}

bool sc_plan_piece_bytes(const struct sc_plan *plan, const struct sc_plan_piece *piece,
                         struct sc_yaml_span *ret)
{
    const struct sc_yaml_node *node = piece->node;
    const struct sc_bytes text = {(const unsigned char *)node->text, node->len};
    const struct sc_bytes part = {text.ptr + piece->start, piece->end - piece->start};
    const struct sc_bytes bytes = {plan->files[piece->file].before.ptr + node->span.start,
                                   node->span.end - node->span.start};
    if (part.len == 0 || count_before(text, part, text.len) != count_before(bytes, part, bytes.len))
        return false;
    size_t number = count_before(text, part, piece->start), at = 0;
    while (number > 0 || memcmp(bytes.ptr + at, part.ptr, part.len) != 0) {
        number -= memcmp(bytes.ptr + at, part.ptr, part.len) == 0;
        at++;
    }
    ret->start = node->span.start + (uint32_t)at;
    ret->end = ret->start + (uint32_t)part.len;
    return true;
}

/* What a diff may not show of a text: all of it, or the defaults of its variables. */
struct hidden {
    size_t start, end;
};

/* The next one at or behind *at, which is moved behind it; false when there is none. */
static bool next_default(const char *text, size_t len, size_t *at, struct hidden *ret)
{
    struct sc_shape_variable variable;
    while (*at < len) {
        size_t dollar = *at;
        bool found =
            text[dollar] == '$' && sc_shape_variable(text + dollar, len - dollar, &variable);
        *at += found ? variable.length : text[dollar] == '$' ? 2 : 1;
        if (!found || variable.fallback_length == 0)
            continue;
        ret->start = dollar + variable.fallback;
        ret->end = ret->start + variable.fallback_length;
        return true;
    }
    return false;
}

static bool has_variable(const char *text, size_t len)
{
    struct sc_shape_variable variable;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '$' && sc_shape_variable(text + i, len - i, &variable))
            return true;
        i += text[i] == '$';
    }
    return false;
}

int sc_plan_mask_piece(struct sc_plan *plan, const struct sc_plan_piece *piece,
                       struct sc_error *err)
{
    const char *text = piece->node->text + piece->start;
    size_t len = piece->end - piece->start, at = 0;
    struct hidden hidden = {0, len};
    const bool named = has_variable(text, len); /* a variable's name is no secret */
    int rc = 0;
    for (bool more = named ? next_default(text, len, &at, &hidden) : true; more && rc == 0;
         more = named && next_default(text, len, &at, &hidden)) {
        const struct sc_plan_piece part = {piece->file, piece->node, piece->start + hidden.start,
                                           piece->start + hidden.end};
        struct sc_yaml_span span = piece->node->span;
        (void)sc_plan_piece_bytes(plan, &part, &span); /* else all of the scalar */
        rc = sc_plan_mask_span(plan, piece->file, span.start, span.end, err);
    }
    return rc;
}

/* In an env file, where the text is the bytes, and its quotes say whether `$` is a variable. */
static int mask_line(struct sc_plan *plan, const struct occurrence *o, struct sc_error *err)
{
    struct hidden hidden;
    size_t at = o->part;
    int rc = 0;
    if (sc_plan_env_is_handed_on(o)) /* its name is all that stands there */
        return 0;
    if (o->use == NULL)
        return sc_plan_mask_span(plan, o->file, o->line->start, o->line->end, err);
    while (rc == 0 && next_default(o->raw, o->part + o->part_len, &at, &hidden))
        rc = sc_plan_mask_span(plan, o->file, o->line->start + hidden.start,
                               o->line->start + hidden.end, err);
    return rc;
}

struct settings {
    struct sc_plan *plan;
    size_t file;
};

static int mask_setting(void *ctx, struct sc_region key, struct sc_region value,
                        struct sc_error *err)
{
    const struct settings *s = ctx;
    const char *text = (const char *)s->plan->files[s->file].before.ptr;
    struct sc_credential_part parts[SC_CREDENTIAL_PARTS_MAX];
    size_t count = sc_credential_parts(text + key.offset, key.len, text + value.offset, value.len,
                                       parts);
    if (count > SC_CREDENTIAL_PARTS_MAX)
        return sc_plan_mask_span(s->plan, s->file, value.offset, value.offset + value.len, err);
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        const struct sc_credential *found = &parts[i].credential;
        size_t start = value.offset + found->offset;
        if (found->shape != SC_SHAPE_INTERPOLATED && found->shape != SC_SHAPE_URL_INTERPOLATED)
            rc = sc_plan_mask_span(s->plan, s->file, start, start + found->length, err);
    }
    return rc;
}

int sc_plan_mask_settings(struct sc_plan *plan, size_t file, struct sc_error *err)
{
    struct settings settings = {plan, file};
    const struct sc_region all = {0, plan->files[file].before.len};
    return sc_lines_read((const char *)plan->files[file].before.ptr, all, mask_setting, &settings,
                         err);
}

int sc_plan_mask_add(struct context *c, const struct occurrence *o, struct sc_error *err)
{
    struct sc_plan *plan = c->plan;
    if (o->bare)
        return 0;
    if (o->line != NULL)
        return mask_line(plan, o, err);
    const struct sc_yaml_node *node = sc_yaml_resolve(o->value_node);
    if (sc_plan_is_held(c, o)) /* nobody knows where in it they stand */
        return sc_plan_mask_span(plan, o->file, node->span.start, node->span.end, err);
    const size_t from = (size_t)(o->raw - node->text) + o->part;
    const struct sc_plan_piece piece = {o->file, node, from, from + o->part_len};
    return sc_plan_mask_piece(plan, &piece, err);
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

/* Bytes of a value that moves and stands here as well, where nothing says that it is one: a
 * password of many words, say. Short ones are too often a part of something else. */
static size_t moved_text(const struct view *v, const char *line, size_t len)
{
    for (size_t i = 0; i < v->plan->secret_count; i++) {
        const struct sc_plan_secret *secret = &v->plan->secrets[i];
        const struct sc_bytes value = sc_secret_view(&secret->value);
        if (!secret->is_template && value.len >= MOVED_MIN && value.len <= len &&
            memcmp(line, value.ptr, value.len) == 0)
            return value.len;
    }
    return 0;
}

static void show_old(const struct view *v, const char *line, size_t len, size_t offset,
                     struct sc_buf *out)
{
    for (size_t i = 0; i < len;) {
        size_t end = covered(v, offset + i);
        size_t n = end == 0 ? moved_text(v, line + i, len - i) : 0;
        if (n > 0)
            end = offset + i + n;
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

/* Bytes of a /run/secrets/NAME that begins here: the name is no value, what is behind it may be. */
static size_t secret_path(const char *line, size_t len)
{
    size_t end = 0;
    if (len < 5 || memcmp(line, "/run/", 5) != 0)
        return 0;
    while (end < len && strchr(" \t\"'`)],;&|}", line[end]) == NULL)
        end++;
    return end;
}

static void show_new(const struct view *v, const char *line, size_t len, struct sc_buf *out)
{
    const char *value = memchr(line, '=', len), *colon = memchr(line, ':', len);
    if (value == NULL || (colon != NULL && colon < value))
        value = colon;
    for (size_t i = 0; i < len;) {
        /* a name in front is no value: POSTGRES_PASSWORD_FILE with the password "postgres" */
        bool behind = value != NULL && line + i > value;
        size_t n = behind ? known_text(v, line + i, len - i) : 0;
        size_t name = secret_path(line + i, len - i);
        if (name == 0)
            name = placeholder(line + i, len - i);
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
