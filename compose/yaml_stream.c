/* SPDX-License-Identifier: Apache-2.0
 *
 * Text, positions and look-ups of a loaded YAML file; see compose/yaml_doc.h and yaml_stream.h.
 */
#include "compose/yaml_stream.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"

#include "core/banned.h"

#define MARK_STEP ((size_t)64)

static bool continues(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

static int index_lines(struct sc_yaml_stream *s, struct sc_error *err)
{
    size_t count = 1, line = 1;
    for (size_t i = 0; i < s->len; i++)
        count += s->text[i] == '\n';
    s->lines = calloc(count, sizeof(*s->lines));
    if (s->lines == NULL)
        return sc_fail_nomem(err);
    const char *at = s->text, *end = s->text + s->len;
    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL)
        s->lines[line++] = (uint32_t)(++at - s->text);
    s->line_count = count;
    return 0;
}

int sc_yaml_stream_new(struct sc_bytes text, const char *name, struct sc_yaml_stream **ret,
                       struct sc_error *err)
{
    SC_CLEANUP(sc_yaml_freep) struct sc_yaml_stream *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return sc_fail_nomem(err);
    s->name = sc_str_dup(name, err);
    s->text = malloc(text.len + 1);
    if (s->name == NULL || s->text == NULL)
        return sc_fail_nomem(err);
    if (text.len > 0)
        memcpy(s->text, text.ptr, text.len);
    s->text[text.len] = '\0';
    s->len = text.len;
    int rc = index_lines(s, err);
    if (rc < 0)
        return rc;
    *ret = SC_TAKE(s);
    return 0;
}

size_t sc_yaml_stream_bad_byte(const struct sc_yaml_stream *s)
{
    if (sc_str_is_utf8(s->text, s->len))
        return s->len;
    for (size_t line = 0; line < s->line_count; line++) {
        size_t start = s->lines[line];
        size_t end = line + 1 < s->line_count ? s->lines[line + 1] : s->len;
        if (sc_str_is_utf8(s->text + start, end - start))
            continue;
        for (size_t i = start; i < end; i++) { /* the shortest bad beginning ends at the bad byte */
            if (!continues(s->text[i]) && !sc_str_is_utf8(s->text + start, i - start))
                return i - 1;
        }
        return end - 1;
    }
    return s->len;
}

/* Bytes of a line end, which is one of five to libyaml (YAML 1.1, 5.4); 0 for anything else. */
static size_t break_size(const struct sc_yaml_stream *s, size_t at)
{
    static const char *const breaks[] = {"\n", "\r", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};
    for (size_t i = 0; i < SC_ARRAY_SIZE(breaks); i++) {
        if (strncmp(s->text + at, breaks[i], strlen(breaks[i])) == 0)
            return strlen(breaks[i]);
    }
    return 0;
}

static bool behind_break(const struct sc_yaml_stream *s, size_t at)
{
    for (size_t n = 1; n <= 3 && n <= at; n++) {
        if (break_size(s, at - n) == n)
            return true;
    }
    return false;
}

size_t sc_yaml_stream_stray_bom(const struct sc_yaml_stream *s)
{
    const char *at = s->text + s->bom;
    const char *end = s->text + s->len;
    while ((at = memchr(at, SC_YAML_BOM[0], (size_t)(end - at))) != NULL) {
        size_t i = (size_t)(at - s->text);
        if (end - at >= 3 && memcmp(at, SC_YAML_BOM, 3) == 0 && (i == s->bom || behind_break(s, i)))
            return i;
        at++;
    }
    return s->len;
}

int sc_yaml_stream_index(struct sc_yaml_stream *s, struct sc_error *err)
{
    size_t characters = 0;
    for (size_t i = s->bom; i < s->len; i++)
        characters += !continues(s->text[i]);
    if (characters == s->len - s->bom)
        return 0;
    s->marks = calloc(characters / MARK_STEP + 1, sizeof(*s->marks));
    if (s->marks == NULL)
        return sc_fail_nomem(err);
    size_t seen = 0;
    for (size_t i = s->bom; i < s->len; i++) {
        if (continues(s->text[i]))
            continue;
        if (seen % MARK_STEP == 0)
            s->marks[s->mark_count++] = (uint32_t)i;
        seen++;
    }
    return 0;
}

size_t sc_yaml_stream_byte(const struct sc_yaml_stream *s, size_t character)
{
    if (s->marks == NULL)
        return SC_MIN(character + s->bom, s->len);
    size_t mark = SC_MIN(character / MARK_STEP, s->mark_count - 1);
    size_t at = s->marks[mark];
    for (size_t left = character - mark * MARK_STEP; left > 0 && at < s->len; left--) {
        at++;
        while (at < s->len && continues(s->text[at]))
            at++;
    }
    return at;
}

/* ---- spans ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\0';
}

/* Behind an anchor's name: letters, digits, '_' and '-' to libyaml, so that a scalar may follow
 * without a blank ("&a:b" is the anchor a and the text ":b"). */
static size_t skip_anchor(const struct sc_yaml_stream *s, size_t at)
{
    at++;
    while (at < s->len &&
           (isalnum((unsigned char)s->text[at]) != 0 || s->text[at] == '_' || s->text[at] == '-'))
        at++;
    return at;
}

size_t sc_yaml_skip_blanks(const struct sc_yaml_stream *s, size_t at)
{
    while (at < s->len && (is_blank(s->text[at]) || break_size(s, at) > 0)) {
        at += SC_MAX(break_size(s, at), (size_t)1);
        if (at < s->len && s->text[at] == '#') {
            while (at < s->len && break_size(s, at) == 0)
                at++;
        }
    }
    return at;
}

size_t sc_yaml_stream_skip_properties(const struct sc_yaml_stream *s, size_t at, bool anchor,
                                      bool tag)
{
    while ((anchor && s->text[at] == '&') || (tag && s->text[at] == '!')) {
        if (s->text[at] == '&') {
            anchor = false;
            at = skip_anchor(s, at);
        } else {
            tag = false;
            while (at < s->len && !is_blank(s->text[at]) && break_size(s, at) == 0)
                at++;
        }
        at = sc_yaml_skip_blanks(s, at);
    }
    return at;
}

/* Columns that the text of a block scalar is indented by: more blanks than that are text. 0 where
 * the header gives it, relative to a parent that is not known here. */
static size_t block_indent(const struct sc_yaml_stream *s, size_t start, size_t end)
{
    size_t header = start + strcspn(s->text + start, "\n#");
    for (size_t i = start + 1; i < header; i++) {
        if (s->text[i] >= '1' && s->text[i] <= '9')
            return 0;
    }
    size_t at = start + strcspn(s->text + start, "\n");
    while (at < end) {
        size_t blanks = strspn(s->text + ++at, " ");
        if (s->text[at + blanks] != '\n' && s->text[at + blanks] != '\r')
            return at + blanks < end ? blanks : SIZE_MAX;
        at += strcspn(s->text + at, "\n");
    }
    return SIZE_MAX;
}

size_t sc_yaml_stream_block_end(const struct sc_yaml_stream *s, size_t start, size_t end)
{
    bool keep = false;
    size_t indent = block_indent(s, start, end);
    for (size_t i = start + 1; i < end && (s->text[i] == '+' || s->text[i] == '-' ||
                                           (s->text[i] >= '0' && s->text[i] <= '9'));
         i++)
        keep = keep || s->text[i] == '+';
    if (end > start && s->text[end - 1] != '\n') {
        /* the next token's indentation, or end of file: back to the start of its line */
        size_t line = end;
        while (line > start && (s->text[line - 1] == ' ' || s->text[line - 1] == '\t'))
            line--;
        if (end == s->len && strspn(s->text + line, " ") > indent)
            return end; /* blanks that are text, on the last line */
        if (line > start && s->text[line - 1] == '\n')
            end = line;
    }
    for (bool first = true; end > start && (first || !keep); first = false) {
        size_t line = end;
        while (line > start && is_blank(s->text[line - 1]) && s->text[line - 1] != '\n')
            line--;
        bool text = !first && end - line > indent && strspn(s->text + line, " ") > indent;
        if (line == start || s->text[line - 1] != '\n' || text)
            break;
        end = line - 1;
    }
    return end > start && s->text[end - 1] == '\r' ? end - 1 : end;
}

void sc_yaml_free(struct sc_yaml_stream *s)
{
    if (s == NULL)
        return;
    if (s->text != NULL)
        sc_wipe(s->text, s->len);
    free(s->text);
    free(s->name);
    free(s->lines);
    free(s->marks);
    free(s->documents);
    sc_stash_done(&s->pool);
    free(s);
}

void sc_yaml_freep(struct sc_yaml_stream **stream)
{
    sc_yaml_free(*stream);
    *stream = NULL;
}

void sc_yaml_nodes_freep(const struct sc_yaml_node ***nodes)
{
    free(*nodes);
    *nodes = NULL;
}

const char *sc_yaml_name(const struct sc_yaml_stream *s)
{
    return s->name;
}

struct sc_bytes sc_yaml_text(const struct sc_yaml_stream *s)
{
    return (struct sc_bytes){(const unsigned char *)s->text, s->len};
}

size_t sc_yaml_count(const struct sc_yaml_stream *s)
{
    return s == NULL ? 0 : s->count;
}

const struct sc_yaml_document *sc_yaml_document(const struct sc_yaml_stream *s, size_t index)
{
    return index < s->count ? &s->documents[index] : NULL;
}

struct sc_yaml_position sc_yaml_position(const struct sc_yaml_stream *s, size_t offset)
{
    offset = SC_MIN(offset, s->len);
    size_t low = 0, high = s->line_count; /* the line starts at or before offset */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (s->lines[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    uint32_t column = 1;
    for (size_t i = low == 0 ? s->bom : s->lines[low]; i < offset; i++)
        column += !continues(s->text[i]);
    return (struct sc_yaml_position){(uint32_t)low + 1, column};
}

const struct sc_yaml_node *sc_yaml_resolve(const struct sc_yaml_node *node)
{
    while (node != NULL && node->kind == SC_YAML_ALIAS)
        node = node->target;
    return node;
}

const struct sc_yaml_node *sc_yaml_get(const struct sc_yaml_node *mapping, const char *key)
{
    mapping = sc_yaml_resolve(mapping);
    if (!sc_yaml_is(mapping, SC_YAML_MAPPING))
        return NULL;
    for (size_t i = 0; i < mapping->count; i++) {
        if (sc_yaml_equals(sc_yaml_resolve(mapping->keys[i]), key))
            return mapping->values[i];
    }
    return NULL;
}

bool sc_yaml_is(const struct sc_yaml_node *node, enum sc_yaml_kind kind)
{
    return node != NULL && node->kind == kind;
}

bool sc_yaml_equals(const struct sc_yaml_node *node, const char *text)
{
    return sc_yaml_is(node, SC_YAML_SCALAR) && node->len == strlen(text) &&
           memcmp(node->text, text, node->len) == 0;
}

bool sc_yaml_is_null(const struct sc_yaml_node *node)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    if (!sc_yaml_is(node, SC_YAML_SCALAR) || node->style != SC_YAML_PLAIN || node->tag != NULL)
        return false;
    for (size_t i = 0; i < SC_ARRAY_SIZE(nulls); i++) {
        if (sc_yaml_equals(node, nulls[i]))
            return true;
    }
    return false;
}

void sc_yaml_path(const struct sc_yaml_node *node, struct sc_buf *out)
{
    const struct sc_yaml_node *chain[SC_YAML_DEPTH_MAX + 1];
    size_t n = 0;
    for (; node != NULL && node->parent != NULL && n < SC_ARRAY_SIZE(chain); node = node->parent)
        chain[n++] = node;
    for (bool first = true; n-- > 0; first = false) {
        const struct sc_yaml_node *key = chain[n]->is_key ? chain[n] : chain[n]->key;
        if (key == NULL) {
            sc_buf_printf(out, "[%u]", chain[n]->index);
            continue;
        }
        if (!first)
            sc_buf_putc(out, '.');
        key = sc_yaml_resolve(key);
        sc_buf_puts(out, sc_yaml_is(key, SC_YAML_SCALAR) ? key->text : "?");
    }
}
