/* SPDX-License-Identifier: Apache-2.0
 *
 * One pass over the text; see compose/vars/interp.h.
 *
 * Docker Compose matches `${NAME op WORD}` up to the LAST brace of the line and then looks for the
 * closing brace by counting, where the byte behind each `{` is skipped. What follows that brace is
 * scanned again as ordinary text, which is the same as going on behind it.
 */
#include "compose/vars/interp.h"

#include <string.h>

#include "compose/vars/text.h"

#include "core/banned.h"

struct scan {
    const struct sc_interp *in;
    struct sc_text out;
    struct sc_interp_result *ret;
    const struct sc_use **uses_end; /* where the next use is linked in */
    unsigned depth;
    const char *line_end; /* end of the line that last_brace was found for */
    const char *last_brace;
};

struct reference {
    const char *name;
    const char *op;
    const char *word;
    size_t word_len;
};

const struct sc_value *sc_scope_get(const struct sc_scope *scope, const char *name)
{
    for (size_t i = 0; i < SC_SCOPE_MAPS; i++) {
        const struct sc_value *found = sc_value_get(scope->maps[i], name);
        if (sc_value_is(found, SC_VALUE_STRING))
            return found;
    }
    return NULL;
}

static bool name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static size_t name_length(const char *text, const char *end)
{
    if (text == end || !name_start(*text))
        return 0;
    const char *c = text + 1;
    while (c < end && (name_start(*c) || (*c >= '0' && *c <= '9')))
        c++;
    return (size_t)(c - text);
}

static const char *operator_at(const char *text, const char *end)
{
    static const char *const ops[] = {":-", "-", ":?", "?", ":+", "+"};
    for (size_t i = 0; i < SC_ARRAY_SIZE(ops); i++) {
        size_t len = strlen(ops[i]);
        if ((size_t)(end - text) >= len && memcmp(text, ops[i], len) == 0)
            return ops[i];
    }
    return NULL;
}

/* The last '}' of the line that `from` is in; remembered, so that a long line costs one search. */
static const char *last_brace(struct scan *scan, const char *from, const char *end)
{
    if (scan->line_end == NULL || from > scan->line_end) {
        const char *newline = memchr(from, '\n', (size_t)(end - from));
        scan->line_end = newline != NULL ? newline : end;
        scan->last_brace = memrchr(from, '}', (size_t)(scan->line_end - from));
    }
    return scan->last_brace != NULL && scan->last_brace >= from ? scan->last_brace : NULL;
}

/* The brace that closes the `${` at `dollar`, at the latest `last`. */
static const char *closing_brace(const char *dollar, const char *last)
{
    int depth = 0;
    for (const char *c = dollar; c <= last; c++) {
        if (*c == '}' && --depth == 0)
            return c;
        if (*c == '{') {
            depth++;
            c++;
        }
    }
    return last;
}

static int note_use(struct scan *scan, const struct reference *ref, enum sc_use_source source,
                    const struct sc_value *value, struct sc_error *err)
{
    struct sc_use *use = sc_model_pool_alloc(scan->in->pool, sizeof(*use));
    if (use == NULL)
        return sc_model_pool_fail(scan->in->pool, err);
    use->name = ref->name;
    use->op = ref->op;
    use->source = source;
    if (value != NULL) {
        use->value = value->u.text;
        use->place = value->origin->place;
    }
    scan->ret->routes |= SC_ROUTE_VARIABLE;
    if (source == SC_USE_DEFAULT)
        scan->ret->routes |= SC_ROUTE_DEFAULT;
    if (source == SC_USE_ENVIRONMENT)
        scan->ret->routes |= SC_ROUTE_ENVIRONMENT;
    if (source == SC_USE_DOTENV)
        scan->ret->routes |= SC_ROUTE_DOTENV;
    *scan->uses_end = use;
    scan->uses_end = (const struct sc_use **)&use->next;
    return 0;
}

static enum sc_use_source source_of(const struct sc_value *value)
{
    if (value == NULL)
        return SC_USE_UNSET;
    if ((value->origin->routes & (SC_ROUTE_DOTENV | SC_ROUTE_ENV_FILE)) != 0)
        return SC_USE_DOTENV;
    if ((value->origin->routes & SC_ROUTE_ENVIRONMENT) != 0)
        return SC_USE_ENVIRONMENT;
    return SC_USE_PROJECT;
}

static int put_value(struct scan *scan, const struct reference *ref, const struct sc_value *value,
                     struct sc_error *err)
{
    if (value != NULL)
        sc_text_append(&scan->out, value->u.text, value->count);
    else if (*ref->op == '\0' && scan->in->unset != NULL)
        scan->in->unset(scan->in->ctx, ref->name);
    return note_use(scan, ref, source_of(value), value, err);
}

static int substitute(struct scan *scan, const char *text, const char *end, struct sc_error *err);

/* Puts in the WORD of an operator, itself with variables. */
static int put_word(struct scan *scan, const struct reference *ref, struct sc_error *err)
{
    if (scan->depth >= SC_INTERP_DEPTH_MAX)
        return sc_fail(err, SC_E_TOOBIG, "variables are nested more than %d deep",
                       SC_INTERP_DEPTH_MAX);
    int rc = note_use(scan, ref, SC_USE_DEFAULT, NULL, err);
    if (rc < 0)
        return rc;
    const char *line_end = scan->line_end;
    const char *brace = scan->last_brace;
    scan->line_end = NULL;
    scan->depth++;
    rc = substitute(scan, ref->word, ref->word + ref->word_len, err);
    scan->depth--;
    scan->line_end = line_end;
    scan->last_brace = brace;
    return rc;
}

static int put_reference(struct scan *scan, const struct reference *ref, struct sc_error *err)
{
    const struct sc_value *value = sc_scope_get(scan->in->scope, ref->name);
    bool colon = ref->op[0] == ':';
    bool present = value != NULL && !(colon && value->count == 0);
    switch (ref->op[colon ? 1 : 0]) {
    case '-':
        return present ? put_value(scan, ref, value, err) : put_word(scan, ref, err);
    case '+':
        return present ? put_word(scan, ref, err) : put_value(scan, ref, value, err);
    case '?':
        if (present)
            return put_value(scan, ref, value, err);
        return sc_fail(err, SC_E_SYNTAX,
                       "required variable '%s' is not set; its error text stands behind the '?'",
                       ref->name);
    default:
        return put_value(scan, ref, value, err);
    }
}

static int invalid(struct sc_error *err)
{
    return sc_fail(err, SC_E_SYNTAX, "a '${' that is no variable; write '$${' for a literal one");
}

/* A reference at `text`, which points to '$'; *ret_next is behind it. */
static int braced(struct scan *scan, const char *text, const char *end, const char **ret_next,
                  struct sc_error *err)
{
    const char *start = text + 2;
    size_t len = name_length(start, end);
    const char *behind = start + len;
    if (len == 0 || behind == end)
        return invalid(err);
    struct reference ref = {.name = sc_model_pool_ndup(scan->in->pool, start, len), .op = ""};
    if (ref.name == NULL)
        return sc_model_pool_fail(scan->in->pool, err);
    if (*behind == '}') {
        *ret_next = behind + 1;
        return put_reference(scan, &ref, err);
    }
    ref.op = operator_at(behind, end);
    if (ref.op == NULL)
        return invalid(err);
    ref.word = behind + strlen(ref.op);
    const char *last = last_brace(scan, ref.word, end);
    if (last == NULL)
        return invalid(err);
    const char *close = closing_brace(text, last);
    /* The count may end inside the operator's own text only behind it: WORD is never negative. */
    ref.word_len = close > ref.word ? (size_t)(close - ref.word) : 0;
    *ret_next = close + 1;
    return put_reference(scan, &ref, err);
}

static int substitute(struct scan *scan, const char *text, const char *end, struct sc_error *err)
{
    while (text < end) {
        const char *dollar = memchr(text, '$', (size_t)(end - text));
        sc_text_append(&scan->out, text, (size_t)((dollar != NULL ? dollar : end) - text));
        if (dollar == NULL)
            break;
        char next = dollar + 1 < end ? dollar[1] : '\0';
        size_t len = name_length(dollar + 1, end);
        text = dollar + 1;
        int rc = 0;
        if (next == '{') {
            rc = braced(scan, dollar, end, &text, err);
        } else if (len > 0) {
            struct reference ref = {.name = sc_model_pool_ndup(scan->in->pool, dollar + 1, len),
                                    .op = ""};
            text += len;
            rc = ref.name != NULL ? put_reference(scan, &ref, err)
                                  : sc_model_pool_fail(scan->in->pool, err);
        } else {
            sc_text_append(&scan->out, "$", 1);
            text += next == '$' && dollar + 1 < end ? 1 : 0;
        }
        if (rc < 0)
            return rc;
    }
    return sc_text_status(&scan->out, err);
}

int sc_interpolate(const struct sc_interp *interp, const char *text, size_t len,
                   struct sc_interp_result *ret, struct sc_error *err)
{
    struct sc_interp_result result = {.text = text, .len = len};
    if (memchr(text, '$', len) == NULL) {
        *ret = result;
        return 0;
    }
    struct scan scan = {.in = interp, .out = {.pool = interp->pool}, .ret = &result};
    scan.uses_end = &result.uses;
    int rc = substitute(&scan, text, text + len, err);
    if (rc < 0)
        return rc;
    result.text = sc_text_get(&scan.out);
    result.len = scan.out.len;
    *ret = result;
    return 0;
}
