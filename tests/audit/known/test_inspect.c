/* SPDX-License-Identifier: Apache-2.0
 *
 * Searching texts that should be JSON: what is none, or only begins like it, is searched as it
 * stands.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "audit/known/inspect.h"
#include "core/buf.h"

#include "core/banned.h"

#define ONE   "Zq8-vvT1.pLm~0xY"
#define OTHER "kd7\\.Rr2\"wQx-81Lm" /* JSON escapes two of it */

struct search {
    struct sc_known *known;
    struct sc_searcher searcher;
    struct sc_ledger ledger;
    struct sc_probe probe;
};

static void add(struct search *search, const char *name, const char *value)
{
    struct sc_bytes bytes = {(const unsigned char *)value, strlen(value)};
    assert_int_equal(sc_known_add(search->known, name, bytes, NULL), 0);
}

static int set_up(void **state)
{
    static struct search search;
    search = (struct search){.known = sc_known_new(NULL)};
    assert_non_null(search.known);
    add(&search, "one", ONE);
    add(&search, "other", OTHER);
    assert_int_equal(sc_known_build(search.known, NULL), 0);
    search.searcher = sc_known_searcher(search.known);
    assert_int_equal(sc_probe_init(&search.probe, &search.searcher, &search.ledger, NULL), 0);
    *state = &search;
    return 0;
}

static int tear_down(void **state)
{
    struct search *search = *state;
    sc_probe_done(&search->probe);
    sc_ledger_done(&search->ledger);
    sc_known_free(search->known);
    return 0;
}

/* "name encoding where;" for each finding. */
static void assert_told(struct search *search, const char *text, int status, const char *wanted)
{
    struct sc_error err = {0};
    const struct sc_spot spot = {.place = "image-config", .file = "x"};
    struct sc_bytes json = {(const unsigned char *)text, strlen(text)};
    struct sc_buf told = SC_BUF_INIT(4096);
    sc_ledger_done(&search->ledger);
    search->ledger.searcher = &search->searcher;
    assert_int_equal(sc_inspect_json(&search->probe, &spot, json, &err), status);
    for (size_t i = 0; i < search->ledger.leak_count; i++) {
        const struct sc_leak *leak = &search->ledger.leaks[i];
        sc_buf_printf(&told, "%s %s %s;", leak->name, sc_encoding_name(leak->encoding),
                      leak->where);
    }
    assert_string_equal(sc_buf_text(&told), wanted);
    sc_buf_done(&told);
}

static void test_json(void **state)
{
    assert_told(*state, "{\"a\":\"" ONE "\",\"b\":[\"kd7\\\\.Rr2\\\"wQx-81Lm\"]}", 0,
                "one plain /a;other plain /b/0;");
    assert_told(*state, "{\"a\":\"x\"}", 0, "");
}

static void test_no_json(void **state)
{
    assert_told(*state, "{ " ONE, SC_E_SYNTAX, "one plain raw text;");
    assert_told(*state, "[kd7\\\\.Rr2\\\"wQx-81Lm]", SC_E_SYNTAX, "other json raw text;");
    assert_told(*state, "{nothing", SC_E_SYNTAX, "");
}

/* What stands behind the place where it ends to be JSON is not missed for what stands before. */
static void test_begins_like_json(void **state)
{
    assert_told(*state, "{\"a\":\"" ONE "\"}\n{\"a\":\"kd7\\\\.Rr2\\\"wQx-81Lm\"}\n", SC_E_SYNTAX,
                "one plain /a;one plain raw text;other json raw text;");
    assert_told(*state, "{\"a\":\"" ONE "\",\"b\":\"" ONE, SC_E_SYNTAX,
                "one plain /a;one plain raw text;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_no_json),
        cmocka_unit_test(test_begins_like_json),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
