/* SPDX-License-Identifier: Apache-2.0
 *
 * The output filter against a model by brute force, in pieces of every size; its forms, its limits,
 * what it holds back and what it does when that is released or cut off.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/encode.h"
#include "core/mask/canon.h"
#include "core/mask/filter.h"
#include "core/mask/stream.h"

#include "core/banned.h"

static struct sc_bytes bytes_of(const char *text)
{
    return (struct sc_bytes){(const unsigned char *)text, strlen(text)};
}

static void make(struct sc_mask_patterns *patterns, const char *const *values)
{
    struct sc_error err = {0};
    bool masked = false;
    for (; *values != NULL; values++)
        assert_int_equal(sc_mask_patterns_add(patterns, bytes_of(*values), &masked, &err), 0);
    assert_int_equal(sc_mask_patterns_finish(patterns, &err), 0);
}

/* Runs the text through in pieces of `step` bytes. */
static void filter(const struct sc_mask_patterns *patterns, const char *text, size_t len,
                   size_t step, struct sc_buf *out)
{
    struct sc_mask_stream stream;
    struct sc_error err = {0};
    assert_int_equal(sc_mask_stream_init(&stream, patterns, "***", &err), 0);
    for (size_t at = 0; at < len; at += step)
        assert_int_equal(sc_mask_stream_feed(&stream, text + at, SC_MIN(step, len - at), out, &err),
                         0);
    assert_int_equal(sc_mask_stream_end(&stream, out, &err), 0);
    sc_mask_stream_done(&stream);
}

static void check(const char *const *values, const char *text, const char *want)
{
    static const size_t steps[] = {1, 2, 3, 7, 65536};
    struct sc_mask_patterns patterns = {0};
    make(&patterns, values);
    for (size_t i = 0; i < SC_ARRAY_SIZE(steps); i++) {
        struct sc_buf out = SC_BUF_INIT(SC_MASK_OUT_MAX);
        filter(&patterns, text, strlen(text), steps[i], &out);
        assert_string_equal(sc_buf_text(&out), want);
        sc_buf_done(&out);
    }
    sc_mask_patterns_done(&patterns);
}

#define VALUES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_plain(void **state)
{
    (void)state;
    check(VALUES("hunter2pass"), "login hunter2pass ok\n", "login *** ok\n");
    check(VALUES("hunter2pass"), "hunter2pashunter2pass\n", "hunter2pas***\n");
    check(VALUES("abcdefgh", "abcdefghij"), "abcdefghij abcdefghi\n", "*** ***i\n");
    check(VALUES("abcdefgh", "efghijkl"), "xabcdefghijklx\n", "x***x\n"); /* overlap */
    check(VALUES("abcdefgh", "ijklmnop"), "abcdefghijklmnop\n", "***\n"); /* touch */
    check(VALUES("abcdefgh"), "abcdefghabcdefgh abcdefgh", "*** ***");
    check(VALUES("1234"), "x1234y 123", "x***y 123");
    check(VALUES("123"), "123 123\n", "123 123\n"); /* too short to be masked */
}

static void test_lines(void **state)
{
    (void)state;
    check(VALUES("-----BEGIN KEY-----\nMIIEvgIBADAN\nabc\n-----END KEY-----\n"),
          "-----BEGIN KEY-----\nMIIEvgIBADAN\nabc\n", "-----BEGIN KEY-----\n***\nabc\n");
    check(VALUES("hunter2pass\n"), "hunter2pass\n", "***\n");
    check(VALUES("hunter2pass"), "hunter2\npass\n", "hunter2\npass\n");
}

static void test_encodings(void **state)
{
    (void)state;
    check(VALUES("hunter2pass!"), "aHVudGVyMnBhc3Mh\n", "***\n");
    check(VALUES("hunter2pass"), "68756e7465723270617373 68756E7465723270617373\n", "*** ***\n");
    check(VALUES("p@ss/w\"rd&1"), "p%40ss%2Fw%22rd%261 p@ss\\/w\\\"rd\\u00261\n", "*** ***\n");
    check(VALUES("p@ss/w\"rd&1"), "p@ss/w&quot;rd&amp;1 p%2540ss%252Fw%2522rd%25261\n",
          "*** ***\n");
    check(VALUES("it's a secret"), "'it'\\''s a secret' it%27s+a+secret\n", "'***' ***\n");
}

static void test_escape_sequences(void **state)
{
    (void)state;
    check(VALUES("hunter2pass"), "\x1b[31mhunt\x1b[1;32mer2pass\x1b[0m\n",
          "\x1b[31m***\x1b[1;32m\x1b[0m\n");
    check(VALUES("hunter2pass"), "\x1b]0;hunter2pass\x07x\n", "\x1b]0;***\x07x\n");
    check(VALUES("hunter2pass"), "a\x1b[", "a\x1b[");
}

/* Released bytes are remembered: the rest of the value is masked. */
static void test_release(void **state)
{
    (void)state;
    struct sc_mask_patterns patterns = {0};
    struct sc_mask_stream stream;
    struct sc_error err = {0};
    struct sc_buf out = SC_BUF_INIT(SC_MASK_OUT_MAX);
    make(&patterns, VALUES("hunter2pass"));
    assert_int_equal(sc_mask_stream_init(&stream, &patterns, "***", &err), 0);
    assert_int_equal(sc_mask_stream_feed(&stream, "as hunt", 7, &out, &err), 0);
    assert_string_equal(sc_buf_text(&out), "as ");
    assert_int_equal(sc_mask_stream_held(&stream), 4);
    sc_mask_stream_release(&stream, &out);
    assert_string_equal(sc_buf_text(&out), "as hunt");
    assert_int_equal(sc_mask_stream_feed(&stream, "er2pass\n", 8, &out, &err), 0);
    assert_string_equal(sc_buf_text(&out), "as hunt***\n");
    assert_int_equal(sc_mask_stream_feed(&stream, "Password: ", 10, &out, &err), 0);
    assert_int_equal(sc_mask_stream_held(&stream), 0);
    sc_mask_stream_done(&stream);
    sc_mask_patterns_done(&patterns);
    sc_buf_done(&out);
}

static void test_cut_at_the_end(void **state)
{
    (void)state;
    check(VALUES("hunter2password"), "x hunter2p", "x ***");
    check(VALUES("hunter2password"), "x hunter2", "x hunter2");
}

/* ---- cut at every byte ---- */

/* The text in two pieces, cut at each place in turn, and byte by byte. A text that ends a line can
 * be followed by another in one stream. */
static void check_cuts(const struct sc_mask_patterns *patterns, const char *text, size_t len,
                       const char *want)
{
    struct sc_mask_stream stream = {0};
    struct sc_error err = {0};
    struct sc_buf out = SC_BUF_INIT(SC_MASK_OUT_MAX);
    bool line = len > 0 && text[len - 1] == '\n';
    for (size_t cut = 0; cut <= len; cut++) {
        if (stream.raw == NULL)
            assert_int_equal(sc_mask_stream_init(&stream, patterns, "***", &err), 0);
        assert_int_equal(sc_mask_stream_feed(&stream, text, cut, &out, &err), 0);
        assert_int_equal(sc_mask_stream_feed(&stream, text + cut, len - cut, &out, &err), 0);
        if (!line) {
            assert_int_equal(sc_mask_stream_end(&stream, &out, &err), 0);
            sc_mask_stream_done(&stream);
        }
        assert_string_equal(sc_buf_text(&out), want);
        sc_buf_clear(&out);
    }
    sc_mask_stream_done(&stream);
    filter(patterns, text, len, 1, &out);
    assert_string_equal(sc_buf_text(&out), want);
    sc_buf_done(&out);
}

static const char nasty[] = "p@ss \"w'rd\" <&>/%+\\ 7f\xc3\xa4";

static int check_form(enum sc_encoding encoding, struct sc_bytes form, void *ctx,
                      struct sc_error *err)
{
    /* Forms that only verify looks for: nothing prints them by accident. */
    static const bool other[SC_ENCODING_MAX] = {
        [SC_ENCODING_BASE64_TWICE] = true, [SC_ENCODING_BASE64_UTF16] = true,
        [SC_ENCODING_BASE32] = true,       [SC_ENCODING_UTF16LE] = true,
        [SC_ENCODING_UTF16BE] = true,      [SC_ENCODING_REVERSED] = true,
        [SC_ENCODING_DOLLAR] = true,       [SC_ENCODING_DOLLAR_JSON] = true,
        [SC_ENCODING_BASE64_JSON] = true,  [SC_ENCODING_BASE64_PERCENT] = true};
    size_t *checked = ctx;
    (void)err;
    if (other[encoding])
        return 0;
    char text[1024];
    struct sc_mask_patterns patterns = {0};
    make(&patterns, (const char *const[]){nasty, NULL});
    int len = snprintf(text, sizeof(text), "x = <%.*s> y\n", (int)form.len, form.ptr);
    check_cuts(&patterns, text, (size_t)len, "x = <***> y\n");
    sc_mask_patterns_done(&patterns);
    ++*checked;
    return 0;
}

static void test_every_form_cut_everywhere(void **state)
{
    (void)state;
    size_t checked = 0;
    struct sc_error err = {0};
    assert_int_equal(sc_encode_each(bytes_of(nasty), check_form, &checked, &err), 0);
    assert_true(checked >= 20); /* base64 thrice alone */
}

static void test_sequences_cut_everywhere(void **state)
{
    (void)state;
    struct sc_mask_patterns patterns = {0};
    make(&patterns, VALUES("hunter2pass", "p@ss w\"rd/1"));
    static const char *const cases[][2] = {
        /* between, around and inside of what is looked for; a private one, one with intermediates
         */
        {"a\x1b[31mb\x1b[0m\n", "a\x1b[31mb\x1b[0m\n"},
        {"\x1b[1mhunter2pass\x1b[m.", "\x1b[1m***\x1b[m."},
        {"h\x1b[1mu\x1b[2mn\x1b[3mt\x1b[4me\x1b[5mr\x1b[6m2\x1b[7mp\x1b[8ma\x1b[9ms\x1b[10ms!",
         "***\x1b[1m\x1b[2m\x1b[3m\x1b[4m\x1b[5m\x1b[6m\x1b[7m\x1b[8m\x1b[9m\x1b[10m!"},
        {"hunter\x1b[?25l\x1b[ q\x1b(B2pass\n", "***\x1b[?25l\x1b[ q\x1b(B\n"},
        /* an escape of the text beside one of the terminal */
        {"p%40ss\x1b[38;5;196m%20w%22rd\x1b[0m%2F1\n", "***\x1b[38;5;196m\x1b[0m\n"},
        /* a cut-off one at the end, and a sequence that is none */
        {"hunter2pass\x1b[38;", "***\x1b[38;"},
        {"hunter2\x1b[3\npass\n", "hunter2\x1b[3\npass\n"},
    };
    for (size_t i = 0; i < SC_ARRAY_SIZE(cases); i++)
        check_cuts(&patterns, cases[i][0], strlen(cases[i][0]), cases[i][1]);
    sc_mask_patterns_done(&patterns);
}

/* ---- the model ---- */

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Marks every place of every raw form, then joins. */
static void model(const char *const *values, const char *text, char *out)
{
    size_t len = strlen(text);
    char *marked = calloc(len + 1, 1);
    assert_non_null(marked);
    for (; *values != NULL; values++)
        for (size_t at = 0; at + strlen(*values) <= len; at++)
            if (memcmp(text + at, *values, strlen(*values)) == 0)
                memset(marked + at, 1, strlen(*values));
    size_t n = 0;
    for (size_t at = 0; at < len; at++) {
        if (!marked[at])
            out[n++] = text[at];
        else if (at == 0 || !marked[at - 1]) {
            memcpy(out + n, "***", 3);
            n += 3;
        }
    }
    out[n] = '\0';
    free(marked);
}

static void check_model(const char *const *values, const char *text)
{
    static char want[2400];
    struct sc_mask_patterns patterns = {0};
    size_t len = strlen(text);
    model(values, text, want);
    make(&patterns, values);
    const size_t steps[] = {1, 3, len};
    for (size_t i = 0; i < SC_ARRAY_SIZE(steps); i++) {
        struct sc_buf out = SC_BUF_INIT(SC_MASK_OUT_MAX);
        filter(&patterns, text, len, steps[i], &out);
        assert_string_equal(sc_buf_text(&out), want);
        sc_buf_done(&out);
    }
    sc_mask_patterns_done(&patterns);
}

static void test_against_the_model(void **state)
{
    (void)state;
    static char text[600];
    uint32_t seed = 4711;
    for (unsigned run = 0; run < 48; run++) {
        char values[4][8];
        const char *list[5] = {0};
        unsigned letters = 2 + next_random(&seed) % 3;
        size_t least = 4 + run % 4; /* the longer the shortest, the fewer places are looked at */
        for (size_t v = 0; v < 4; v++) {
            size_t len = least + next_random(&seed) % (8 - least); /* up to 7: raw forms only */
            for (size_t i = 0; i < len; i++)
                values[v][i] = (char)('a' + next_random(&seed) % letters);
            values[v][len] = '\0';
            list[v] = values[v];
        }
        size_t len = next_random(&seed) % (sizeof(text) - 2);
        for (size_t i = 0; i < len; i++)
            text[i] =
                (char)(next_random(&seed) % 40 == 0 ? '\n' : 'a' + next_random(&seed) % letters);
        text[len] = '\n';
        text[len + 1] = '\0';
        check_model(list, text);
    }
}

/* Values of every length up to 24, so with short ones and without, in a text made of parts of them.
 * Their letters stand in no encoded form. */
static void test_lengths_against_the_model(void **state)
{
    (void)state;
    static char text[600];
    uint32_t seed = 815;
    for (unsigned run = 0; run < 40; run++) {
        char values[4][25];
        const char *list[5] = {0};
        size_t least = 4 + run % 20;
        for (size_t v = 0; v < 4; v++) {
            size_t len = least + next_random(&seed) % (25 - least);
            for (size_t i = 0; i < len; i++)
                values[v][i] = "~^_!"[next_random(&seed) % 4];
            values[v][len] = '\0';
            list[v] = values[v];
        }
        size_t len = 0;
        while (len + 26 < sizeof(text)) {
            const char *value = values[next_random(&seed) % 4];
            size_t from = next_random(&seed) % 6 == 0 ? next_random(&seed) % 4 : 0;
            size_t part = strlen(value) - from - (next_random(&seed) % 6 == 0);
            memcpy(text + len, value + from, part);
            len += part;
            if (next_random(&seed) % 3 == 0)
                text[len++] = (char)"~^_!.\n"[next_random(&seed) % 6];
        }
        text[len++] = '\n';
        text[len] = '\0';
        check_model(list, text);
    }
}

/* The filter, by either code: it names each place where a pattern stands, and may name others. */
static void test_filter(void **state)
{
    (void)state;
    uint32_t seed = 271828;
    for (unsigned run = 0; run < 300; run++) {
        unsigned char patterns[6][20];
        unsigned char text[300];
        size_t shortest = 4 + run % 12;
        struct sc_mask_filter filter = {0};
        struct sc_error err = {0};
        assert_int_equal(sc_mask_filter_init(&filter, shortest, 6, &err), 0);
        for (size_t i = 0; i < 6; i++) {
            for (size_t j = 0; j < sizeof(patterns[i]); j++)
                patterns[i][j] = (unsigned char)next_random(&seed);
            sc_mask_filter_add(&filter, patterns[i], shortest + i);
        }
        size_t len = next_random(&seed) % sizeof(text);
        for (size_t i = 0; i < len; i++)
            text[i] = (unsigned char)next_random(&seed);
        for (size_t i = 0; i < 6; i++) {
            size_t size = shortest + i;
            size_t at = len >= size ? next_random(&seed) % (len - size + 1) : len;
            memcpy(text + at, patterns[i], at < len ? size : 0);
        }
        bool named[sizeof(text)] = {false};
        for (size_t at = 0; at < len; at++) {
            at = sc_mask_filter_next(&filter, text, at, len);
            if (at < len)
                named[at] = true;
        }
        for (size_t at = 0; at < len; at++) {
            size_t plain = sc_mask_filter_next_plain(&filter, text, at, len);
            assert_int_equal(plain, sc_mask_filter_next(&filter, text, at, len));
            for (size_t i = 0; i < 6; i++)
                if (len - at >= shortest + i && memcmp(text + at, patterns[i], shortest + i) == 0)
                    assert_true(named[at]);
        }
        sc_mask_filter_done(&filter);
    }
}

/* Lines undone at once, by either code, against one unit after the other. */
static void test_lines_at_once(void **state)
{
    (void)state;
    static const char *const parts[] = {"%",
                                        "%2",
                                        "%27",
                                        "%2527",
                                        "%g1",
                                        "&",
                                        "&am",
                                        "&amp;",
                                        "&#",
                                        "&#x41;",
                                        "&lt;",
                                        "&x",
                                        "\\",
                                        "\\u",
                                        "\\u0041",
                                        "\\x4",
                                        "\\x41",
                                        "\\101",
                                        "\\8",
                                        "'",
                                        "\"",
                                        "`",
                                        "+",
                                        "\t",
                                        "\n",
                                        "\xc3\xa4",
                                        "\xff",
                                        "a",
                                        "plain text of some length ",
                                        "]"};
    uint32_t seed = 31337;
    for (unsigned run = 0; run < 3000; run++) {
        unsigned char text[400];
        unsigned char want[400];
        unsigned char got[2][sizeof(text) + SC_CANON_SLACK];
        size_t len = 0;
        size_t count = next_random(&seed) % 40;
        for (size_t i = 0; i < count && len + 30 < sizeof(text); i++) {
            const char *part = parts[next_random(&seed) % SC_ARRAY_SIZE(parts)];
            memcpy(text + len, part, strlen(part));
            len += strlen(part);
        }
        size_t want_len = 0;
        for (size_t at = 0; at < len;) {
            const unsigned char *end = memchr(text + at, '\n', len - at);
            size_t left = (end == NULL ? len : (size_t)(end - text)) - at;
            struct sc_canon_unit unit = {.taken = 1, .count = 1, .out = {'\n'}};
            if (left > 0)
                unit = sc_canon_next((struct sc_bytes){text + at, left}, true);
            memcpy(want + want_len, unit.out, unit.count);
            want_len += unit.count;
            at += unit.taken;
        }
        assert_int_equal(sc_canon_lines((struct sc_bytes){text, len}, got[0]), want_len);
        assert_int_equal(sc_canon_lines_plain((struct sc_bytes){text, len}, got[1]), want_len);
        assert_memory_equal(got[0], want, want_len);
        assert_memory_equal(got[1], want, want_len);
    }
}

/* The result does not depend on the pieces, whatever escapes and sequences there are. */
static void test_pieces_do_not_matter(void **state)
{
    (void)state;
    static const char *const parts[] = {"s3cr'et/p w",
                                        "%27",
                                        "s3cr%27et%2Fp%20w",
                                        "s3cr\\u0027et\\/p w",
                                        "&amp;amp;#39;",
                                        "s3cr",
                                        "\x1b[0m",
                                        "\x1b[38;5;1",
                                        "\n",
                                        "\\",
                                        "%25",
                                        "czNjcidldC9wIHc=",
                                        "et/p w",
                                        "\x1b",
                                        "'",
                                        "x",
                                        "s3cr&amp;#39;et/p+w",
                                        "\x1b]8;;",
                                        "%2",
                                        "73336372",
                                        "\xff\xfe",
                                        "\r"};
    const char *const values[] = {"s3cr'et/p w", "etxp", "w%27s3cr", NULL};
    struct sc_mask_patterns patterns = {0};
    uint32_t seed = 99;
    make(&patterns, values);
    for (unsigned run = 0; run < 50; run++) {
        char text[600] = "";
        size_t len = 0;
        for (unsigned i = 0; i < 24; i++) {
            const char *part = parts[next_random(&seed) % SC_ARRAY_SIZE(parts)];
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", part);
        }
        struct sc_buf whole = SC_BUF_INIT(SC_MASK_OUT_MAX);
        text[len++] = '\n';
        filter(&patterns, text, len, len, &whole);
        for (size_t step = 1; step < 10; step += 2) {
            struct sc_buf out = SC_BUF_INIT(SC_MASK_OUT_MAX);
            filter(&patterns, text, len, step, &out);
            assert_int_equal(out.len, whole.len);
            assert_memory_equal(out.data, whole.data, out.len);
            sc_buf_done(&out);
        }
        /* A cut-off sequence swallows the next byte, on a terminal too: then there is no value. */
        if (strchr(text, 0x1b) == NULL)
            assert_null(strstr(sc_buf_text(&whole), "s3cr'et/p w"));
        sc_buf_done(&whole);
    }
    sc_mask_patterns_done(&patterns);
}

static void test_largest_value(void **state)
{
    (void)state;
    struct sc_mask_patterns patterns = {0};
    struct sc_error err = {0};
    size_t len = SC_VALUE_MAX;
    char *value = malloc(len + 1);
    bool masked = false;
    uint32_t seed = 7;
    assert_non_null(value);
    for (size_t i = 0; i < len; i++)
        value[i] = (char)('!' + next_random(&seed) % 90);
    value[len] = '\n';
    assert_int_equal(
        sc_mask_patterns_add(&patterns, (struct sc_bytes){(void *)value, len}, &masked, &err), 0);
    assert_true(masked);
    assert_int_equal(sc_mask_patterns_finish(&patterns, &err), 0);
    struct sc_buf out = SC_BUF_INIT(SC_MASK_OUT_MAX);
    filter(&patterns, value, len + 1, 50000, &out);
    assert_string_equal(sc_buf_text(&out), "***\n");
    sc_buf_done(&out);
    sc_mask_patterns_done(&patterns);
    free(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_escape_sequences),
        cmocka_unit_test(test_release),
        cmocka_unit_test(test_cut_at_the_end),
        cmocka_unit_test(test_every_form_cut_everywhere),
        cmocka_unit_test(test_sequences_cut_everywhere),
        cmocka_unit_test(test_against_the_model),
        cmocka_unit_test(test_lengths_against_the_model),
        cmocka_unit_test(test_filter),
        cmocka_unit_test(test_lines_at_once),
        cmocka_unit_test(test_pieces_do_not_matter),
        cmocka_unit_test(test_largest_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
