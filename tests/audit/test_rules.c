/* SPDX-License-Identifier: Apache-2.0
 *
 * Every token rule: examples that it must find and near misses that it must not. The examples are
 * made here from the rule's own pattern, so that this repository holds none. The code for every
 * processor must find the same, and nothing less than a look at every literal would.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <cmocka.h>

#include "audit/rules/check.h"
#include "audit/rules/scanner.h"
#include "core/buf.h"

#include "core/banned.h"

#define EXAMPLE_MAX ((size_t)8192)
#define ROUNDS      4

static uint64_t seed;

static size_t pick(size_t bound)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)((seed >> 33) % bound);
}

/* ---- a text that a pattern of the rules matches ---- */

struct maker {
    const char *at;
    struct sc_buf *out;
    bool muted; /* inside an alternative that was not chosen */
};

static void emit(struct maker *m, char c)
{
    if (!m->muted)
        sc_buf_putc(m->out, c);
}

static char escaped(char c)
{
    return c == 't' ? '\t' : c == 'r' ? '\r' : c == 'n' ? '\n' : c;
}

/* The members of [..] at m->at, negated classes as letters and digits that are none of them. */
static size_t read_class(struct maker *m, char members[256])
{
    bool in[256] = {false};
    m->at++;
    bool negated = *m->at == '^';
    m->at += negated;
    for (; *m->at != ']'; m->at++) {
        if (*m->at == '\\' && m->at[1] == 's') {
            in[' '] = true;
            m->at++;
            continue;
        }
        unsigned char low = (unsigned char)(*m->at == '\\' ? escaped(*++m->at) : *m->at);
        unsigned char high = low;
        if (m->at[1] == '-' && m->at[2] != ']') {
            high = (unsigned char)m->at[2];
            m->at += 2;
        }
        for (unsigned c = low; c <= high; c++)
            in[c] = true;
    }
    m->at++;
    size_t count = 0;
    for (unsigned c = ' '; c < 127; c++) {
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (negated ? alnum && !in[c] : in[c])
            members[count++] = (char)c;
    }
    return count;
}

static void read_count(struct maker *m, size_t *ret_min)
{
    *ret_min = 1;
    if (*m->at == '?') {
        *ret_min = pick(2);
        m->at++;
    } else if (*m->at == '{') {
        size_t min = strtoul(m->at + 1, (char **)&m->at, 10), max = min;
        if (*m->at == ',')
            max = strtoul(m->at + 1, (char **)&m->at, 10);
        m->at++;
        *ret_min = min + pick(max - min + 1);
    }
}

static void make_sequence(struct maker *m);

static void make_group(struct maker *m)
{
    const char *start = m->at + (strncmp(m->at, "(?:", 3) == 0 ? 3 : 1);
    size_t depth = 1, choices = 1;
    const char *end = start;
    for (; depth > 0; end++) {
        if (*end == '\\')
            end++;
        else if (*end == '[')
            while (*end != ']')
                end++;
        depth += *end == '(';
        depth -= *end == ')';
        choices += *end == '|' && depth == 1;
    }
    size_t chosen = pick(choices), count = 1;
    m->at = end;
    read_count(m, &count);
    const char *behind = m->at;
    for (; count > 0; count--) {
        m->at = start;
        for (size_t i = 0; i < choices; i++) {
            bool muted = m->muted;
            m->muted = muted || i != chosen;
            make_sequence(m);
            m->muted = muted;
            m->at++; /* '|' or ')' */
        }
    }
    m->at = behind;
}

static void make_sequence(struct maker *m)
{
    while (*m->at != '\0' && *m->at != '|' && *m->at != ')') {
        if (*m->at == '(') {
            make_group(m);
            continue;
        }
        char members[256];
        size_t size = 1, count = 1;
        if (*m->at == '[') {
            size = read_class(m, members);
        } else {
            members[0] = *m->at == '\\' ? escaped(*++m->at) : *m->at;
            m->at++;
        }
        read_count(m, &count);
        for (; count > 0; count--)
            emit(m, members[pick(size)]);
    }
}

static void make_from(struct sc_buf *out, const char *pattern)
{
    struct maker m = {.at = pattern, .out = out};
    make_sequence(&m);
}

static void put_random(struct sc_buf *out, const char *alphabet, size_t count)
{
    for (; count > 0; count--)
        sc_buf_putc(out, alphabet[pick(strlen(alphabet))]);
}

static void put_base64(struct sc_buf *out, const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i + 2 < strlen(text); i += 3) {
        unsigned v = (unsigned)(text[i] << 16 | text[i + 1] << 8 | text[i + 2]);
        for (int shift = 18; shift >= 0; shift -= 6)
            sc_buf_putc(out, digits[(v >> shift) & 63]);
    }
}

/* What a check wants in front of the literal. */
static void put_front(struct sc_buf *out, enum sc_token_check check)
{
    if (check == SC_CHECK_TELEGRAM)
        put_random(out, "123456789", 9);
    if (check == SC_CHECK_MAILCHIMP || check == SC_CHECK_NRAL)
        put_random(out, "0123456789abcdef", 32);
    if (check == SC_CHECK_ATLAS)
        put_random(out, "0123456789abcdefghijkXYZ", 14);
    if (check == SC_CHECK_ENTRA)
        put_random(out, "abcdefXYZ", 3);
    if (check == SC_CHECK_OPENAI) {
        sc_buf_puts(out, "sk-");
        put_random(out, "0123456789abcdefghijkXYZ", 24);
    }
}

static void put_token(struct sc_buf *out, const struct sc_token_rule *rule)
{
    size_t start = out->len;
    put_front(out, rule->check);
    sc_buf_puts(out, rule->literal);
    if (rule->kind == SC_TOKEN_KEYED) {
        sc_buf_puts(out, pick(2) == 0 ? "_KEY = \"" : "Key: ");
    } else if (rule->check == SC_CHECK_JWT) {
        out->len = start;
        /* {"kid":"???>>>","alg":"HS256"} */
        sc_buf_puts(out, "eyJraWQiOiI_Pz8-Pj4iLCJhbGciOiJIUzI1NiJ9.eyJ");
        put_random(out, "abcdefghij0123456789", 40);
        sc_buf_putc(out, '.');
        put_random(out, "abcdefghij0123456789", 43);
        return;
    } else if (rule->check == SC_CHECK_BASIC) {
        put_base64(out, "xx>xx?:Tr0ub4dor&3");
        if (strchr(rule->literal, '"') != NULL)
            sc_buf_putc(out, '"');
        return;
    }
    make_from(out, rule->rest);
    if (rule->check == SC_CHECK_CRC62) {
        char *token = out->data + start + strlen(rule->literal);
        sc_token_checksum62(out->data + out->len - 6, token,
                            (size_t)(out->data + out->len - 6 - token));
    }
    if (rule->check == SC_CHECK_PEM) {
        sc_buf_putc(out, '\n');
        put_random(out, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef0123456789+/", 128);
        sc_buf_puts(out, "\n-----END");
    }
}

/* ---- the tests ---- */

static const struct sc_fingerprint_key key;

static void scan(struct sc_scanner *scanner, const struct sc_buf *text, struct sc_detect *detect)
{
    struct sc_error err = {0};
    sc_detect_init(detect, "example", sc_buf_view(text), &key);
    assert_int_equal(sc_scanner_scan(scanner, detect, &err), 0);
}

static bool has_rule(const struct sc_detect *detect, const char *rule)
{
    for (size_t i = 0; i < detect->findings.count; i++) {
        if (strcmp(detect->findings.items[i].rule, rule) == 0)
            return true;
    }
    return false;
}

static void same(const struct sc_findings *a, const struct sc_findings *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_string_equal(a->items[i].rule, b->items[i].rule);
        assert_int_equal(a->items[i].span.offset, b->items[i].span.offset);
        assert_int_equal(a->items[i].span.length, b->items[i].span.length);
        assert_string_equal(a->items[i].fingerprint, b->items[i].fingerprint);
    }
}

static struct sc_scanner *scanners[SC_SIEVE_CODES]; /* NULL: not on this processor */

static int set_up(void **state)
{
    (void)state;
    struct sc_error err = {0};
    for (unsigned code = 0; code < SC_SIEVE_CODES; code++) {
        if (sc_sieve_runs((enum sc_sieve_code)code) &&
            sc_scanner_open_as(&scanners[code], (enum sc_sieve_code)code, &err) < 0)
            return -1;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (unsigned code = 0; code < SC_SIEVE_CODES; code++)
        sc_scanner_freep(&scanners[code]);
    return 0;
}

/* Scans with the best code; all others must agree. */
static void scan_with_all(const struct sc_buf *text, struct sc_detect *detect)
{
    scan(scanners[sc_sieve_best()], text, detect);
    for (unsigned code = 0; code < SC_SIEVE_CODES; code++) {
        if (scanners[code] == NULL || code == sc_sieve_best())
            continue;
        struct sc_detect other;
        scan(scanners[code], text, &other);
        same(&detect->findings, &other.findings);
        sc_detect_done(&other);
    }
}

static void there_are_enough_rules(void **state)
{
    (void)state;
    size_t kinds = 0;
    for (size_t i = 0; i < sc_token_rule_count; i++) {
        const struct sc_token_rule *rule = &sc_token_rules[i];
        kinds += sc_token_rule_find(rule->id) == rule;
        assert_true(strlen(rule->literal) >= 3);
        assert_true(strlen(rule->title) > 0);
    }
    assert_true(kinds >= 250);
}

/* The rule's own, so that another rule in the table does not change its examples. */
static uint64_t seed_of(const struct sc_token_rule *rule)
{
    uint64_t hash = 42u;
    for (const char *at = rule->id; *at != '\0'; at++)
        hash = (hash ^ (unsigned char)*at) * 1099511628211u;
    for (const char *at = rule->literal; *at != '\0'; at++)
        hash = (hash ^ (unsigned char)*at) * 1099511628211u;
    return hash;
}

static void examples_are_found(void **state)
{
    (void)state;
    size_t missed = 0, misses = 0;
    for (size_t i = 0; i < sc_token_rule_count * ROUNDS; i++) {
        misses = i % ROUNDS == 0 ? 0 : misses;
        const struct sc_token_rule *rule = &sc_token_rules[i / ROUNDS];
        SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(EXAMPLE_MAX);
        seed = seed_of(rule) + i % ROUNDS;
        sc_buf_puts(&text, "first line\nvalue ");
        put_token(&text, rule);
        sc_buf_puts(&text, "\nlast line\n");
        assert_int_equal(sc_buf_status(&text, NULL), 0);
        struct sc_detect detect;
        scan_with_all(&text, &detect);
        if (!has_rule(&detect, rule->id)) {
            misses++; /* one example of four may lack digits by chance */
            if (misses > 1) {
                print_error("%s: not found (round %zu)\n", rule->id, i % ROUNDS);
                missed++;
            }
        } else {
            assert_true(detect.findings.items[0].span.line >= 2);
        }
        sc_detect_done(&detect);
    }
    assert_int_equal(missed, 0);
}

/* The same examples glued to a word, or with the literal's last character changed. */
static void near_misses_are_not_found(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < sc_token_rule_count; i++) {
        const struct sc_token_rule *rule = &sc_token_rules[i];
        SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(EXAMPLE_MAX);
        seed = i + 7;
        put_token(&text, rule);
        char *literal = memmem(text.data, text.len, rule->literal, strlen(rule->literal));
        if (literal == NULL)
            continue; /* the JWT's is inside its header */
        literal[strlen(rule->literal) - 1] ^= 0x01;
        struct sc_detect detect;
        scan_with_all(&text, &detect);
        if (has_rule(&detect, rule->id)) {
            print_error("%s: found where it is not\n", rule->id);
            wrong++;
        }
        sc_detect_done(&detect);
    }
    assert_int_equal(wrong, 0);
}

static void placeholders_are_not_found(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < sc_token_rule_count; i++) {
        const struct sc_token_rule *rule = &sc_token_rules[i];
        SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(EXAMPLE_MAX);
        sc_buf_puts(&text, rule->literal);
        sc_buf_puts(&text, rule->kind == SC_TOKEN_PROVIDER ? "" : "_KEY=\"");
        for (size_t n = 0; n < 80; n++)
            sc_buf_putc(&text, 'x');
        sc_buf_puts(&text, "\"\n");
        struct sc_detect detect;
        scan_with_all(&text, &detect);
        if (detect.findings.count > 0) {
            print_error("%s: a row of x is a token\n", detect.findings.items[0].rule);
            wrong++;
        }
        sc_detect_done(&detect);
    }
    assert_int_equal(wrong, 0);
}

/* Any bytes: all codes agree, nothing is read past the end (the sanitizer watches). */
static void random_bytes_agree(void **state)
{
    (void)state;
    seed = 42;
    for (size_t round = 0; round < 200; round++) {
        SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(EXAMPLE_MAX);
        for (size_t piece = 0; piece < 20; piece++) {
            const struct sc_token_rule *rule = &sc_token_rules[pick(sc_token_rule_count)];
            sc_buf_append(&text, rule->literal, 1 + pick(strlen(rule->literal)));
            for (size_t n = pick(24); n > 0; n--)
                sc_buf_putc(&text, (char)pick(256));
        }
        struct sc_detect detect;
        scan_with_all(&text, &detect);
        sc_detect_done(&detect);
    }
}

/* ---- the sieve against a look at every literal ---- */

struct hits {
    struct {
        size_t rule, end;
    } items[1024];
    size_t count;
};

static int on_hit(void *ctx, size_t rule, size_t end)
{
    struct hits *hits = ctx;
    assert_true(hits->count < SC_ARRAY_SIZE(hits->items));
    hits->items[hits->count].rule = rule;
    hits->items[hits->count++].end = end;
    return 0;
}

static bool is_hit(const struct hits *hits, size_t rule, size_t end)
{
    for (size_t i = 0; i < hits->count; i++) {
        if (hits->items[i].rule == rule && hits->items[i].end == end)
            return true;
    }
    return false;
}

/* A letter in front that makes one word with the literal: the scanner takes no such token. */
static bool goes_on(struct sc_bytes text, const struct sc_token_rule *rule, size_t start)
{
    return rule->kind == SC_TOKEN_PROVIDER && !sc_token_may_join_word(rule) && start > 0 &&
           (isalnum(text.ptr[start]) != 0 || text.ptr[start] == '_') &&
           (isalnum(text.ptr[start - 1]) != 0 || text.ptr[start - 1] == '_');
}

/* All rules that match somewhere in the text must be among the hits; returns how many do. */
static size_t require_all(struct sc_confirm *confirm, struct sc_bytes text, unsigned code,
                          const struct hits *hits)
{
    size_t matches = 0;
    for (size_t rule = 0; rule < sc_token_rule_count; rule++) {
        const struct sc_token_rule *row = &sc_token_rules[rule];
        size_t len = strlen(row->literal);
        for (size_t start = 0; start + len <= text.len; start++) {
            struct sc_error err = {0};
            struct sc_token_match match;
            enum sc_finding_class class;
            enum sc_severity severity;
            if (strncasecmp((const char *)text.ptr + start, row->literal, len) != 0 ||
                goes_on(text, row, start) ||
                sc_confirm_match(confirm, rule, text, start, &match, &err) != 1 ||
                !sc_token_check(row, text, &match, &class, &severity))
                continue;
            matches++;
            if (!is_hit(hits, rule, start + len))
                fail_msg("%s at %zu of %zu is lost by code %u", row->id, start, text.len, code);
        }
    }
    return matches;
}

/* Each example at another place of the 64 bytes that are looked at together, and across them. */
static void nothing_that_matches_is_lost(void **state)
{
    (void)state;
    struct sc_confirm *confirm = NULL;
    struct sc_error err = {0};
    assert_int_equal(sc_confirm_new(&confirm, &err), 0);
    size_t matches = 0;
    for (size_t i = 0; i < sc_token_rule_count; i++) {
        SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(EXAMPLE_MAX);
        seed = i + 11;
        for (size_t n = pick(130); n > 0; n--)
            sc_buf_putc(&text, pick(7) == 0 ? '\n' : (char)(' ' + pick(95)));
        sc_buf_puts(&text, pick(2) == 0 ? "\n" : "\xc3\xa4 = '");
        put_token(&text, &sc_token_rules[i]);
        sc_buf_puts(&text, pick(2) == 0 ? "" : "' # x");
        for (unsigned code = 0; code < SC_SIEVE_CODES; code++) {
            struct hits hits = {.count = 0};
            if (scanners[code] == NULL)
                continue;
            assert_int_equal(
                sc_sieve_search((enum sc_sieve_code)code, sc_buf_view(&text), on_hit, &hits), 0);
            matches += require_all(confirm, sc_buf_view(&text), code, &hits);
        }
    }
    assert_true(matches > sc_token_rule_count / 2);
    sc_confirm_freep(&confirm);
}

/* The places of one example behind `front` line ends, seen from its own beginning. */
static void find_behind(unsigned code, const struct sc_token_rule *rule, size_t front,
                        struct hits *ret)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(EXAMPLE_MAX);
    for (size_t i = 0; i < front; i++)
        sc_buf_putc(&text, '\n');
    seed = seed_of(rule) + 1; /* no other example for another rule in the table */
    sc_buf_puts(&text, "x = '");
    put_token(&text, rule);
    sc_buf_puts(&text, "'");
    assert_int_equal(sc_buf_status(&text, NULL), 0);
    *ret = (struct hits){.count = 0};
    assert_int_equal(sc_sieve_search((enum sc_sieve_code)code, sc_buf_view(&text), on_hit, ret), 0);
    for (size_t i = 0; i < ret->count; i++)
        ret->items[i].end -= front;
}

/* Across the borders of what is looked at together: 64 bytes, eight times that, and more. */
static void it_does_not_matter_where_it_stands(void **state)
{
    (void)state;
    for (size_t rule = 0; rule < sc_token_rule_count; rule++) {
        for (unsigned code = 0; code < SC_SIEVE_CODES; code++) {
            struct hits alone, behind;
            if (scanners[code] == NULL)
                continue;
            find_behind(code, &sc_token_rules[rule], 0, &alone);
            assert_true(alone.count > 0 && alone.count < 16);
            for (size_t border = 64; border <= 4096; border *= 2) {
                find_behind(code, &sc_token_rules[rule], border - (rule + border / 64) % 48,
                            &behind);
                assert_int_equal(behind.count, alone.count);
                for (size_t i = 0; i < alone.count; i++)
                    assert_true(is_hit(&behind, alone.items[i].rule, alone.items[i].end));
            }
        }
    }
}

/* What stands further away than the scanner says does not matter for a token. */
static void a_piece_decides_like_the_whole(void **state)
{
    (void)state;
    const size_t far = SC_SCANNER_BEFORE + 5000, size = 2 * far + SC_SCANNER_BEHIND;
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(size + EXAMPLE_MAX);
    size_t met = 0;
    for (size_t rule = 0; rule < sc_token_rule_count; rule++) {
        struct sc_error err = {0};
        bool in_whole = false, in_piece = false;
        seed = rule + 31;
        sc_buf_clear(&text);
        while (text.len < far)
            sc_buf_puts(&text, "int i = 1;\n");
        size_t start = text.len;
        put_token(&text, &sc_token_rules[rule]);
        while (text.len < size)
            sc_buf_puts(&text, "\nint i = 1;");
        struct sc_bytes whole = sc_buf_view(&text);
        struct sc_bytes piece = {whole.ptr + start - SC_SCANNER_BEFORE,
                                 SC_SCANNER_BEFORE + SC_SCANNER_BEHIND};
        struct sc_scanner *scanner = scanners[sc_sieve_best()];
        assert_int_equal(sc_scanner_meets(scanner, whole, &in_whole, &err), 0);
        assert_int_equal(sc_scanner_meets(scanner, piece, &in_piece, &err), 0);
        assert_int_equal(in_piece, in_whole);
        met += in_whole;
    }
    assert_true(met > sc_token_rule_count * 3 / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_are_enough_rules),
        cmocka_unit_test(examples_are_found),
        cmocka_unit_test(near_misses_are_not_found),
        cmocka_unit_test(placeholders_are_not_found),
        cmocka_unit_test(random_bytes_agree),
        cmocka_unit_test(nothing_that_matches_is_lost),
        cmocka_unit_test(it_does_not_matter_where_it_stands),
        cmocka_unit_test(a_piece_decides_like_the_whole),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
