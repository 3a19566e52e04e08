/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings in shell text and command lines: assignments, docker's -e, passwords as arguments, here
 * documents. How they are read: compose/judge/shell.h.
 */
#ifndef SC_AUDIT_DETECT_SHELL_H
#define SC_AUDIT_DETECT_SHELL_H

#include "audit/detect/context.h"
#include "compose/judge/shell.h"

/* What the findings of a command shall say. */
struct sc_shell_context {
    enum sc_family assign;  /* NAME=value */
    enum sc_family environ; /* docker run -e NAME=value */
    enum sc_family command; /* arguments */
    const char *service;    /* or NULL */
    const char *where;      /* or NULL: the family's */
    bool folded;            /* line breaks are blanks: a folded YAML scalar */
    bool escaped;           /* \" is a quote: inside a double-quoted YAML scalar or JSON string */
    char escape;            /* what continues a line in a Dockerfile, or '\0' */
    bool engine;            /* options of docker run without the program in front */
    bool variables;         /* ${X} is filled in by Compose and counts */
};

extern const struct sc_shell_context sc_shell_script;

/* A script, a fence, a RUN step: any number of commands. */
int sc_detect_shell(struct sc_detect *detect, struct sc_region region,
                    const struct sc_shell_context *context, struct sc_error *err) SC_NODISCARD;

/* One command already cut into words. */
int sc_detect_argv(struct sc_detect *detect, const struct sc_words *words,
                   const struct sc_shell_context *context, struct sc_error *err) SC_NODISCARD;

#endif
