/* SPDX-License-Identifier: Apache-2.0
 *
 * The diff for people: the lines that go hold the credentials, and lines around them may, so what a
 * person sees has them masked.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compose/judge/lines.h"
#include "compose/judge/shape.h"
#include "compose/plan/internal.h"

#include "core/banned.h"

#define MASK      "*****"
#define MOVED_MIN ((size_t)12)
/* Characters between the variables of a credential that are a part of the secret. */
#define BETWEEN_MIN ((size_t)4)

int sc_plan_mask_span(struct sc_plan *plan, size_t file, size_t start, size_t end,
                      struct sc_error *err)
{
    if (!sc_plan_room(&plan->masks, plan->mask_count, &plan->mask_cap, sizeof(*plan->masks), err))
        return SC_E_NOMEM;
    plan->masks[plan->mask_count++] = (struct sc_plan_mask){file, start, end};
    return 0;
}

/* How often the text stands there, beginning before this place. */
static size_t count_before(struct sc_bytes text, struct sc_bytes part, size_t before)
{
    const unsigned char *at = text.ptr, *stop = text.ptr + SC_MIN(before + part.len - 1, text.len);
    size_t count = 0;
    for (; (at = memmem(at, (size_t)(stop - at), part.ptr, part.len)) != NULL; at++)
        count++;
    return count;
}

/* The bytes of a scalar that is written as it is, but for quotes around it; NULL for others. */
static const unsigned char *plain_bytes(const struct sc_yaml_node *node, struct sc_bytes bytes)
{
    size_t quote = node->style == SC_YAML_SINGLE || node->style == SC_YAML_DOUBLE;
    bool may = quote > 0 || node->style == SC_YAML_PLAIN;
    /* what is folded or escaped gets shorter, but for some escapes of double quotes */
    return may && bytes.len == node->len + 2 * quote &&
                   (node->style != SC_YAML_DOUBLE || memchr(bytes.ptr, '\\', bytes.len) == NULL)
               ? bytes.ptr + quote
               : NULL;
}

/* A line of a literal block: in the text, and in the file. */
static size_t line_end(struct sc_bytes text, size_t at)
{
    const unsigned char *newline = memchr(text.ptr + at, '\n', text.len - at);
    return newline == NULL ? text.len : (size_t)(newline - text.ptr);
}

/* Where the text of a literal block stands: its lines are the file's, behind an indentation. The
 * line found last is where the next look begins. */
static bool literal_place(struct sc_plan *plan, const struct sc_yaml_node *node,
                          struct sc_bytes text, struct sc_bytes bytes, size_t start, size_t *ret)
{
    struct sc_plan_line *line = &plan->line;
    if (line->node != node || start < line->text)
        *line = (struct sc_plan_line){node, 0, line_end(bytes, 0) + 1};
    size_t end = line_end(text, line->text);
    while (start > end && line->bytes < bytes.len) {
        line->text = end + 1;
        line->bytes = line_end(bytes, line->bytes) + 1;
        end = line_end(text, line->text);
    }
    if (line->bytes >= bytes.len || start > end)
        return false;
    size_t last = line_end(bytes, line->bytes), len = end - line->text;
    if (last > line->bytes && bytes.ptr[last - 1] == '\r')
        last--;
    *ret = last - len + (start - line->text);
    return last - line->bytes >= len &&
           memcmp(bytes.ptr + last - len, text.ptr + line->text, len) == 0;
}

bool sc_plan_piece_bytes(struct sc_plan *plan, const struct sc_plan_piece *piece,
                         struct sc_yaml_span *ret)
{
    const struct sc_yaml_node *node = piece->node;
    const struct sc_bytes text = {(const unsigned char *)node->text, node->len};
    const struct sc_bytes part = {text.ptr + piece->start, piece->end - piece->start};
    const struct sc_bytes bytes = {plan->files[piece->file].before.ptr + node->span.start,
                                   node->span.end - node->span.start};
    const unsigned char *plain = plain_bytes(node, bytes);
    size_t at = piece->start + (plain != NULL ? (size_t)(plain - bytes.ptr) : 0);
    if (part.len == 0)
        return false;
    bool placed = plain != NULL || (node->style == SC_YAML_LITERAL &&
                                    literal_place(plan, node, text, bytes, piece->start, &at));
    if (!placed || at + part.len > bytes.len || memcmp(bytes.ptr + at, part.ptr, part.len) != 0) {
        if (count_before(text, part, text.len) != count_before(bytes, part, bytes.len))
            return false;
        const unsigned char *found = bytes.ptr, *stop = bytes.ptr + bytes.len;
        for (size_t number = count_before(text, part, piece->start) + 1; number > 0; number--)
            found = (unsigned char *)memmem(found, (size_t)(stop - found), part.ptr, part.len) + 1;
        at = (size_t)(found - bytes.ptr) - 1;
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

/* What stands between variables; of a few characters it says nothing. */
static bool next_between(const char *text, size_t len, size_t *at, struct hidden *ret)
{
    struct sc_shape_variable variable;
    while (*at < len) {
        size_t start = *at;
        while (*at < len &&
               !(text[*at] == '$' && sc_shape_variable(text + *at, len - *at, &variable)))
            *at += text[*at] == '$' && *at + 1 < len ? 2 : 1;
        *ret = (struct hidden){start, *at};
        *at += *at < len ? variable.length : 0;
        if (ret->end - ret->start >= BETWEEN_MIN)
            return true;
    }
    return false;
}

int sc_plan_mask_piece(struct sc_plan *plan, const struct sc_plan_piece *piece,
                       struct sc_error *err)
{
    const char *text = piece->node->text + piece->start;
    size_t len = piece->end - piece->start, at = 0, next = 0;
    struct hidden hidden = {0, len};
    const bool named = has_variable(text, len); /* a variable's name is no secret */
    int rc = 0;
    for (bool more = true; more && rc == 0;) {
        if (named && !next_default(text, len, &at, &hidden) &&
            !next_between(text, len, &next, &hidden))
            break;
        more = named;
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
    size_t count =
        sc_credential_parts(text + key.offset, key.len, text + value.offset, value.len, parts);
    /* What is not judged one by its looks is not shown all the same when the name announces one. */
    bool named = count == 0 && value.len > 0 &&
                 sc_key_classify(text + key.offset, key.len) != SC_KEY_OTHER &&
                 !sc_credential_is_reference(text + value.offset, value.len);
    if (named || count > SC_CREDENTIAL_PARTS_MAX)
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

/* ---- what is looked for in lines ---- */

/* Texts in order; each knows the longest other one that is how it begins. */
struct known {
    struct known_text {
        struct sc_bytes text;
        size_t parent; /* index, or SIZE_MAX */
    } * items;
    size_t count;
    bool begins[256]; /* whether one begins with this byte */
};

static bool begins_with(struct sc_bytes text, struct sc_bytes with)
{
    return with.len <= text.len && memcmp(text.ptr, with.ptr, with.len) == 0;
}

static int compare_texts(const void *a, const void *b)
{
    const struct sc_bytes x = ((const struct known_text *)a)->text;
    const struct sc_bytes y = ((const struct known_text *)b)->text;
    int order = memcmp(x.ptr, y.ptr, SC_MIN(x.len, y.len));
    return order != 0 ? order : x.len < y.len ? -1 : x.len > y.len;
}

static void put_in_order(struct known *known)
{
    if (known->count > 0)
        qsort(known->items, known->count, sizeof(*known->items), compare_texts);
    for (size_t i = 0; i < known->count; i++) {
        size_t parent = i == 0 ? SIZE_MAX : i - 1;
        while (parent != SIZE_MAX && !begins_with(known->items[i].text, known->items[parent].text))
            parent = known->items[parent].parent;
        known->items[i].parent = parent;
        known->begins[known->items[i].text.ptr[0]] = true;
    }
}

/* Bytes of the longest one that stands here; 0 if there is none. */
static size_t longest(const struct known *known, const char *line, size_t len)
{
    const struct known_text here = {.text = {(const unsigned char *)line, len}};
    if (len == 0 || !known->begins[here.text.ptr[0]])
        return 0;
    size_t low = 0, high = known->count; /* behind the last one that is not behind `here` */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_texts(&known->items[middle], &here) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    size_t at = low == 0 ? SIZE_MAX : low - 1;
    while (at != SIZE_MAX && !begins_with(here.text, known->items[at].text))
        at = known->items[at].parent;
    return at == SIZE_MAX ? 0 : known->items[at].text.len;
}

struct view {
    const struct sc_plan *plan;
    size_t file;
    struct sc_plan_mask *masks; /* of the file, in order, one where they overlap */
    size_t count;
    /* A value that moves and stands in an old line as well, where nothing says that it is one: a
     * password of many words, say. Short ones are too often a part of something else. In new lines
     * a credential that stays is known by its text only. */
    struct known moved, staying;
};

static int by_start(const void *a, const void *b)
{
    const struct sc_plan_mask *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

static void unite_masks(struct view *v)
{
    size_t count = 0;
    if (v->count > 0)
        qsort(v->masks, v->count, sizeof(*v->masks), by_start);
    for (size_t i = 0; i < v->count; i++) {
        struct sc_plan_mask *last = count > 0 ? &v->masks[count - 1] : NULL;
        if (last != NULL && v->masks[i].start < last->end)
            last->end = SC_MAX(last->end, v->masks[i].end);
        else
            v->masks[count++] = v->masks[i];
    }
    v->count = count;
}

static void view_done(struct view *v)
{
    free(v->masks);
    free(v->moved.items);
    free(v->staying.items);
}

static int view_init(struct view *v, struct sc_error *err)
{
    const struct sc_plan *plan = v->plan;
    const unsigned char *text = plan->files[v->file].before.ptr;
    v->masks = calloc(plan->mask_count + 1, sizeof(*v->masks));
    v->staying.items = calloc(plan->mask_count + 1, sizeof(*v->staying.items));
    v->moved.items = calloc(plan->secret_count + 1, sizeof(*v->moved.items));
    if (v->masks == NULL || v->staying.items == NULL || v->moved.items == NULL)
        return sc_fail_nomem(err);
    for (size_t i = 0; i < plan->mask_count; i++) {
        const struct sc_plan_mask *m = &plan->masks[i];
        if (m->file != v->file || m->start >= m->end)
            continue;
        v->masks[v->count++] = *m;
        if (m->end - m->start > 2 && text[m->start] != '$')
            v->staying.items[v->staying.count++].text =
                (struct sc_bytes){text + m->start, m->end - m->start};
    }
    for (size_t i = 0; i < plan->secret_count; i++) {
        const struct sc_bytes value = sc_secret_view(&plan->secrets[i].value);
        if (!plan->secrets[i].is_template && value.len >= MOVED_MIN)
            v->moved.items[v->moved.count++].text = value;
    }
    unite_masks(v);
    put_in_order(&v->moved);
    put_in_order(&v->staying);
    return 0;
}

/* ---- lines ---- */

/* The end of the mask that covers this byte of the old file, or 0. */
static size_t covered(const struct view *v, size_t at)
{
    size_t low = 0, high = v->count; /* behind the last one that begins here or before */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (v->masks[middle].start <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && at < v->masks[low - 1].end ? v->masks[low - 1].end : 0;
}

static void show_old(const struct view *v, const char *line, size_t len, size_t offset,
                     struct sc_buf *out)
{
    for (size_t i = 0; i < len;) {
        size_t end = covered(v, offset + i);
        size_t n = end == 0 ? longest(&v->moved, line + i, len - i) : 0;
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
        size_t n = behind ? longest(&v->staying, line + i, len - i) : 0;
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
    SC_CLEANUP(view_done) struct view view = {.plan = plan, .file = file};
    int rc = f->changed ? view_init(&view, err) : 0;
    struct sc_diff diff = {
        .name = f->display[0] == '/' ? f->display + 1 : f->display,
        .before = f->before,
        .splices = &f->splices,
        .paint = *paint,
        .show = reveal ? NULL : show,
        .ctx = &view,
    };
    return f->changed && rc == 0 ? sc_diff_write(&diff, out, err) : rc;
}
