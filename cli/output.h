/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person or a script reads: lines and tables on standard output, notes on standard error.
 *
 * Nothing here may be handed a secret: secrets leave by sc_secret_write_fd(). Call sc_out_flush()
 * before writing to descriptor 1 directly.
 */
#ifndef SC_CLI_OUTPUT_H
#define SC_CLI_OUTPUT_H

#include <stdbool.h>

#include "cli/command.h"
#include "core/buf.h"

enum sc_color {
    SC_COLOR_NONE,
    SC_COLOR_BOLD,
    SC_COLOR_RED,
    SC_COLOR_GREEN,
    SC_COLOR_YELLOW,
    SC_COLOR_CYAN,
    SC_COLOR_DIM
};

/* Text from outside, for people and for lines: a control character, which would reach a terminal or
 * end the line, becomes \\x1b. Notes and the cells of tables are written like this. */
void sc_out_safe(struct sc_buf *out, const char *text);

/* Such text (or nothing, for NULL) to standard output. */
void sc_out_text(const char *text);

/* printf to standard output. */
void sc_out(const char *fmt, ...) SC_PRINTF(1, 2);

/* The escape sequence for a colour, or "" where standard output takes none. */
const char *sc_out_paint(const struct sc_cli *cli, enum sc_color color);

/* What to write with --json and a --format of the command's own: *ret is `given`, "json", or what
 * the command does without either. USAGE where the two contradict each other. */
int sc_out_format(const struct sc_cli *cli, const char *given, const char *otherwise,
                  const char **ret, struct sc_error *err) SC_NODISCARD;

/* Writes a buffer (JSON, a file's text) to standard output as it is. */
void sc_out_buf(const struct sc_buf *buf);

/* Writes a whole JSON document and a newline, or nothing where its buffer has failed. */
int sc_out_json(struct sc_buf *json, struct sc_error *err) SC_NODISCARD;

/* A line on standard error for the person, unless --quiet: "secretsctl: text". */
void sc_note(const struct sc_cli *cli, const char *fmt, ...) SC_PRINTF(2, 3);

/* The same, also with --quiet: something is wrong but the command goes on. */
void sc_warn(const char *fmt, ...) SC_PRINTF(1, 2);

/* Notes that so many entries were handed out that are due for rotation, of which one is named. */
void sc_note_due(const struct sc_cli *cli, const char *first, size_t count);

/* Flushes standard output; IO when the reader is gone or the disk is full. */
int sc_out_flush(struct sc_error *err) SC_NODISCARD;

/* A table: aligned columns under a header on a terminal, tab-separated without header in a pipe. */
struct sc_table;
struct sc_table *sc_table_new(const char *const *headers, size_t columns, struct sc_error *err);
/* Copies the cells (`columns` of them). */
int sc_table_add(struct sc_table *table, const char *const *cells,
                 struct sc_error *err) SC_NODISCARD;
/* A note says that it is empty: a mistyped name or filter looks like that, too. */
void sc_table_print(const struct sc_table *table, const struct sc_cli *cli);
void sc_table_freep(struct sc_table **table);

#endif
