/* SPDX-License-Identifier: Apache-2.0
 *
 * Packs of git that are large, deep or made to take long, and no memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/audit/image/packs.h"
#include "tests/support/fail_alloc.h"

#include "core/banned.h"

/* More deltas than are remembered, and one to the first object again. */
static void expect_long_chain(const char *before, int code, const char *text)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(PACK_FILE_MAX);
    sc_buf_puts(&file, before);
    pack_begin(&file, 0);
    const unsigned char count[] = {0x01, 0x2e}; /* 302 */
    memcpy(file.data + file.len - 2, count, 2);
    size_t first = pack_object(&file, SC_GIT_BLOB, BASE, strlen(BASE)), last = first;
    size_t change = 0;
    for (int i = 0; i < 300; i++) {
        last = pack_delta(&file, last, CHANGE, sizeof(CHANGE) - 1);
        change = i == 0 ? last : change;
    }
    pack_delta(&file, change, CHANGE_2, sizeof(CHANGE_2) - 1);
    pack_sum(&file);
    struct pack_told told = {.text = SC_BUF_INIT(PACK_FILE_MAX)};
    struct sc_error why = {0};
    assert_int_equal(pack_feed(&file, 700, &told, &why), code);
    const char *end = strrchr(sc_buf_text(&told.text), '[');
    assert_non_null(end);
    assert_string_equal(end, text);
    sc_buf_done(&told.text);
}

static void test_long_chains(void **state)
{
    (void)state;
    expect_long_chain("", 0, "[winter-2026]");
    /* The pack begins within a piece. */
    expect_long_chain("# v2 git bundle\n\n", 0, "[winter-2026]");
    /* Of what may be made enough is left for the chain and to unpack its first object once more. */
    pack_made_before = SC_GIT_MADE_FREE - 301 * strlen(BASE) - 256 - 4096;
    expect_long_chain("", SC_E_UNSUPPORTED, "[" CHANGE_2 "]");
    pack_made_before = 0;
}

/* Where other packs have taken what may be made, deltas are told as they are. */
static void test_too_much_to_make(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(PACK_FILE_MAX);
    pack_begin(&file, 3);
    size_t base = pack_object(&file, SC_GIT_BLOB, BASE, strlen(BASE));
    pack_delta(&file, base, CHANGE_2, sizeof(CHANGE_2) - 1);
    pack_delta(&file, base, CHANGE_2, sizeof(CHANGE_2) - 1);
    pack_sum(&file);
    pack_made_before = SC_GIT_MADE_FREE - 5;
    pack_expect(&file,
                "blob at 12 38[" BASE "]blob at 63 11[winter-2025]delta at 81 5[" CHANGE_2 "]",
                SC_E_UNSUPPORTED,
                "1 of its objects could not be put together; the first: it takes too long to put "
                "together");
    pack_made_before = 0;
}

/* Bytes are kept of all packs together that are open, and of no more packs than two. */
static void test_packs_in_packs(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(PACK_FILE_MAX);
    pack_begin(&file, 2);
    size_t base = pack_object(&file, SC_GIT_BLOB, BASE, strlen(BASE));
    pack_delta(&file, base, CHANGE_2, sizeof(CHANGE_2) - 1);
    struct sc_git_limits limits = {.kept = SC_GIT_KEPT_MAX - 40, .open = 1};
    struct pack_told told = {.text = SC_BUF_INIT(PACK_FILE_MAX)};
    struct sc_error why = {0};
    struct sc_git *first = sc_git_new(&pack_ops, &told, &limits, &why);
    struct sc_git *second = sc_git_new(&pack_ops, &told, &limits, &why);
    bool is = false;
    assert_non_null(first);
    assert_non_null(second);
    assert_int_equal(sc_git_begin(first, sc_buf_view(&file), &is, &why), 0);
    assert_int_equal(sc_git_begin(second, sc_buf_view(&file), &is, &why), SC_E_TOOBIG);
    assert_string_equal(sc_error_message(&why), "it is a git pack inside of 2 others");
    assert_int_equal(sc_git_write(first, sc_buf_view(&file), &why), 0);
    assert_int_equal(limits.kept, SC_GIT_KEPT_MAX);
    assert_int_equal(sc_git_end(first, &why), 0); /* it had the base at hand */
    assert_int_equal(limits.kept, SC_GIT_KEPT_MAX - 40);
    assert_int_equal(limits.open, 1);
    assert_int_equal(sc_git_begin(second, sc_buf_view(&file), &is, &why), 0);
    sc_git_free(first);
    sc_git_free(second);
    assert_int_equal(limits.open, 1);
    sc_buf_done(&told.text);
}

/* Behind the bytes that are kept, and larger than what is held in memory. */
static void test_limits(void **state)
{
    enum { COUNT = 5 };
    const size_t len = SC_GIT_OBJECT_MAX - 1, large = SC_GIT_OBJECT_MAX + 1;
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(PACK_FILE_MAX);
    char *bytes = malloc(large);
    assert_non_null(bytes);
    memset(bytes, 'a', large);
    memcpy(bytes, "beginning", 9);
    pack_begin(&file, COUNT + 3);
    size_t first = pack_object(&file, SC_GIT_BLOB, bytes, large);
    size_t second = file.len, last = 0;
    for (int i = 1; i < COUNT; i++)
        last = pack_object(&file, SC_GIT_BLOB, bytes, len);
    free(bytes);
    pack_delta(&file, second, "\xff\xff\xff\x1f\x09\x90\x09", 7);
    pack_delta(&file, last, "\xff\xff\xff\x1f\x09\x90\x09", 7);
    pack_delta(&file, first, "\x81\x80\x80\x20\x09\x90\x09", 7);
    pack_sum(&file);
    assert_int_equal(file.failed, 0);
    struct pack_told told = {.text = SC_BUF_INIT(PACK_FILE_MAX)};
    struct sc_error why = {0};
    assert_int_equal(pack_feed(&file, (size_t)1024 * 1024, &told, &why), SC_E_UNSUPPORTED);
    assert_string_equal(sc_error_message(&why),
                        "2 of its objects could not be put together; the first: it is a delta to "
                        "what lies behind the first 256 MiB");
    assert_non_null(strstr(sc_buf_text(&told.text), " 9[beginning]delta at "));
    sc_buf_done(&told.text);
}

/* A delta that is too large to be held is told as it comes. */
static void test_large_delta(void **state)
{
    const size_t large = SC_GIT_OBJECT_MAX + 1;
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(PACK_FILE_MAX);
    char *bytes = malloc(large);
    assert_non_null(bytes);
    memset(bytes, 'a', large);
    pack_begin(&file, 2);
    size_t base = pack_object(&file, SC_GIT_BLOB, BASE, strlen(BASE));
    pack_delta(&file, base, bytes, large);
    free(bytes);
    pack_sum(&file);
    struct pack_told told = {.text = SC_BUF_INIT(PACK_FILE_MAX)};
    struct sc_error why = {0};
    assert_int_equal(pack_feed(&file, (size_t)1024 * 1024, &told, &why), SC_E_UNSUPPORTED);
    assert_string_equal(sc_error_message(&why),
                        "1 of its objects could not be put together; the first: it is a delta "
                        "of more than 64 MiB");
    assert_non_null(strstr(sc_buf_text(&told.text), "]delta at 63 67108865[aaa"));
    sc_buf_done(&told.text);
}

static int read_all(void *ctx)
{
    const struct sc_buf *file = ctx;
    char place[4096];
    struct pack_told told = {.text = SC_BUF_INIT(sizeof(place))};
    struct sc_error why = {0};
    int rc = pack_feed(file, 50, &told, &why);
    sc_buf_done(&told.text);
    return rc;
}

static void test_without_memory(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf pack = SC_BUF_INIT(PACK_FILE_MAX);
    SC_CLEANUP(sc_buf_done) struct sc_buf loose = SC_BUF_INIT(PACK_FILE_MAX);
    pack_begin(&pack, 3);
    size_t base = pack_object(&pack, SC_GIT_BLOB, BASE, strlen(BASE));
    pack_delta(&pack, base, CHANGE, sizeof(CHANGE) - 1);
    pack_named(&pack, BASE_SHA1, CHANGE_2, sizeof(CHANGE_2) - 1);
    pack_sum(&pack);
    pack_zlib(&loose, "blob 3\0abc", 10);
    assert_true(sc_fail_alloc_each(read_all, &pack) > 5);
    assert_true(sc_fail_alloc_each(read_all, &loose) > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_chains),    cmocka_unit_test(test_too_much_to_make),
        cmocka_unit_test(test_packs_in_packs), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_large_delta),    cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
