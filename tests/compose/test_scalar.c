/* SPDX-License-Identifier: Apache-2.0
 *
 * Types of scalars and what Go prints for them; durations; sizes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compose/form/words.h"
#include "compose/tree/clock.h"
#include "compose/tree/scalar.h"

#include "core/banned.h"

struct scalar_case {
    const char *text, *tag;
    enum sc_value_kind kind;
    const char *printed;
};

static void test_types(void **state)
{
    (void)state;
    static const struct scalar_case cases[] = {
        {"0123", NULL, SC_VALUE_INT, "83"},
        {"08", NULL, SC_VALUE_FLOAT, "8"},
        {"0o17", NULL, SC_VALUE_INT, "15"},
        {"0x1F", NULL, SC_VALUE_INT, "31"},
        {"-0x10", NULL, SC_VALUE_INT, "-16"},
        {"0b11", NULL, SC_VALUE_INT, "3"},
        {"1_000", NULL, SC_VALUE_INT, "1000"},
        {"9223372036854775807", NULL, SC_VALUE_INT, "9223372036854775807"},
        {"-9223372036854775808", NULL, SC_VALUE_INT, "-9223372036854775808"},
        {"9223372036854775808", NULL, SC_VALUE_UINT, "9223372036854775808"},
        {"18446744073709551616", NULL, SC_VALUE_FLOAT, "1.8446744073709552e+19"},
        {"1e3", NULL, SC_VALUE_FLOAT, "1000"},
        {"1e6", NULL, SC_VALUE_FLOAT, "1e+06"},
        {"1234567.5", NULL, SC_VALUE_FLOAT, "1.2345675e+06"},
        {"0.10", NULL, SC_VALUE_FLOAT, "0.1"},
        {"0.00001", NULL, SC_VALUE_FLOAT, "1e-05"},
        {".5", NULL, SC_VALUE_FLOAT, "0.5"},
        {"-0", NULL, SC_VALUE_FLOAT, "-0"},
        {".inf", NULL, SC_VALUE_FLOAT, "+Inf"},
        {"true", NULL, SC_VALUE_BOOL, "true"},
        {"yes", NULL, SC_VALUE_STRING, "yes"},
        {"", NULL, SC_VALUE_NULL, "<nil>"},
        {"~", NULL, SC_VALUE_NULL, "<nil>"},
        {"1:30", NULL, SC_VALUE_STRING, "1:30"},
        {"1.2.3", NULL, SC_VALUE_STRING, "1.2.3"},
        {"1e400", NULL, SC_VALUE_STRING, "1e400"},
        {".", NULL, SC_VALUE_STRING, "."},
        {"-", NULL, SC_VALUE_STRING, "-"},
        {"2024-01-31", NULL, SC_VALUE_STRING, "2024-01-31 00:00:00 +0000 UTC"},
        {"2024-02-30", NULL, SC_VALUE_STRING, "2024-02-30"},
        {"0123", "!!str", SC_VALUE_STRING, "0123"},
        {"3", "!!float", SC_VALUE_FLOAT, "3"},
        {"aGk=", "!!binary", SC_VALUE_STRING, "hi"},
        {"12", "!ENV", SC_VALUE_STRING, "12"},
    };
    struct sc_model_pool pool = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sc_scalar_source source = {cases[i].text, strlen(cases[i].text), true, cases[i].tag};
        struct sc_value value = {0};
        assert_int_equal(sc_scalar_resolve(&pool, &source, &value, NULL), 0);
        assert_int_equal(value.kind, cases[i].kind);
        assert_string_equal(sc_scalar_text(&pool, &value), cases[i].printed);
    }
    sc_model_pool_done(&pool);
}

static void test_tags_that_do_not_fit(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"x", "!!int"}, {"1.5", "!!int"}, {"a=b", "!!binary"}};
    struct sc_model_pool pool = {0};
    for (size_t i = 0; i < 3; i++) {
        struct sc_scalar_source source = {cases[i][0], strlen(cases[i][0]), true, cases[i][1]};
        struct sc_value value = {0};
        struct sc_error err = {0};
        assert_int_equal(sc_scalar_resolve(&pool, &source, &value, &err), SC_E_SYNTAX);
        assert_null(strstr(err.message, cases[i][0]));
    }
    sc_model_pool_done(&pool);
}

static void test_quoted_is_text(void **state)
{
    (void)state;
    struct sc_model_pool pool = {0};
    struct sc_scalar_source source = {"0123", 4, false, NULL};
    struct sc_value value = {0};
    assert_int_equal(sc_scalar_resolve(&pool, &source, &value, NULL), 0);
    assert_int_equal(value.kind, SC_VALUE_STRING);
    sc_model_pool_done(&pool);
}

static void test_durations(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"90s", "1m30s"},      {"1h", "1h0m0s"},  {"1.5s", "1.5s"}, {"500ms", "500ms"},
        {"0", "0s"},           {"1d", "24h0m0s"}, {"-2m", "-2m0s"}, {"10us", "10\xc2\xb5s"},
        {"1m1ms", "1m0.001s"}, {"3ns", "3ns"},
    };
    char text[SC_CLOCK_TEXT_SIZE];
    int64_t duration = 0;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(sc_duration_parse(cases[i][0], &duration));
        sc_duration_text(duration, text);
        assert_string_equal(text, cases[i][1]);
    }
    static const char *const wrong[] = {"", "30", "30x", "s", ".s", "1h 2m", "99999999999h"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(sc_duration_parse(wrong[i], &duration));
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t bytes;
    } cases[] = {{"1g", 1073741824}, {"512M", 536870912}, {"-1", -1},  {"1.5 GiB", 1610612736},
                 {"100", 100},       {"64kb", 65536},     {"10b", 10}, {"2T", 2199023255552}};
    int64_t size = 0;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(sc_size_parse(cases[i].text, &size));
        assert_int_equal(size, cases[i].bytes);
    }
    static const char *const wrong[] = {"", "x", "1x", "1kbb", "-1k", "1.2.3m", "9e9e9"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(sc_size_parse(wrong[i], &size));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),          cmocka_unit_test(test_tags_that_do_not_fit),
        cmocka_unit_test(test_quoted_is_text), cmocka_unit_test(test_durations),
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
