/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256: the standard's examples, and libsodium's answer for every length and cut, by both codes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "audit/image/sha256.h"
#include "core/hash.h"

#include "core/banned.h"

static void check(const unsigned char *data, size_t len, size_t cut, const unsigned char *wanted)
{
    for (int plain = 0; plain < 2; plain++) {
        struct sc_sha256 hash;
        unsigned char out[SC_SHA256_SIZE];
        sc_sha256_init(&hash);
        hash.plain |= plain == 1;
        sc_sha256_add(&hash, (struct sc_bytes){data, cut});
        sc_sha256_add(&hash, (struct sc_bytes){data + cut, len - cut});
        sc_sha256_end(&hash, out);
        if (memcmp(out, wanted, sizeof(out)) != 0)
            fail_msg("%zu bytes, cut at %zu, %s", len, cut, plain == 1 ? "plain" : "fast");
    }
}

static void test_examples(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hex;
    } examples[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        struct sc_sha256 hash;
        unsigned char out[SC_SHA256_SIZE];
        char hex[SC_SHA256_HEX_SIZE];
        sc_sha256_init(&hash);
        sc_sha256_add(&hash, (struct sc_bytes){(const unsigned char *)examples[i].text,
                                               strlen(examples[i].text)});
        sc_sha256_end(&hash, out);
        sc_hex(hex, out, sizeof(out));
        assert_string_equal(hex, examples[i].hex);
    }
}

static void test_every_length_and_cut(void **state)
{
    (void)state;
    unsigned char data[400], wanted[SC_HASH_SIZE];
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (unsigned char)(i * 167 + 13);
    for (size_t len = 0; len <= sizeof(data); len++) {
        sc_hash_sha256(wanted, data, len);
        for (size_t cut = 0; cut <= len; cut += 1 + len / 9)
            check(data, len, cut, wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_every_length_and_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
