/* SPDX-License-Identifier: Apache-2.0
 *
 * Alphabets: what was let in is held, and text that looks otherwise is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "audit/known/alphabet.h"

#include "core/banned.h"

static bool held(const struct sc_alphabets *alphabets, const char *word, size_t len)
{
    return sc_alphabets_hold(alphabets, (const unsigned char *)word, len);
}

static void add(struct sc_alphabets *alphabets, const char *word, size_t len)
{
    sc_alphabets_add(alphabets, (const unsigned char *)word, len);
    assert_true(held(alphabets, word, len));
}

static void test_nothing_is_held_at_first(void **state)
{
    (void)state;
    struct sc_alphabets alphabets = {0};
    assert_false(held(&alphabets, "aaaaaaaa", 8));
    assert_false(held(&alphabets, "\0\0\0\0\0\0\0\0", 8));
    assert_false(held(&alphabets, "\xff\xff\xff\xff\xff", 5));
}

static void test_a_word_brings_its_alphabet(void **state)
{
    (void)state;
    struct sc_alphabets alphabets = {0};
    add(&alphabets, "c2VjcmV0", 8);
    assert_true(held(&alphabets, "QUJD+/-_", 8));
    assert_false(held(&alphabets, "QUJD RUZ", 8));
    assert_false(held(&alphabets, "%73%65%6", 8));
    add(&alphabets, "%41%42%4", 8);
    assert_true(held(&alphabets, "\\x73\\x65", 8));
    assert_false(held(&alphabets, "s\0e\0c\0r\0", 8));
    add(&alphabets, "a\0b\0c\0d\0", 8);
    assert_true(held(&alphabets, "s\0e\0c\0r\0", 8));
    assert_false(held(&alphabets, "\0s\0e\0c\0r", 8));
    assert_false(held(&alphabets, "\0\0\0\0\0\0\0\0", 8));
    add(&alphabets, "\0a\0b\0c\0d", 8);
    assert_true(held(&alphabets, "\0s\0e\0c\0r", 8));
}

static void test_any_word_is_taken(void **state)
{
    (void)state;
    struct sc_alphabets alphabets = {0};
    add(&alphabets, "p\xc3\xa4ss w!", 8);
    assert_true(held(&alphabets, "p\xc3\xb6ss w!", 8));
    assert_false(held(&alphabets, "password", 8)); /* no 'r' yet */
    add(&alphabets, "\0\1\2\3\4\5\6\7", 8);
    for (unsigned byte = 0; byte < 256; byte++) {
        char word[8];
        memset(word, (int)byte, sizeof(word));
        add(&alphabets, word, sizeof(word));
    }
}

/* Bytes behind a short word do not matter. */
static void test_width(void **state)
{
    (void)state;
    struct sc_alphabets alphabets = {0};
    add(&alphabets, "abcde   ", 5);
    assert_true(held(&alphabets, "vwxyz!!!", 5));
    assert_false(held(&alphabets, "vwxyz!!!", 6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_held_at_first),
        cmocka_unit_test(test_a_word_brings_its_alphabet),
        cmocka_unit_test(test_any_word_is_taken),
        cmocka_unit_test(test_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
