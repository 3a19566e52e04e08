/* SPDX-License-Identifier: Apache-2.0
 *
 * From places to tokens; see audit/rules/scanner.h.
 */
#include "audit/rules/scanner.h"

#include <stdlib.h>
#include <string.h>

#include "audit/detect/language.h"
#include "audit/rules/check.h"
#include "audit/rules/confirm.h"
#include "core/buf.h"

#include "core/banned.h"

/* Tokens of one text at most; a text with more is data, not leaks. */
#define TOKENS_MAX ((size_t)65536)

struct token {
    size_t rule;
    struct sc_token_match match;
    enum sc_finding_class class;
    enum sc_severity severity;
};

struct sc_scanner {
    enum sc_sieve_code code;
    struct sc_confirm *confirm;
    struct token *tokens; /* of the text being scanned; reused */
    size_t count;
    size_t cap;
};

/* One call of sc_scanner_scan. */
struct scan {
    struct sc_scanner *scanner;
    struct sc_bytes text;
    struct sc_error *err;
};

int sc_scanner_open_as(struct sc_scanner **ret, enum sc_sieve_code code, struct sc_error *err)
{
    if (!sc_sieve_runs(code))
        return sc_fail(err, SC_E_UNSUPPORTED, "this processor does not run that code");
    struct sc_scanner *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return sc_fail_nomem(err);
    made->code = code;
    int rc = sc_confirm_new(&made->confirm, err);
    if (rc < 0) {
        sc_scanner_freep(&made);
        return rc;
    }
    *ret = made;
    return 0;
}

int sc_scanner_open(struct sc_scanner **ret, struct sc_error *err)
{
    return sc_scanner_open_as(ret, sc_sieve_best(), err);
}

void sc_scanner_freep(struct sc_scanner **scanner)
{
    if (*scanner == NULL)
        return;
    sc_confirm_freep(&(*scanner)->confirm);
    free((*scanner)->tokens);
    free(*scanner);
    *scanner = NULL;
}

static bool is_word(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

/* What stands neither in a user nor in a password of the URL rule. */
static bool ends_userinfo(unsigned char c)
{
    switch (c) {
    case ' ':
    case '\t':
    case '\r':
    case '\n':
    case '\v':
    case '\f':
    case ':':
    case '@':
    case '/':
    case '"':
    case '\'':
    case '<':
    case '>':
    case '{':
    case '}':
    case '$':
    case '%':
    case '(':
    case ')':
    case '\\':
        return true;
    default:
        return false;
    }
}

static size_t userinfo_end(struct sc_bytes text, size_t at)
{
    while (at < text.len && !ends_userinfo(text.ptr[at]))
        at++;
    return at;
}

/* Behind "://" stands no user:password@. */
static bool lacks_password(struct sc_bytes text, size_t at)
{
    size_t colon = userinfo_end(text, at);
    if (colon >= text.len || text.ptr[colon] != ':')
        return true;
    size_t sign = userinfo_end(text, colon + 1);
    return sign >= text.len || text.ptr[sign] != '@';
}

/* Cheap reasons why a token cannot begin here: of a provider's, a letter in front, a blank too soon
 * behind. */
static bool cannot_begin(const struct sc_token_rule *rule, struct sc_bytes text, size_t start,
                         size_t end)
{
    if (rule->check == SC_CHECK_URL)
        return lacks_password(text, end);
    if (rule->kind != SC_TOKEN_PROVIDER)
        return false;
    if (!sc_token_may_join_word(rule) && start > 0 && is_word(text.ptr[start]) &&
        is_word(text.ptr[start - 1]))
        return true;
    if (strchr(rule->rest, ' ') != NULL || *rule->rest == '\0' || rule->check == SC_CHECK_MAILCHIMP)
        return false;
    for (size_t at = end; at < end + 8; at++) {
        if (at >= text.len || text.ptr[at] <= ' ' || text.ptr[at] == '"' || text.ptr[at] == '\'' ||
            text.ptr[at] == '(')
            return true;
    }
    return false;
}

static int keep(struct scan *scan, const struct token *token)
{
    struct sc_scanner *s = scan->scanner;
    if (s->count == TOKENS_MAX)
        return sc_fail(scan->err, SC_E_TOOBIG, "more than %zu tokens in one file", TOKENS_MAX);
    struct token *grown =
        sc_items_reserve(s->tokens, &s->cap, s->count, 1, sizeof(*grown), scan->err);
    if (grown == NULL)
        return SC_E_NOMEM;
    s->tokens = grown;
    s->tokens[s->count++] = *token;
    return 0;
}

static int on_literal(void *ctx, size_t index, size_t end)
{
    struct scan *scan = ctx;
    const struct sc_token_rule *rule = &sc_token_rules[index];
    size_t start = end - strlen(rule->literal);
    if (cannot_begin(rule, scan->text, start, end))
        return 0;
    struct token token = {.rule = index};
    int rc =
        sc_confirm_match(scan->scanner->confirm, index, scan->text, start, &token.match, scan->err);
    if (rc <= 0)
        return rc;
    if (!sc_token_check(rule, scan->text, &token.match, &token.class, &token.severity))
        return 0;
    return keep(scan, &token);
}

/* By rule first: the table's order is that of precedence. */
static int compare(const void *left, const void *right)
{
    const struct token *a = left, *b = right;
    if (a->rule != b->rule)
        return a->rule < b->rule ? -1 : 1;
    return a->match.start < b->match.start ? -1 : a->match.start > b->match.start;
}

/* Fills scanner->tokens. */
static int find_tokens(struct sc_scanner *scanner, struct sc_bytes text, struct sc_error *err)
{
    struct scan scan = {scanner, text, err};
    scanner->count = 0;
    return sc_sieve_search(scanner->code, text, on_literal, &scan);
}

int sc_scanner_meets(struct sc_scanner *scanner, struct sc_bytes text, bool *ret,
                     struct sc_error *err)
{
    int rc = find_tokens(scanner, text, err);
    *ret = scanner->count > 0;
    return rc == SC_E_TOOBIG ? 0 : rc;
}

int sc_scanner_scan(struct sc_scanner *scanner, struct sc_detect *detect, struct sc_error *err)
{
    struct sc_bytes text = {(const unsigned char *)detect->text, detect->len};
    int rc = find_tokens(scanner, text, err);
    if (rc == SC_E_TOOBIG)
        return sc_detect_skip(detect, "too many tokens", 0, err);
    if (rc < 0)
        return rc;
    if (scanner->count > 1)
        qsort(scanner->tokens, scanner->count, sizeof(*scanner->tokens), compare);
    for (size_t i = 0; i < scanner->count && rc == 0; i++) {
        const struct token *token = &scanner->tokens[i];
        struct sc_pair pair = {.family = sc_token_family(&sc_token_rules[token->rule])};
        struct sc_judgement verdict = {sc_token_rules[token->rule].id, token->class,
                                       token->severity};
        if (pair.family == SC_FAMILY_HASH && sc_language_is_sample(detect->file))
            verdict.severity = SC_SEVERITY_LOW;
        struct sc_region region = {token->match.value_start,
                                   token->match.value_end - token->match.value_start};
        rc = sc_detect_add(detect, verdict, &pair, region, err);
    }
    return rc;
}
