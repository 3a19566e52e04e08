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
    static const char *const texts[] = {"passw='abc12'3",          "SECRET: \"hunter2\"",
                                        "Token = `a-b-c-d`",       "apiKey=\"1234567a\"",
                                        "API_KEY \"ab_12\"7",      "api-key:'x1y2z3'",
                                        "pwd=>'p4ss!x'",           "PWD=\"x1y2z3\"",
                                        "credentials(\"a1b2c3\")", "BasicAuth(\"u\",\"p4ssw0\")",
                                        "\"u:p@tcp(h)\""};
    char *text = malloc(LEN_MAX);
    assert_non_null(text);
    for (size_t i = 0; i < SC_ARRAY_SIZE(texts); i++) {
        size_t len = strlen(texts[i]);
        for (size_t at = 0; at + len + 1 <= LEN_MAX; at++) {
            memset(text, '.', LEN_MAX);
            memcpy(text + at, texts[i], len);
            text[at + len] = '\n';
            assert_true(mentions(text, LEN_MAX) == mentions(text + at, len));
        }
    }
    free(text);
    for (size_t i = 0; i < SC_ARRAY_SIZE(texts); i++) {
        bool short_value = i == 0 || i == 4; /* five characters */
        assert_int_equal(mentions(texts[i], strlen(texts[i])), !short_value);
    }
}

static void test_none(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "class A { void record() { ask(); press(); } } // taken, tcp, api",
        "password: \"Password\"",
        "token = next()",
        "label(\"secret\", \"Your secret\")",
        "passw = \"a b c d 1\"",
        "password\n\"hunter2\"",
        "\"password\": {}",
        "pwd = \"123456\""};
    char text[LEN_MAX];
    memset(text, 's', sizeof(text));
    for (size_t len = 0; len < sizeof(text); len++)
        assert_false(mentions(text, len));
    assert_false(mentions(NULL, 0));
    for (size_t i = 0; i < SC_ARRAY_SIZE(texts); i++)
        assert_false(mentions(texts[i], strlen(texts[i])));
}

/* What stands behind the text is no part of it. */
static void test_end(void **state)
{
    (void)state;
    static const char text[] = "secret=\"hunter2\"";
    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        char *copy = malloc(len + 1);
        assert_non_null(copy);
        memcpy(copy, text, len);
        assert_false(mentions(copy, len));
        free(copy);
    }
    assert_true(mentions(text, sizeof(text) - 1));
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
