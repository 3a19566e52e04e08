/* SPDX-License-Identifier: Apache-2.0
 *
 * Gzip that is written as base64: once and twice, wrapped, escaped, fed in pieces of every size;
 * damaged, cut off, nested, bombs, and what only looks like it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "audit/image/archive.h"
#include "audit/known/known.h"
#include "core/buf.h"
#include "core/vector/pair.h"

#include "core/banned.h"

#define VALUE "Zq8-vvT1.pLm~0xY"

/* Settings with the value, by gzip -9 -n; once and twice. */
#define ONCE                                                                                       \
    "H4sIAAAAAAAC/6tWSs7PS8tMV7KqVirJz07NU7JSiiq00C0rCzHUK/DJrTOoiFSq1VHKS8xNBUoVZ+QXKNUCAD4VuVA"  \
    "1AAAA"
#define TWICE                                                                                      \
    "SDRzSUFBQUFBQUFDLzZ0V1NzN1BTOHRNVjdLcVZpckp6MDdOVTdKU2lpcTAwQzByQ3pIVUsvREpyVE9vaUZTcTFWSEtT" \
    "O"                                                                                            \
    "HhOQlVvVlorUVhLTlVDQUQ0VnVWQTFBQUFB"
/* 64 MiB of NULs, by gzip, twice. */
#define BOMB                                                                                       \
    "H4sIAAAAAAACA+3cr05CcRTA8YtcNyYbYiAZ5BGIFAYazAbNjgcgkmVzJgsvQWZjc7PSeAO02f0TnDM5L9z7GL/z+aST" \
    "Tzw7+549NrLSQf1jXavth9n8f/nVOMoAAACAxM1e7+vlMSDrFtvLqxsAAAAgdePjVl4dBf5uT8+tAwAAAJL3MOi3qw+B" \
    "77tJbh0AAACQvM7v26i6BWyKp5Nr+wAAAIDkvQgGAAAAQCiCAQAAABCLYAAAAADEIhgAAAAAwQgGAAAAQCyCAQAAABCL" \
    "YAAAAADEIhgAAAAAwQgGAAAAQCyCAQAAABDLYtDvlo8B7Z9iOrw4zAAAAIjkufnZe1/th3wHPEzs+uL+AAA="
/* The value by gzip in base64, three and four times; the latter once more in base64. */
#define THRICE_PACKED                                                                              \
    "H4sIAAAAAAAC//MwKfZ0hABnfX3fcu+0KIMMR6c8/eT8yqLKfJdkc8vAbP0QZ9csfQ/XUv1Kk/QCF1Nzn8rK7GCX"     \
    "wmyfgBS3FI8SS0dPv6o0j2Qvp0xHPwunNDNXE5CBAGbXLfhcAAAA"
#define FOUR_TIMES                                                                                 \
    "H4sIAAAAAAAC/yXO3Q6CIBgA0AfqAswyukTKnxAnkRvzUuzL5aIfJ2RP31rnCU62GnP6xxASnkODexpb0CGYaYF5"     \
    "LsQxMgSdT2R+FhwO3WCIo22FZbM1I0ikaxfwAUmWBOXHkhffpEz72wyXWIVJTpTCXeWiO74upXvgd1b5yZa7Uu/X"     \
    "LKZpqwvozS/wBey+aKyMAAAA"
#define FOUR_TIMES_TWICE                                                                           \
    "SDRzSUFBQUFBQUFDL3lYTzNRNkNJQmdBMEFmcUFzd3l1a1RLbnhBbmtSdnpVdXpMNWFJZkoyUlAzMXJuQ1U2Mkdu"     \
    "UDZ4eEFTbmtPRGV4cGIwQ0dZYVlGNUxzUXhNZ1NkVDJSK0Zod08zV0NJbzIyRlpiTTFJMGlrYXhmd0FVbVdCT1hI"     \
    "a2hmZnBFejcyd3lYV0lWSlRwVENYZVdpTzc0dXBYdmdkMWI1eVphN1V1L1hMS1pwcXd2b3pTL3dCZXkrYUt5TUFB"     \
    "QUE="

struct search {
    struct sc_known *known;
    struct sc_searcher searcher;
    struct sc_ledger ledger;
};

static int set_up(void **state)
{
    static struct search search;
    search = (struct search){.known = sc_known_new(NULL)};
    const struct sc_bytes value = {(const unsigned char *)VALUE, strlen(VALUE)};
    if (search.known == NULL || sc_known_add(search.known, "shop/token", value, NULL) < 0 ||
        sc_known_build(search.known, NULL) < 0)
        return -1;
    search.searcher = sc_known_searcher(search.known);
    *state = &search;
    return 0;
}

static int tear_down(void **state)
{
    struct search *search = *state;
    sc_ledger_done(&search->ledger);
    sc_known_free(search->known);
    return 0;
}

/* Feeds the text in pieces of this size. */
static void feed(struct search *search, const char *text, size_t len, size_t size, uint64_t free)
{
    sc_ledger_done(&search->ledger);
    search->ledger.searcher = &search->searcher;
    const struct sc_archive_options options = {
        .searcher = &search->searcher, .ledger = &search->ledger, .surface = "path", .free = free};
    const struct sc_spot spot = {.place = "path", .file = "x.yaml"};
    struct sc_archive *archive = sc_archive_new(&options, NULL);
    assert_non_null(archive);
    sc_archive_begin(archive, &spot);
    for (size_t at = 0; at < len; at += size) {
        struct sc_bytes piece = {(const unsigned char *)text + at, SC_MIN(size, len - at)};
        assert_int_equal(sc_archive_write(archive, piece, NULL), 0);
    }
    assert_int_equal(sc_archive_end(archive, NULL, NULL), 0);
    sc_archive_free(archive);
}

/* How often the value was found in a file of this path inside. */
static size_t found_in(const struct search *search, const char *path)
{
    size_t count = 0;
    for (size_t i = 0; i < search->ledger.leak_count; i++) {
        const struct sc_leak *leak = &search->ledger.leaks[i];
        count += sc_str_equal(leak->path, path) ? leak->count : 0;
    }
    return count;
}

static void assert_found(struct search *search, const char *text, const char *path, size_t count)
{
    size_t len = strlen(text);
    for (size_t size = 1; size <= len; size += size < 80 ? 1 : 37) {
        feed(search, text, len, size, 0);
        if (found_in(search, path) != count || search->ledger.skipped_count != 0)
            fail_msg("pieces of %zu: %zu times, %zu skipped, of %s", size, found_in(search, path),
                     search->ledger.skipped_count, text);
    }
}

static void assert_skipped(struct search *search, const char *text, const char *object,
                           const char *reason)
{
    size_t len = strlen(text);
    for (size_t size = 1; size <= len; size += size < 20 ? 1 : 37) {
        feed(search, text, len, size, 0);
        assert_int_equal(search->ledger.skipped_count, 1);
        assert_string_equal(search->ledger.skipped[0].object, object);
        assert_string_equal(search->ledger.skipped[0].reason, reason);
    }
}

/* Text `from`, a separator in front of each line of so many letters, other letters for some. */
static void write_as(struct sc_buf *out, const char *from, size_t column, const char *separator,
                     const char *swap)
{
    for (size_t i = 0; from[i] != '\0'; i++) {
        if (i > 0 && column > 0 && i % column == 0)
            sc_buf_puts(out, separator);
        char c = from[i];
        for (size_t j = 0; swap[j] != '\0'; j += 2)
            c = c == swap[j] ? swap[j + 1] : c;
        if (c == '\\')
            sc_buf_puts(out, "\\/");
        else
            sc_buf_putc(out, c);
    }
}

static void test_once_and_twice(void **state)
{
    static const char *const around[][2] = {
        {"", ""},
        {"", "\n"},
        {"{\"release\":\"", "\"}"},
        {"data:\n  release: ", "\ntype: helm.sh/release.v1\n"},
        {"H4H4s SDRz SDRzSDR HSDRzH", " H4sI"},
    };
    for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
        const char *texts[] = {ONCE, TWICE};
        const char *paths[] = {"base64", "base64!base64"};
        for (size_t j = 0; j < 2; j++) {
            struct sc_buf text = SC_BUF_INIT(4096);
            sc_buf_printf(&text, "%s%s%s", around[i][0], texts[j], around[i][1]);
            assert_found(*state, sc_buf_text(&text), paths[j], 1);
            sc_buf_done(&text);
        }
    }
}

static void test_every_way_to_write_it(void **state)
{
    static const struct {
        size_t column;
        const char *separator, *swap;
    } ways[] = {
        {76, "\n", ""},  {20, "\r\n", ""},     {16, "\n    \t", ""}, {5, "\n", ""},
        {40, "\\n", ""}, {40, "\\r\\n  ", ""}, {40, "\\\n  ", ""},   {0, "", "+-/_"},
        {0, "", "/\\"},  {7, "\n\n", "+-/_"},
    };
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        const char *texts[] = {ONCE, TWICE};
        const char *paths[] = {"base64", "base64!base64"};
        for (size_t j = 0; j < 2; j++) {
            struct sc_buf text = SC_BUF_INIT(8192);
            sc_buf_puts(&text, "x: \"");
            write_as(&text, texts[j], ways[i].column, ways[i].separator, ways[i].swap);
            sc_buf_puts(&text, "\"\n");
            assert_int_equal(sc_buf_status(&text, NULL), 0);
            assert_found(*state, sc_buf_text(&text), paths[j], 1);
            sc_buf_done(&text);
        }
    }
}

/* Each is read, also behind one that was broken off. */
static void test_several(void **state)
{
    assert_found(*state, "a: " ONCE "\nb: '" ONCE "'\nc: " ONCE, "base64", 3);
    struct search *search = *state;
    static const char text[] = "H4sIAAAAAAAC/6tWSs7PS8tMV7KqVirJz07NU7JSiiq00 " ONCE;
    assert_skipped(search, text, "x.yaml: base64", "the gzip data ends early");
    assert_int_equal(found_in(search, "base64"), 1);
}

/* Across the border of what is decoded, and of what is searched at once. */
static void test_large(void **state)
{
    struct search *search = *state;
    for (size_t before = 65400; before < 65600; before++) {
        struct sc_buf text = SC_BUF_INIT((size_t)1024 * 1024);
        for (size_t i = 0; i < before; i++)
            sc_buf_putc(&text, "HS4D \n"[i % 6]);
        sc_buf_puts(&text, " " ONCE);
        feed(search, sc_buf_text(&text), text.len, SIZE_MAX, 0);
        assert_int_equal(found_in(search, "base64"), 1);
        assert_int_equal(search->ledger.skipped_count, 0);
        sc_buf_done(&text);
    }
}

static void test_what_cannot_be_read_is_named(void **state)
{
    assert_skipped(*state, "x: H4sIAAAAAAAC/6tWSs7P", "x.yaml: base64", "the gzip data ends early");
    assert_skipped(*state, "x: H4sIAAAAAAAC/////////////////", "x.yaml: base64",
                   "the gzip data is damaged");
}

static void test_what_only_looks_like_it(void **state)
{
    struct search *search = *state;
    static const char *const texts[] = {
        "H4sI",
        "it begins with H4sI, as gzip does",
        "H4sIAAAAAAAA",                       /* ends in the header */
        "H4sI//////////////////////////////", /* flags that there are not */
        "H4sIAAAAAAABAAAAAAAAAAAAAAAAAAAAAA", /* nothing says so of its packing */
        "H4sIAAAAAAAAQAAAAAAAAAAAAAAAAAAAAA", /* no system */
        "SDRzSSDRzS SDRz SDRzSQ== SDRzUUFBQUFBQUFB",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        for (size_t size = 1; size <= strlen(texts[i]); size++) {
            feed(search, texts[i], strlen(texts[i]), size, 0);
            assert_int_equal(search->ledger.leak_count, 0);
            assert_int_equal(search->ledger.skipped_count, 0);
        }
    }
}

static void test_bomb(void **state)
{
    struct search *search = *state;
    feed(search, BOMB, strlen(BOMB), 17, 0);
    assert_int_equal(search->ledger.skipped_count, 0); /* 64 MiB are not too much as such */
    feed(search, BOMB " " ONCE, strlen(BOMB " " ONCE), 17, 1024 * 1024);
    assert_int_equal(search->ledger.skipped_count, 1);
    assert_string_equal(search->ledger.skipped[0].reason,
                        "what is packed inside is more than 2000 times its size");
}

/* Each is a file in a file: one of text, and one of what is packed in it. */
static void test_nested(void **state)
{
    static const char reason[] = "nested too deep to be unpacked";
    assert_found(*state, THRICE_PACKED, "base64!base64!base64", 1);
    assert_skipped(*state, FOUR_TIMES, "x.yaml: base64!base64!base64!base64", reason);
    assert_skipped(*state, FOUR_TIMES_TWICE, "x.yaml: base64!base64!base64!base64", reason);
}

/* The first of two pairs, or of what may become one. */
static void test_pairs(void **state)
{
    (void)state;
    const struct sc_pairs pairs = {{{'H', '4'}, {'S', 'D'}}};
    unsigned char text[700];
    uint64_t x = 88172645463325252ULL;
    for (size_t round = 0; round < 3000; round++) {
        size_t len = round % sizeof(text), wanted = len;
        for (size_t i = 0; i < len; i++) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            bool letter = x % (4 + round / 8) < 4;
            text[i] = letter ? (unsigned char)"HS4D"[x >> 40 & 3] : (unsigned char)(x >> 50);
        }
        for (size_t i = len; i-- > 0;) {
            bool last = i + 1 == len;
            if ((text[i] == 'H' && (last || text[i + 1] == '4')) ||
                (text[i] == 'S' && (last || text[i + 1] == 'D')))
                wanted = i;
        }
        assert_int_equal(sc_pair_find(text, len, &pairs), wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once_and_twice),
        cmocka_unit_test(test_every_way_to_write_it),
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_what_cannot_be_read_is_named),
        cmocka_unit_test(test_what_only_looks_like_it),
        cmocka_unit_test(test_bomb),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_pairs),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
