/* SPDX-License-Identifier: Apache-2.0
 *
 * A YAML file as trees of nodes that know which bytes they came from.
 *
 * Loading copies the text, parses it with libyaml and checks what libyaml does not: duplicate keys,
 * unknown or self-containing aliases, depth, number of nodes, alias bombs. Nothing is resolved: an
 * alias is a node that points at its target, `<<` is an ordinary key, scalars are text. Typing,
 * merge keys and interpolation are the loader's business.
 *
 * Positions: spans are byte offsets into the file as given, byte order mark and CR LF included.
 * Lines and columns count from 1, columns in characters.
 *
 * Ownership: the stream owns nodes and text, wiped by sc_yaml_free(); node pointers live as long.
 * Immutable after loading, so any number of threads may read it. Config text is ordinary memory.
 */
#ifndef SC_COMPOSE_YAML_DOC_H
#define SC_COMPOSE_YAML_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/secret.h"

/* Largest file, in bytes. */
#define SC_YAML_SIZE_MAX ((size_t)16 * 1024 * 1024)
/* Collections inside each other. libyaml's work for one token grows with this depth. */
#define SC_YAML_DEPTH_MAX 128
/* Nodes written in one file. */
#define SC_YAML_NODES_MAX 4000000
/* Nodes that would exist in one document if every alias were replaced by a copy. */
#define SC_YAML_EXPANDED_MAX 5000000
#define SC_YAML_ANCHORS_MAX  4096
/* Bytes of one scalar. */
#define SC_YAML_SCALAR_MAX ((size_t)4 * 1024 * 1024)

enum sc_yaml_kind { SC_YAML_SCALAR, SC_YAML_MAPPING, SC_YAML_SEQUENCE, SC_YAML_ALIAS };

enum sc_yaml_style {
    SC_YAML_PLAIN,   /* scalars */
    SC_YAML_SINGLE,  /* '...' */
    SC_YAML_DOUBLE,  /* "..." */
    SC_YAML_LITERAL, /* | */
    SC_YAML_FOLDED,  /* > */
    SC_YAML_BLOCK,   /* collections by indentation */
    SC_YAML_FLOW     /* {...} and [...] */
};

struct sc_yaml_span {
    uint32_t start, end; /* bytes; end is behind the last one */
};

struct sc_yaml_position {
    uint32_t line, column; /* from 1; 0 = not known */
};

struct sc_yaml_node {
    enum sc_yaml_kind kind : 8;
    enum sc_yaml_style style : 8;
    bool is_key;     /* stands as a key of its parent */
    bool complete;   /* the parser's: all of it was read */
    uint32_t weight; /* the parser's: nodes it stands for with aliases replaced by copies */
    struct sc_yaml_position at; /* of the value, behind anchor and tag */
    /* The bytes of the value without anchor and tag: quotes, brackets and the `*` of an alias are
     * inside. A block scalar ends at its last line, before the line break. A block collection runs
     * from its first key or dash to the end of its last descendant. An empty value has no bytes:
     * it lies right behind the `:` in block style, at the next token in flow style. */
    struct sc_yaml_span span;
    uint32_t full_start; /* where anchor and tag begin; span.start without them */
    uint32_t len;        /* bytes of text */
    uint32_t index;      /* position in the parent */
    uint32_t count;      /* entries of a mapping, items of a sequence */
    const char *tag;     /* "!reset", "tag:yaml.org,2002:str"; NULL if none is written */
    const char *anchor;  /* NULL if none */
    const char *text;    /* scalar: its value, NUL-terminated; alias: its name; else NULL */
    const struct sc_yaml_node *parent;        /* NULL for the root of a document */
    const struct sc_yaml_node *key;           /* the key this is the value of; NULL elsewhere */
    const struct sc_yaml_node *target;        /* alias: the node it stands for */
    const struct sc_yaml_node *const *keys;   /* mapping: its keys, in order of the file */
    const struct sc_yaml_node *const *values; /* mapping: their values; sequence: its items */
};

struct sc_yaml_document {
    const struct sc_yaml_node *root; /* NULL for an empty document */
    /* From its `---` (or first content) to behind its `...` (or last content). */
    struct sc_yaml_span span;
};

struct sc_yaml_stream;

/* Parses a whole file. `name` is used in messages ("'compose.yml' line 7, column 5: ..."), which
 * never hold text of the file. *ret_where (may be NULL) is set on failure too, as far as it is
 * known. SYNTAX, TOOBIG, NOMEM. */
int sc_yaml_load(struct sc_bytes text, const char *name, struct sc_yaml_stream **ret,
                 struct sc_yaml_position *ret_where, struct sc_error *err) SC_NODISCARD;

/* Wipes and frees; NULL is allowed. The second is for SC_CLEANUP. */
void sc_yaml_free(struct sc_yaml_stream *stream);
void sc_yaml_freep(struct sc_yaml_stream **stream);

const char *sc_yaml_name(const struct sc_yaml_stream *stream);
struct sc_bytes sc_yaml_text(const struct sc_yaml_stream *stream);

/* Documents in order; an empty file has none, and NULL neither. */
size_t sc_yaml_count(const struct sc_yaml_stream *stream);
const struct sc_yaml_document *sc_yaml_document(const struct sc_yaml_stream *stream, size_t index);

/* Line and column of a byte offset. */
struct sc_yaml_position sc_yaml_position(const struct sc_yaml_stream *stream, size_t offset);
/* Behind the blanks, line ends and comments at a byte offset. */
size_t sc_yaml_skip_blanks(const struct sc_yaml_stream *stream, size_t at);

/* ---- nodes (NULL-safe: a missing node has no children and equals nothing) ---- */

/* The node itself, or the target of an alias. */
const struct sc_yaml_node *sc_yaml_resolve(const struct sc_yaml_node *node);

/* The value of a key written in this mapping (of an alias: in its target); NULL if there is none.
 * Merge keys are not followed. */
const struct sc_yaml_node *sc_yaml_get(const struct sc_yaml_node *mapping, const char *key);

bool sc_yaml_is(const struct sc_yaml_node *node, enum sc_yaml_kind kind);
/* A scalar with exactly this text. */
bool sc_yaml_equals(const struct sc_yaml_node *node, const char *text);
/* A plain untagged scalar that is empty, `~`, `null`, `Null` or `NULL`. */
bool sc_yaml_is_null(const struct sc_yaml_node *node);

/* Appends the path in the model: "services.db.environment.POSTGRES_PASSWORD",
 * "services.db.ports[0]". */
void sc_yaml_path(const struct sc_yaml_node *node, struct sc_buf *out);

#endif
