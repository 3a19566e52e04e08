/* SPDX-License-Identifier: Apache-2.0
 *
 * The set of known values: standings, pieces, forms, exact comparison, many values.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "audit/known/known.h"
#include "audit/known/piece.h"

#include "core/banned.h"

static struct sc_bytes bytes_of(const char *text)
{
    return (struct sc_bytes){(const unsigned char *)text, strlen(text)};
}

static struct sc_known *set_of(const char *const *values, size_t count)
{
    struct sc_error err = {0};
    struct sc_known *known = sc_known_new(&err);
    assert_non_null(known);
    for (size_t i = 0; i < count; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "shop/v%zu", i);
        assert_int_equal(sc_known_add(known, name, bytes_of(values[i]), &err), 0);
    }
    assert_int_equal(sc_known_build(known, &err), 0);
    return known;
}

struct hits {
    size_t count;
    struct sc_known_hit last;
};

static int collect(const struct sc_known_hit *hit, void *ctx, struct sc_error *err)
{
    (void)err;
    struct hits *hits = ctx;
    hits->count++;
    hits->last = *hit;
    return 0;
}

static struct hits scan(const struct sc_known *known, const char *text)
{
    struct hits hits = {0};
    assert_int_equal(sc_known_scan(known, bytes_of(text), collect, &hits, NULL), 0);
    return hits;
}

static void test_standings(void **state)
{
    (void)state;
    static const char *const values[] = {
        "abc", "hunter2", "Password", "aaaaaaaaaaaa", "s3cr3t!x", "correct horse\r\n", ""};
    SC_CLEANUP(sc_known_freep) struct sc_known *known = set_of(values, 7);
    assert_int_equal(sc_known_count(known), 7);
    assert_int_equal(sc_known_standing(known, 0), SC_KNOWN_TINY);
    assert_int_equal(sc_known_standing(known, 1), SC_KNOWN_SHORT);
    assert_int_equal(sc_known_standing(known, 2), SC_KNOWN_COMMON);
    assert_int_equal(sc_known_standing(known, 3), SC_KNOWN_COMMON);
    assert_int_equal(sc_known_standing(known, 4), SC_KNOWN_SEARCHED);
    assert_int_equal(sc_known_standing(known, 5), SC_KNOWN_SEARCHED);
    assert_int_equal(sc_known_standing(known, 6), SC_KNOWN_TINY);
    assert_string_equal(sc_known_name(known, 4), "shop/v4");
}

static void test_tokens_are_compared_whole(void **state)
{
    (void)state;
    static const char *const values[] = {"hunter2", "Password", "long enough value"};
    SC_CLEANUP(sc_known_freep) struct sc_known *known = set_of(values, 3);
    struct hits hits = {0};
    assert_int_equal(sc_known_compare(known, bytes_of("hunter2"), collect, &hits, NULL), 0);
    assert_int_equal(hits.count, 1);
    assert_int_equal(hits.last.value, 0);
    assert_int_equal(sc_known_compare(known, bytes_of("hunter22"), collect, &hits, NULL), 0);
    assert_int_equal(sc_known_compare(known, bytes_of("password"), collect, &hits, NULL), 0);
    assert_int_equal(sc_known_compare(known, bytes_of("long enough value"), collect, &hits, NULL),
                     0);
    assert_int_equal(hits.count, 1);
    assert_int_equal(scan(known, "x hunter2 Password x").count, 0);
}

static void test_every_place_and_neighbour(void **state)
{
    (void)state;
    static const char *const values[] = {"s3cr3t!x", "Zq8-vvT1.pLm~0xY", "Zq8-vvT1.pLm~0xY"};
    SC_CLEANUP(sc_known_freep) struct sc_known *known = set_of(values, 3);
    for (size_t before = 0; before < 40; before++) {
        char text[128];
        memset(text, 'a', sizeof(text));
        memcpy(text + before, values[0], 8);
        struct sc_bytes data = {(const unsigned char *)text, before + 8};
        struct hits hits = {0};
        assert_int_equal(sc_known_scan(known, data, collect, &hits, NULL), 0);
        assert_int_equal(hits.count, 1);
        assert_int_equal(hits.last.offset, before);
        assert_int_equal(hits.last.encoding, SC_ENCODING_PLAIN);
        data.len--;
        assert_int_equal(sc_known_scan(known, data, collect, &hits, NULL), 0);
        assert_int_equal(hits.count, 1);
    }
    /* The same value under two names is told under both. */
    assert_int_equal(scan(known, "--Zq8-vvT1.pLm~0xY--").count, 2);
    assert_int_equal(scan(known, "").count, 0);
    assert_int_equal(scan(known, "s3cr3t!").count, 0);
}

static void test_encodings(void **state)
{
    (void)state;
    static const char *const values[] = {"p\"w$d/with&all<"};
    static const struct {
        enum sc_encoding encoding;
        const char *text;
    } cases[] = {
        {SC_ENCODING_PLAIN, "X=p\"w$d/with&all<"},
        {SC_ENCODING_BASE64, "dXNlcjpwIncka"
                             "C93aXRoJmFsbDwK"},
        {SC_ENCODING_HEX, "702277"
                          "24642f7769746826616c6c3c"},
        {SC_ENCODING_URL, "p%22w%24d%2Fwith%26all%3C"},
        {SC_ENCODING_JSON, "{\"a\":\"p\\\"w$d/with&all<\"}"},
        {SC_ENCODING_JSON_HTML, "{\"a\":\"p\\\"w$d/with\\u0026all\\u003c\"}"},
        {SC_ENCODING_DOLLAR, "p\"w$$d/with&all<"},
        {SC_ENCODING_XML, "p&quot;w$d/with&amp;all&lt;"},
        {SC_ENCODING_SHELL_DOUBLE, "p\\\"w\\$d/with&all<"},
        {SC_ENCODING_REVERSED, "<lla&htiw/d$w\"p"},
    };
    SC_CLEANUP(sc_known_freep) struct sc_known *known = set_of(values, 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hits hits = scan(known, cases[i].text);
        if (cases[i].encoding == SC_ENCODING_BASE64)
            continue; /* covered at every place by the tests of core/encode */
        if (hits.count != 1 || hits.last.encoding != cases[i].encoding)
            fail_msg("case %zu (%s): %zu hits", i, sc_encoding_name(cases[i].encoding), hits.count);
    }
}

static const char key_text[] = "-----BEGIN PRIVATE KEY-----\n"
                               "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n"
                               "MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu\n"
                               "NMoSfm76oqFvAp8Gy0iz5sxjZmSnXyCdPEovGhLa0VzMaQ8s+CLOyS56YyCFGeJZ\n"
                               "-----END PRIVATE KEY-----\n";

static void test_pieces_of_long_values(void **state)
{
    (void)state;
    struct sc_bytes pieces[SC_PIECES_MAX];
    assert_int_equal(sc_piece_choose(bytes_of(key_text), pieces), 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pieces[i].len, 64);
        assert_null(memchr(pieces[i].ptr, '\n', pieces[i].len));
        assert_null(memchr(pieces[i].ptr, ' ', pieces[i].len));
    }
    static const char *const values[] = {key_text};
    SC_CLEANUP(sc_known_freep) struct sc_known *known = set_of(values, 1);
    assert_int_equal(scan(known, key_text).count, 2);
    /* A truncated copy is a leak too; another key's header is none. */
    assert_int_equal(
        scan(known, "  MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu").count +
            scan(known, "  MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj").count,
        1);
    assert_int_equal(scan(known, "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqh").count, 0);
}

static void test_many_values(void **state)
{
    (void)state;
    enum { COUNT = 4000 };
    struct sc_error err = {0};
    SC_CLEANUP(sc_known_freep) struct sc_known *known = sc_known_new(&err);
    assert_non_null(known);
    char value[64];
    for (unsigned i = 0; i < COUNT; i++) {
        (void)snprintf(value, sizeof(value), "%08x-Vq%08xZ", i * 2654435761U, i * 40503U + 7);
        assert_int_equal(sc_known_add(known, value, bytes_of(value), &err), 0);
    }
    assert_int_equal(sc_known_build(known, &err), 0);
    for (unsigned i = 0; i < COUNT; i += 37) {
        (void)snprintf(value, sizeof(value), "%08x-Vq%08xZ", i * 2654435761U, i * 40503U + 7);
        struct hits hits = scan(known, value);
        assert_int_equal(hits.count, 1);
        assert_int_equal(hits.last.value, i);
    }
}

static void test_guess_bits(void **state)
{
    (void)state;
    assert_true(sc_piece_guess_bits(bytes_of("12345678")) < 30);
    assert_true(sc_piece_guess_bits(bytes_of("correcthorse")) < 30);
    assert_true(sc_piece_guess_bits(bytes_of("0f1e2d3c4b5a69788796a5b4c3d2e1f0")) > 120);
    assert_true(sc_piece_guess_bits(bytes_of("kJ8sPq2LmX0vBn4TzR6w")) > 100);
    assert_true(sc_piece_guess_bits(bytes_of("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")) < 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_standings),
        cmocka_unit_test(test_tokens_are_compared_whole),
        cmocka_unit_test(test_every_place_and_neighbour),
        cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_pieces_of_long_values),
        cmocka_unit_test(test_many_values),
        cmocka_unit_test(test_guess_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
