/* SPDX-License-Identifier: Apache-2.0
 *
 * Variables in values: every operator, the closing brace, what is told about each use.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compose/vars/interp.h"

#include "core/banned.h"

struct fixture {
    struct sc_model_pool pool;
    struct sc_scope scope;
};

static void set(struct fixture *f, struct sc_value *map, const char *name, const char *value)
{
    static const struct sc_origin origin = {.routes = SC_ROUTE_ENVIRONMENT};
    assert_int_equal(
        sc_tree_set(&f->pool, map, name, sc_tree_text(&f->pool, value, &origin), NULL, NULL), 0);
}

static int interpolate(struct fixture *f, const char *text, struct sc_interp_result *ret,
                       struct sc_error *err)
{
    struct sc_value *map = sc_tree_new(&f->pool, SC_VALUE_MAP, sc_origin_implied());
    set(f, map, "A", "value");
    set(f, map, "E", "");
    f->scope.maps[0] = map;
    struct sc_interp interp = {.pool = &f->pool, .scope = &f->scope};
    return sc_interpolate(&interp, text, strlen(text), ret, err);
}

static void test_forms(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"plain", "plain"},
        {"$A", "value"},
        {"${A}", "value"},
        {"$$A", "$A"},
        {"$", "$"},
        {"a $ b", "a $ b"},
        {"$1 $- $}", "$1 $- $}"},
        {"${U}", ""},
        {"${U:-d}", "d"},
        {"${U-d}", "d"},
        {"${E:-d}", "d"},
        {"${E-d}", ""},
        {"${A:-d}", "value"},
        {"${A:+x}", "x"},
        {"${E:+x}", ""},
        {"${E+x}", "x"},
        {"${U+x}", ""},
        {"${A:?m}", "value"},
        {"${E?m}", ""},
        {"${U:-${A}}", "value"},
        {"${U:-${V:-deep}}", "deep"},
        {"${X:-{\"a\":1}}", "{\"a\":1}"},
        {"${X:-{}}", "{}"},
        {"${X:-a}b${A}c}", "ab"
                           "value"
                           "c}"},
        {"${X:-}}", "}"},
        {"${U:-a:?b}", "a:?b"},
        {"${X-b:-c}", "b:-c"},
        {"${U:-$$x}", "$x"},
        {"${U:-a}${U:-b}\n${A}", "ab\nvalue"},
        {"$$$A$$", "$value$"},
    };
    struct fixture f = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sc_interp_result result = {0};
        assert_int_equal(interpolate(&f, cases[i][0], &result, NULL), 0);
        assert_string_equal(result.text, cases[i][1]);
    }
    sc_model_pool_done(&f.pool);
}

static void test_refusals_hold_no_text(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "${",     "${}", "${ A}",      "${A }",         "${1}",          "${A!}",
        "${A:x}", "${A", "${U:-a\nb}", "${U:?hunter2}", "${E:?hunter2}", "${U?hunter2}"};
    struct fixture f = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sc_interp_result result = {0};
        struct sc_error err = {0};
        assert_int_equal(interpolate(&f, cases[i], &result, &err), SC_E_SYNTAX);
        assert_null(strstr(err.message, "hunter2"));
    }
    sc_model_pool_done(&f.pool);
}

static void test_uses(void **state)
{
    (void)state;
    struct fixture f = {0};
    struct sc_interp_result result = {0};
    assert_int_equal(interpolate(&f, "$A-${U:-x${E}}", &result, NULL), 0);
    const struct sc_use *use = result.uses;
    assert_string_equal(use->name, "A");
    assert_int_equal(use->source, SC_USE_ENVIRONMENT);
    assert_string_equal(use->value, "value");
    use = use->next;
    assert_string_equal(use->name, "U");
    assert_string_equal(use->op, ":-");
    assert_int_equal(use->source, SC_USE_DEFAULT);
    use = use->next;
    assert_string_equal(use->name, "E");
    assert_null(use->next);
    assert_int_equal(result.routes, SC_ROUTE_VARIABLE | SC_ROUTE_DEFAULT | SC_ROUTE_ENVIRONMENT);
    sc_model_pool_done(&f.pool);
}

static void test_depth(void **state)
{
    (void)state;
    char text[16 * 1024];
    size_t len = 0;
    for (size_t i = 0; i < 1000; i++) {
        memcpy(text + len, "${U:-", 5);
        len += 5;
    }
    for (size_t i = 0; i < 1000; i++)
        text[len++] = '}';
    text[len] = '\0';
    struct fixture f = {0};
    struct sc_interp_result result = {0};
    assert_int_equal(interpolate(&f, text, &result, NULL), SC_E_TOOBIG);
    sc_model_pool_done(&f.pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_refusals_hold_no_text),
        cmocka_unit_test(test_uses),
        cmocka_unit_test(test_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
