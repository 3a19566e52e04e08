/* SPDX-License-Identifier: Apache-2.0
 *
 * Env files in both formats, and what their refusals do not say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compose/vars/envfile.h"

#include "core/banned.h"

struct fixture {
    struct sc_model_pool pool;
    struct sc_value *into;
    struct sc_project_file file;
    struct sc_error err;
};

static int parse(struct fixture *f, const char *text, bool raw)
{
    f->file = (struct sc_project_file){.display = "x.env", .text = text, .size = strlen(text)};
    f->into = sc_tree_new(&f->pool, SC_VALUE_MAP, sc_origin_implied());
    struct sc_envfile input = {.file = &f->file, .routes = SC_ROUTE_ENV_FILE};
    return raw ? sc_envfile_parse_raw(&f->pool, &input, f->into, &f->err)
               : sc_envfile_parse(&f->pool, &input, f->into, &f->err);
}

static void test_values(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"A=b", "b"},
        {"A=b # c", "b"},
        {"A=b#c", "b#c"},
        {"A=  b  \r\n", "b"},
        {"A: b", "b"},
        {"export A=b", "b"},
        {"A='b $X \\' \\n'", "b $X ' \\n"},
        {"A=\"b\\n\\\"c\\\"\"", "b\n\"c\""},
        {"A=\"\\0101\\$x$$y\"", "A$x$y"},
        {"A=\"l1\nl2\"", "l1\nl2"},
        {"B=1\nA=$B${B:+x}", "1x"},
        {"A=1\nA=2", "2"},
        {"A=\"x\"B=2", "x"},
        {"A= # c", "# c"},
        {"A=a\\tb", "a\\tb"},
        {"A=", ""},
        {"\xef\xbb\xbf"
         "A=b",
         "b"},
    };
    struct fixture f = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(parse(&f, cases[i][0], false), 0);
        assert_string_equal(sc_value_text(sc_value_get(f.into, "A")), cases[i][1]);
    }
    sc_model_pool_done(&f.pool);
}

static void test_raw(void **state)
{
    (void)state;
    struct fixture f = {0};
    assert_int_equal(parse(&f, "# c\n  A=\"q\" # $X \nB\nC=\r\n", true), 0);
    assert_string_equal(sc_value_text(sc_value_get(f.into, "A")), "\"q\" # $X ");
    assert_string_equal(sc_value_text(sc_value_get(f.into, "C")), "");
    assert_null(sc_value_get(f.into, "B"));
    sc_model_pool_done(&f.pool);
}

static void test_places(void **state)
{
    (void)state;
    struct fixture f = {0};
    const char *text = "# \xc3\xbc\nA=1\n B = \"two\" \n";
    assert_int_equal(parse(&f, text, false), 0);
    const struct sc_value *b = sc_value_get(f.into, "B");
    assert_int_equal(b->origin->place.line, 3);
    assert_int_equal(b->origin->place.column, 6);
    assert_memory_equal(text + b->origin->place.start, "\"two\"", 5);
    sc_model_pool_done(&f.pool);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool raw;
        const char *message;
    } cases[] = {
        {"A=1\nhunter2%=x\n", false,
         "'x.env' line 2, column 8: a character that no variable's name may have"},
        {"hunter2 b=x\n", false, "'x.env' line 1, column 1: a blank inside a variable's name"},
        {"A=1\n\nB=\"hunter2\n\n", false,
         "'x.env' line 3, column 3: a quoted value without its closing quote"},
        {"B=${hunter2\n", false,
         "'x.env' line 1, column 3: a '${' that is no variable; write '$${' for a literal one"},
        {"=hunter2\n", true, "'x.env' line 1, column 1: no variable's name before the '='"},
        {"A=1\nhunter2 x=1\n", true, "'x.env' line 2, column 1: a blank in a variable's name"},
        {"A=\xff\n", true, "'x.env' line 1, column 1: not valid UTF-8"},
    };
    struct fixture f = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(parse(&f, cases[i].text, cases[i].raw), SC_E_SYNTAX);
        assert_string_equal(f.err.message, cases[i].message);
    }
    sc_model_pool_done(&f.pool);
}

static void test_nul(void **state)
{
    (void)state;
    static const char text[] = "A=1\nB=hun\0ter2\n";
    struct fixture f = {.file = {.display = "x.env", .text = text, .size = sizeof(text) - 1}};
    struct sc_envfile input = {.file = &f.file, .routes = SC_ROUTE_ENV_FILE};
    f.into = sc_tree_new(&f.pool, SC_VALUE_MAP, sc_origin_implied());
    for (int raw = 0; raw < 2; raw++) {
        int rc = raw ? sc_envfile_parse_raw(&f.pool, &input, f.into, &f.err)
                     : sc_envfile_parse(&f.pool, &input, f.into, &f.err);
        assert_int_equal(rc, SC_E_SYNTAX);
        assert_string_equal(f.err.message,
                            "'x.env' line 2, column 6: a NUL byte in a file of variables");
    }
    sc_model_pool_done(&f.pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),   cmocka_unit_test(test_raw), cmocka_unit_test(test_places),
        cmocka_unit_test(test_refusals), cmocka_unit_test(test_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
