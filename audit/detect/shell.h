/* SPDX-License-Identifier: Apache-2.0
 *
 * Shell text and command lines: assignments, docker's -e, passwords as arguments, here documents.
 *
 * The grammar is that of people's scripts and documents, not of a shell: quotes, continuation
 * lines, substitutions and here documents are understood, expansions are kept as text.
 */
#ifndef SC_AUDIT_DETECT_SHELL_H
#define SC_AUDIT_DETECT_SHELL_H

#include "audit/detect/context.h"

/* Words of one command at most; the rest of a longer one is not looked at (and reported). */
#define SC_WORDS_MAX 4096

struct sc_word {
    char *text; /* unquoted, NUL-terminated; owned */
    size_t len;
    struct sc_region raw;
};

struct sc_words {
    struct sc_word *items;
    size_t count;
    size_t cap;
};

/* What the findings of a command shall say. */
struct sc_shell_context {
    enum sc_family assign;  /* NAME=value */
    enum sc_family environ; /* docker run -e NAME=value */
    enum sc_family command; /* arguments */
    const char *service;    /* or NULL */
    const char *where;      /* or NULL: the family's */
    bool folded;            /* line breaks are blanks: a folded YAML scalar */
    bool escaped;           /* \" is a quote: inside a double-quoted YAML scalar or JSON string */
    bool variables;         /* ${X} is filled in by Compose and counts */
};

extern const struct sc_shell_context sc_shell_script;

int sc_words_add(struct sc_words *words, const char *text, size_t len, struct sc_region raw,
                 struct sc_error *err) SC_NODISCARD;
void sc_words_clear(struct sc_words *words);
void sc_words_done(struct sc_words *words);

/* A script, a fence, a RUN step: any number of commands. */
int sc_detect_shell(struct sc_detect *detect, struct sc_region region,
                    const struct sc_shell_context *context, struct sc_error *err) SC_NODISCARD;

/* One command already cut into words. */
int sc_detect_argv(struct sc_detect *detect, const struct sc_words *words,
                   const struct sc_shell_context *context, struct sc_error *err) SC_NODISCARD;

#endif
