/* SPDX-License-Identifier: Apache-2.0
 *
 * Literals by an Aho-Corasick automaton over lower-case letters; see audit/rules/matcher.h. Where a
 * rule's case matters the bytes are compared again.
 */
#include "audit/rules/matcher.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audit/rules/table.h"

#include "core/banned.h"

#define STATES_MAX 16384

/* Each state has a full row, so that a byte costs one look-up. */
struct sc_automaton {
    uint16_t (*next)[256];
    uint16_t *fail;   /* longest proper suffix that is a state */
    uint16_t *output; /* nearest state along fail, itself included, that ends a literal; 0 = none */
    int32_t *rule;    /* first rule that ends here, -1 = none */
    int32_t *more;    /* by rule: the next rule of the same literal, -1 = none */
    uint16_t *queue;
    size_t states;
};

static unsigned char lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c - 'A' + 'a') : c;
}

static int insert(struct sc_automaton *a, size_t index, struct sc_error *err)
{
    uint16_t state = 0;
    for (const char *c = sc_token_rules[index].literal; *c != '\0'; c++) {
        unsigned char byte = lower((unsigned char)*c);
        if (a->next[state][byte] == 0) {
            if (a->states == STATES_MAX)
                return sc_fail(err, SC_E_BUG, "the rules need more than %d states", STATES_MAX);
            a->rule[a->states] = -1;
            a->next[state][byte] = (uint16_t)a->states++;
        }
        state = a->next[state][byte];
    }
    a->more[index] = a->rule[state];
    a->rule[state] = (int32_t)index;
    return 0;
}

/* Breadth first: the row of a state is completed by that of its longest proper suffix. */
static void complete(struct sc_automaton *a)
{
    size_t head = 0, tail = 0;
    for (unsigned byte = 0; byte < 256; byte++) {
        if (a->next[0][byte] != 0)
            a->queue[tail++] = a->next[0][byte];
    }
    while (head < tail) {
        uint16_t state = a->queue[head++];
        uint16_t suffix = a->fail[state];
        a->output[state] = a->rule[state] >= 0 ? state : a->output[suffix];
        for (unsigned byte = 0; byte < 256; byte++) {
            uint16_t child = a->next[state][byte];
            if (child == 0) {
                a->next[state][byte] = a->next[suffix][byte];
            } else {
                a->fail[child] = a->next[suffix][byte];
                a->queue[tail++] = child;
            }
        }
    }
}

int sc_automaton_new(struct sc_automaton **ret, struct sc_error *err)
{
    size_t room = 1;
    for (size_t i = 0; i < sc_token_rule_count; i++)
        room += strlen(sc_token_rules[i].literal);
    struct sc_automaton *a = calloc(1, sizeof(*a));
    if (a == NULL)
        return sc_fail_nomem(err);
    a->next = calloc(room, sizeof(*a->next));
    a->fail = calloc(room, sizeof(*a->fail));
    a->output = calloc(room, sizeof(*a->output));
    a->rule = calloc(room, sizeof(*a->rule));
    a->queue = calloc(room, sizeof(*a->queue));
    a->more = calloc(sc_token_rule_count, sizeof(*a->more));
    int rc = a->next == NULL || a->fail == NULL || a->output == NULL || a->rule == NULL ||
                     a->queue == NULL || a->more == NULL
                 ? sc_fail_nomem(err)
                 : 0;
    if (rc == 0) {
        a->states = 1;
        a->rule[0] = -1;
    }
    for (size_t i = 0; i < sc_token_rule_count && rc == 0; i++)
        rc = insert(a, i, err);
    if (rc < 0) {
        sc_automaton_freep(&a);
        return rc;
    }
    complete(a);
    *ret = a;
    return 0;
}

void sc_automaton_freep(struct sc_automaton **matcher)
{
    struct sc_automaton *a = *matcher;
    if (a == NULL)
        return;
    free(a->next);
    free(a->fail);
    free(a->output);
    free(a->rule);
    free(a->queue);
    free(a->more);
    free(a);
    *matcher = NULL;
}

static int report(const struct sc_automaton *a, uint16_t state, struct sc_bytes text, size_t end,
                  sc_matcher_hit *hit, void *ctx)
{
    for (; state != 0; state = a->output[a->fail[state]]) {
        for (int32_t rule = a->rule[state]; rule >= 0; rule = a->more[rule]) {
            const struct sc_token_rule *row = &sc_token_rules[rule];
            size_t len = strlen(row->literal);
            if (row->kind == SC_TOKEN_PROVIDER &&
                memcmp(text.ptr + end - len, row->literal, len) != 0)
                continue;
            int rc = hit(ctx, (size_t)rule, end);
            if (rc < 0)
                return rc;
        }
    }
    return 0;
}

int sc_automaton_search(const struct sc_automaton *a, struct sc_bytes text, sc_matcher_hit *hit,
                        void *ctx)
{
    uint16_t state = 0;
    for (size_t at = 0; at < text.len; at++) {
        state = a->next[state][lower(text.ptr[at])];
        if (a->output[state] == 0)
            continue;
        int rc = report(a, a->output[state], text, at + 1, hit, ctx);
        if (rc < 0)
            return rc;
    }
    return 0;
}
