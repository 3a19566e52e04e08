/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything that is rendered from the command table: help, man pages, docs/CLI.md, completion.
 */
#ifndef SC_CLI_HELP_HELP_H
#define SC_CLI_HELP_HELP_H

#include "cli/command.h"
#include "core/buf.h"

/* Columns of help on a terminal; longer lines are wrapped. */
#define SC_HELP_WIDTH 80

/* Every exit status and what it means, ended by a NULL text. */
struct sc_exit_status {
    int status;
    const char *text;
};
extern const struct sc_exit_status sc_exit_statuses[];

/* Every variable of the environment that a person may set, ended by a NULL name. */
struct sc_variable {
    const char *name, *text;
};
extern const struct sc_variable sc_variables[];

/* Prints the overview, or the help of one command, to standard output. */
int sc_help_overview(struct sc_error *err) SC_NODISCARD;
int sc_help_command(const struct sc_command *command, struct sc_error *err) SC_NODISCARD;

/* USAGE, with the commands that begin with the same word or look alike; but with `help` (or a word
 * --help behind the first) the commands that begin with the word are printed: 0. */
int sc_help_unknown_command(int count, char *const *words, bool help,
                            struct sc_error *err) SC_NODISCARD;

/* roff for secretsctl(1) (command NULL) or secretsctl-COMMAND(1). */
void sc_help_render_man(struct sc_buf *out, const struct sc_command *command);

/* docs/CLI.md. */
void sc_help_render_markdown(struct sc_buf *out);

/* The whole table as JSON, for tests and tools. */
void sc_help_render_json(struct sc_buf *out);

/* A completion script for "bash", "zsh" or "fish". */
void sc_help_render_completion(struct sc_buf *out, const char *shell);

/* The synopsis "secretsctl add [OPTIONS] NAME". */
void sc_help_synopsis(struct sc_buf *out, const struct sc_command *command);

/* A line of a command's examples: "command<TAB>comment"; without a TAB the comment is empty. */
struct sc_help_example {
    struct sc_bytes command, comment;
};

/* Takes the next line from *at; false when there is none. */
bool sc_help_example_next(const char **at, struct sc_help_example *ret);

/* The examples for a shell, each under its comment. */
void sc_help_put_examples(struct sc_buf *out, const char *examples, const char *indent);

#endif
