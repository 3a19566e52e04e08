/* SPDX-License-Identifier: Apache-2.0
 *
 * Output for people and pipes; see cli/output.h.
 */
#include "cli/output.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/parse.h"

#include "core/banned.h"

/* Columns of a table, and bytes of all its cells. */
#define COLUMNS_MAX 16
#define TABLE_MAX   ((size_t)1024 * 1024 * 1024)
/* Of a text from outside, and of a note, which stands on the stack. */
#define LINE_BYTES_MAX ((size_t)1024 * 1024)
#define MESSAGE_MAX    ((size_t)64 * 1024)

/* Whether standard output (1) or error (2) is a terminal that should be coloured. */
static bool has_color(const struct sc_cli *cli, int fd)
{
    const char *terminal = sc_env("TERM");
    return !cli->globals.no_color && sc_env("NO_COLOR") == NULL && isatty(fd) == 1 &&
           !sc_str_equal(terminal, "dumb");
}

void sc_out(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
}

const char *sc_out_paint(const struct sc_cli *cli, enum sc_color color)
{
    static const char *const sequences[] = {
        [SC_COLOR_NONE] = "\033[0m",   [SC_COLOR_BOLD] = "\033[1m",    [SC_COLOR_RED] = "\033[31m",
        [SC_COLOR_GREEN] = "\033[32m", [SC_COLOR_YELLOW] = "\033[33m", [SC_COLOR_CYAN] = "\033[36m",
        [SC_COLOR_DIM] = "\033[2m",
    };
    return has_color(cli, STDOUT_FILENO) ? sequences[color] : "";
}

int sc_out_format(const struct sc_cli *cli, const char *given, const char *otherwise,
                  const char **ret, struct sc_error *err)
{
    if (cli->globals.json && given != NULL && strcmp(given, "json") != 0)
        return sc_fail(err, SC_E_USAGE, "--json and --format %s exclude each other", given);
    *ret = given;
    if (given == NULL)
        *ret = cli->globals.json ? "json" : otherwise;
    return 0;
}

void sc_out_buf(const struct sc_buf *buf)
{
    if (buf->len > 0)
        fwrite(buf->data, 1, buf->len, stdout);
}

int sc_out_json(struct sc_buf *json, struct sc_error *err)
{
    sc_buf_putc(json, '\n');
    int rc = sc_buf_status(json, err);
    if (rc == 0)
        sc_out_buf(json);
    return rc;
}

/* The bytes of the control character that text begins with: of C0, DEL, or C1 as UTF-8 has it. */
static size_t control_length(const unsigned char *text)
{
    if (text[0] < 0x20 || text[0] == 0x7f)
        return 1;
    return text[0] == 0xc2 && text[1] >= 0x80 && text[1] < 0xa0 ? 2 : 0;
}

/* How much of it a terminal only shows. */
static size_t plain_length(const unsigned char *text)
{
    size_t len = 0;
    while (text[len] != '\0' && control_length(text + len) == 0)
        len++;
    return len;
}

void sc_out_safe(struct sc_buf *out, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0';) {
        size_t plain = plain_length(at);
        sc_buf_append(out, at, plain);
        at += plain;
        size_t control = *at != '\0' ? control_length(at) : 0;
        if (control > 0)
            sc_buf_printf(out, "\\x%02x", at[control - 1]);
        at += control;
    }
}

void sc_out_text(const char *text)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf safe = SC_BUF_INIT(4 * LINE_BYTES_MAX);
    if (text != NULL)
        sc_out_safe(&safe, text);
    sc_out_buf(&safe);
}

static void print_line(const char *fmt, va_list args) SC_PRINTF(1, 0);

/* Takes no memory: what is said of a lack of it tells what to do, too. */
static void print_line(const char *fmt, va_list args)
{
    char text[MESSAGE_MAX];
    int len = vsnprintf(text, sizeof(text), fmt, args);
    if (len < 0)
        text[0] = '\0';
    else if ((size_t)len >= sizeof(text))
        memcpy(text + sizeof(text) - 4, "...", 4);
    fflush(stdout); /* keeps the order where both streams are one terminal */
    fputs("secretsctl: ", stderr);
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0';) {
        size_t plain = plain_length(at);
        fwrite(at, 1, plain, stderr);
        at += plain;
        size_t control = *at != '\0' ? control_length(at) : 0;
        if (control > 0)
            fprintf(stderr, "\\x%02x", at[control - 1]);
        at += control;
    }
    fputc('\n', stderr);
}

void sc_note(const struct sc_cli *cli, const char *fmt, ...)
{
    if (cli->globals.quiet)
        return;
    va_list args;
    va_start(args, fmt);
    print_line(fmt, args);
    va_end(args);
}

void sc_note_due(const struct sc_cli *cli, const char *first, size_t count)
{
    if (count == 1)
        sc_note(cli, "'%s' is due for rotation", first);
    else if (count > 1)
        sc_note(cli, "'%s' and %zu more are due for rotation; see: secretsctl list --expired",
                first, count - 1);
}

void sc_warn(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    print_line(fmt, args);
    va_end(args);
}

int sc_out_flush(struct sc_error *err)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return sc_fail_errno(err, "cannot write to standard output");
    return 0;
}

struct sc_table {
    size_t columns;
    const char *const *headers;
    bool aligned;
    struct sc_buf cells; /* row after row: each with its NUL if aligned, else as they are printed */
    size_t widths[COLUMNS_MAX];
};

/* Characters of a cell: bytes that do not go on with one. */
static size_t width_of(const char *cell)
{
    size_t width = 0;
    for (; *cell != '\0'; cell++)
        width += ((unsigned char)*cell & 0xc0) != 0x80;
    return width;
}

struct sc_table *sc_table_new(const char *const *headers, size_t columns, struct sc_error *err)
{
    assert(columns <= COLUMNS_MAX);
    struct sc_table *table = calloc(1, sizeof(*table));
    if (table == NULL) {
        (void)sc_fail_nomem(err);
        return NULL;
    }
    table->headers = headers;
    table->columns = columns;
    table->aligned = isatty(STDOUT_FILENO) == 1;
    table->cells.max = TABLE_MAX;
    for (size_t i = 0; i < columns; i++)
        table->widths[i] = strlen(headers[i]);
    return table;
}

int sc_table_add(struct sc_table *table, const char *const *cells, struct sc_error *err)
{
    for (size_t i = 0; i < table->columns; i++) {
        size_t start = table->cells.len;
        sc_out_safe(&table->cells, cells[i]); /* leaves no tab and no newline in it */
        sc_buf_putc(&table->cells, table->aligned ? '\0' : i + 1 < table->columns ? '\t' : '\n');
        int rc = sc_buf_status(&table->cells, err);
        if (rc < 0)
            return rc;
        if (table->aligned) {
            size_t width = width_of((const char *)table->cells.data + start);
            table->widths[i] = SC_MAX(table->widths[i], width);
        }
    }
    return 0;
}

static void print_cell(const struct sc_table *table, size_t column, const char *cell)
{
    bool last = column + 1 == table->columns;
    fputs(cell, stdout);
    for (size_t len = width_of(cell); !last && len < table->widths[column]; len++)
        putchar(' ');
    fputs(last ? "\n" : "  ", stdout);
}

static void print_aligned(const struct sc_table *table, const struct sc_cli *cli)
{
    const char *cell = sc_buf_text(&table->cells), *end = cell + table->cells.len;
    fputs(sc_out_paint(cli, SC_COLOR_BOLD), stdout);
    for (size_t i = 0; i < table->columns; i++)
        print_cell(table, i, table->headers[i]);
    fputs(sc_out_paint(cli, SC_COLOR_NONE), stdout);
    for (size_t i = 0; cell < end; i++, cell += strlen(cell) + 1)
        print_cell(table, i % table->columns, cell);
}

void sc_table_print(const struct sc_table *table, const struct sc_cli *cli)
{
    if (table->cells.len == 0)
        sc_note(cli, "there is nothing to list");
    else if (table->aligned)
        print_aligned(table, cli);
    else
        sc_out_buf(&table->cells);
}

void sc_table_freep(struct sc_table **table)
{
    if (*table != NULL)
        sc_buf_done(&(*table)->cells);
    free(*table);
    *table = NULL;
}
