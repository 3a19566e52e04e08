/* SPDX-License-Identifier: Apache-2.0
 *
 * What a command makes of its standard input: a password from a pipe, a here string or a here
 * document; a script; SQL.
 */
#ifndef SC_COMPOSE_JUDGE_STDIN_H
#define SC_COMPOSE_JUDGE_STDIN_H

#include "compose/judge/shell.h"

enum sc_stdin {
    SC_STDIN_NOTHING,  /* nothing that is known */
    SC_STDIN_SCRIPT,   /* sh, bash -s, ssh: commands */
    SC_STDIN_PASSWORD, /* docker login --password-stdin: the first line */
    SC_STDIN_USERS,    /* chpasswd: lines of USER:VALUE */
    SC_STDIN_SQL,      /* mysql, psql */
};

/* What reads it, behind sudo, env, exec, docker exec, ... in any order. */
enum sc_stdin sc_stdin_of(const struct sc_words *command);

/* Whether the command is echo or printf: what it says is what the next one in a pipe reads. */
bool sc_stdin_speaks(const struct sc_words *command);

/* Whether the command passes its here document on: cat. */
bool sc_stdin_passes(const struct sc_words *command);

/* Hands out what a command that speaks tells one that reads like `kind`. */
int sc_stdin_said(struct sc_shell_reader *reader, enum sc_stdin kind, const struct sc_words *said,
                  struct sc_error *err) SC_NODISCARD;

/* Hands out what a here string or a here document of the command `all` tells. */
int sc_stdin_text(struct sc_shell_reader *reader, enum sc_stdin kind, const struct sc_word *text,
                  const struct sc_words *all, struct sc_error *err) SC_NODISCARD;

#endif
