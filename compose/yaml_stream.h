/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a loaded YAML file, shared by the two files that make it: the text, its line
 * starts, and checkpoints from libyaml's character index to bytes. Private to yaml_doc.c and
 * yaml_stream.c.
 */
#ifndef SC_COMPOSE_YAML_STREAM_H
#define SC_COMPOSE_YAML_STREAM_H

#include "compose/yaml_doc.h"
#include "core/stash.h"

#define SC_YAML_BOM "\xef\xbb\xbf"

struct sc_yaml_stream {
    char *name;
    char *text; /* NUL-terminated copy of the file; wiped when freed */
    size_t len;
    size_t bom;      /* bytes of the byte order mark: 0 or 3 */
    uint32_t *lines; /* byte offset of each line's start */
    size_t line_count;
    uint32_t *marks; /* byte offset of every 64th character behind the mark; NULL = pure ASCII */
    size_t mark_count;
    struct sc_stash pool; /* nodes, texts, child arrays */
    struct sc_yaml_document *documents;
    size_t count;
};

int sc_yaml_stream_new(struct sc_bytes text, const char *name, struct sc_yaml_stream **ret,
                       struct sc_error *err) SC_NODISCARD;

/* Offset of the first byte that is not UTF-8, or the length of the text. */
size_t sc_yaml_stream_bad_byte(const struct sc_yaml_stream *stream);

/* Offset of a byte order mark that begins a line other than the first, or the length of the text.
 * The scanner would skip it, and the line's structure would depend on bytes nobody sees. */
size_t sc_yaml_stream_stray_bom(const struct sc_yaml_stream *stream);

/* Builds the checkpoints; bom is set. */
int sc_yaml_stream_index(struct sc_yaml_stream *stream, struct sc_error *err) SC_NODISCARD;

/* Byte offset of a character index as libyaml counts it. */
size_t sc_yaml_stream_byte(const struct sc_yaml_stream *stream, size_t character);

/* free(3) for SC_CLEANUP on an array of nodes. */
void sc_yaml_nodes_freep(const struct sc_yaml_node ***nodes);

/* Behind anchor and tag at `at`, and the white space and comments that follow them. */
size_t sc_yaml_stream_skip_properties(const struct sc_yaml_stream *s, size_t at, bool anchor,
                                      bool tag);
/* The end of a block scalar that libyaml says ends at `end`: its last line without the line break,
 * blank lines behind it left out unless the header keeps them. */
size_t sc_yaml_stream_block_end(const struct sc_yaml_stream *s, size_t start, size_t end);

#endif
