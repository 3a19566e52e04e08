/* SPDX-License-Identifier: Apache-2.0
 *
 * Option parsing: the command table translated for getopt_long(3), and the values decoded into the
 * command's own struct.
 */
#ifndef SC_CLI_OPTIONS_H
#define SC_CLI_OPTIONS_H

#include "cli/command.h"

/* Named limits of one command's table, globals included. */
#define SC_OPTIONS_MAX 64

/* Reads the global options in front of the command's name; *ret_next is the index of the name (or
 * argc). USAGE on an unknown option. */
int sc_options_parse_globals(struct sc_globals *globals, int argc, char **argv, int *ret_next,
                             struct sc_error *err) SC_NODISCARD;

/* The words of a command line, as main gets them. */
struct sc_arguments {
    int count;
    char **items;
};

/* Reads the options behind the command's name: words.items[0] is the name's last word. `values`
 * points to the zeroed options struct; *ret_operands is the index of the first operand (the words
 * are permuted). Checks choices, exclusions and the number of operands. */
int sc_options_parse(const struct sc_command *command, struct sc_globals *globals, void *values,
                     struct sc_arguments words, int *ret_operands,
                     struct sc_error *err) SC_NODISCARD;

/* Frees what lists in the struct own. */
void sc_options_done(const struct sc_command *command, void *values);

#endif
