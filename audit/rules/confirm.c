/* SPDX-License-Identifier: Apache-2.0
 *
 * Confirms rules by PCRE2; see audit/rules/confirm.h. The library is loaded when the first literal
 * is met, and a pattern goes through its JIT when it is needed often: most files need neither.
 */
#include "audit/rules/confirm.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "core/proc.h"
#include "core/buf.h"
#include "core/macros.h"

#include "core/banned.h"

#define PATTERN_MAX ((size_t)4096)
/* Steps of one match: a pattern of ours needs some thousands at most. */
#define MATCH_LIMIT 1000000
#define GROUPS      2

/* Matches of one pattern that cost as much as its JIT. */
#define JIT_AFTER 32

/* clang-format off */
#define PCRE2_FUNCTIONS(X) \
    X(compile) X(jit_compile) X(match) X(get_ovector_pointer) X(code_free) X(match_data_create) \
    X(match_data_free) X(match_context_create) X(match_context_free) X(set_match_limit)
/* clang-format on */

struct pattern {
    pcre2_code *code; /* NULL until needed */
    unsigned matches;
};

struct sc_confirm {
    struct pattern *patterns; /* by rule */
    pcre2_match_data *data;   /* NULL until the library is loaded */
    pcre2_match_context *context;
#define X(name) __typeof__(pcre2_##name##_8) *name;
    PCRE2_FUNCTIONS(X)
#undef X
};

int sc_confirm_new(struct sc_confirm **ret, struct sc_error *err)
{
    struct sc_confirm *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return sc_fail_nomem(err);
    made->patterns = calloc(sc_token_rule_count, sizeof(*made->patterns));
    if (made->patterns == NULL) {
        free(made);
        return sc_fail_nomem(err);
    }
    *ret = made;
    return 0;
}

static int load(struct sc_confirm *c, struct sc_error *err)
{
    const struct sc_symbol symbols[] = {
#define X(name) {"pcre2_" #name "_8", (void **)(void *)&c->name},
        PCRE2_FUNCTIONS(X)
#undef X
    };
    int rc = sc_proc_load_library("libpcre2-8.so.0", symbols, SC_ARRAY_SIZE(symbols), err);
    if (rc < 0)
        return rc;
    c->context = c->match_context_create(NULL);
    if (c->context == NULL)
        return sc_fail_nomem(err);
    c->set_match_limit(c->context, MATCH_LIMIT);
    c->data = c->match_data_create(GROUPS, NULL);
    if (c->data != NULL)
        return 0;
    c->match_context_free(c->context);
    c->context = NULL;
    return sc_fail_nomem(err);
}

void sc_confirm_freep(struct sc_confirm **confirm)
{
    struct sc_confirm *c = *confirm;
    if (c == NULL)
        return;
    if (c->data != NULL) {
        for (size_t i = 0; i < sc_token_rule_count; i++)
            c->code_free(c->patterns[i].code);
        c->match_data_free(c->data);
        c->match_context_free(c->context);
    }
    free(c->patterns);
    free(c);
    *confirm = NULL;
}

static void add_quoted(struct sc_buf *out, const char *literal)
{
    for (; *literal != '\0'; literal++) {
        if (strchr("\\^$.|?*+()[]{}-/", *literal) != NULL)
            sc_buf_putc(out, '\\');
        sc_buf_putc(out, *literal);
    }
}

/* The whole pattern. PROVIDER: the literal, the rest, and nothing of a word behind it. KEYED: the
 * keyword, the rest of a name, a sign of assignment, the value. */
static void render_pattern(struct sc_buf *out, const struct sc_token_rule *rule)
{
    if (rule->kind != SC_TOKEN_PROVIDER)
        sc_buf_puts(out, "(?i:");
    add_quoted(out, rule->literal);
    if (rule->kind != SC_TOKEN_PROVIDER)
        sc_buf_putc(out, ')');
    if (rule->kind == SC_TOKEN_KEYED)
        sc_buf_puts(out,
                    "[0-9A-Za-z_.-]{0,30}[\"']?\\]?[ \\t]{0,4}(?:=>|:=|=|:)[ \\t]{0,4}[\"'`]?");
    sc_buf_puts(out, "(");
    if (rule->kind == SC_TOKEN_GENERIC)
        out->len -= 1;
    sc_buf_puts(out, rule->rest);
    if (rule->kind != SC_TOKEN_GENERIC)
        sc_buf_puts(out,
                    rule->kind == SC_TOKEN_KEYED ? ")(?![0-9A-Za-z_+/=-])" : ")(?![0-9A-Za-z_])");
}

static int compile(struct sc_confirm *confirm, size_t index, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf pattern = SC_BUF_INIT(PATTERN_MAX);
    render_pattern(&pattern, &sc_token_rules[index]);
    int rc = sc_buf_status(&pattern, err);
    if (rc < 0)
        return rc;
    int code = 0;
    PCRE2_SIZE where = 0;
    pcre2_code *made = confirm->compile((PCRE2_SPTR)sc_buf_text(&pattern), pattern.len,
                                        PCRE2_ANCHORED, &code, &where, NULL);
    if (made == NULL)
        return sc_fail(err, SC_E_BUG, "the pattern of rule '%s' has an error at %zu",
                       sc_token_rules[index].id, (size_t)where);
    confirm->patterns[index].code = made;
    return 0;
}

int sc_confirm_match(struct sc_confirm *confirm, size_t rule, struct sc_bytes text, size_t start,
                     struct sc_token_match *ret, struct sc_error *err)
{
    struct pattern *pattern = &confirm->patterns[rule];
    int rc = confirm->data == NULL ? load(confirm, err) : 0;
    if (rc == 0 && pattern->code == NULL)
        rc = compile(confirm, rule, err);
    if (rc < 0)
        return rc;
    /* Refused where memory may not be made executable: then the interpreter goes on. */
    if (++pattern->matches == JIT_AFTER)
        (void)confirm->jit_compile(pattern->code, PCRE2_JIT_COMPLETE);
    int matched = confirm->match(pattern->code, text.ptr, text.len, start, 0, confirm->data,
                                 confirm->context);
    if (matched == PCRE2_ERROR_NOMEMORY)
        return sc_fail_nomem(err);
    if (matched < 0)
        return 0;
    const PCRE2_SIZE *ends = confirm->get_ovector_pointer(confirm->data);
    *ret = (struct sc_token_match){ends[0], ends[1], ends[0], ends[1]};
    bool group = sc_token_rules[rule].kind != SC_TOKEN_PROVIDER ||
                 sc_token_rules[rule].check == SC_CHECK_VALUE ||
                 sc_token_rules[rule].check == SC_CHECK_BASIC;
    if (group && matched > 1) {
        ret->value_start = ends[2];
        ret->value_end = ends[3];
    }
    return 1;
}
