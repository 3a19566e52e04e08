/* SPDX-License-Identifier: Apache-2.0
 *
 * Output for people and pipes; see cli/output.h.
 */
#include "cli/output.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/parse.h"

#include "core/banned.h"

bool sc_out_color(const struct sc_cli *cli, int fd)
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
    return sc_out_color(cli, STDOUT_FILENO) ? sequences[color] : "";
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

static void print_line(const char *fmt, va_list args) SC_PRINTF(1, 0);

static void print_line(const char *fmt, va_list args)
{
    fflush(stdout); /* keeps the order where both streams are one terminal */
    fputs("secretsctl: ", stderr);
    vfprintf(stderr, fmt, args);
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
    struct sc_strv cells; /* row after row */
};

struct sc_table *sc_table_new(const char *const *headers, size_t columns, struct sc_error *err)
{
    struct sc_table *table = calloc(1, sizeof(*table));
    if (table == NULL) {
        (void)sc_fail_nomem(err);
        return NULL;
    }
    table->headers = headers;
    table->columns = columns;
    return table;
}

int sc_table_add(struct sc_table *table, const char *const *cells, struct sc_error *err)
{
    for (size_t i = 0; i < table->columns; i++) {
        int rc = sc_strv_add(&table->cells, cells[i], err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static size_t width_of(const struct sc_table *table, size_t column)
{
    size_t width = strlen(table->headers[column]);
    for (size_t i = column; i < table->cells.count; i += table->columns)
        width = SC_MAX(width, strlen(table->cells.items[i]));
    return width;
}

static void print_row(const struct sc_table *table, const char *const *cells, bool aligned)
{
    for (size_t column = 0; column < table->columns; column++) {
        bool last = column + 1 == table->columns;
        int width = aligned && !last ? (int)width_of(table, column) : 0;
        printf("%-*s%s", width, cells[column], last ? "\n" : aligned ? "  " : "\t");
    }
}

void sc_table_print(const struct sc_table *table, const struct sc_cli *cli)
{
    bool aligned = isatty(STDOUT_FILENO) == 1;
    if (aligned && table->cells.count > 0) {
        fputs(sc_out_paint(cli, SC_COLOR_BOLD), stdout);
        print_row(table, table->headers, true);
        fputs(sc_out_paint(cli, SC_COLOR_NONE), stdout);
    }
    for (size_t i = 0; i < table->cells.count; i += table->columns)
        print_row(table, (const char *const *)table->cells.items + i, aligned);
}

void sc_table_freep(struct sc_table **table)
{
    if (*table != NULL)
        sc_strv_done(&(*table)->cells);
    free(*table);
    *table = NULL;
}
