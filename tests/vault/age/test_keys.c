/* SPDX-License-Identifier: Apache-2.0
 *
 * age keys as text: bech32 there and back, every wrong character refused, and files of identities.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/vault/age/pair.h"
#include "vault/age/age.h"
#include "vault/age/bech32.h"

#include "core/banned.h"

static struct sc_bytes text_bytes(const char *text)
{
    return (struct sc_bytes){(const unsigned char *)text, strlen(text)};
}

static void test_bech32_known_text(void **state)
{
    (void)state;
    /* BIP 173: the empty data part under prefix "a", and its upper-case spelling. */
    char out[16];
    assert_int_equal(sc_bech32_size("a", 0), 8);
    sc_bech32_encode(out, "a", (struct sc_bytes){NULL, 0});
    assert_memory_equal(out, "a12uel5l", 8);
    sc_bech32_encode(out, "A", (struct sc_bytes){NULL, 0});
    assert_memory_equal(out, "A12UEL5L", 8);
    unsigned char none[1];
    assert_true(sc_bech32_decode(none, 0, "a", text_bytes("a12uel5l")));
    assert_false(sc_bech32_decode(none, 0, "a", text_bytes("A12UEL5L")));
}

static void test_bech32_every_length(void **state)
{
    (void)state;
    unsigned char data[64], back[64];
    char text[SC_BECH32_MAX];
    for (size_t len = 0; len <= sizeof(data); len++) {
        for (size_t i = 0; i < len; i++)
            data[i] = (unsigned char)(i * 89 + len);
        sc_bech32_encode(text, "age", (struct sc_bytes){data, len});
        struct sc_bytes view = {(unsigned char *)text, sc_bech32_size("age", len)};
        assert_true(sc_bech32_decode(back, len, "age", view));
        assert_memory_equal(back, data, len);
    }
}

static void test_every_wrong_character_is_refused(void **state)
{
    (void)state;
    SC_CLEANUP(sc_secret_done) struct sc_secret key = {0};
    unsigned char public_key[SC_AGE_PUBLIC_SIZE], back[SC_AGE_PUBLIC_SIZE];
    char text[SC_AGE_RECIPIENT_TEXT_SIZE];
    assert_int_equal(make_pair(&key, public_key, NULL), 0);
    sc_age_recipient_print(text, public_key);
    assert_int_equal(sc_age_recipient_parse(text, back, NULL), 0);
    assert_memory_equal(back, public_key, sizeof(back));
    for (size_t i = 0; text[i] != '\0'; i++) {
        char right = text[i];
        for (int c = 1; c < 256; c++) {
            text[i] = (char)c;
            if (text[i] != right && sc_age_recipient_parse(text, back, NULL) == 0)
                fail_msg("character %d at %zu was taken for another", c, i);
        }
        text[i] = right;
    }
    text[SC_AGE_RECIPIENT_TEXT_SIZE - 2] = '\0';
    struct sc_error err = {0};
    assert_int_equal(sc_age_recipient_parse(text, back, &err), SC_E_USAGE);
    assert_string_equal(err.message, "not an age recipient ('age1' and 58 characters)");
    assert_int_equal(sc_age_recipient_parse("", back, NULL), SC_E_USAGE);
}

static void test_public_key_of_an_identity(void **state)
{
    (void)state;
    SC_CLEANUP(sc_secret_done) struct sc_secret key = {0};
    unsigned char public_key[SC_AGE_PUBLIC_SIZE], again[SC_AGE_PUBLIC_SIZE];
    assert_int_equal(make_pair(&key, public_key, NULL), 0);
    assert_int_equal(key.len, SC_AGE_SECRET_SIZE);
    sc_age_x25519_base(again, key.ptr);
    assert_memory_equal(again, public_key, sizeof(again));
}

static int parse(const char *text, struct sc_secret *keys, struct sc_error *err)
{
    return sc_age_identities_parse(text_bytes(text), keys, err);
}

static void test_identity_file(void **state)
{
    (void)state;
    SC_CLEANUP(sc_secret_done) struct sc_secret key = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret text = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret keys = {0};
    unsigned char public_key[SC_AGE_PUBLIC_SIZE];
    struct sc_error err = {0};
    char file[512];
    assert_int_equal(make_pair(&key, public_key, NULL), 0);
    assert_int_equal(sc_age_identity_print(key.ptr, &text, NULL), 0);
    assert_int_equal(text.len, 74);
    const char *line = (const char *)text.ptr;
    snprintf(file, sizeof(file), "# created: today\r\n\n%.74s\r\n%.74s", line, line);
    assert_int_equal(parse(file, &keys, &err), 0);
    assert_int_equal(keys.len, 2 * SC_AGE_SECRET_SIZE);
    assert_memory_equal(keys.ptr + SC_AGE_SECRET_SIZE, key.ptr, SC_AGE_SECRET_SIZE);

    snprintf(file, sizeof(file), "# comment\n%.73s\n", line);
    assert_int_equal(parse(file, &keys, &err), SC_E_FORMAT);
    assert_string_equal(err.message,
                        "identities, line 2: neither a comment nor 'AGE-SECRET-KEY-1...'");
    assert_int_equal(parse("", &keys, &err), SC_E_FORMAT);
    assert_int_equal(parse("# only a comment\n", &keys, &err), SC_E_FORMAT);
    assert_string_equal(err.message, "there is no identity ('AGE-SECRET-KEY-1...')");
    assert_int_equal(keys.len, 2 * SC_AGE_SECRET_SIZE); /* untouched by failures */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bech32_known_text),
        cmocka_unit_test(test_bech32_every_length),
        cmocka_unit_test(test_every_wrong_character_is_refused),
        cmocka_unit_test(test_public_key_of_an_identity),
        cmocka_unit_test(test_identity_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
