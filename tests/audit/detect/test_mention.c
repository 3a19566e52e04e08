/* SPDX-License-Identifier: Apache-2.0
 *
 * The gate in front of the reader of sources: each word at each place of a text, in either case.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audit/detect/mention.h"
#include "core/macros.h"

#include "core/banned.h"

/* Around the blocks in which it is looked at, and a rest. */
#define LEN_MAX ((size_t)1200)

static bool mentions(const char *text, size_t len)
{
    return sc_mention_any((struct sc_bytes){(const unsigned char *)text, len});
}

static void test_each_place(void **state)
{
    (void)state;
    static const char *const words[] = {"passw", "SECRET", "Token", "apiKey", "API_KEY",
                                        "pwd",   "PWD",    "crede", "@tcp("};
    char *text = malloc(LEN_MAX);
    assert_non_null(text);
    for (size_t i = 0; i < SC_ARRAY_SIZE(words); i++) {
        size_t len = strlen(words[i]);
        for (size_t at = 0; at + len <= LEN_MAX; at++) {
            memset(text, '.', LEN_MAX);
            memcpy(text + at, words[i], len);
            assert_true(mentions(text, LEN_MAX));
            assert_true(mentions(text + at, len));
        }
    }
    free(text);
}

static void test_none(void **state)
{
    (void)state;
    char text[LEN_MAX];
    memset(text, 's', sizeof(text));
    for (size_t len = 0; len < sizeof(text); len++)
        assert_false(mentions(text, len));
    assert_false(mentions(NULL, 0));
    static const char prose[] = "class A { void record() { ask(); press(); } } // taken, tcp, api";
    assert_false(mentions(prose, strlen(prose)));
}

/* What stands behind the text is no part of it. */
static void test_end(void **state)
{
    (void)state;
    assert_false(mentions("secret", 4));
    assert_false(mentions("pwd", 2));
    assert_true(mentions("pwd", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_place),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
