/* SPDX-License-Identifier: Apache-2.0
 *
 * YAML: loading a region, and judging its nodes; see audit/detect/yaml.h.
 */
#include "audit/detect/yaml.h"

#include <string.h>

#include "audit/detect/region.h"
#include "compose/credential.h"
#include "compose/images/images.h"
#include "core/str.h"

#include "core/banned.h"

static struct sc_region region_of(const struct sc_yaml_detect *yaml,
                                  const struct sc_yaml_node *node)
{
    return (struct sc_region){yaml->base + node->span.start, node->span.end - node->span.start};
}

struct sc_region sc_yaml_inside(const struct sc_yaml_detect *yaml, const struct sc_yaml_node *node)
{
    struct sc_region region = region_of(yaml, node);
    const char *text = yaml->detect->text + region.offset;
    if (node->style == SC_YAML_LITERAL || node->style == SC_YAML_FOLDED) {
        const char *newline = memchr(text, '\n', region.len);
        size_t header = newline == NULL ? region.len : (size_t)(newline - text) + 1;
        return (struct sc_region){region.offset + header, region.len - header};
    }
    if ((node->style == SC_YAML_SINGLE || node->style == SC_YAML_DOUBLE) && region.len >= 2)
        return (struct sc_region){region.offset + 1, region.len - 2};
    return region;
}

static int judge_text(const struct sc_yaml_detect *yaml, const struct sc_yaml_place *place,
                      struct sc_chars key, const struct sc_yaml_node *value, size_t skip,
                      struct sc_error *err)
{
    bool label = place->family == SC_FAMILY_COMPOSE_LABEL;
    struct sc_pair pair = {
        .family = place->family,
        .key = key.ptr,
        .key_len = key.len,
        .value = value->text + skip,
        .value_len = value->len - skip,
        .raw = region_of(yaml, value),
        .skip = skip,
        .service = place->service,
        .where = place->where,
        .image = place->image,
        .class = label ? SC_CLASS_LABEL : SC_CLASS_LITERAL,
        .ignore_variables = place->ignore_variables,
    };
    return place->family == SC_FAMILY_COMPOSE_ENV ? sc_detect_parts(yaml->detect, &pair, err)
                                                  : sc_detect_pair(yaml->detect, &pair, err);
}

/* NAME without a value: Compose gives the container what its own environment has. */
static int judge_bare(const struct sc_yaml_detect *yaml, const struct sc_yaml_place *place,
                      const struct sc_yaml_node *name, struct sc_error *err)
{
    enum sc_key_kind kind = sc_key_classify(name->text, name->len);
    bool connection = sc_image_takes_address(place->image, name->text, name->len);
    if (place->family != SC_FAMILY_COMPOSE_ENV ||
        (kind != SC_KEY_PASSWORD && kind != SC_KEY_SECRET && kind != SC_KEY_HALF && !connection))
        return 0;
    enum sc_finding_class class = connection            ? SC_CLASS_URL_INTERPOLATED
                                  : kind == SC_KEY_HALF ? SC_CLASS_HALF
                                                        : SC_CLASS_INTERPOLATED;
    struct sc_judgement verdict = {NULL, class, sc_finding_class_severity(class)};
    struct sc_pair pair = {.family = place->family,
                           .key = name->text,
                           .key_len = name->len,
                           .service = place->service,
                           .where = place->where,
                           .image = place->image};
    return sc_detect_add(yaml->detect, verdict, &pair, sc_yaml_inside(yaml, name), err);
}

int sc_yaml_judge(const struct sc_yaml_detect *yaml, const struct sc_yaml_place *place,
                  const struct sc_yaml_node *key, const struct sc_yaml_node *value,
                  struct sc_error *err)
{
    if (!sc_yaml_is(value, SC_YAML_SCALAR))
        return 0;
    if (sc_yaml_is_null(value))
        return sc_yaml_is(key, SC_YAML_SCALAR) ? judge_bare(yaml, place, key, err) : 0;
    struct sc_chars named = {0};
    if (sc_yaml_is(key, SC_YAML_SCALAR))
        named = (struct sc_chars){key->text, key->len};
    return judge_text(yaml, place, named, value, 0, err);
}

static int judge_item(const struct sc_yaml_detect *yaml, const struct sc_yaml_place *place,
                      const struct sc_yaml_node *item, struct sc_error *err)
{
    if (!sc_yaml_is(item, SC_YAML_SCALAR))
        return sc_yaml_judge_pairs(yaml, place, item, err);
    const char *equals = memchr(item->text, '=', item->len);
    const char *scheme = memmem(item->text, item->len, "://", 3);
    if (equals == NULL && item->len > 0 && memchr(item->text, ':', item->len) == NULL)
        return judge_bare(yaml, place, item, err);
    if (equals == NULL || (scheme != NULL && scheme < equals))
        return judge_text(yaml, place, (struct sc_chars){0}, item, 0, err);
    size_t split = (size_t)(equals - item->text);
    return judge_text(yaml, place, (struct sc_chars){item->text, split}, item, split + 1, err);
}

int sc_yaml_judge_pairs(const struct sc_yaml_detect *yaml, const struct sc_yaml_place *place,
                        const struct sc_yaml_node *node, struct sc_error *err)
{
    int rc = 0;
    if (sc_yaml_is(node, SC_YAML_MAPPING)) {
        for (size_t i = 0; i < node->count && rc == 0; i++) {
            if (sc_yaml_is(node->values[i], SC_YAML_SCALAR))
                rc = sc_yaml_judge(yaml, place, node->keys[i], node->values[i], err);
            else
                rc = sc_yaml_judge_pairs(yaml, place, node->values[i], err);
        }
    } else if (sc_yaml_is(node, SC_YAML_SEQUENCE)) {
        for (size_t i = 0; i < node->count && rc == 0; i++)
            rc = judge_item(yaml, place, node->values[i], err);
    }
    return rc;
}

static int judge_list(const struct sc_yaml_detect *yaml, const struct sc_shell_context *context,
                      const struct sc_yaml_node *node, struct sc_error *err)
{
    struct sc_words words = {0};
    int rc = 0;
    for (size_t i = 0; i < node->count && rc == 0 && words.count < SC_WORDS_MAX; i++) {
        const struct sc_yaml_node *item = node->values[i];
        if (!sc_yaml_is(item, SC_YAML_SCALAR))
            continue;
        bool block = item->style == SC_YAML_LITERAL || item->style == SC_YAML_FOLDED;
        struct sc_region raw = block ? sc_yaml_inside(yaml, item) : region_of(yaml, item);
        if (i == 0 && strcmp(item->text, "CMD") == 0)
            continue;
        if (i == 1 && sc_yaml_equals(node->values[0], "CMD-SHELL")) {
            struct sc_shell_context shell = *context;
            shell.folded = item->style != SC_YAML_LITERAL;
            shell.escaped = item->style == SC_YAML_DOUBLE;
            sc_words_done(&words);
            return sc_detect_shell(yaml->detect, sc_yaml_inside(yaml, item), &shell, err);
        }
        rc = sc_words_add(&words, item->text, item->len, raw, err);
    }
    if (rc == 0 && words.count > 0)
        rc = sc_detect_argv(yaml->detect, &words, context, err);
    sc_words_done(&words);
    return rc;
}

int sc_yaml_judge_command(const struct sc_yaml_detect *yaml, const struct sc_shell_context *context,
                          const struct sc_yaml_node *node, struct sc_error *err)
{
    if (sc_yaml_is(node, SC_YAML_SEQUENCE))
        return judge_list(yaml, context, node, err);
    if (!sc_yaml_is(node, SC_YAML_SCALAR))
        return 0;
    struct sc_shell_context shell = *context;
    shell.folded = node->style != SC_YAML_LITERAL;
    shell.escaped = node->style == SC_YAML_DOUBLE;
    return sc_detect_shell(yaml->detect, sc_yaml_inside(yaml, node), &shell, err);
}

int sc_yaml_judge_text(const struct sc_yaml_detect *yaml, const struct sc_yaml_node *value,
                       enum sc_text_kind kind, struct sc_error *err)
{
    struct sc_region inside = sc_yaml_inside(yaml, value);
    bool as_written = value->style == SC_YAML_LITERAL ||
                      (inside.len == value->len &&
                       memcmp(yaml->detect->text + inside.offset, value->text, value->len) == 0);
    if (as_written)
        return sc_detect_region(yaml->detect, inside, kind, err);
    return sc_detect_inner(yaml->detect, (struct sc_chars){value->text, value->len}, inside, kind,
                           err);
}

/* "'x.yml' line 7, column 5: the same key stands on line 2 already" without the position in front,
 * and with the other line numbers made those of the outer file. */
static void render_reason(const struct sc_error *cause, size_t lines_before, struct sc_buf *out)
{
    const char *message = sc_error_message(cause);
    const char *column = strstr(message, ", column ");
    const char *colon = column == NULL ? NULL : strstr(column, ": ");
    const char *at = colon == NULL ? message : colon + 2;
    while (*at != '\0') {
        size_t number = 0, digits = 0;
        if (strncmp(at, "line ", 5) == 0) {
            for (; at[5 + digits] >= '0' && at[5 + digits] <= '9' && digits < 9; digits++)
                number = number * 10 + (size_t)(at[5 + digits] - '0');
        }
        if (digits > 0) {
            sc_buf_printf(out, "line %zu", number + lines_before);
            at += 5 + digits;
        } else {
            sc_buf_putc(out, *at++);
        }
    }
}

static int skip_broken(struct sc_detect *detect, struct sc_region region,
                       struct sc_yaml_position at, const struct sc_error *cause,
                       struct sc_error *err)
{
    size_t offset = sc_detect_offset(detect, region.offset, at.line, at.column);
    size_t first_line, column;
    sc_detect_position(detect, region.offset, &first_line, &column);
    SC_CLEANUP(sc_buf_done) struct sc_buf reason = SC_BUF_INIT(2 * SC_ERROR_MESSAGE_MAX);
    render_reason(cause, first_line - 1, &reason);
    int rc = sc_buf_status(&reason, err);
    if (rc == 0)
        rc = sc_detect_skip(detect, sc_buf_text(&reason), offset, err);
    if (rc < 0)
        return rc;
    /* What stands in single lines is still found. */
    return sc_detect_config(detect, region, SC_FAMILY_YAML, err);
}

/* Of Helm or Jinja: a line that is nothing but a {{ }} or {% %}, or a value that begins with one.
 */
static bool is_template(struct sc_bytes text)
{
    static const char *const marks[] = {"\n{{-", "\n{%", "  {{", ": {{ ", "- {{ ", " {%"};
    for (size_t i = 0; i < SC_ARRAY_SIZE(marks); i++) {
        if (memmem(text.ptr, text.len, marks[i], strlen(marks[i])) != NULL)
            return true;
    }
    return text.len > 2 && text.ptr[0] == '{' && (text.ptr[1] == '{' || text.ptr[1] == '%');
}

int sc_detect_yaml(struct sc_detect *detect, struct sc_region region, struct sc_error *err)
{
    SC_CLEANUP(sc_yaml_freep) struct sc_yaml_stream *stream = NULL;
    struct sc_yaml_position at = {0};
    struct sc_error cause = {0};
    struct sc_bytes text = {(const unsigned char *)detect->text + region.offset, region.len};
    int rc = sc_yaml_load(text, detect->file, &stream, &at, &cause);
    if (rc == SC_E_NOMEM)
        return sc_fail_nomem(err);
    if (rc < 0 && is_template(text)) /* no YAML until it is filled in: by its lines */
        return sc_detect_config(detect, region, SC_FAMILY_YAML, err);
    if (rc < 0)
        return skip_broken(detect, region, at, &cause, err);
    struct sc_yaml_detect yaml = {detect, region.offset};
    for (size_t i = 0; i < sc_yaml_count(stream) && rc == 0; i++) {
        const struct sc_yaml_node *root = sc_yaml_document(stream, i)->root;
        if (root == NULL)
            continue;
        bool compose = sc_yaml_is_compose(root);
        rc = compose ? sc_yaml_detect_compose(&yaml, root, err)
                     : sc_yaml_detect_manifest(&yaml, root, err);
        if (rc == 0 && compose && detect->follow && region.offset == 0)
            rc = sc_yaml_compose_files(&yaml, root, err);
    }
    return rc;
}
