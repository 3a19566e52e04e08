/* SPDX-License-Identifier: Apache-2.0
 *
 * Packs, bundles and loose objects of git, made here byte by byte and fed in pieces of every size:
 * every kind of object and delta, what is damaged and what is cut off.
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

#include "core/banned.h"

static void test_objects_and_deltas(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(PACK_FILE_MAX);
    pack_begin(&file, 7);
    pack_object(&file, SC_GIT_COMMIT, "tree x\n\nfirst", 13);
    size_t base = pack_object(&file, SC_GIT_BLOB, BASE, strlen(BASE));
    pack_object(&file, SC_GIT_TREE, "", 0);
    size_t second = pack_delta(&file, base, CHANGE, sizeof(CHANGE) - 1);
    pack_object(&file, SC_GIT_TAG, "object x", 8);
    pack_delta(&file, second, CHANGE_2, sizeof(CHANGE_2) - 1);
    pack_delta(&file, base, CHANGE_2, sizeof(CHANGE_2) - 1);
    pack_sum(&file);
    pack_expect(&file,
                "commit at 12 13[tree x\n\nfirst]blob at 37 38[" BASE "]tree at 88 0[]"
                "blob at 100 38[" CHANGED "]tag at 122 8[object x]blob at 142 11[winter-2026]"
                "blob at 160 11[winter-2025]",
                0, "");
}

/* A copy of 64 KiB says no length; places and lengths of several bytes. */
static void test_long_copies(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(PACK_FILE_MAX);
    size_t len = (size_t)0x20000 + 10;
    char *bytes = malloc(len);
    assert_non_null(bytes);
    memset(bytes, 'a', len);
    memcpy(bytes + 0x10000, "middle", 6);
    memcpy(bytes + 0x20000, "the end...", 10);
    pack_begin(&file, 3);
    size_t base = pack_object(&file, SC_GIT_BLOB, bytes, len);
    pack_delta(&file, base, "\x8a\x80\x08\x80\x80\x04\x84\x01", 8);
    pack_delta(&file, base, "\x8a\x80\x08\x0a\x94\x02\x0a", 7);
    free(bytes);
    struct pack_told told = {.text = SC_BUF_INIT(PACK_FILE_MAX)};
    struct sc_error why = {0};
    assert_int_equal(pack_feed(&file, 1000, &told, &why), 0);
    assert_non_null(strstr(sc_buf_text(&told.text), " 65536[middleaaaa"));
    assert_non_null(strstr(sc_buf_text(&told.text), " 10[the end...]"));
    sc_buf_done(&told.text);
}

static void test_what_cannot_be_put_together(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(PACK_FILE_MAX);
    pack_begin(&file, 4);
    size_t base = pack_object(&file, SC_GIT_BLOB, BASE, strlen(BASE));
    pack_head(&file, SC_GIT_REF_DELTA, sizeof(CHANGE) - 1);
    pack_bytes(&file, "of twenty characters", 20);
    pack_zlib(&file, CHANGE, sizeof(CHANGE) - 1);
    pack_delta(&file, base + 1, CHANGE, sizeof(CHANGE) - 1);
    pack_delta(&file, base,
               "\x24\x05\x05"
               "first",
               8); /* to an object of another size */
    pack_sum(&file);
    pack_expect(
        &file,
        "blob at 12 38[" BASE "]delta at 104 9[" CHANGE "]delta at 126 8[\x24\x05\x05"
        "first]delta at 63 9[" CHANGE "]",
        SC_E_UNSUPPORTED,
        "3 of its objects could not be put together; the first: it is a delta to what is no "
        "object");
}

/* The names of "blob 38", BASE and of what CHANGE makes of it: git hash-object. */
#define CHANGED_SHA1 "acf5e0b08d8dfb00fdfc1a9b948dee9decf4858f"
#define BASE_SHA256  "b35af4c2783f732b69c2c5c3e6c2aebc81d75891425700dde2d043aca224d5ce"

/* As packs are that git fetched: what the names stand for comes last, and is a delta itself.
 */
static void test_names(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(PACK_FILE_MAX);
    pack_begin(&file, 6);
    size_t first = pack_named(&file, CHANGED_SHA1, CHANGE_2, sizeof(CHANGE_2) - 1);
    pack_object(&file, SC_GIT_BLOB, "other", 5);
    pack_delta(&file, first,
               "\x0b\x02\x02"
               "ok",
               5);
    pack_named(&file, BASE_SHA1, CHANGE, sizeof(CHANGE) - 1);
    pack_named(&file, BASE_SHA1, CHANGE_2, sizeof(CHANGE_2) - 1);
    pack_object(&file, SC_GIT_BLOB, BASE, strlen(BASE));
    pack_sum(&file);
    pack_expect(&file,
                "blob at 49 5[other]blob at 162 38[" BASE
                "]blob at 12 11[winter-2026]blob at 66 2[ok]blob at 84 38[" CHANGED
                "]blob at 125 11[winter-2025]",
                0, "");

    /* Cut off, what could be put together is told all the same. */
    file.len -= 25;
    struct pack_told told = {.text = SC_BUF_INIT(PACK_FILE_MAX)};
    struct sc_error why = {0};
    assert_int_equal(pack_feed(&file, 30, &told, &why), SC_E_IO);
    assert_non_null(strstr(sc_buf_text(&told.text), "delta at 125 5["));
    sc_buf_done(&told.text);
}

/* Names may be SHA-256: longer ones. */
static void test_long_names(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(PACK_FILE_MAX);
    pack_begin(&file, 3);
    pack_object(&file, SC_GIT_BLOB, BASE, strlen(BASE));
    pack_named(&file, BASE_SHA256, CHANGE_2, sizeof(CHANGE_2) - 1);
    pack_named(&file, BASE_SHA256, CHANGE, sizeof(CHANGE) - 1);
    pack_sum(&file);
    pack_expect(&file,
                "blob at 12 38[" BASE "]blob at 63 11[winter-2025]blob at 112 38[" CHANGED "]", 0,
                "");
}

#define BYTES(text)                                                                                \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static void test_damaged_deltas(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } changes[] = {
        BYTES("\x26\x02\x05"
              "first"), /* more than it says */
        BYTES("\x26\x06\x05"
              "first"), /* less */
        BYTES("\x26\x06\x07"
              "first"), /* ends within */
        BYTES("\x26\x05\x80\x05"
              "first"),
        BYTES("\x26\x02\x91\x25\x02"), /* behind the other's end */
        BYTES("\x26\x02\x91\x27\x01"),
        BYTES("\x26\x02\x91\x01"), /* no length */
        BYTES("\x26\x00\x00"),     /* no instruction */
        BYTES("\x26\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"),
        BYTES("\x26"),
    };
    (void)state;
    for (size_t i = 0; i < SC_ARRAY_SIZE(changes); i++) {
        SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(PACK_FILE_MAX);
        struct pack_told told = {.text = SC_BUF_INIT(PACK_FILE_MAX)};
        struct sc_error why = {0};
        pack_begin(&file, 2);
        size_t base = pack_object(&file, SC_GIT_BLOB, BASE, strlen(BASE));
        pack_delta(&file, base, changes[i].bytes, changes[i].len);
        pack_sum(&file);
        if (pack_feed(&file, 30, &told, &why) != SC_E_UNSUPPORTED)
            fail_msg("change %zu", i);
        assert_string_equal(sc_error_message(&why),
                            "1 of its objects could not be put together; the first: the delta to "
                            "another object is damaged");
        sc_buf_done(&told.text);
    }
}

static void test_damaged_packs(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *reason;
    } objects[] = {
        {"\x05x\x9c", 3, "a git pack is damaged"}, /* no type */
        {"\x55x\x9c", 3, "a git pack is damaged"},
        {"\xb5\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11, "a git pack is damaged"},
        {"\x65\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11, "a git pack is damaged"},
        {"\x35x\x9d", 3, "the zlib data is damaged"},
        {"\x35x\xbb", 3, "the zlib data is damaged"}, /* with a dictionary */
        {"\x35x\x01\x07", 4, "the deflate data is damaged"},
        {"\x32x\x01\x01\x03\x00\xfc\xff"
         "abc",
         11, "the object is longer than it says"},
        {"\x34x\x01\x01\x03\x00\xfc\xff"
         "abcsum!",
         15, "the object is shorter than it says"},
    };
    (void)state;
    for (size_t i = 0; i < SC_ARRAY_SIZE(objects); i++) {
        SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(PACK_FILE_MAX);
        pack_begin(&file, 1);
        pack_bytes(&file, objects[i].bytes, objects[i].len);
        pack_expect(&file, "", SC_E_SYNTAX, objects[i].reason);
    }
}

static void test_cut_off(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(PACK_FILE_MAX);
    pack_begin(&file, 2);
    size_t base = pack_object(&file, SC_GIT_BLOB, BASE, strlen(BASE));
    pack_delta(&file, base, CHANGE, sizeof(CHANGE) - 1);
    size_t whole = file.len;
    pack_sum(&file);
    for (size_t len = 12; len <= file.len; len++) {
        struct pack_told told = {.text = SC_BUF_INIT(PACK_FILE_MAX)};
        struct sc_error why = {0};
        size_t all = file.len;
        file.len = len;
        assert_int_equal(pack_feed(&file, 9, &told, &why), len < whole ? SC_E_IO : 0);
        file.len = all;
        assert_string_equal(sc_error_message(&why), len < whole ? "the git objects end early" : "");
        sc_buf_done(&told.text);
    }
}

static void test_loose_objects(void **state)
{
    static const char text[] = "blob 38\0" BASE;
    static const char wrong[] = "blob 12\0" BASE, short_one[] = "blob 39\0" BASE;
    static const char nine[] = "tree 9\0"
                               "123456789",
                      sign[] = "blob +3\0"
                               "abc";
    static const char none[] = "blog 38\0" BASE, no_end[] = "blob 38 " BASE, no_size[] = "blob x\0";
    (void)state;
    const struct {
        const char *bytes;
        size_t len;
        const char *told;
        int code;
        const char *reason;
    } objects[] = {
        {text, sizeof(text) - 1, "blob 38[" BASE "]", 0, ""},
        {"tag 0\0", 6, "tag 0[]", 0, ""},
        {nine, sizeof(nine) - 1, "tree 9[123456789]", 0, ""},
        {sign, sizeof(sign) - 1, "nothing of git's", 0, ""},
        {wrong, sizeof(wrong) - 1, "blob 12[]", SC_E_SYNTAX, "the object is longer than it says"},
        {short_one, sizeof(short_one) - 1, "blob 39[" BASE "]", SC_E_SYNTAX,
         "the object is shorter than it says"},
        {none, sizeof(none) - 1, "nothing of git's", 0, ""},
        {no_end, sizeof(no_end) - 1, "nothing of git's", 0, ""},
        {no_size, sizeof(no_size), "nothing of git's", 0, ""},
    };
    for (size_t i = 0; i < SC_ARRAY_SIZE(objects); i++) {
        SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(PACK_FILE_MAX);
        pack_zlib(&file, objects[i].bytes, objects[i].len);
        if (objects[i].code != SC_E_SYNTAX) {
            pack_expect(&file, objects[i].told, objects[i].code, objects[i].reason);
            continue;
        }
        /* How much of a damaged one is told depends on the pieces. */
        struct pack_told told = {.text = SC_BUF_INIT(PACK_FILE_MAX)};
        struct sc_error why = {0};
        assert_int_equal(pack_feed(&file, file.len, &told, &why), objects[i].code);
        assert_string_equal(sc_error_message(&why), objects[i].reason);
        assert_string_equal(sc_buf_text(&told.text), objects[i].told);
        sc_buf_done(&told.text);
    }
}

/* Files that begin as a zlib stream does, and are none. */
static void test_what_only_begins_so(void **state)
{
    static const char *const texts[] = {"x^2 + y^2 = z^2 is what this text is about", "x\x9c",
                                        "x\x01", "h\x81\xff\xff", "8O\n\n\n\n"};
    (void)state;
    for (size_t i = 0; i < SC_ARRAY_SIZE(texts); i++) {
        SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(PACK_FILE_MAX);
        sc_buf_puts(&file, texts[i]);
        assert_true(sc_git_sniff(sc_buf_view(&file)));
        pack_expect(&file, "nothing of git's", 0, "");
    }
    static const char *const others[] = {"PACKAGE=x\nVERSION=2\n", "# v1 git bundle\n", "x", ""};
    for (size_t i = 0; i < SC_ARRAY_SIZE(others); i++)
        assert_false(
            sc_git_sniff((struct sc_bytes){(const unsigned char *)others[i], strlen(others[i])}));
}

static void test_bundles(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(PACK_FILE_MAX);
    sc_buf_puts(&file, "# v2 git bundle\n0123 refs/heads/main\n\n");
    pack_begin(&file, 2);
    size_t base = pack_object(&file, SC_GIT_BLOB, BASE, strlen(BASE));
    pack_delta(&file, base, CHANGE_2, sizeof(CHANGE_2) - 1);
    pack_sum(&file);
    pack_expect(&file,
                "# v2 git bundle\n0123 refs/heads/main\n\nblob at 12 38[" BASE
                "]blob at 63 11[winter-2025]",
                0, "");
    file.len = 0;
    sc_buf_puts(&file, "# v3 git bundle\n@object-format=sha256\n\nPACK and no more");
    pack_expect(&file, "# v3 git bundle\n@object-format=sha256\n\n", SC_E_SYNTAX,
                "there is no git pack where it should begin");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_objects_and_deltas),
        cmocka_unit_test(test_long_copies),
        cmocka_unit_test(test_what_cannot_be_put_together),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_damaged_deltas),
        cmocka_unit_test(test_damaged_packs),
        cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_loose_objects),
        cmocka_unit_test(test_what_only_begins_so),
        cmocka_unit_test(test_bundles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
