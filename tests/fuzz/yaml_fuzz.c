/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a YAML file: no crash, and every node's span is what its text came from.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compose/yaml_doc.h"

#include "core/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

static bool has_break(const char *text, size_t len)
{
    static const char next_line[] = "\xc2\x85", separators[] = "\xe2\x80"; /* breaks in YAML 1.1 */
    return memchr(text, '\n', len) != NULL || memchr(text, '\r', len) != NULL ||
           memmem(text, len, next_line, 2) != NULL || memmem(text, len, separators, 2) != NULL;
}

static void check_scalar(const struct sc_yaml_node *n, const char *text)
{
    char first = n->span.end > n->span.start ? text[n->span.start] : '\0';
    size_t len = n->span.end - n->span.start;
    switch (n->style) {
    case SC_YAML_SINGLE:
        require(first == '\'' && len >= 2 && text[n->span.end - 1] == '\'');
        break;
    case SC_YAML_DOUBLE:
        require(first == '"' && len >= 2 && text[n->span.end - 1] == '"');
        break;
    case SC_YAML_LITERAL:
        require(first == '|');
        break;
    case SC_YAML_FOLDED:
        require(first == '>');
        break;
    case SC_YAML_PLAIN:
    case SC_YAML_BLOCK:
    case SC_YAML_FLOW:
    default:
        /* only folding over line breaks makes a plain scalar differ from its bytes */
        if (len != n->len || memcmp(text + n->span.start, n->text, len) != 0)
            require(has_break(text + n->span.start, len));
        break;
    }
}

static void check(const struct sc_yaml_node *n, const char *text, size_t size)
{
    require(n->full_start <= n->span.start && n->span.start <= n->span.end && n->span.end <= size);
    require(n->at.line > 0 && n->at.column > 0);
    if (n->kind == SC_YAML_SCALAR)
        check_scalar(n, text);
    if (n->kind == SC_YAML_ALIAS)
        require(text[n->span.start] == '*' && n->target != NULL);
    if (n->kind == SC_YAML_SCALAR || n->kind == SC_YAML_ALIAS)
        return;
    size_t before = n->span.start;
    for (size_t i = 0; i < n->count; i++) {
        if (n->kind == SC_YAML_MAPPING) {
            require(n->keys[i]->parent == n && n->keys[i]->is_key && n->keys[i]->index == i);
            require(n->keys[i]->full_start >= before && n->values[i]->key == n->keys[i]);
            check(n->keys[i], text, size);
            before = n->keys[i]->span.end;
        }
        require(n->values[i]->parent == n && n->values[i]->index == i);
        require(n->values[i]->full_start >= before && n->values[i]->span.end <= n->span.end);
        check(n->values[i], text, size);
        before = n->values[i]->span.end;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sc_yaml_stream *stream = NULL;
    struct sc_error err = {0};
    struct sc_yaml_position where;
    if (sc_yaml_load((struct sc_bytes){data, size}, "f", &stream, &where, &err) < 0) {
        require(stream == NULL && err.code != 0);
        return 0;
    }
    for (size_t i = 0; i < sc_yaml_count(stream); i++) {
        const struct sc_yaml_document *d = sc_yaml_document(stream, i);
        if (d->root != NULL)
            check(d->root, (const char *)sc_yaml_text(stream).ptr, size);
    }
    sc_yaml_free(stream);
    return 0;
}
