/* SPDX-License-Identifier: Apache-2.0
 *
 * Pieces of scalars that become other texts: credentials and variables inside commands. Several may
 * stand in one scalar, which can be set only once, so they are gathered first.
 */
#include <stdlib.h>
#include <string.h>

#include "compose/plan/internal.h"

#include "core/banned.h"

int sc_plan_exchange(struct context *c, const struct exchange *exchange, struct sc_error *err)
{
    for (size_t i = 0; i < c->exchange_count; i++) {
        const struct exchange *known = &c->exchanges[i];
        if (known->node == exchange->node && known->start < exchange->end &&
            exchange->start < known->end)
            return 0; /* two files of one service, one text: done already */
    }
    if (!sc_plan_room(&c->exchanges, c->exchange_count, &c->exchange_cap, sizeof(*c->exchanges),
                      err))
        return SC_E_NOMEM;
    c->exchanges[c->exchange_count++] = *exchange;
    return 0;
}

bool sc_plan_once(const struct sc_plan *plan, size_t file, const struct sc_yaml_node *node,
                  const char *text, size_t len)
{
    const char *bytes = (const char *)plan->files[file].before.ptr + node->span.start;
    size_t room = node->span.end - node->span.start;
    const char *found = memmem(bytes, room, text, len);
    return found != NULL &&
           memmem(found + 1, room - (size_t)(found + 1 - bytes), text, len) == NULL;
}

static int compare(const void *a, const void *b)
{
    const struct exchange *x = a, *y = b;
    if (x->node != y->node)
        return (uintptr_t)x->node < (uintptr_t)y->node ? -1 : 1;
    return x->start < y->start ? -1 : x->start > y->start;
}

/* All exchanges of one scalar: its new text, and the pieces for a block scalar. */
static int emit_scalar(struct context *c, const struct exchange *all, size_t count,
                       struct sc_error *err)
{
    const struct sc_yaml_node *node = all[0].node;
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(SC_YAML_SCALAR_MAX);
    const char **pieces = sc_stash_array(&c->plan->pool, 2 * count + 1, sizeof(*pieces), err);
    if (pieces == NULL)
        return SC_E_NOMEM;
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        sc_buf_append(&text, node->text + at, all[i].start - at);
        sc_buf_puts(&text, all[i].text);
        at = all[i].end;
        pieces[2 * i] =
            sc_stash_dup(&c->plan->pool, node->text + all[i].start, all[i].end - all[i].start, err);
        pieces[2 * i + 1] = all[i].text;
        if (pieces[2 * i] == NULL)
            return SC_E_NOMEM;
    }
    sc_buf_append(&text, node->text + at, node->len - at);
    int rc = sc_buf_status(&text, err);
    if (rc < 0)
        return rc;
    return sc_edit_set_pieces(&c->plan->files[all[0].file].edits, node, sc_buf_text(&text), pieces,
                              err);
}

int sc_plan_exchanges_emit(struct context *c, struct sc_error *err)
{
    if (c->exchange_count > 0)
        qsort(c->exchanges, c->exchange_count, sizeof(*c->exchanges), compare);
    int rc = 0;
    for (size_t i = 0, n = 0; i < c->exchange_count && rc == 0; i += n) {
        for (n = 1; i + n < c->exchange_count && c->exchanges[i + n].node == c->exchanges[i].node;)
            n++;
        rc = emit_scalar(c, &c->exchanges[i], n, err);
    }
    return rc;
}
