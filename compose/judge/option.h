/* SPDX-License-Identifier: Apache-2.0
 *
 * Which option of which program takes a credential, and how; for compose/judge/argv.c.
 */
#ifndef SC_COMPOSE_JUDGE_OPTION_H
#define SC_COMPOSE_JUDGE_OPTION_H

#include <stdbool.h>
#include <stddef.h>

/* How a program takes a credential. */
enum sc_option_taking {
    SC_OPTION_NEXT,     /* -a VALUE */
    SC_OPTION_ATTACHED, /* -pVALUE; a bare -p asks */
    SC_OPTION_EITHER,   /* -p VALUE and -pVALUE */
    SC_OPTION_USERPASS, /* -u USER:VALUE, -uUSER:VALUE, --user=USER:VALUE */
    SC_OPTION_HEADER,   /* -H 'Name: VALUE' */
    SC_OPTION_DATA,     /* -d 'name=VALUE&...', -d '{"name": "VALUE"}' */
    SC_OPTION_ENV,      /* -e NAME=VALUE, also -eNAME=VALUE */
    SC_OPTION_PREFIXED, /* -pass pass:VALUE */
    SC_OPTION_OPERAND,  /* the n-th operand behind this word: rabbitmqctl add_user NAME VALUE */
    SC_OPTION_LAST,    /* the last word, at least the n-th behind this one: htpasswd -b ... VALUE */
    SC_OPTION_PAIR,    /* NAME VALUE behind this word: aws configure set NAME VALUE */
    SC_OPTION_NOTHING, /* looks like a credential's option and is none */
};

struct sc_option {
    const char *program; /* base name, or its beginning when it ends in '*' */
    const char *option;
    enum sc_option_taking taking;
    /* Of OPERAND and LAST: n. Of USERPASS: what stands behind the user, 0 for a colon. */
    char detail;
};

extern const struct sc_option sc_options[];
extern const size_t sc_option_count;

/* The base name of a program, without .exe: its length at *ret. */
const char *sc_option_program(const char *path, size_t *ret_len);

/* Whether the row is that program's. */
bool sc_option_is_of(const struct sc_option *row, const char *name, size_t len);

/* How many characters behind the dash are flags that may stand in front of another option's letter:
 * 2 in -sSu of curl. */
size_t sc_option_flags(const char *name, size_t len, const char *word);

#endif
