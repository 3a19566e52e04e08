/* SPDX-License-Identifier: Apache-2.0
 *
 * Placeholders: what is one, what is text, what is an error; filters; rendering.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/text/render.h"
#include "core/str.h"

#include "core/banned.h"

static int fetch(const char *name, enum sc_template_kind kind, void *ctx, struct sc_secret *ret,
                 struct sc_error *err)
{
    (void)kind;
    (void)ctx;
    if (sc_str_equal(name, "shop/none"))
        return sc_fail(err, SC_E_NOTFOUND, "there is no entry '%s'", name);
    const char *value = sc_str_equal(name, "shop/pw")      ? "p@ss'w/\"rd\\\n"
                        : sc_str_equal(name, "other/key")  ? "{{secret:pw}}"
                        : sc_str_equal(name, "shop/empty") ? ""
                        : sc_str_equal(name, "shop/dsn")   ? "a:b\\:c"
                                                           : name;
    return sc_secret_append(ret, value, strlen(value), err);
}

static int render(const char *text, struct sc_secret *ret, struct sc_error *err)
{
    struct sc_bytes bytes = {(const unsigned char *)text, strlen(text)};
    return sc_render(bytes, "shop", fetch, NULL, ret, err);
}

static void renders(const char *text, const char *want)
{
    struct sc_secret got = {0};
    struct sc_error err = {0};
    int rc = render(text, &got, &err);
    if (rc < 0)
        print_error("%s\n", sc_error_message(&err));
    assert_int_equal(rc, 0);
    struct sc_bytes view = sc_secret_view(&got);
    assert_int_equal(view.len, strlen(want));
    if (view.len > 0)
        assert_memory_equal(view.ptr, want, view.len);
    sc_secret_done(&got);
}

static void fails(const char *text, int code, const char *message)
{
    struct sc_secret got = {0};
    struct sc_error err = {0};
    assert_int_equal(render(text, &got, &err), code);
    assert_string_equal(sc_error_message(&err), message);
    assert_int_equal(sc_secret_view(&got).len, 0);
}

static void test_text_passes(void **state)
{
    (void)state;
    static const char *const same[] = {
        "",
        "plain",
        "{",
        "{{",
        "{{ .Labels }}",
        "{{range}}",
        "{{ secret }}",
        "${X:-y}",
        "a}}b",
        "{{Secret:x}}",
        "{{ open }}",
        "{{secret",
        "{ {secret:x}}",
    };
    for (size_t i = 0; i < SC_ARRAY_SIZE(same); i++)
        renders(same[i], same[i]);
}

static void test_values(void **state)
{
    (void)state;
    renders("{{secret:user}}", "shop/user");
    renders("a{{ secret:user\t}}b{{config:x}}", "ashop/userbshop/x");
    renders("{{{secret:user}}}", "{shop/user}");
    renders("{{secret:a/b/c}}", "a/b/c");
    renders("{{open}}secret:user}}", "{{secret:user}}");
    renders("{{secret:empty}}.", ".");
    renders("{{secret:other/key}}", "{{secret:pw}}"); /* never scanned again */
}

static void test_placeholders_are_found_as_they_are_filled_in(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool has;
    } texts[] = {
        {"", false},
        {"a{{b}}", false},
        {"{{open}}secret:x}}", false},
        {"{{secret", false},
        {"a{{secret:x}}", true},
        {"{{\t config:x }}", true},
        {"{{secret: }}", true},
        {"{{.x}}{{ secret:x", true},
    };
    for (size_t i = 0; i < SC_ARRAY_SIZE(texts); i++) {
        const struct sc_bytes text = {(const unsigned char *)texts[i].text, strlen(texts[i].text)};
        assert_int_equal(sc_render_has_placeholder(text), texts[i].has);
    }
}

static void test_filters(void **state)
{
    (void)state;
    renders("{{secret:pw|url}}", "p%40ss%27w%2F%22rd%5C%0A");
    renders("{{secret:pw|json}}", "p@ss'w/\\\"rd\\\\\\n");
    renders("{{secret:pw|shell}}", "'p@ss'\\''w/\"rd\\\n'");
    renders("{{secret:pw|base64}}", "cEBzcyd3LyJyZFwK");
    renders("{{secret:pw|xml}}", "p@ss&apos;w/&quot;rd\\\n");
    renders("{{secret:pw|pgpass}}", "p@ss'w/\"rd\\\\\n");
    renders("{{secret:empty|pgpass}}:{{secret:dsn|pgpass}}", ":a\\:b\\\\\\:c");
    renders("{{secret:empty|base64}}{{secret:empty|shell}}", "''");
    renders("{{secret:a/b|base64|url}}", "YS9i");
    renders("{{secret:a/bc|base64}} {{secret:a/bcd|base64}}", "YS9iYw== YS9iY2Q=");
}

static void test_errors(void **state)
{
    (void)state;
    fails("{{secret:}}", SC_E_SYNTAX, "line 1, column 10: the name is not valid");
    fails("x\n {{secret:hunter2", SC_E_SYNTAX, "line 2, column 18: '}}' is missing here");
    fails("{{secret:a/../b}}", SC_E_SYNTAX, "line 1, column 12: the name is not valid");
    fails("{{secret:a/}}", SC_E_SYNTAX, "line 1, column 12: the name is not valid");
    fails("{{secret:/a}}", SC_E_SYNTAX, "line 1, column 10: the name is not valid");
    fails("{{secret:a b}}", SC_E_SYNTAX, "line 1, column 12: '}}' is missing here");
    fails("{{secret:a|}}", SC_E_SYNTAX,
          "line 1, column 12: the filter is none of url, json, shell, base64, xml, pgpass");
    fails("{{secret:a|url|url|url|url|url}}", SC_E_SYNTAX,
          "line 1, column 31: there are too many filters");
    fails("{{secret:1/2/3/4/5/6/7/8/9}}", SC_E_SYNTAX, "line 1, column 26: the name is not valid");
    fails("{{secret:none}}", SC_E_NOTFOUND, "line 1, column 1: there is no entry 'shop/none'");
}

static void test_no_scope(void **state)
{
    (void)state;
    struct sc_secret got = {0};
    struct sc_error err = {0};
    struct sc_bytes bytes = {(const unsigned char *)"{{secret:x}}", 12};
    assert_int_equal(sc_render(bytes, NULL, fetch, NULL, &got, &err), SC_E_BADNAME);
    assert_string_equal(sc_error_message(&err),
                        "line 1, column 1: 'x' has no scope; write scope/name or give a scope");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_passes),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_placeholders_are_found_as_they_are_filled_in),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_no_scope),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
