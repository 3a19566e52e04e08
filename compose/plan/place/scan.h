/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the files of compose/plan/place that find credentials.
 */
#ifndef SC_COMPOSE_PLAN_PLACE_SCAN_H
#define SC_COMPOSE_PLAN_PLACE_SCAN_H

#include "compose/judge/shell.h"
#include "compose/plan/internal.h"

/* Where a scan stands. */
struct scan {
    struct context *c;
    struct definition *service;
    size_t file;
    const char *where;
    /* the command at hand: its scalars one behind the other */
    const struct sc_yaml_node *list;
    const struct sc_yaml_node *const *items;
    size_t *starts;
    size_t count;
    const char *text;
    bool shell; /* the text itself is read by a shell */
    struct sc_shell_reader reader;
};

/* A text that is judged, and what names it, or NULL. */
struct place_text {
    const char *text, *key;
    size_t key_len;
};

/* Sets the literal's name, and where its part of the text is: `start` and `end` are into the text.
 */
int sc_plan_place_part(struct scan *s, const struct place_text *in,
                       const struct sc_credential_part *part, struct literal *l,
                       struct sc_error *err) SC_NODISCARD;

/* Remembers what was found, unless it is known already. */
int sc_plan_place_add(struct scan *s, const struct literal *l, struct sc_error *err) SC_NODISCARD;

/* A command, an entrypoint or the test of a health check (`where` says which). */
int sc_plan_place_words(const struct scan *from, const char *where, const struct sc_yaml_node *node,
                        struct sc_error *err) SC_NODISCARD;

#endif
