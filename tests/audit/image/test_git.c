/* SPDX-License-Identifier: Apache-2.0
 *
 * Packs, bundles and loose objects of git, made here byte by byte and fed in pieces of every size:
 * every kind of object and delta, what is damaged, cut off or too large, and no memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audit/image/git/git.h"
#include "audit/image/git/store.h"
#include "core/buf.h"
#include "core/hash.h"
#include "tests/support/fail_alloc.h"

#include "core/banned.h"

#define FILE_MAX ((size_t)512 * 1024 * 1024)
/* Of a content no more is written down. */
#define SHOWN ((size_t)60)

/* ---- what is told ---- */

struct told {
    struct sc_buf text;
    size_t len; /* of the content at hand */
};

static int meta(const char *what, struct sc_bytes bytes, void *ctx, struct sc_error *err)
{
    struct told *told = ctx;
    (void)err;
    if (strcmp(what, "slack") != 0 && bytes.len > 0)
        sc_buf_append(&told->text, bytes.ptr, bytes.len);
    return 0;
}

static int entry(const struct sc_tar_entry *found, void *ctx, struct sc_error *err)
{
    struct told *told = ctx;
    (void)err;
    told->len = 0;
    sc_buf_printf(&told->text, "%s %llu[", found->path, (unsigned long long)found->size);
    return 0;
}

static int content(struct sc_bytes bytes, void *ctx, struct sc_error *err)
{
    struct told *told = ctx;
    (void)err;
    if (told->len < SHOWN)
        sc_buf_append(&told->text, bytes.ptr, SC_MIN(bytes.len, SHOWN - told->len));
    told->len += bytes.len;
    return 0;
}

static int entry_end(void *ctx, struct sc_error *err)
{
    struct told *told = ctx;
    (void)err;
    sc_buf_puts(&told->text, "]");
    return 0;
}

static const struct sc_tar_ops ops = {meta, entry, content, entry_end, NULL};

/* ---- making packs ---- */

static void put(struct sc_buf *file, const void *bytes, size_t len)
{
    sc_buf_append(file, bytes, len);
}

/* A zlib stream of blocks that are stored as they are; its checksum is not looked at. */
static void put_zlib(struct sc_buf *file, const char *bytes, size_t len)
{
    put(file, "\x78\x01", 2);
    for (bool last = false; !last;) {
        size_t n = SC_MIN(len, (size_t)65535);
        last = n == len;
        const unsigned char head[] = {last, n & 0xff, (unsigned char)(n >> 8), ~n & 0xff,
                                      (unsigned char)(~n >> 8)};
        put(file, head, sizeof(head));
        put(file, bytes, n);
        bytes += n;
        len -= n;
    }
    put(file, "sum!", 4);
}

static void put_head(struct sc_buf *file, unsigned type, size_t size)
{
    unsigned char c = (unsigned char)(type << 4 | (size & 0x0f));
    for (size >>= 4; size > 0; size >>= 7) {
        sc_buf_putc(file, (char)(c | 0x80));
        c = size & 0x7f;
    }
    sc_buf_putc(file, (char)c);
}

/* Returns where it begins. */
static size_t put_object(struct sc_buf *file, unsigned type, const char *bytes, size_t len)
{
    size_t at = file->len;
    put_head(file, type, len);
    put_zlib(file, bytes, len);
    return at;
}

static size_t put_back(struct sc_buf *file, size_t base, const char *bytes, size_t len)
{
    size_t at = file->len, back = at - base, n = 9;
    unsigned char distance[10];
    put_head(file, SC_GIT_OFS_DELTA, len);
    distance[n] = back & 0x7f;
    while ((back >>= 7) > 0)
        distance[--n] = (unsigned char)(0x80 | (--back & 0x7f));
    put(file, distance + n, sizeof(distance) - n);
    put_zlib(file, bytes, len);
    return at;
}

static void put_pack(struct sc_buf *file, unsigned char count)
{
    const unsigned char head[] = {'P', 'A', 'C', 'K', 0, 0, 0, 2, 0, 0, 0, count};
    put(file, head, sizeof(head));
}

static void put_sum(struct sc_buf *file)
{
    put(file, "twenty bytes of sum.", 20);
}

/* ---- feeding ---- */

/* Bytes that other packs have taken of what may be made. */
static uint64_t made_before;

/* Each piece lies alone in memory, so that a step outside of it is seen. Returns how it ended, with
 * *why. */
static int feed(const struct sc_buf *file, size_t size, struct told *told, struct sc_error *why)
{
    struct sc_bytes start = {(const unsigned char *)file->data, SC_MIN(file->len, (size_t)512)};
    struct sc_git_limits limits = {.made = made_before, .fed = file->len};
    struct sc_git *git = sc_git_new(&ops, told, &limits, why);
    bool is = false;
    sc_buf_clear(&told->text);
    int rc = git == NULL ? SC_E_NOMEM : sc_git_begin(git, start, &is, why);
    if (rc == 0 && !is)
        sc_buf_puts(&told->text, "nothing of git's");
    for (size_t at = 0; is && rc == 0 && at < file->len; at += size) {
        size_t n = SC_MIN(size, file->len - at);
        unsigned char *piece = malloc(n);
        if (piece == NULL) {
            rc = sc_fail_nomem(why);
            break;
        }
        memcpy(piece, file->data + at, n);
        rc = sc_git_write(git, (struct sc_bytes){piece, n}, why);
        free(piece);
    }
    struct sc_error ended = {0};
    if (is && sc_git_end(git, &ended) < 0 && rc == 0) {
        rc = ended.code;
        *why = ended;
    }
    sc_git_free(git);
    return rc;
}

/* In pieces of many sizes the same is told, and it ends the same way. */
static void expect(const struct sc_buf *file, const char *text, int code, const char *reason)
{
    assert_int_equal(file->failed, 0);
    for (size_t size = 1; size <= file->len + 40; size += size < 70 ? 1 : 41) {
        struct told told = {.text = SC_BUF_INIT(FILE_MAX)};
        struct sc_error why = {0};
        int rc = feed(file, size, &told, &why);
        if (strcmp(sc_buf_text(&told.text), text) != 0)
            fail_msg("pieces of %zu: %s", size, sc_buf_text(&told.text));
        assert_int_equal(rc, code);
        assert_string_equal(sc_error_message(&why), reason);
        sc_buf_done(&told.text);
    }
}

#define BASE "user=shop\npassword=winter-2025\nport=1\n"
/* Both sizes; "user=shop\npassword=" and "winter-202" copied, "6" new, and the rest copied. */
#define CHANGE                                                                                     \
    "\x26\x26\x90\x1d\x01"                                                                         \
    "6"                                                                                            \
    "\x91\x1e\x08"
#define CHANGED "user=shop\npassword=winter-2026\nport=1\n"
#define CHANGE_2                                                                                   \
    "\x26\x0b"                                                                                     \
    "\x91\x13\x0b"

static void test_objects_and_deltas(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(FILE_MAX);
    put_pack(&file, 7);
    put_object(&file, SC_GIT_COMMIT, "tree x\n\nfirst", 13);
    size_t base = put_object(&file, SC_GIT_BLOB, BASE, strlen(BASE));
    put_object(&file, SC_GIT_TREE, "", 0);
    size_t second = put_back(&file, base, CHANGE, sizeof(CHANGE) - 1);
    put_object(&file, SC_GIT_TAG, "object x", 8);
    put_back(&file, second, CHANGE_2, sizeof(CHANGE_2) - 1);
    put_back(&file, base, CHANGE_2, sizeof(CHANGE_2) - 1);
    put_sum(&file);
    expect(&file,
           "commit at 12 13[tree x\n\nfirst]blob at 37 38[" BASE "]tree at 88 0[]"
           "blob at 100 38[" CHANGED "]tag at 122 8[object x]blob at 142 11[winter-2026]"
           "blob at 160 11[winter-2025]",
           0, "");
}

/* A copy of 64 KiB says no length; places and lengths of several bytes. */
static void test_long_copies(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(FILE_MAX);
    size_t len = (size_t)0x20000 + 10;
    char *bytes = malloc(len);
    assert_non_null(bytes);
    memset(bytes, 'a', len);
    memcpy(bytes + 0x10000, "middle", 6);
    memcpy(bytes + 0x20000, "the end...", 10);
    put_pack(&file, 3);
    size_t base = put_object(&file, SC_GIT_BLOB, bytes, len);
    put_back(&file, base, "\x8a\x80\x08\x80\x80\x04\x84\x01", 8);
    put_back(&file, base, "\x8a\x80\x08\x0a\x94\x02\x0a", 7);
    free(bytes);
    struct told told = {.text = SC_BUF_INIT(FILE_MAX)};
    struct sc_error why = {0};
    assert_int_equal(feed(&file, 1000, &told, &why), 0);
    assert_non_null(strstr(sc_buf_text(&told.text), " 65536[middleaaaa"));
    assert_non_null(strstr(sc_buf_text(&told.text), " 10[the end...]"));
    sc_buf_done(&told.text);
}

/* More deltas than are remembered, and one to the first object again. */
static void expect_long_chain(const char *before, int code, const char *text)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(FILE_MAX);
    sc_buf_puts(&file, before);
    put_pack(&file, 0);
    const unsigned char count[] = {0x01, 0x2e}; /* 302 */
    memcpy(file.data + file.len - 2, count, 2);
    size_t first = put_object(&file, SC_GIT_BLOB, BASE, strlen(BASE)), last = first;
    size_t change = 0;
    for (int i = 0; i < 300; i++) {
        last = put_back(&file, last, CHANGE, sizeof(CHANGE) - 1);
        change = i == 0 ? last : change;
    }
    put_back(&file, change, CHANGE_2, sizeof(CHANGE_2) - 1);
    put_sum(&file);
    struct told told = {.text = SC_BUF_INIT(FILE_MAX)};
    struct sc_error why = {0};
    assert_int_equal(feed(&file, 700, &told, &why), code);
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
    made_before = SC_GIT_MADE_FREE - 301 * strlen(BASE) - 256 - 4096;
    expect_long_chain("", SC_E_UNSUPPORTED, "[" CHANGE_2 "]");
    made_before = 0;
}

static void test_what_cannot_be_put_together(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(FILE_MAX);
    put_pack(&file, 4);
    size_t base = put_object(&file, SC_GIT_BLOB, BASE, strlen(BASE));
    put_head(&file, SC_GIT_REF_DELTA, sizeof(CHANGE) - 1);
    put(&file, "of twenty characters", 20);
    put_zlib(&file, CHANGE, sizeof(CHANGE) - 1);
    put_back(&file, base + 1, CHANGE, sizeof(CHANGE) - 1);
    put_back(&file, base,
             "\x24\x05\x05"
             "first",
             8); /* to an object of another size */
    put_sum(&file);
    expect(&file,
           "blob at 12 38[" BASE "]delta at 104 9[" CHANGE "]delta at 126 8[\x24\x05\x05"
           "first]delta at 63 9[" CHANGE "]",
           SC_E_UNSUPPORTED,
           "3 of its objects could not be put together; the first: it is a delta to what is no "
           "object");
}

/* The names of "blob 38", BASE and of what CHANGE makes of it: git hash-object. */
#define BASE_SHA1    "486017c0ae9f1a20e060175db0b22b8aafcfb22a"
#define CHANGED_SHA1 "acf5e0b08d8dfb00fdfc1a9b948dee9decf4858f"
#define BASE_SHA256  "b35af4c2783f732b69c2c5c3e6c2aebc81d75891425700dde2d043aca224d5ce"

static size_t put_named(struct sc_buf *file, const char *hex, const char *bytes, size_t len)
{
    size_t at = file->len;
    unsigned char name[32];
    assert_true(sc_unhex(name, hex, strlen(hex) / 2));
    put_head(file, SC_GIT_REF_DELTA, len);
    put(file, name, strlen(hex) / 2);
    put_zlib(file, bytes, len);
    return at;
}

/* As packs are that git fetched: what the names stand for comes last, and is a delta itself.
 */
static void test_names(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(FILE_MAX);
    put_pack(&file, 6);
    size_t first = put_named(&file, CHANGED_SHA1, CHANGE_2, sizeof(CHANGE_2) - 1);
    put_object(&file, SC_GIT_BLOB, "other", 5);
    put_back(&file, first,
             "\x0b\x02\x02"
             "ok",
             5);
    put_named(&file, BASE_SHA1, CHANGE, sizeof(CHANGE) - 1);
    put_named(&file, BASE_SHA1, CHANGE_2, sizeof(CHANGE_2) - 1);
    put_object(&file, SC_GIT_BLOB, BASE, strlen(BASE));
    put_sum(&file);
    expect(&file,
           "blob at 49 5[other]blob at 162 38[" BASE
           "]blob at 12 11[winter-2026]blob at 66 2[ok]blob at 84 38[" CHANGED
           "]blob at 125 11[winter-2025]",
           0, "");

    /* Cut off, what could be put together is told all the same. */
    file.len -= 25;
    struct told told = {.text = SC_BUF_INIT(FILE_MAX)};
    struct sc_error why = {0};
    assert_int_equal(feed(&file, 30, &told, &why), SC_E_IO);
    assert_non_null(strstr(sc_buf_text(&told.text), "delta at 125 5["));
    sc_buf_done(&told.text);
}

/* Names may be SHA-256: longer ones. */
static void test_long_names(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(FILE_MAX);
    put_pack(&file, 3);
    put_object(&file, SC_GIT_BLOB, BASE, strlen(BASE));
    put_named(&file, BASE_SHA256, CHANGE_2, sizeof(CHANGE_2) - 1);
    put_named(&file, BASE_SHA256, CHANGE, sizeof(CHANGE) - 1);
    put_sum(&file);
    expect(&file, "blob at 12 38[" BASE "]blob at 63 11[winter-2025]blob at 112 38[" CHANGED "]", 0,
           "");
}

/* Where other packs have taken what may be made, deltas are told as they are. */
static void test_too_much_to_make(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(FILE_MAX);
    put_pack(&file, 3);
    size_t base = put_object(&file, SC_GIT_BLOB, BASE, strlen(BASE));
    put_back(&file, base, CHANGE_2, sizeof(CHANGE_2) - 1);
    put_back(&file, base, CHANGE_2, sizeof(CHANGE_2) - 1);
    put_sum(&file);
    made_before = SC_GIT_MADE_FREE - 5;
    expect(&file, "blob at 12 38[" BASE "]blob at 63 11[winter-2025]delta at 81 5[" CHANGE_2 "]",
           SC_E_UNSUPPORTED,
           "1 of its objects could not be put together; the first: it takes too long to put "
           "together");
    made_before = 0;
}

/* Bytes are kept of all packs together that are open, and of no more packs than two. */
static void test_packs_in_packs(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(FILE_MAX);
    put_pack(&file, 2);
    size_t base = put_object(&file, SC_GIT_BLOB, BASE, strlen(BASE));
    put_back(&file, base, CHANGE_2, sizeof(CHANGE_2) - 1);
    struct sc_git_limits limits = {.kept = SC_GIT_KEPT_MAX - 40, .open = 1};
    struct told told = {.text = SC_BUF_INIT(FILE_MAX)};
    struct sc_error why = {0};
    struct sc_git *first = sc_git_new(&ops, &told, &limits, &why);
    struct sc_git *second = sc_git_new(&ops, &told, &limits, &why);
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
        SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(FILE_MAX);
        struct told told = {.text = SC_BUF_INIT(FILE_MAX)};
        struct sc_error why = {0};
        put_pack(&file, 2);
        size_t base = put_object(&file, SC_GIT_BLOB, BASE, strlen(BASE));
        put_back(&file, base, changes[i].bytes, changes[i].len);
        put_sum(&file);
        if (feed(&file, 30, &told, &why) != SC_E_UNSUPPORTED)
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
        SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(FILE_MAX);
        put_pack(&file, 1);
        put(&file, objects[i].bytes, objects[i].len);
        expect(&file, "", SC_E_SYNTAX, objects[i].reason);
    }
}

static void test_cut_off(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(FILE_MAX);
    put_pack(&file, 2);
    size_t base = put_object(&file, SC_GIT_BLOB, BASE, strlen(BASE));
    put_back(&file, base, CHANGE, sizeof(CHANGE) - 1);
    size_t whole = file.len;
    put_sum(&file);
    for (size_t len = 12; len <= file.len; len++) {
        struct told told = {.text = SC_BUF_INIT(FILE_MAX)};
        struct sc_error why = {0};
        size_t all = file.len;
        file.len = len;
        assert_int_equal(feed(&file, 9, &told, &why), len < whole ? SC_E_IO : 0);
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
        SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(FILE_MAX);
        put_zlib(&file, objects[i].bytes, objects[i].len);
        if (objects[i].code != SC_E_SYNTAX) {
            expect(&file, objects[i].told, objects[i].code, objects[i].reason);
            continue;
        }
        /* How much of a damaged one is told depends on the pieces. */
        struct told told = {.text = SC_BUF_INIT(FILE_MAX)};
        struct sc_error why = {0};
        assert_int_equal(feed(&file, file.len, &told, &why), objects[i].code);
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
        SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(FILE_MAX);
        sc_buf_puts(&file, texts[i]);
        assert_true(sc_git_sniff(sc_buf_view(&file)));
        expect(&file, "nothing of git's", 0, "");
    }
    static const char *const others[] = {"PACKAGE=x\nVERSION=2\n", "# v1 git bundle\n", "x", ""};
    for (size_t i = 0; i < SC_ARRAY_SIZE(others); i++)
        assert_false(
            sc_git_sniff((struct sc_bytes){(const unsigned char *)others[i], strlen(others[i])}));
}

static void test_bundles(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(FILE_MAX);
    sc_buf_puts(&file, "# v2 git bundle\n0123 refs/heads/main\n\n");
    put_pack(&file, 2);
    size_t base = put_object(&file, SC_GIT_BLOB, BASE, strlen(BASE));
    put_back(&file, base, CHANGE_2, sizeof(CHANGE_2) - 1);
    put_sum(&file);
    expect(&file,
           "# v2 git bundle\n0123 refs/heads/main\n\nblob at 12 38[" BASE
           "]blob at 63 11[winter-2025]",
           0, "");
    file.len = 0;
    sc_buf_puts(&file, "# v3 git bundle\n@object-format=sha256\n\nPACK and no more");
    expect(&file, "# v3 git bundle\n@object-format=sha256\n\n", SC_E_SYNTAX,
           "there is no git pack where it should begin");
}

/* Behind the bytes that are kept, and larger than what is held in memory. */
static void test_limits(void **state)
{
    enum { COUNT = 5 };
    const size_t len = SC_GIT_OBJECT_MAX - 1, large = SC_GIT_OBJECT_MAX + 1;
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(FILE_MAX);
    char *bytes = malloc(large);
    assert_non_null(bytes);
    memset(bytes, 'a', large);
    memcpy(bytes, "beginning", 9);
    put_pack(&file, COUNT + 3);
    size_t first = put_object(&file, SC_GIT_BLOB, bytes, large);
    size_t second = file.len, last = 0;
    for (int i = 1; i < COUNT; i++)
        last = put_object(&file, SC_GIT_BLOB, bytes, len);
    free(bytes);
    put_back(&file, second, "\xff\xff\xff\x1f\x09\x90\x09", 7);
    put_back(&file, last, "\xff\xff\xff\x1f\x09\x90\x09", 7);
    put_back(&file, first, "\x81\x80\x80\x20\x09\x90\x09", 7);
    put_sum(&file);
    assert_int_equal(file.failed, 0);
    struct told told = {.text = SC_BUF_INIT(FILE_MAX)};
    struct sc_error why = {0};
    assert_int_equal(feed(&file, (size_t)1024 * 1024, &told, &why), SC_E_UNSUPPORTED);
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
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(FILE_MAX);
    char *bytes = malloc(large);
    assert_non_null(bytes);
    memset(bytes, 'a', large);
    put_pack(&file, 2);
    size_t base = put_object(&file, SC_GIT_BLOB, BASE, strlen(BASE));
    put_back(&file, base, bytes, large);
    free(bytes);
    put_sum(&file);
    struct told told = {.text = SC_BUF_INIT(FILE_MAX)};
    struct sc_error why = {0};
    assert_int_equal(feed(&file, (size_t)1024 * 1024, &told, &why), SC_E_UNSUPPORTED);
    assert_string_equal(sc_error_message(&why),
                        "1 of its objects could not be put together; the first: it is a delta "
                        "of more than 64 MiB");
    assert_non_null(strstr(sc_buf_text(&told.text), "]delta at 63 67108865[aaa"));
    sc_buf_done(&told.text);
}

/* ---- no memory ---- */

static int read_all(void *ctx)
{
    const struct sc_buf *file = ctx;
    char place[4096];
    struct told told = {.text = SC_BUF_INIT(sizeof(place))};
    struct sc_error why = {0};
    int rc = feed(file, 50, &told, &why);
    sc_buf_done(&told.text);
    return rc;
}

static void test_without_memory(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf pack = SC_BUF_INIT(FILE_MAX);
    SC_CLEANUP(sc_buf_done) struct sc_buf loose = SC_BUF_INIT(FILE_MAX);
    put_pack(&pack, 3);
    size_t base = put_object(&pack, SC_GIT_BLOB, BASE, strlen(BASE));
    put_back(&pack, base, CHANGE, sizeof(CHANGE) - 1);
    put_named(&pack, BASE_SHA1, CHANGE_2, sizeof(CHANGE_2) - 1);
    put_sum(&pack);
    put_zlib(&loose, "blob 3\0abc", 10);
    assert_true(sc_fail_alloc_each(read_all, &pack) > 5);
    assert_true(sc_fail_alloc_each(read_all, &loose) > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_objects_and_deltas),
        cmocka_unit_test(test_long_copies),
        cmocka_unit_test(test_long_chains),
        cmocka_unit_test(test_what_cannot_be_put_together),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_too_much_to_make),
        cmocka_unit_test(test_packs_in_packs),
        cmocka_unit_test(test_damaged_deltas),
        cmocka_unit_test(test_damaged_packs),
        cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_loose_objects),
        cmocka_unit_test(test_what_only_begins_so),
        cmocka_unit_test(test_bundles),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_large_delta),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
