/* SPDX-License-Identifier: Apache-2.0
 *
 * Pairs in configuration files and source, line by line: key = value, key: value, "key": "value".
 * Comments are passed over. Nothing is judged; see compose/credential.h.
 */
#ifndef SC_COMPOSE_JUDGE_LINES_H
#define SC_COMPOSE_JUDGE_LINES_H

#include "compose/judge/shell.h"

/* Key and value without their quotes, as regions of the text. */
typedef int (*sc_lines_fn)(void *ctx, struct sc_region key, struct sc_region value,
                           struct sc_error *err);

int sc_lines_read(const char *text, struct sc_region region, sc_lines_fn fn, void *ctx,
                  struct sc_error *err) SC_NODISCARD;

/* The same in lines of words without a sign: `requirepass VALUE`, `user NAME on >VALUE`,
 * `proxy_set_header Authorization "Bearer VALUE";`. A key of no length: the value is a password by
 * its place. */
int sc_directives_read(const char *text, struct sc_region region, sc_lines_fn fn, void *ctx,
                       struct sc_error *err) SC_NODISCARD;
/* The same of any name that says that the one word behind it is a credential, and of `password
 * "VALUE"` anywhere in a line. */
int sc_named_directives_read(const char *text, struct sc_region region, sc_lines_fn fn, void *ctx,
                             struct sc_error *err) SC_NODISCARD;

/* The same in files of logins, all by their place: .netrc, .pgpass, .msmtprc, .fetchmailrc. */
int sc_logins_read(const char *text, struct sc_region region, sc_lines_fn fn, void *ctx,
                   struct sc_error *err) SC_NODISCARD;
/* Whether a file of this name, without its folder, is one. */
bool sc_logins_named(const char *name);

/* The same in texts of other grammars: -Dname=value, JAAS, PHP's define(). A key of no length: the
 * value is a password by its place. */
int sc_inner_read(const char *text, size_t len, sc_lines_fn fn, void *ctx,
                  struct sc_error *err) SC_NODISCARD;

/* The same in texts of one line that put several after each other: NAME=value NAME=value, with
 * blanks, commas or semicolons between, and options, --name value, --name=value. Only names that
 * say that the value is a credential. */
int sc_inline_read(const char *text, size_t len, sc_lines_fn fn, void *ctx,
                   struct sc_error *err) SC_NODISCARD;

/* The next word from *at, which moves behind it: what stands between blanks, or in quotes, without
 * them. False where there is none, or an empty one. */
bool sc_lines_word(const char *text, size_t *at, size_t end, struct sc_region *ret);
/* Whether the word is one of these; NULL ends them. */
bool sc_lines_is_any(const char *text, struct sc_region word, const char *const *names);

#endif
