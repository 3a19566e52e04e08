/* SPDX-License-Identifier: Apache-2.0
 *
 * base64 as age wants it: one text for each run of bytes, and no other text for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vault/age/age_crypto.h"

#include "core/banned.h"

#define TEXT_MAX 128

static const enum sc_age_base64 forms[] = {SC_AGE_BASE64_RAW, SC_AGE_BASE64_PADDED};

static void test_there_and_back(void **state)
{
    (void)state;
    unsigned char data[80], back[80];
    char text[TEXT_MAX];
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (unsigned char)(i * 57 + 3);
    for (size_t f = 0; f < SC_ARRAY_SIZE(forms); f++) {
        for (size_t len = 0; len <= sizeof(data); len++) {
            size_t got = 0;
            assert_in_range(sc_age_base64_size(forms[f], len), 1, sizeof(text));
            sc_age_base64_encode(text, forms[f], (struct sc_bytes){data, len});
            struct sc_bytes view = {(unsigned char *)text, strlen(text)};
            assert_int_equal(view.len + 1, sc_age_base64_size(forms[f], len));
            assert_true(sc_age_base64_decode(back, len, forms[f], view, &got));
            assert_int_equal(got, len);
            assert_memory_equal(back, data, len);
            if (len > 0)
                assert_false(sc_age_base64_decode(back, len - 1, forms[f], view, &got));
        }
    }
}

/* Any text that decodes must be what encoding gives: tried with every byte in every place. */
static void test_only_the_canonical_text(void **state)
{
    (void)state;
    unsigned char data[7] = {0x00, 0xff, 0x10, 0x83, 0x7e, 0x5a, 0xc1}, back[7];
    char text[TEXT_MAX], again[TEXT_MAX];
    for (size_t f = 0; f < SC_ARRAY_SIZE(forms); f++) {
        for (size_t len = 1; len <= sizeof(data); len++) {
            sc_age_base64_encode(text, forms[f], (struct sc_bytes){data, len});
            struct sc_bytes view = {(unsigned char *)text, strlen(text)};
            for (size_t i = 0; i < view.len * 256; i++) {
                size_t got = 0;
                char right = text[i / 256];
                text[i / 256] = (char)(i % 256);
                if (sc_age_base64_decode(back, sizeof(back), forms[f], view, &got)) {
                    sc_age_base64_encode(again, forms[f], (struct sc_bytes){back, got});
                    if (strlen(again) != view.len || memcmp(again, text, view.len) != 0)
                        fail_msg("byte %zu at %zu of %zu was accepted", i % 256, i / 256, view.len);
                }
                text[i / 256] = right;
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_only_the_canonical_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
