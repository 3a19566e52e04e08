/* SPDX-License-Identifier: Apache-2.0
 *
 * Secrets, buffers, strings, names, numbers, JSON and errors: the small types every module stands
 * on, at their limits and with every allocation failing in turn.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/name.h"
#include "core/parse.h"
#include "core/secret.h"
#include "core/str.h"
#include "tests/support/fail_alloc.h"

#include "core/banned.h"

/* ---- secrets ---- */

static int pipe_with(const char *text)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
    close(ends[1]);
    return ends[0];
}

static void test_secret_grows_and_keeps(void **state)
{
    (void)state;
    SC_CLEANUP(sc_secret_done) struct sc_secret secret = {0};
    for (size_t i = 0; i < 100000; i++) {
        unsigned char byte = (unsigned char)(i % 251);
        assert_int_equal(sc_secret_append(&secret, &byte, 1, NULL), 0);
    }
    assert_int_equal(secret.len, 100000);
    for (size_t i = 0; i < secret.len; i++)
        assert_int_equal(secret.ptr[i], i % 251);
    struct sc_error err = {0};
    assert_int_equal(sc_secret_reserve(&secret, SC_ARENA_BLOCK_MAX + 1, &err), SC_E_TOOBIG);
    assert_int_equal(secret.len, 100000);
}

static void test_secret_appends_part_of_itself(void **state)
{
    (void)state;
    SC_CLEANUP(sc_secret_done) struct sc_secret secret = {0};
    assert_int_equal(sc_secret_append(&secret, "0123456789abcdef", 16, NULL), 0);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(sc_secret_append(&secret, secret.ptr, secret.len, NULL), 0);
    assert_int_equal(secret.len, 16384);
    assert_memory_equal(secret.ptr + 16368, "0123456789abcdef", 16);
}

static void test_secret_from_descriptor(void **state)
{
    (void)state;
    SC_CLEANUP(sc_secret_done) struct sc_secret secret = {0};
    struct sc_error err = {0};
    int fd = pipe_with("four");
    assert_int_equal(sc_secret_read_fd(&secret, fd, 4, &err), 0);
    close(fd);
    assert_int_equal(secret.len, 4);
    fd = pipe_with("fives");
    assert_int_equal(sc_secret_read_fd(&secret, fd, 4, &err), SC_E_TOOBIG);
    assert_string_equal(err.message, "the value is longer than 4 bytes");
    close(fd);
    assert_memory_equal(secret.ptr, "four", 4); /* untouched */
    fd = pipe_with("");
    assert_int_equal(sc_secret_read_fd(&secret, fd, 0, &err), 0);
    close(fd);
    assert_int_equal(secret.len, 0);
    assert_int_equal(sc_secret_read_fd(&secret, -1, 4, &err), SC_E_IO);
}

static void test_secret_newline_compare_move(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
    } cases[] = {{"a\n", "a"},   {"a\r\n", "a"}, {"a\n\n", "a\n"},
                 {"a\r", "a\r"}, {"\n", ""},     {"", ""}};
    for (size_t i = 0; i < SC_ARRAY_SIZE(cases); i++) {
        SC_CLEANUP(sc_secret_done) struct sc_secret a = {0};
        SC_CLEANUP(sc_secret_done) struct sc_secret b = {0};
        assert_int_equal(sc_secret_append(&a, cases[i].before, strlen(cases[i].before), NULL), 0);
        assert_int_equal(sc_secret_append(&b, cases[i].after, strlen(cases[i].after), NULL), 0);
        sc_secret_strip_newline(&a);
        assert_true(sc_secret_equal(&a, &b));
        sc_secret_move(&b, &a);
        assert_null(a.ptr);
        assert_int_equal(b.len, strlen(cases[i].after));
        sc_secret_move(&b, &b);
        assert_int_equal(b.len, strlen(cases[i].after));
    }
}

/* ---- buffers ---- */

static void test_buf_keeps_its_maximum(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf buf = SC_BUF_INIT(10);
    struct sc_error err = {0};
    assert_string_equal(sc_buf_text(&buf), "");
    sc_buf_puts(&buf, "12345");
    sc_buf_printf(&buf, "%d", 67890);
    assert_int_equal(sc_buf_status(&buf, &err), 0);
    sc_buf_putc(&buf, 'x');
    assert_string_equal(sc_buf_text(&buf), "1234567890");
    assert_int_equal(sc_buf_status(&buf, &err), SC_E_TOOBIG);
    assert_string_equal(err.message, "the content is longer than 10 bytes");
    sc_buf_clear(&buf);
    assert_int_equal(sc_buf_status(&buf, &err), 0);
    sc_buf_append(&buf, "", SIZE_MAX);
    assert_int_equal(sc_buf_status(&buf, &err), SC_E_TOOBIG);
}

static void test_buf_from_descriptor(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf buf = SC_BUF_INIT(5);
    int fd = pipe_with("12345");
    assert_int_equal(sc_buf_read_fd(&buf, fd, NULL), 0);
    close(fd);
    assert_string_equal(sc_buf_text(&buf), "12345");
    fd = pipe_with("6");
    assert_int_equal(sc_buf_read_fd(&buf, fd, NULL), SC_E_TOOBIG);
    close(fd);
    char *taken = sc_buf_take(&buf);
    assert_string_equal(taken, "12345");
    assert_null(buf.data);
    free(taken);
}

/* ---- strings, names, numbers ---- */

static void test_items_grow_or_stay(void **state)
{
    (void)state;
    struct sc_error err = {0};
    size_t cap = 0, before = 0;
    int *items = NULL;
    for (size_t count = 0; count < 1000; count++) {
        int *grown = sc_items_reserve(items, &cap, count, 1, sizeof(*items), &err);
        assert_non_null(grown);
        assert_true(cap > count);
        items = grown;
        items[count] = (int)count;
    }
    assert_int_equal(items[999], 999);
    before = cap;
    assert_null(sc_items_reserve(items, &cap, 1000, SIZE_MAX - 10, sizeof(*items), &err));
    assert_int_equal(err.code, SC_E_NOMEM);
    assert_null(sc_items_reserve(items, &cap, 1000, SIZE_MAX / 2, sizeof(*items), &err));
    assert_int_equal(cap, before);
    assert_int_equal(items[999], 999);
    free(items);
}

static void test_buf_fills_to_its_maximum(void **state)
{
    (void)state;
    struct sc_error err = {0};
    SC_CLEANUP(sc_buf_done) struct sc_buf buf = SC_BUF_INIT(4);
    bool full = true;
    int fd = pipe_with("123456");
    assert_int_equal(sc_buf_fill_fd(&buf, fd, &full, &err), 0);
    assert_true(full);
    assert_string_equal(sc_buf_text(&buf), "1234");
    sc_buf_clear(&buf);
    assert_int_equal(sc_buf_fill_fd(&buf, fd, &full, &err), 0);
    assert_false(full);
    assert_string_equal(sc_buf_text(&buf), "56");
    close(fd);
}

static void test_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid;
    } cases[] = {
        {"", true},
        {"plain", true},
        {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91", true},
        {"\xc0\xaf", false},         /* overlong */
        {"\xe0\x80\xaf", false},     /* overlong */
        {"\xed\xa0\x80", false},     /* surrogate */
        {"\xf4\x90\x80\x80", false}, /* over U+10FFFF */
        {"\xe2\x82", false},         /* cut */
        {"\x80", false},
        {"\xff", false},
    };
    for (size_t i = 0; i < SC_ARRAY_SIZE(cases); i++)
        assert_int_equal(sc_str_is_utf8(cases[i].text, strlen(cases[i].text)), cases[i].valid);
}

static void test_utf8_of_code_points(void **state)
{
    (void)state;
    static const struct {
        uint32_t point;
        const char *text;
    } cases[] = {
        {0x00, ""},
        {0x7f, "\x7f"},
        {0x80, "\xc2\x80"},
        {0x7ff, "\xdf\xbf"},
        {0x800, "\xe0\xa0\x80"},
        {0xd800, "\xed\xa0\x80"},
        {0xffff, "\xef\xbf\xbf"},
        {0x10000, "\xf0\x90\x80\x80"},
        {0x10ffff, "\xf4\x8f\xbf\xbf"},
    };
    for (size_t i = 0; i < SC_ARRAY_SIZE(cases); i++) {
        unsigned char bytes[SC_UTF8_MAX] = {0};
        assert_int_equal(sc_str_utf8(cases[i].point, bytes), SC_MAX(strlen(cases[i].text), 1));
        assert_memory_equal(bytes, cases[i].text, strlen(cases[i].text));
    }
}

static void test_hexadecimal(void **state)
{
    (void)state;
    unsigned char bytes[3] = {0};
    assert_true(sc_unhex(bytes, "00a9ff!", sizeof(bytes)));
    assert_memory_equal(bytes, "\x00\xa9\xff", sizeof(bytes));
    static const char *const wrong[] = {"00A9ff", "00a9f", "00a9fg", "", "00 9ff", "0x0a9f"};
    for (size_t i = 0; i < SC_ARRAY_SIZE(wrong); i++)
        assert_false(sc_unhex(bytes, wrong[i], sizeof(bytes)));
    static const char digits[] = "0123456789abcdefABCDEF";
    for (int c = 0; c < 256; c++) {
        const char *found = c == 0 ? NULL : strchr(digits, c);
        long value = found == NULL ? -1 : found - digits;
        assert_int_equal(sc_hex_digit((unsigned char)c), value > 15 ? value - 6 : value);
    }
}

static void test_glob(void **state)
{
    (void)state;
    assert_true(sc_str_glob("*", ""));
    assert_true(sc_str_glob("a*c?e", "abbbcde"));
    assert_true(sc_str_glob("*a*b", "xxaxxbxxb"));
    assert_false(sc_str_glob("a*c?e", "abbbcd"));
    assert_false(sc_str_glob("", "a"));
    assert_false(sc_str_glob("?", ""));
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool valid;
    } cases[] = {
        {"shop/db_password", true},
        {"prod/shop/A.b-c_9", true},
        {"a/b/c/d/e/f/g/h", true},
        {"a/b/c/d/e/f/g/h/i", false},
        {"password", false},
        {"", false},
        {"/a", false},
        {"a/", false},
        {"a//b", false},
        {"a/..", false},
        {"./a", false},
        {"a/...", true},
        {"a/b c", false},
        {"a/b\n", false},
        {"a/\xc3\xa4", false},
    };
    for (size_t i = 0; i < SC_ARRAY_SIZE(cases); i++)
        assert_int_equal(sc_name_check(cases[i].name, 2, NULL) == 0, cases[i].valid);
    char part[SC_NAME_PART_MAX + 2];
    memset(part, 'a', sizeof(part));
    assert_true(sc_name_part_valid(part, SC_NAME_PART_MAX));
    assert_false(sc_name_part_valid(part, SC_NAME_PART_MAX + 1));
    struct sc_error err = {0};
    assert_int_equal(sc_name_check("hunter2!", 1, &err), SC_E_BADNAME);
    assert_null(strstr(err.message, "hunter2")); /* it may be a value in the wrong place */
    char out[SC_NAME_PART_MAX + 1];
    assert_int_equal(sc_name_from_text(out, "DB PASSWORD", NULL), 0);
    assert_string_equal(out, "db_password");
    assert_int_equal(sc_name_to_variable(out, "db.password-1", NULL), 0);
    assert_string_equal(out, "DB_PASSWORD_1");
    assert_int_equal(sc_name_to_variable(out, "1a", NULL), SC_E_BADNAME);
}

static void test_numbers(void **state)
{
    (void)state;
    static const char *const bad[] = {"",   " 1",  "1 ",  "+1",
                                      "-1", "0x1", "1.0", "18446744073709551616"};
    uint64_t value = 7;
    uint32_t mode = 7;
    for (size_t i = 0; i < SC_ARRAY_SIZE(bad); i++) {
        assert_int_equal(sc_parse_u64(bad[i], UINT64_MAX, "--n", &value, NULL), SC_E_USAGE);
        assert_int_equal(sc_parse_size(bad[i], "--n", &value, NULL), SC_E_USAGE);
        assert_int_equal(sc_parse_duration(bad[i], "--n", &value, NULL), SC_E_USAGE);
    }
    assert_int_equal(value, 7);
    assert_int_equal(sc_parse_u64("18446744073709551615", UINT64_MAX, "--n", &value, NULL), 0);
    assert_true(value == UINT64_MAX);
    assert_int_equal(sc_parse_u64("11", 10, "--n", &value, NULL), SC_E_USAGE);
    assert_int_equal(sc_parse_size("17179869184G", "--n", &value, NULL), SC_E_USAGE); /* 2^64 */
    assert_int_equal(sc_parse_size("64K", "--n", &value, NULL), 0);
    assert_int_equal(value, 65536);
    assert_int_equal(sc_parse_duration("2w", "--n", &value, NULL), 0);
    assert_int_equal(value, 1209600);
    struct sc_error err = {0};
    static const char *const unitless[] = {"90", "2026", "00", "18446744073709551616"};
    for (size_t i = 0; i < SC_ARRAY_SIZE(unitless); i++)
        assert_int_equal(sc_parse_duration(unitless[i], "--n", &value, &err), SC_E_USAGE);
    assert_int_equal(value, 1209600);
    assert_string_equal(err.message, "--n needs a unit, as in 90s, 15m, 8h or 30d");
    assert_int_equal(sc_parse_duration("0", "--n", &value, NULL), 0);
    assert_int_equal(value, 0);
    assert_int_equal(sc_parse_mode("0400", "--mode", &mode, NULL), 0);
    assert_int_equal(mode, 0400);
    assert_int_equal(sc_parse_mode("0800", "--mode", &mode, NULL), SC_E_USAGE);
    assert_int_equal(sc_parse_mode("17777", "--mode", &mode, NULL), SC_E_USAGE);
    static const char *const no_moments[] = {"",
                                             "2026-02-30",
                                             "2026-1-01",
                                             "2026",
                                             "2026-01-01T24:00:00Z",
                                             "2026-01-01T12:00:00",
                                             "2026-01-01 ",
                                             "-5d"};
    int64_t moment = 7;
    for (size_t i = 0; i < SC_ARRAY_SIZE(no_moments); i++)
        assert_int_equal(sc_parse_moment(no_moments[i], "--n", &moment, NULL), SC_E_USAGE);
    assert_int_equal(moment, 7);
    assert_int_equal(sc_parse_moment("2024-02-29", "--n", &moment, NULL), 0);
    assert_int_equal(moment, 1709164800);
    assert_int_equal(sc_parse_moment("2023-11-14T22:13:20Z", "--n", &moment, NULL), 0);
    assert_int_equal(moment, 1700000000);
    assert_int_equal(sc_parse_moment("1h", "--n", &moment, NULL), 0);
    assert_true(moment <= time(NULL) - 3600 && moment > time(NULL) - 3700);
    char text[SC_TIME_TEXT_SIZE];
    sc_time_text(text, 1700000000);
    assert_string_equal(text, "2023-11-14T22:13:20Z");
    sc_time_text(text, INT64_MAX);
    assert_string_equal(text, "@9223372036854775807");
}

static void check_moment(int64_t seconds)
{
    char text[SC_TIME_TEXT_SIZE], expected[SC_TIME_TEXT_SIZE];
    time_t when = (time_t)seconds;
    struct tm utc;
    assert_non_null(gmtime_r(&when, &utc));
    assert_true(strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%SZ", &utc) == 20);
    sc_time_text(text, seconds);
    assert_string_equal(text, expected);
}

/* As strftime(3) prints them, as long as a year has four digits. */
static void test_printed_moments(void **state)
{
    (void)state;
    char text[SC_TIME_TEXT_SIZE];
    for (int64_t i = 0; i < 2000; i++)
        check_moment(i * 40000003);
    check_moment(1709251199); /* the last second of a 29 February */
    check_moment(253402300799);
    sc_time_text(text, -1);
    assert_string_equal(text, "1969-12-31T23:59:59Z");
    sc_time_text(text, -62167219200);
    assert_string_equal(text, "0000-01-01T00:00:00Z");
    sc_time_text(text, -62167219201);
    assert_string_equal(text, "@-62167219201");
    sc_time_text(text, 253402300800);
    assert_string_equal(text, "@253402300800");
}

static void test_printed_numbers(void **state)
{
    (void)state;
    static const uint64_t numbers[] = {
        0, 9, 10, 99, 10, 100, UINT32_MAX, UINT64_MAX / 10, 1, 7, INT64_MAX, UINT64_MAX};
    for (size_t i = 0; i < SC_ARRAY_SIZE(numbers); i++) {
        char text[SC_U64_TEXT_SIZE], expected[SC_U64_TEXT_SIZE];
        (void)snprintf(expected, sizeof(expected), "%llu", (unsigned long long)numbers[i]);
        assert_int_equal(sc_u64_text(text, numbers[i]), strlen(expected));
        assert_string_equal(text, expected);
    }
}

/* ---- JSON, errors ---- */

static void test_json(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf buf = SC_BUF_INIT(4096);
    struct sc_json json;
    sc_json_init(&json, &buf);
    sc_json_object_begin(&json);
    sc_json_pair_string(&json, "a\"b", "tab\t nul\x01\x7f~ \xc3\xa4 \xff\xc3 end\\");
    sc_json_key(&json, "list");
    sc_json_array_begin(&json);
    sc_json_int(&json, -1);
    sc_json_int(&json, INT64_MIN);
    sc_json_uint(&json, UINT64_MAX);
    sc_json_bool(&json, true);
    sc_json_null(&json);
    sc_json_object_begin(&json);
    sc_json_object_end(&json);
    sc_json_string(&json, NULL);
    sc_json_array_end(&json);
    sc_json_pair_int(&json, "n", 0);
    sc_json_object_end(&json);
    assert_string_equal(
        sc_buf_text(&buf),
        "{\"a\\\"b\":\"tab\\t nul\\u0001\\u007f~ \xc3\xa4 \xef\xbf\xbd\xef\xbf\xbd end\\\\\","
        "\"list\":[-1,-9223372036854775808,18446744073709551615,true,null,{},null],\"n\":0}");
}

static void test_errors(void **state)
{
    (void)state;
    struct sc_error err = {0};
    errno = ENOENT;
    assert_int_equal(sc_fail_errno(&err, "cannot open '%s'", "x"), SC_E_NOTFOUND);
    assert_int_equal(err.saved_errno, ENOENT);
    assert_int_equal(sc_wrap(&err, SC_E_NOTFOUND, "in '%s'", "y"), SC_E_NOTFOUND);
    assert_string_equal(err.message, "in 'y': cannot open 'x': No such file or directory");
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(sc_wrap(&err, SC_E_IO, "level %zu", i), SC_E_IO);
    assert_int_equal(strlen(err.message), SC_ERROR_MESSAGE_MAX - 1);
    assert_true(sc_str_has_suffix(err.message, "..."));
    assert_int_equal(sc_fail(NULL, SC_E_BUSY, "nothing"), SC_E_BUSY);
    assert_int_equal(sc_error_exit_status(-1000), 1);
}

/* ---- no memory ---- */

static int use_everything(void *ctx)
{
    (void)ctx;
    struct sc_error err = {0};
    SC_CLEANUP(sc_buf_done) struct sc_buf buf = SC_BUF_INIT(100000);
    SC_CLEANUP(sc_strv_done) struct sc_strv list = {0};
    SC_CLEANUP(sc_str_freep) char *text = sc_str_dup("text", &err);
    if (text == NULL)
        return err.code;
    for (int i = 0; i < 1000; i++)
        sc_buf_printf(&buf, "%d,", i);
    int rc = sc_buf_status(&buf, &err);
    for (int i = 0; rc == 0 && i < 20; i++)
        rc = sc_strv_add(&list, "item", &err);
    if (rc == 0)
        rc = sc_strv_take(&list, sc_str_ndup("last", 4, &err), &err);
    return rc;
}

static void test_every_allocation_fails_once(void **state)
{
    (void)state;
    assert_in_range(sc_fail_alloc_each(use_everything, NULL), 20, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secret_grows_and_keeps),
        cmocka_unit_test(test_secret_appends_part_of_itself),
        cmocka_unit_test(test_secret_from_descriptor),
        cmocka_unit_test(test_secret_newline_compare_move),
        cmocka_unit_test(test_buf_keeps_its_maximum),
        cmocka_unit_test(test_buf_from_descriptor),
        cmocka_unit_test(test_buf_fills_to_its_maximum),
        cmocka_unit_test(test_items_grow_or_stay),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_utf8_of_code_points),
        cmocka_unit_test(test_hexadecimal),
        cmocka_unit_test(test_glob),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_printed_moments),
        cmocka_unit_test(test_printed_numbers),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_every_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
