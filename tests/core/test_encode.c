/* SPDX-License-Identifier: Apache-2.0
 *
 * The encoded forms against independent encoders and fixed texts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "core/buf.h"
#include "core/encode.h"

#include "core/banned.h"

#define TEXT_SIZE 512

static struct sc_bytes bytes_of(const char *text)
{
    return (struct sc_bytes){(const unsigned char *)text, strlen(text)};
}

struct search {
    enum sc_encoding wanted;
    const void *text;
    size_t len;
    size_t min_len;
    bool found;
};

static int look_for(enum sc_encoding encoding, struct sc_bytes form, void *ctx,
                    struct sc_error *err)
{
    (void)err;
    struct search *search = ctx;
    assert_true(form.len > 0);
    if (encoding == search->wanted && form.len >= search->min_len &&
        memmem(search->text, search->len, form.ptr, form.len) != NULL)
        search->found = true;
    return 0;
}

static bool stands_in(enum sc_encoding encoding, struct sc_bytes value, const void *text,
                      size_t len, size_t min_len)
{
    struct search search = {encoding, text, len, min_len, false};
    assert_int_equal(sc_encode_each(value, look_for, &search, NULL), 0);
    return search.found;
}

static void test_escapes(void **state)
{
    (void)state;
    static const struct {
        enum sc_encoding encoding;
        const char *value, *form;
    } cases[] = {
        {SC_ENCODING_PLAIN, "hunter2", "hunter2"},
        {SC_ENCODING_URL, "a/b c&d", "a%2Fb%20c%26d"},
        {SC_ENCODING_URL_LOWER, "a/b", "a%2fb"},
        {SC_ENCODING_URL_RESERVED, "a/b c", "a/b%20c"},
        {SC_ENCODING_URL_ALL, "az", "%61%7A"},
        {SC_ENCODING_FORM, "a b~", "a+b%7E"},
        {SC_ENCODING_HEX,
         "\x7f"
         "A",
         "7f41"},
        {SC_ENCODING_HEX_UPPER,
         "\x7f"
         "A",
         "7F41"},
        {SC_ENCODING_HEX_ESCAPED,
         "\x7f"
         "A",
         "\\x7f\\x41"},
        {SC_ENCODING_JSON, "a\"b\\c\n\x01", "a\\\"b\\\\c\\n\\u0001"},
        {SC_ENCODING_JSON_SLASH, "a/b", "a\\/b"},
        {SC_ENCODING_JSON_HTML, "a&<b>", "a\\u0026\\u003cb\\u003e"},
        {SC_ENCODING_JSON_ASCII, "p\xc3\xa4ss", "p\\u00e4ss"},
        {SC_ENCODING_JSON_ASCII_UPPER, "\xf0\x9f\x94\x91", "\\uD83D\\uDD11"},
        {SC_ENCODING_YAML_SINGLE, "it's", "it''s"},
        {SC_ENCODING_SHELL_SINGLE, "it's", "it'\\''s"},
        {SC_ENCODING_SHELL_DOUBLE, "a$b`", "a\\$b\\`"},
        {SC_ENCODING_SHELL_ANSI, "a'b\n", "a\\'b\\n"},
        {SC_ENCODING_SHELL_BARE, "a b!", "a\\ b\\!"},
        {SC_ENCODING_DOLLAR, "a$b", "a$$b"},
        {SC_ENCODING_DOLLAR_JSON, "a$\"b", "a$$\\\"b"},
        {SC_ENCODING_XML, "a&\"<'>", "a&amp;&quot;&lt;&apos;&gt;"},
        {SC_ENCODING_XML_DECIMAL, "a&<", "a&#38;&#60;"},
        {SC_ENCODING_XML_HEX, "a&", "a&#x26;"},
        {SC_ENCODING_REVERSED, "abc", "cba"},
        /* encodeURIComponent() of JavaScript, quote() of Python, url.QueryEscape() of Go */
        {SC_ENCODING_URL, "it's(a/b) c", "it's(a%2Fb)%20c"},
        {SC_ENCODING_URL, "a/b c'", "a/b%20c%27"},
        {SC_ENCODING_FORM, "a b~*", "a+b~%2A"},
        /* json_encode() of PHP, System.Text.Json of .NET, JSON in a string of JSON */
        {SC_ENCODING_JSON_ASCII, "p\xc3\xa4/s", "p\\u00e4\\/s"},
        {SC_ENCODING_JSON_HTML, "a+'b\"", "a\\u002B\\u0027b\\u0022"},
        {SC_ENCODING_JSON, "a\"b\\", "a\\\\\\\"b\\\\\\\\"},
        {SC_ENCODING_SHELL_SINGLE, "it's", "it'\"'\"'s"},
        {SC_ENCODING_SHELL_BARE, "a$b c'", "a\\$b\\ c'"},
        {SC_ENCODING_DOLLAR, "a$b's", "a$$b''s"},
        {SC_ENCODING_DOLLAR_JSON, "a$&\"", "a$$&\\\""},
        {SC_ENCODING_XML, "a&<>\"'", "a&amp;&lt;>\"'"},
        {SC_ENCODING_XML, "a&<>\"'", "a&amp;&lt;&gt;\"'"},
        {SC_ENCODING_XML, "a&<>\"'", "a&amp;&lt;&gt;&quot;'"},
        {SC_ENCODING_XML, "a&<>\"'", "a&amp;&lt;&gt;&quot;&#x27;"},
        {SC_ENCODING_XML, "a&<>\"'", "a&amp;&lt;&gt;&#34;&#39;"},
        {SC_ENCODING_XML, "a&<>\"'", "a&amp;&lt;&gt;&quot;&#039;"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t n = strlen(cases[i].form);
        if (!stands_in(cases[i].encoding, bytes_of(cases[i].value), cases[i].form, n, n))
            fail_msg("case %zu (%s)", i, sc_encoding_name(cases[i].encoding));
    }
    assert_true(stands_in(SC_ENCODING_UTF16LE, bytes_of("a\xe2\x82\xac"), "a\0\xac\x20", 4, 4));
    assert_true(stands_in(SC_ENCODING_UTF16BE, bytes_of("a\xe2\x82\xac"), "\0a\x20\xac", 4, 4));
}

/* base64 of before + value + after must hold one of the forms, whatever the neighbours. */
static void check_base64(size_t before, size_t len, int variant, enum sc_encoding encoding)
{
    unsigned char raw[64];
    char text[TEXT_SIZE];
    for (unsigned round = 0; round < 4; round++) {
        for (size_t i = 0; i < sizeof(raw); i++)
            raw[i] = (unsigned char)(i * 37 + round * 101 + 11);
        struct sc_bytes value = {raw + before, len};
        sodium_bin2base64(text, sizeof(text), raw, before + len + round, variant);
        size_t sure = (8 * len - 10) / 6;
        assert_true(stands_in(encoding, value, text, strlen(text), sure));
    }
}

static void test_base64_at_every_place(void **state)
{
    (void)state;
    for (size_t before = 0; before < 7; before++) {
        for (size_t len = 4; len < 40; len++) {
            check_base64(before, len, sodium_base64_VARIANT_ORIGINAL, SC_ENCODING_BASE64);
            check_base64(before, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING,
                         SC_ENCODING_BASE64URL);
        }
    }
}

static void test_base64_twice_at_every_place(void **state)
{
    (void)state;
    const char value[] = "correct horse battery";
    for (size_t before = 0; before < 9; before++) {
        char raw[64] = "=========", once[TEXT_SIZE], twice[TEXT_SIZE];
        memcpy(raw + before, value, sizeof(value));
        sodium_bin2base64(once, sizeof(once), (const unsigned char *)raw, strlen(raw),
                          sodium_base64_VARIANT_ORIGINAL);
        sodium_bin2base64(twice, sizeof(twice), (const unsigned char *)once, strlen(once),
                          sodium_base64_VARIANT_ORIGINAL);
        assert_true(stands_in(SC_ENCODING_BASE64_TWICE, bytes_of(value), twice, strlen(twice), 30));
    }
}

struct count {
    int forms[SC_ENCODING_MAX];
};

static int count_forms(enum sc_encoding encoding, struct sc_bytes form, void *ctx,
                       struct sc_error *err)
{
    (void)form;
    (void)err;
    ((struct count *)ctx)->forms[encoding]++;
    return 0;
}

/* Written by Python: json.dumps and urllib.parse.quote, then base64 with one byte in front. */
static void test_base64_of_escapes(void **state)
{
    (void)state;
    static const char value[] = "p\"q\\r/s+t=u";
    static const char json[] = "eHBcInFcXHIvcyt0PXU=";            /* xp\"q\\r/s+t=u */
    static const char url[] = "eHAlMjJxJTVDciUyRnMlMkJ0JTNEdQ=="; /* xp%22q%5Cr%2Fs%2Bt%3Du */
    assert_true(stands_in(SC_ENCODING_BASE64_JSON, bytes_of(value), json, strlen(json), 15));
    assert_true(stands_in(SC_ENCODING_BASE64_PERCENT, bytes_of(value), url, strlen(url), 25));
    /* xp\"????, xp~%22~~~~ for URLs */
    assert_true(stands_in(SC_ENCODING_BASE64_JSON, bytes_of("p\"????"), "eHBcIj8_Pz8=", 12, 8));
    assert_true(
        stands_in(SC_ENCODING_BASE64_PERCENT, bytes_of("p~\"~~~~"), "eHB-JTIyfn5-fg==", 16, 11));
}

/* None where nothing is escaped, or nearly everything: that would be longer than any form may be.
 */
static void test_base64_of_escapes_is_bounded(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        bool json, percent;
    } cases[] = {
        {"Alnum1234", false, false},
        {"a\"b", true, true},
        {"\1\1\1ab", true, true},
        {"\1\1\1a", false, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct count count = {0};
        assert_int_equal(sc_encode_each(bytes_of(cases[i].value), count_forms, &count, NULL), 0);
        assert_int_equal(count.forms[SC_ENCODING_BASE64_JSON] > 0, cases[i].json);
        assert_int_equal(count.forms[SC_ENCODING_BASE64_PERCENT] > 0, cases[i].percent);
    }
}

struct refusal {
    enum sc_encoding of;
    bool asked;
};

static int refuse(enum sc_encoding encoding, struct sc_bytes form, void *ctx, struct sc_error *err)
{
    (void)form;
    struct refusal *refusal = ctx;
    assert_false(refusal->asked);
    refusal->asked = encoding == refusal->of;
    return refusal->asked ? sc_fail(err, SC_E_TOOBIG, "enough") : 0;
}

static void test_what_fails_ends_it(void **state)
{
    (void)state;
    for (int of = 0; of < SC_ENCODING_MAX; of++) {
        struct refusal refusal = {(enum sc_encoding)of, false};
        int rc = sc_encode_each(bytes_of("p\"q~ \xc3\xa9<x'&"), refuse, &refusal, NULL);
        assert_true(refusal.asked);
        assert_int_equal(rc, SC_E_TOOBIG);
    }
}

static void test_base32_known(void **state)
{
    (void)state;
    /* RFC 4648: base32("foobar") = MZXW6YTBOI======; with one byte in front: base32("xfoobar"). */
    assert_true(stands_in(SC_ENCODING_BASE32, bytes_of("foobar"), "MZXW6YTBOI======", 16, 9));
    assert_true(stands_in(SC_ENCODING_BASE32, bytes_of("foobar"), "PBTG633CMFZA====", 16, 9));
}

static void test_escapes_without_effect_give_no_form(void **state)
{
    (void)state;
    struct count count = {0};
    assert_int_equal(sc_encode_each(bytes_of("Alnum1234"), count_forms, &count, NULL), 0);
    assert_int_equal(count.forms[SC_ENCODING_PLAIN], 1);
    assert_int_equal(count.forms[SC_ENCODING_BASE64], 3);
    assert_int_equal(count.forms[SC_ENCODING_JSON], 0);
    assert_int_equal(count.forms[SC_ENCODING_SHELL_BARE], 0);
    assert_int_equal(count.forms[SC_ENCODING_DOLLAR_JSON], 0);
    /* Bytes that are no UTF-8 have no wide form. */
    struct count binary = {0};
    assert_int_equal(sc_encode_each(bytes_of("\xff\xfe\xfd"), count_forms, &binary, NULL), 0);
    assert_int_equal(binary.forms[SC_ENCODING_UTF16LE], 0);
    assert_int_equal(binary.forms[SC_ENCODING_HEX], 1);
}

static void test_opaque_forms(void **state)
{
    (void)state;
    struct count every = {0};
    struct count opaque = {0};
    assert_int_equal(sc_encode_each(bytes_of("a b/c\"d'e&$f\xc3\xa4"), count_forms, &every, NULL),
                     0);
    assert_int_equal(
        sc_encode_opaque(bytes_of("a b/c\"d'e&$f\xc3\xa4"), count_forms, &opaque, NULL), 0);
    for (int i = 0; i < SC_ENCODING_MAX; i++) {
        bool wanted = i == SC_ENCODING_PLAIN || i == SC_ENCODING_BASE64 ||
                      i == SC_ENCODING_BASE64URL || i == SC_ENCODING_HEX ||
                      i == SC_ENCODING_HEX_UPPER;
        assert_true(every.forms[i] > 0);
        assert_int_equal(opaque.forms[i], wanted ? every.forms[i] : 0);
    }
}

static void test_limits(void **state)
{
    (void)state;
    struct sc_error err = {0};
    struct count count = {0};
    assert_int_equal(sc_encode_opaque((struct sc_bytes){NULL, 0}, count_forms, &count, &err),
                     SC_E_TOOBIG);
    assert_int_equal(sc_encode_each((struct sc_bytes){NULL, 0}, count_forms, &count, &err),
                     SC_E_TOOBIG);
    static unsigned char big[SC_ENCODE_VALUE_MAX + 1];
    assert_int_equal(sc_encode_each((struct sc_bytes){big, sizeof(big)}, count_forms, &count, &err),
                     SC_E_TOOBIG);
    memset(big, '&', sizeof(big));
    assert_int_equal(
        sc_encode_each((struct sc_bytes){big, sizeof(big) - 1}, count_forms, &count, &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_base64_at_every_place),
        cmocka_unit_test(test_base64_twice_at_every_place),
        cmocka_unit_test(test_base64_of_escapes),
        cmocka_unit_test(test_base64_of_escapes_is_bounded),
        cmocka_unit_test(test_what_fails_ends_it),
        cmocka_unit_test(test_base32_known),
        cmocka_unit_test(test_escapes_without_effect_give_no_form),
        cmocka_unit_test(test_opaque_forms),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
