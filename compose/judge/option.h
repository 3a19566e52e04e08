/* SPDX-License-Identifier: Apache-2.0
 *
 * Which option of which program takes a credential, and how; for compose/judge/argv.c.
 */
#ifndef SC_COMPOSE_JUDGE_OPTION_H
#define SC_COMPOSE_JUDGE_OPTION_H

#include <stdbool.h>
#include <stddef.h>

/* How a program takes a credential. */
enum sc_argv_takes {
    SC_TAKES_NEXT,     /* -a VALUE */
    SC_TAKES_ATTACHED, /* -pVALUE; a bare -p asks */
    SC_TAKES_EITHER,   /* -p VALUE and -pVALUE */
    SC_TAKES_USERPASS, /* -u USER:VALUE, -uUSER:VALUE, --user=USER:VALUE */
    SC_TAKES_HEADER,   /* -H 'Name: VALUE' */
    SC_TAKES_DATA,     /* -d 'name=VALUE&...', -d '{"name": "VALUE"}' */
    SC_TAKES_FIELD,    /* -F name=VALUE, where -F name=@FILE is none */
    SC_TAKES_ENV,      /* -e NAME=VALUE, also -eNAME=VALUE */
    SC_TAKES_PREFIXED, /* -pass pass:VALUE */
    SC_TAKES_OPERAND,  /* the n-th operand behind this word: rabbitmqctl add_user NAME VALUE */
    SC_TAKES_LAST,     /* the last word, at least the n-th behind this one: htpasswd -b ... VALUE */
    SC_TAKES_PAIR,     /* NAME VALUE behind this word: aws configure set NAME VALUE */
    SC_TAKES_NOTHING,  /* looks like a credential's option and is none */
};

struct sc_argv_option {
    const char *program; /* base name, or its beginning when it ends in '*' */
    const char *option;
    enum sc_argv_takes taking;
    /* Of OPERAND and LAST: n. Of USERPASS: what stands behind the user, 0 for a colon. */
    char detail;
};

extern const struct sc_argv_option sc_argv_options[];
extern const size_t sc_argv_option_count;

/* The base name of a program, without .exe: its length at *ret. */
const char *sc_argv_program(const char *path, size_t *ret_len);

/* Whether the row is that program's. */
bool sc_argv_option_is_of(const struct sc_argv_option *row, const char *name, size_t len);

/* How many characters behind the dash are flags that may stand in front of another option's letter:
 * 2 in -sSu of curl. */
size_t sc_argv_flags(const char *name, size_t len, const char *word);

#endif
