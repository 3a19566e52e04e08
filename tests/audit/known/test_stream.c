/* SPDX-License-Identifier: Apache-2.0
 *
 * The search over pieces: every border, every piece size, wrapped base64.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audit/known/stream.h"

#include "core/banned.h"

#define VALUE "Zq8-vvT1.pLm~0xY"

static struct sc_known *one_value(const char *value)
{
    struct sc_known *known = sc_known_new(NULL);
    assert_non_null(known);
    struct sc_bytes bytes = {(const unsigned char *)value, strlen(value)};
    assert_int_equal(sc_known_add(known, "shop/token", bytes, NULL), 0);
    assert_int_equal(sc_known_build(known, NULL), 0);
    return known;
}

struct hits {
    size_t count;
    uint64_t offset;
    enum sc_encoding encoding;
};

static int collect(const struct sc_known_hit *hit, void *ctx, struct sc_error *err)
{
    (void)err;
    struct hits *hits = ctx;
    hits->count++;
    hits->offset = hit->offset;
    hits->encoding = hit->encoding;
    return 0;
}

/* Writes the text in pieces of `size` bytes. */
static struct hits search(const struct sc_known *known, const char *text, size_t len, size_t size)
{
    struct hits hits = {0};
    struct sc_searcher searcher = sc_known_searcher(known);
    struct sc_stream stream;
    assert_int_equal(sc_stream_init(&stream, &searcher, collect, &hits, NULL), 0);
    for (size_t at = 0; at < len; at += size) {
        /* A copy of its own, so that a read over the border is seen by the sanitizer. */
        size_t n = len - at < size ? len - at : size;
        unsigned char *piece = malloc(n);
        assert_non_null(piece);
        memcpy(piece, text + at, n);
        assert_int_equal(sc_stream_write(&stream, (struct sc_bytes){piece, n}, NULL), 0);
        free(piece);
    }
    assert_int_equal(sc_stream_end(&stream, NULL), 0);
    sc_stream_done(&stream);
    return hits;
}

static void test_hit_across_every_border(void **state)
{
    (void)state;
    SC_CLEANUP(sc_known_freep) struct sc_known *known = one_value(VALUE);
    char text[2000];
    for (size_t before = 0; before < 40; before += 3) {
        memset(text, '.', sizeof(text));
        memcpy(text + 700 + before, VALUE, strlen(VALUE));
        for (size_t size = 1; size < 1200; size += size < 40 ? 1 : 97) {
            struct hits hits = search(known, text, sizeof(text), size);
            assert_int_equal(hits.count, 1);
            assert_int_equal(hits.offset, 700 + before);
        }
    }
}

static void test_wrapped_base64(void **state)
{
    (void)state;
    SC_CLEANUP(sc_known_freep) struct sc_known *known = one_value(VALUE);
    /* base64 of {"user":"shop","password":"VALUE","more":"text text text"}, wrapped and indented.
     */
    static const char *const texts[] = {
        ("data:\n  key: |\n    eyJ1c2VyIjoic2hvcCIsInBhc3N3b3JkIjoiWnE4LXZ2\n"
         "    VDEucExtfjB4WSIsIm1vcmUiOiJ0ZXh0IHRleHQgdGV4dCJ9\n"),
        "eyJ1c2VyIjoic2hvcCIsInBhc3N3b3JkIjoiWnE4LX\r\nZ2VDEucExtfjB4WSIs\r\nIm1vcmUiOiJ0ZXh0\r\n",
        "key: eyJ1c2VyIjoic2hvcCIsInBhc3N3b3JkIjoiWnE4\nLXZ2VDEucE\nxtfjB4WSIsIm1vcmUiOiJ0ZXh0"};
    for (size_t i = 0; i < 3; i++) {
        for (size_t size = 1; size < 200; size++) {
            struct hits hits = search(known, texts[i], strlen(texts[i]), size);
            if (hits.count != 1 || hits.encoding != SC_ENCODING_BASE64)
                fail_msg("text %zu, pieces of %zu: %zu hits", i, size, hits.count);
        }
    }
}

static void test_wrapped_base64_far_into_a_long_block(void **state)
{
    (void)state;
    SC_CLEANUP(sc_known_freep) struct sc_known *known = one_value(VALUE);
    static const char form[] =
        "eyJ1c2VyIjoic2hvcCIsInBhc3N3b3JkIjoiWnE4LXZ2VDEucExtfjB4WSIsIm1vcmUi";
    static char text[60000];
    for (size_t shift = 0; shift < 64; shift += 5) {
        size_t len = 0;
        for (size_t i = 0; len < 50000; i++) {
            bool in_form = i >= 30000 + shift && i < 30000 + shift + sizeof(form) - 1;
            text[len++] = in_form ? form[i - 30000 - shift] : 'A';
            if (i % 64 == 63)
                text[len++] = '\n';
        }
        struct hits hits = search(known, text, len, 4096);
        assert_true(hits.count >= 1);
        /* Near enough for its file to be told. */
        assert_true(hits.offset > 20000 && hits.offset < 32000);
    }
}

static void test_use_again(void **state)
{
    (void)state;
    SC_CLEANUP(sc_known_freep) struct sc_known *known = one_value(VALUE);
    struct hits hits = {0};
    struct sc_searcher searcher = sc_known_searcher(known);
    struct sc_stream stream;
    assert_int_equal(sc_stream_init(&stream, &searcher, collect, &hits, NULL), 0);
    /* Halves of a value in two different streams are no hit. */
    struct sc_bytes first = {(const unsigned char *)VALUE, 8}, second = {first.ptr + 8, 8};
    assert_int_equal(sc_stream_write(&stream, first, NULL), 0);
    assert_int_equal(sc_stream_end(&stream, NULL), 0);
    assert_int_equal(sc_stream_write(&stream, second, NULL), 0);
    assert_int_equal(sc_stream_end(&stream, NULL), 0);
    assert_int_equal(hits.count, 0);
    sc_stream_done(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hit_across_every_border),
        cmocka_unit_test(test_wrapped_base64),
        cmocka_unit_test(test_wrapped_base64_far_into_a_long_block),
        cmocka_unit_test(test_use_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
