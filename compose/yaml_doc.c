/* SPDX-License-Identifier: Apache-2.0
 *
 * From bytes to nodes with byte spans; see compose/yaml_doc.h. The only file that knows libyaml.
 *
 * libyaml 0.2.5 counts marks in characters behind the byte order mark, puts anchor and tag inside a
 * scalar's span, ends a block collection at the next token (behind comments), and runs a block
 * scalar on to the next line that is not blank. All of that is put right here, so no other file
 * sees it. Its scanner looks at most 1024 characters ahead, so the depth limit, checked event by
 * event, also bounds its quadratic work on nested brackets.
 */
#include "compose/yaml_doc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "compose/yaml_stream.h"
#include "core/str.h"

#include "core/banned.h"

#define DOCUMENTS_MAX 1000
#define BUCKETS       1024
/* Bytes of a path that a message shows; a longer one says nothing to a person. */
#define PATH_SHOWN 160

struct anchor {
    struct sc_yaml_node *node;
    struct anchor *next; /* in its bucket, newest first */
};

struct frame {
    struct sc_yaml_node *node;
    size_t first; /* index of its first child in pending */
};

struct builder {
    struct sc_yaml_stream *stream;
    struct sc_yaml_document *document;
    struct sc_yaml_position *where;
    yaml_parser_t parser;
    const struct sc_yaml_node **pending; /* children of the open collections */
    size_t pending_count, pending_cap;
    struct frame frames[SC_YAML_DEPTH_MAX];
    size_t depth;
    size_t nodes, anchors;
    struct anchor *buckets[BUCKETS];
};

static int fail_at(struct builder *b, int code, size_t offset, const char *text,
                   struct sc_error *err)
{
    struct sc_yaml_position at = sc_yaml_position(b->stream, offset);
    if (b->where != NULL)
        *b->where = at;
    return sc_fail(err, code, "'%s' line %u, column %u: %s", b->stream->name, at.line, at.column,
                   text);
}

/* The same with the node's path in front; a file may hold anything: only what a line can show. */
static int fail_in(struct builder *b, int code, const struct sc_yaml_node *node, size_t offset,
                   const char *text, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf path = SC_BUF_INIT((size_t)64 * 1024);
    char said[SC_ERROR_MESSAGE_MAX];
    if (node != NULL)
        sc_yaml_path(node, &path);
    bool printable = path.len > 0 && path.len <= PATH_SHOWN;
    for (size_t i = 0; i < path.len && printable; i++)
        printable = (unsigned char)path.data[i] >= 0x20 && path.data[i] != 0x7f;
    snprintf(said, sizeof(said), "%s%s%s", printable ? sc_buf_text(&path) : "",
             printable ? ": " : "", text);
    return fail_at(b, code, offset, said, err);
}

/* ---- errors of libyaml, said more precisely where the cause is known ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\0';
}

static const char *hint(const struct sc_yaml_stream *s, size_t offset, const char *problem)
{
    const char *p = s->text + offset;
    if (strcmp(problem, "did not find expected key") == 0 && *p == '-' && is_blank(p[1]))
        return "a list item ('- ...') inside a mapping; use either 'KEY: value' lines or list "
               "items";
    if (strcmp(problem, "did not find expected '-' indicator") == 0)
        return "a mapping key inside a list; use either list items or 'KEY: value' lines";
    if (strcmp(problem, "found unexpected end of stream") == 0)
        return "the closing quote is missing";
    static const char *const plain[][2] = {
        {"could not find expected ':'",
         "a key without its ':', or a line indented less than the text it belongs to"},
        {"mapping values are not allowed in this context",
         "a second ': ' on one line, or a key indented unlike its neighbours; quote the value, or "
         "mend the indentation"},
        {"did not find expected key", "a line indented unlike its neighbours"},
        {"block sequence entries are not allowed in this context",
         "a list item ('- ...') where none can stand; begin it on a line of its own"},
        {"did not find expected ',' or ']'", "a list between brackets without its ',' or ']'"},
        {"did not find expected ',' or '}'", "a mapping between braces without its ',' or '}'"},
        {"did not find expected <document start>",
         "something behind the end of the document; mend the indentation, or put '---' before it"},
        {"found character that cannot start any token",
         "a character that no plain text begins with; quote the text"},
        {"found unknown escape character",
         "an escape that YAML does not know; write two backslashes, or use single quotes"},
    };
    if (*p == '\t')
        return "a tab where indentation or a value is expected; use spaces";
    if (*p == '%' || (*p == '{' && (p[1] == '{' || p[1] == '%')))
        return "not plain YAML; a template has to be rendered first";
    for (size_t i = 0; i < SC_ARRAY_SIZE(plain); i++) {
        if (strcmp(problem, plain[i][0]) == 0)
            return plain[i][1];
    }
    return problem;
}

static int parser_failed(struct builder *b, struct sc_error *err)
{
    const yaml_parser_t *p = &b->parser;
    if (p->error == YAML_MEMORY_ERROR)
        return sc_fail_nomem(err);
    const char *problem = p->problem != NULL ? p->problem : "cannot be parsed";
    if (p->error == YAML_READER_ERROR) {
        size_t at = SC_MIN(p->problem_offset + b->stream->bom, b->stream->len);
        return fail_at(b, SC_E_SYNTAX, at, problem, err);
    }
    size_t at = sc_yaml_stream_byte(b->stream, p->problem_mark.index);
    char text[256];
    const char *said = hint(b->stream, at, problem);
    if (p->context != NULL && p->context_mark.line < p->problem_mark.line)
        snprintf(text, sizeof(text), "%s (%s that begins on line %zu)", said, p->context,
                 p->context_mark.line + 1);
    else
        snprintf(text, sizeof(text), "%s", said);
    return fail_in(b, SC_E_SYNTAX, b->depth > 0 ? b->frames[b->depth - 1].node : NULL, at, text,
                   err);
}

/* ---- spans ---- */

static void place(struct builder *b, struct sc_yaml_node *n, const yaml_event_t *event)
{
    const struct sc_yaml_stream *s = b->stream;
    size_t full = sc_yaml_stream_byte(s, event->start_mark.index);
    size_t end = sc_yaml_stream_byte(s, event->end_mark.index);
    bool scalar = event->type == YAML_SCALAR_EVENT;
    size_t start = full;
    if (event->type != YAML_ALIAS_EVENT)
        start = sc_yaml_stream_skip_properties(s, full, scalar || n->anchor != NULL,
                                               scalar || n->tag != NULL);
    if (scalar) {
        start = SC_MIN(start, end);
        if (n->style == SC_YAML_LITERAL || n->style == SC_YAML_FOLDED)
            end = sc_yaml_stream_block_end(s, start, end);
    }
    n->full_start = (uint32_t)full;
    n->span = (struct sc_yaml_span){(uint32_t)start, (uint32_t)SC_MAX(start, end)};
    n->at = (struct sc_yaml_position){(uint32_t)event->start_mark.line + 1,
                                      (uint32_t)event->start_mark.column + 1};
    if (start != full)
        n->at = sc_yaml_position(s, start);
}

/* ---- anchors ---- */

static struct anchor **bucket(struct builder *b, const char *name)
{
    uint32_t hash = 2166136261U;
    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619U;
    return &b->buckets[hash % BUCKETS];
}

static int define_anchor(struct builder *b, struct sc_yaml_node *n, struct sc_error *err)
{
    if (n->anchor == NULL)
        return 0;
    if (++b->anchors > SC_YAML_ANCHORS_MAX)
        return fail_at(b, SC_E_TOOBIG, n->full_start, "too many anchors", err);
    struct anchor *anchor = sc_stash_alloc(&b->stream->pool, sizeof(*anchor), err);
    if (anchor == NULL)
        return SC_E_NOMEM;
    struct anchor **head = bucket(b, n->anchor);
    *anchor = (struct anchor){n, *head};
    *head = anchor;
    return 0;
}

static int bind_alias(struct builder *b, struct sc_yaml_node *n, struct sc_error *err)
{
    const struct anchor *anchor = *bucket(b, n->text);
    while (anchor != NULL && strcmp(anchor->node->anchor, n->text) != 0)
        anchor = anchor->next;
    if (anchor == NULL)
        return fail_in(b, SC_E_SYNTAX, n, n->span.start, "an alias without an anchor before it",
                       err);
    if (!anchor->node->complete)
        return fail_in(b, SC_E_SYNTAX, n, n->span.start, "an alias inside its own anchor", err);
    n->target = anchor->node;
    n->weight = anchor->node->weight;
    return 0;
}

/* ---- the tree ---- */

static int push_pending(struct builder *b, const struct sc_yaml_node *n, struct sc_error *err)
{
    const struct sc_yaml_node **grown =
        sc_items_reserve(b->pending, &b->pending_cap, b->pending_count, 1, sizeof(*grown), err);
    if (grown == NULL)
        return SC_E_NOMEM;
    b->pending = grown;
    grown[b->pending_count++] = n;
    return 0;
}

/* Makes a node and hangs it into the open collection, or makes it the root. */
static int add_node(struct builder *b, const yaml_event_t *event, enum sc_yaml_kind kind,
                    struct sc_yaml_node **ret, struct sc_error *err)
{
    struct sc_yaml_node *n = sc_stash_alloc(&b->stream->pool, sizeof(*n), err);
    if (n == NULL)
        return SC_E_NOMEM;
    n->kind = kind;
    n->weight = 1;
    if (++b->nodes > SC_YAML_NODES_MAX)
        return fail_at(b, SC_E_TOOBIG, sc_yaml_stream_byte(b->stream, event->start_mark.index),
                       "too many nodes in one file", err);
    *ret = n;
    if (b->depth == 0) {
        b->document->root = n;
        return 0;
    }
    struct frame *frame = &b->frames[b->depth - 1];
    size_t seen = b->pending_count - frame->first;
    n->parent = frame->node;
    n->index = (uint32_t)seen;
    if (frame->node->kind == SC_YAML_MAPPING) {
        n->index = (uint32_t)(seen / 2);
        n->is_key = seen % 2 == 0;
        if (!n->is_key)
            n->key = b->pending[b->pending_count - 1];
    }
    return push_pending(b, n, err);
}

static int copy_text(struct builder *b, const yaml_char_t *from, size_t len, const char **ret,
                     struct sc_error *err)
{
    if (from == NULL)
        return 0;
    char *copy = sc_stash_dup(&b->stream->pool, from, len, err);
    if (copy == NULL)
        return SC_E_NOMEM;
    *ret = copy;
    return 0;
}

static int copy_name(struct builder *b, const yaml_char_t *from, const char **ret,
                     struct sc_error *err)
{
    return copy_text(b, from, from != NULL ? strlen((const char *)from) : 0, ret, err);
}

static int add_scalar(struct builder *b, const yaml_event_t *event, struct sc_error *err)
{
    static const enum sc_yaml_style styles[] = {
        [YAML_ANY_SCALAR_STYLE] = SC_YAML_PLAIN,
        [YAML_PLAIN_SCALAR_STYLE] = SC_YAML_PLAIN,
        [YAML_SINGLE_QUOTED_SCALAR_STYLE] = SC_YAML_SINGLE,
        [YAML_DOUBLE_QUOTED_SCALAR_STYLE] = SC_YAML_DOUBLE,
        [YAML_LITERAL_SCALAR_STYLE] = SC_YAML_LITERAL,
        [YAML_FOLDED_SCALAR_STYLE] = SC_YAML_FOLDED,
    };
    struct sc_yaml_node *n = NULL;
    int rc = add_node(b, event, SC_YAML_SCALAR, &n, err);
    if (rc == 0)
        rc = copy_text(b, event->data.scalar.value, event->data.scalar.length, &n->text, err);
    if (rc == 0)
        rc = copy_name(b, event->data.scalar.tag, &n->tag, err);
    if (rc == 0)
        rc = copy_name(b, event->data.scalar.anchor, &n->anchor, err);
    if (rc < 0)
        return rc;
    n->len = (uint32_t)event->data.scalar.length;
    n->style = styles[event->data.scalar.style];
    n->complete = true;
    place(b, n, event);
    if (n->len > SC_YAML_SCALAR_MAX)
        return fail_at(b, SC_E_TOOBIG, n->span.start, "a value over the limit of 4 MiB", err);
    return define_anchor(b, n, err);
}

static int add_alias(struct builder *b, const yaml_event_t *event, struct sc_error *err)
{
    struct sc_yaml_node *n = NULL;
    int rc = add_node(b, event, SC_YAML_ALIAS, &n, err);
    if (rc == 0)
        rc = copy_name(b, event->data.alias.anchor, &n->text, err);
    if (rc < 0)
        return rc;
    n->len = (uint32_t)strlen(n->text);
    n->complete = true;
    place(b, n, event);
    return bind_alias(b, n, err);
}

static int open_collection(struct builder *b, const yaml_event_t *event, struct sc_error *err)
{
    bool mapping = event->type == YAML_MAPPING_START_EVENT;
    struct sc_yaml_node *n = NULL;
    if (b->depth == SC_YAML_DEPTH_MAX)
        return fail_at(b, SC_E_TOOBIG, sc_yaml_stream_byte(b->stream, event->start_mark.index),
                       "nested too deeply", err);
    int rc = add_node(b, event, mapping ? SC_YAML_MAPPING : SC_YAML_SEQUENCE, &n, err);
    if (rc == 0)
        rc = copy_name(b, mapping ? event->data.mapping_start.tag : event->data.sequence_start.tag,
                       &n->tag, err);
    if (rc == 0)
        rc = copy_name(
            b, mapping ? event->data.mapping_start.anchor : event->data.sequence_start.anchor,
            &n->anchor, err);
    if (rc < 0)
        return rc;
    bool flow = mapping ? event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
                        : event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    n->style = flow ? SC_YAML_FLOW : SC_YAML_BLOCK;
    place(b, n, event);
    b->frames[b->depth++] = (struct frame){.node = n, .first = b->pending_count};
    return define_anchor(b, n, err);
}

static int compare_keys(const void *a, const void *b)
{
    const struct sc_yaml_node *x = *(const struct sc_yaml_node *const *)a;
    const struct sc_yaml_node *y = *(const struct sc_yaml_node *const *)b;
    int order = memcmp(x->text, y->text, SC_MIN(x->len, y->len));
    if (order != 0)
        return order;
    if (x->len != y->len)
        return x->len < y->len ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static int check_duplicates(struct builder *b, const struct sc_yaml_node *mapping,
                            struct sc_error *err)
{
    if (mapping->count < 2)
        return 0;
    SC_CLEANUP(sc_yaml_nodes_freep) const struct sc_yaml_node **large = NULL;
    const struct sc_yaml_node *small[32], **keys = small;
    if (mapping->count > SC_ARRAY_SIZE(small)) {
        large = calloc(mapping->count, sizeof(*large));
        if (large == NULL)
            return sc_fail_nomem(err);
        keys = large;
    }
    size_t n = 0;
    for (size_t i = 0; i < mapping->count; i++) {
        if (mapping->keys[i]->kind == SC_YAML_SCALAR)
            keys[n++] = mapping->keys[i];
    }
    qsort(keys, n, sizeof(*keys), compare_keys);
    const struct sc_yaml_node *first = NULL, *again = NULL;
    for (size_t i = 1; i < n; i++) {
        bool same = keys[i]->len == keys[i - 1]->len &&
                    memcmp(keys[i]->text, keys[i - 1]->text, keys[i]->len) == 0;
        if (same && (again == NULL || keys[i]->index < again->index)) {
            first = keys[i - 1];
            again = keys[i];
        }
    }
    if (again == NULL)
        return 0;
    char text[96];
    snprintf(text, sizeof(text), "the same key stands on line %u already", first->at.line);
    return fail_in(b, SC_E_SYNTAX, again, again->span.start, text, err);
}

/* Hands the pending children over to the collection that ends. */
static int close_collection(struct builder *b, const yaml_event_t *event, struct sc_error *err)
{
    struct frame *frame = &b->frames[b->depth - 1];
    struct sc_yaml_node *n = frame->node;
    bool mapping = n->kind == SC_YAML_MAPPING;
    size_t children = b->pending_count - frame->first;
    size_t count = mapping ? children / 2 : children;
    const struct sc_yaml_node **all =
        sc_stash_array(&b->stream->pool, children, sizeof(const struct sc_yaml_node *), err);
    if (all == NULL)
        return SC_E_NOMEM;
    uint64_t weight = 1;
    for (size_t i = 0; i < children; i++) {
        const struct sc_yaml_node *child = b->pending[frame->first + i];
        size_t slot = !mapping ? i : i % 2 == 0 ? i / 2 : count + i / 2;
        all[slot] = child;
        weight += child->weight;
    }
    if (weight > SC_YAML_EXPANDED_MAX)
        return fail_in(b, SC_E_TOOBIG, n, n->span.start, "aliases multiply to too many nodes", err);
    n->weight = (uint32_t)weight;
    n->count = (uint32_t)count;
    n->keys = mapping ? all : NULL;
    n->values = mapping ? all + count : all;
    const struct sc_yaml_node *last = count > 0 ? n->values[count - 1] : NULL;
    bool brackets =
        n->style == SC_YAML_FLOW &&
        (b->stream->text[n->span.start] == '{' || b->stream->text[n->span.start] == '[') &&
        event->end_mark.index > event->start_mark.index;
    if (brackets)
        n->span.end = (uint32_t)sc_yaml_stream_byte(b->stream, event->end_mark.index);
    else if (last != NULL)
        n->span.end = SC_MAX(last->span.end, mapping ? n->keys[count - 1]->span.end : 0);
    n->complete = true;
    b->pending_count = frame->first;
    b->depth--;
    return mapping ? check_duplicates(b, n, err) : 0;
}

/* ---- documents ---- */

static int open_document(struct builder *b, const yaml_event_t *event, struct sc_error *err)
{
    struct sc_yaml_stream *s = b->stream;
    size_t at = sc_yaml_stream_byte(s, event->start_mark.index);
    if (s->count == DOCUMENTS_MAX)
        return fail_at(b, SC_E_TOOBIG, at, "too many documents in one file", err);
    struct sc_yaml_document *grown = reallocarray(s->documents, s->count + 1, sizeof(*grown));
    if (grown == NULL)
        return sc_fail_nomem(err);
    s->documents = grown;
    b->document = &grown[s->count++];
    *b->document = (struct sc_yaml_document){
        .span = {(uint32_t)at, (uint32_t)sc_yaml_stream_byte(s, event->end_mark.index)},
    };
    memset(b->buckets, 0, sizeof(b->buckets)); /* anchors end with their document */
    return 0;
}

static void close_document(struct builder *b, const yaml_event_t *event)
{
    struct sc_yaml_document *d = b->document;
    if (d->root != NULL)
        d->span.end = SC_MAX(d->span.end, d->root->span.end);
    if (event->data.document_end.implicit == 0)
        d->span.end = (uint32_t)sc_yaml_stream_byte(b->stream, event->end_mark.index);
}

static int take_event(struct builder *b, const yaml_event_t *event, struct sc_error *err)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return open_document(b, event, err);
    case YAML_DOCUMENT_END_EVENT:
        close_document(b, event);
        return 0;
    case YAML_SCALAR_EVENT:
        return add_scalar(b, event, err);
    case YAML_ALIAS_EVENT:
        return add_alias(b, event, err);
    case YAML_MAPPING_START_EVENT:
    case YAML_SEQUENCE_START_EVENT:
        return open_collection(b, event, err);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        return close_collection(b, event, err);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    default:
        return 0;
    }
}

static int parse_events(struct builder *b, struct sc_error *err)
{
    for (;;) {
        yaml_event_t event;
        if (yaml_parser_parse(&b->parser, &event) == 0)
            return parser_failed(b, err);
        yaml_event_type_t type = event.type;
        int rc = take_event(b, &event, err);
        if (type == YAML_SCALAR_EVENT)
            sc_wipe(event.data.scalar.value, event.data.scalar.length);
        yaml_event_delete(&event);
        if (rc < 0 || type == YAML_STREAM_END_EVENT)
            return rc;
    }
}

/* libyaml keeps pieces of the text in its buffers and frees them as they are. */
static void delete_parser(yaml_parser_t *parser)
{
    if (parser->raw_buffer.start != NULL)
        sc_wipe(parser->raw_buffer.start,
                (size_t)(parser->raw_buffer.end - parser->raw_buffer.start));
    if (parser->buffer.start != NULL)
        sc_wipe(parser->buffer.start, (size_t)(parser->buffer.end - parser->buffer.start));
    yaml_parser_delete(parser);
}

static int parse(struct sc_yaml_stream *stream, struct sc_yaml_position *where,
                 struct sc_error *err)
{
    struct builder *b = calloc(1, sizeof(*b));
    if (b == NULL)
        return sc_fail_nomem(err);
    b->stream = stream;
    b->where = where;
    int rc = 0;
    if (yaml_parser_initialize(&b->parser) == 0) {
        rc = sc_fail_nomem(err);
    } else {
        yaml_parser_set_encoding(&b->parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&b->parser, (const unsigned char *)stream->text + stream->bom,
                                     stream->len - stream->bom);
        rc = parse_events(b, err);
        delete_parser(&b->parser);
    }
    free(b->pending);
    free(b);
    return rc;
}

int sc_yaml_load(struct sc_bytes text, const char *name, struct sc_yaml_stream **ret,
                 struct sc_yaml_position *ret_where, struct sc_error *err)
{
    if (ret_where != NULL)
        *ret_where = (struct sc_yaml_position){0, 0};
    if (text.len > SC_YAML_SIZE_MAX)
        return sc_fail(err, SC_E_TOOBIG, "'%s' is larger than the limit of %zu MiB", name,
                       SC_YAML_SIZE_MAX / 1024 / 1024);
    SC_CLEANUP(sc_yaml_freep) struct sc_yaml_stream *stream = NULL;
    int rc = sc_yaml_stream_new(text, name, &stream, err);
    if (rc < 0)
        return rc;
    size_t bad = sc_yaml_stream_bad_byte(stream);
    struct builder shell = {.stream = stream, .where = ret_where};
    if (bad < stream->len)
        return fail_at(&shell, SC_E_SYNTAX, bad, "not UTF-8 text", err);
    if (stream->len >= 3 && memcmp(stream->text, SC_YAML_BOM, 3) == 0)
        stream->bom = 3;
    size_t stray = sc_yaml_stream_stray_bom(stream);
    if (stray < stream->len)
        return fail_at(&shell, SC_E_SYNTAX, stray, "a byte order mark in the middle of the file",
                       err);
    rc = sc_yaml_stream_index(stream, err);
    if (rc == 0)
        rc = parse(stream, ret_where, err);
    if (rc < 0)
        return rc;
    *ret = SC_TAKE(stream);
    return 0;
}
