/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON walker: pointers, decoding, and texts that are no JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "audit/known/json_walk.h"
#include "core/buf.h"

#include "core/banned.h"

static int print(const struct sc_json_scalar *scalar, void *ctx, struct sc_error *err)
{
    (void)err;
    if (scalar->type == SC_JSON_KEY)
        return 0;
    sc_buf_printf(ctx, "%s=", scalar->pointer);
    sc_buf_append(ctx, scalar->text.ptr, scalar->text.len);
    sc_buf_puts(ctx, ";");
    return 0;
}

static int walk(const char *json, struct sc_buf *out, struct sc_error *err)
{
    struct sc_bytes bytes = {(const unsigned char *)json, strlen(json)};
    return sc_json_walk(bytes, print, out, err);
}

static void test_places_and_texts(void **state)
{
    (void)state;
    static const struct {
        const char *json, *want;
    } cases[] = {
        {"{}", ""},
        {" [ ] ", ""},
        {"\"x\"", "=x;"},
        {"{\"Config\":{\"Env\":[\"A=1\",\"B=2\"],\"N\":-1.5e3},\"t\":true,\"n\":null}",
         "/Config/Env/0=A=1;/Config/Env/1=B=2;/Config/N=-1.5e3;/t=true;/n=null;"},
        {"{\"a/b\":{\"c~d\":[[1],[2,3]]}}", "/a~1b/c~0d/0/0=1;/a~1b/c~0d/1/0=2;/a~1b/c~0d/1/1=3;"},
        {"[\"a\\u0026b\\n\\\"\\\\\\/\",\"\\u00e9\\ud83d\\udd11\"]",
         "/0=a&b\n\"\\/;/1=\xc3\xa9\xf0\x9f\x94\x91;"},
        {"{\"\":{\"\":1}}", "//=1;"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(4096);
        struct sc_error err = {0};
        int rc = walk(cases[i].json, &out, &err);
        if (rc != 0 || strcmp(sc_buf_text(&out), cases[i].want) != 0)
            fail_msg("case %zu: %d, '%s'", i, rc, sc_buf_text(&out));
    }
}

static void test_no_json(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",      "{",       "[1",        "[1,]x", "{\"a\"}", "{\"a\":}",   "{1:2}",
        "\"abc", "\"\\x\"", "\"\\u12\"", "[1 2]", "{} x",    "{\"a\":1,}", "[\"\\u00",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(4096);
        struct sc_error err = {0};
        if (walk(texts[i], &out, &err) != SC_E_SYNTAX)
            fail_msg("text %zu is taken for JSON", i);
    }
}

static void test_limits(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf json = SC_BUF_INIT(1024 * 1024);
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(1024 * 1024);
    struct sc_error err = {0};
    for (int i = 0; i < SC_JSON_WALK_DEPTH_MAX + 1; i++)
        sc_buf_putc(&json, '[');
    assert_int_equal(walk(sc_buf_text(&json), &out, &err), SC_E_TOOBIG);
    /* A pointer that is too long is cut, the walk goes on. */
    sc_buf_clear(&json);
    sc_buf_puts(&json, "{\"");
    for (int i = 0; i < 5000; i++)
        sc_buf_putc(&json, 'k');
    sc_buf_puts(&json, "\":{\"inner\":[1]},\"next\":2}");
    assert_int_equal(walk(sc_buf_text(&json), &out, &err), 0);
    assert_non_null(strstr(sc_buf_text(&out), ";/next=2;"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places_and_texts),
        cmocka_unit_test(test_no_json),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
