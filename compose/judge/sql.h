/* SPDX-License-Identifier: Apache-2.0
 *
 * Passwords in SQL: IDENTIFIED BY 'x', WITH PASSWORD 'x', PASSWORD('x').
 *
 * Nothing is judged here, as in compose/judge/shell.h.
 */
#ifndef SC_COMPOSE_JUDGE_SQL_H
#define SC_COMPOSE_JUDGE_SQL_H

#include "compose/judge/shell.h"

/* One password's place, without its quotes. */
typedef int (*sc_sql_fn)(void *ctx, struct sc_region value, struct sc_error *err);

/* Hands every password of the region to `fn`, in order. */
int sc_sql_read(const char *text, struct sc_region region, sc_sql_fn fn, void *ctx,
                struct sc_error *err) SC_NODISCARD;

#endif
