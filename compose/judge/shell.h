/* SPDX-License-Identifier: Apache-2.0
 *
 * Shell text and command lines: where a credential can stand in them. The grammar is that of
 * people's scripts, documents and Compose files, not of a shell: quotes, continuation lines,
 * substitutions and here documents are understood, expansions are kept as text.
 *
 * Nothing is judged here: every pair that could be a credential is handed to the caller, who asks
 * compose/credential.h. `audit` reports what stands there, `compose rewrite` takes it out.
 *
 * Ownership: the text is borrowed; a pair lives until its callback returns. Threads: one reader
 * belongs to one thread.
 */
#ifndef SC_COMPOSE_JUDGE_SHELL_H
#define SC_COMPOSE_JUDGE_SHELL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

/* Words of one command at most; the rest of a longer one is not looked at (and reported). */
#define SC_WORDS_MAX 4096
/* Scripts inside scripts: sh -c, $(...). */
#define SC_SHELL_DEPTH_MAX 6

/* A stretch of the outer text. */
struct sc_region {
    size_t offset, len;
};

struct sc_word {
    char *text; /* unquoted, NUL-terminated; owned */
    size_t len;
    struct sc_region raw; /* where the outer text has it, quotes included */
};

struct sc_words {
    struct sc_word *items;
    size_t count;
    size_t cap;
};

int sc_words_add(struct sc_words *words, const char *text, size_t len, struct sc_region raw,
                 struct sc_error *err) SC_NODISCARD;
void sc_words_done(struct sc_words *words);

/* What a pair is part of. */
enum sc_argv_role {
    SC_ARGV_ARGUMENT, /* an argument, or a text inside one */
    SC_ARGV_ENVIRON,  /* docker run -e NAME=value */
    SC_ARGV_ASSIGN    /* NAME=value in front of a command, or alone */
};

struct sc_argv_pair {
    enum sc_argv_role role;
    const char *key; /* NULL: nothing names the value */
    size_t key_len;
    const struct sc_word *word;
    size_t from, to;            /* the value inside the word's text */
    const struct sc_words *all; /* of the command; `word` is one of them */
};

struct sc_shell_reader {
    const char *text; /* the outer text */
    bool folded;      /* line breaks are blanks: a folded YAML scalar */
    bool escaped;     /* \" is a quote: inside a double-quoted YAML scalar or JSON string */
    char escape;      /* what continues a line in a Dockerfile; '\0': a script's backslash */
    bool engine;      /* options are those of docker run: PodmanArgs= */
    bool fish;        /* a backslash in single quotes takes the next character with it */
    unsigned depth;
    int (*pair)(void *ctx, const struct sc_argv_pair *pair, struct sc_error *err);
    /* What could not be read; NULL: said to nobody. */
    int (*skip)(void *ctx, const char *reason, size_t offset, struct sc_error *err);
    /* The body of a here document that is written to the file `target`, or that is a script for a
     * shell (then `target` is NULL); a callback of NULL: not looked at. */
    int (*file)(void *ctx, struct sc_region body, const char *target, struct sc_error *err);
    /* Text that echo writes to the file `target`; NULL: not looked at. */
    int (*line)(void *ctx, struct sc_region text, const char *target, struct sc_error *err);
    void *ctx;
};

/* A script, a fence, a RUN step: any number of commands. */
int sc_shell_read(struct sc_shell_reader *reader, struct sc_region region,
                  struct sc_error *err) SC_NODISCARD;

/* One command already cut into words. */
int sc_argv_read(struct sc_shell_reader *reader, const struct sc_words *words,
                 struct sc_error *err) SC_NODISCARD;

#endif
