/* SPDX-License-Identifier: Apache-2.0
 *
 * Line ends behind base64: none is passed over, whatever its place in the data.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "audit/known/wrapped.h"

#include "core/banned.h"

#define SIZE ((size_t)4096)

/* What the header says a line end is worth: 1 if it must be found, 0 if it need not. */
static bool must_be_found(const unsigned char *text, size_t newline)
{
    size_t end = newline > 0 && text[newline - 1] == '\r' ? newline - 1 : newline;
    size_t run = 0;
    while (run < end &&
           strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_",
                  text[end - run - 1]) != NULL &&
           text[end - run - 1] != '\0')
        run++;
    return run >= SC_WRAPPED_RUN_MIN || run == end;
}

static void check(const unsigned char *text, size_t len)
{
    uint64_t ends[SC_WRAPPED_WORDS(SIZE)];
    memset(ends, 0xaa, sizeof(ends)); /* what was there before does not matter */
    sc_wrapped_find((struct sc_bytes){text, len}, ends);
    size_t found = sc_wrapped_next(ends, len, 0);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n' && must_be_found(text, i) && found != i)
            fail_msg("line end at %zu of %zu", i, len);
        if (found == i) {
            assert_int_equal(text[i], '\n');
            found = sc_wrapped_next(ends, len, i + 1);
        }
    }
    assert_int_equal(found, len);
}

static void test_every_byte_is_told_right(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        bool wanted = c != 0 && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456"
                                       "789+/-_",
                                       (int)c) != NULL;
        assert_int_equal(sc_wrapped_is_base64((unsigned char)c), wanted);
        /* A run of sixteen of it, far from the beginning and the end. */
        unsigned char text[1100];
        memset(text, ' ', sizeof(text));
        memset(text + 584, (int)c, 16);
        text[600] = '\n';
        uint64_t ends[SC_WRAPPED_WORDS(sizeof(text))];
        sc_wrapped_find((struct sc_bytes){text, sizeof(text)}, ends);
        if (c != '\n' && c != '\r') /* which may stand between a run and the line end */
            assert_int_equal(sc_wrapped_next(ends, sizeof(text), 0), wanted ? 600 : sizeof(text));
    }
}

static void test_random_texts(void **state)
{
    (void)state;
    static unsigned char text[SIZE];
    uint64_t x = 88172645463325252ULL;
    for (int round = 0; round < 300; round++) {
        for (size_t i = 0; i < SIZE; i++) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            /* Long runs, with line ends, carriage returns and other bytes among them. */
            unsigned kind = (unsigned)(x >> 20) % (8u + (unsigned)round % 40u);
            text[i] = kind == 0   ? '\n'
                      : kind == 1 ? '\r'
                      : kind == 2 ? (unsigned char)(x >> 40)
                                  : (unsigned char)('a' + (x >> 50) % 26);
        }
        check(text + round % 67, SIZE - (size_t)round);
        check(text, (size_t)round * 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte_is_told_right),
        cmocka_unit_test(test_random_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
