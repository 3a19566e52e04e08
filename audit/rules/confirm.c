/* SPDX-License-Identifier: Apache-2.0
 *
 * Confirms rules by PCRE2 with its JIT, or without where the system forbids it; see
 * audit/rules/confirm.h.
 */
#include "audit/rules/confirm.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "core/buf.h"

#include "core/banned.h"

#define PATTERN_MAX ((size_t)4096)
/* Steps of one match: a pattern of ours needs some thousands at most. */
#define MATCH_LIMIT 1000000
#define GROUPS      2

struct sc_confirm {
    pcre2_code **codes; /* by rule; NULL until needed */
    pcre2_match_data *data;
    pcre2_match_context *context;
};

int sc_confirm_new(struct sc_confirm **ret, struct sc_error *err)
{
    struct sc_confirm *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return sc_fail_nomem(err);
    made->codes = calloc(sc_token_rule_count, sizeof(pcre2_code *));
    made->data = pcre2_match_data_create(GROUPS, NULL);
    made->context = pcre2_match_context_create(NULL);
    if (made->codes == NULL || made->data == NULL || made->context == NULL) {
        sc_confirm_freep(&made);
        return sc_fail_nomem(err);
    }
    pcre2_set_match_limit(made->context, MATCH_LIMIT);
    *ret = made;
    return 0;
}

void sc_confirm_freep(struct sc_confirm **confirm)
{
    struct sc_confirm *c = *confirm;
    if (c == NULL)
        return;
    for (size_t i = 0; c->codes != NULL && i < sc_token_rule_count; i++)
        pcre2_code_free(c->codes[i]);
    free(c->codes);
    pcre2_match_data_free(c->data);
    pcre2_match_context_free(c->context);
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
    pcre2_code *made = pcre2_compile((PCRE2_SPTR)sc_buf_text(&pattern), pattern.len, PCRE2_ANCHORED,
                                     &code, &where, NULL);
    if (made == NULL)
        return sc_fail(err, SC_E_BUG, "the pattern of rule '%s' has an error at %zu",
                       sc_token_rules[index].id, (size_t)where);
    /* Refused where memory may not be made executable: then the interpreter does the work. */
    (void)pcre2_jit_compile(made, PCRE2_JIT_COMPLETE);
    confirm->codes[index] = made;
    return 0;
}

int sc_confirm_match(struct sc_confirm *confirm, size_t rule, struct sc_bytes text, size_t start,
                     struct sc_token_match *ret, struct sc_error *err)
{
    if (confirm->codes[rule] == NULL) {
        int rc = compile(confirm, rule, err);
        if (rc < 0)
            return rc;
    }
    int matched = pcre2_match(confirm->codes[rule], text.ptr, text.len, start, 0, confirm->data,
                              confirm->context);
    if (matched == PCRE2_ERROR_NOMEMORY)
        return sc_fail_nomem(err);
    if (matched < 0)
        return 0;
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(confirm->data);
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
