/* SPDX-License-Identifier: Apache-2.0
 *
 * The literal filter: every literal is met at every place of the data, by either code, and both
 * give the same candidates in the same order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "audit/known/gram.h"
#include "core/macros.h"

#include "core/banned.h"

#define LITERALS    400
#define LITERAL_LEN 33
#define SEEN_MAX    4096

struct set {
    unsigned char literals[LITERALS][LITERAL_LEN];
    struct sc_gram gram;
    size_t len;   /* of each literal */
    bool unknown; /* the words are not told, only their hashes */
};

static size_t next_random(void)
{
    static uint64_t x = 88172645463325252ULL;
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    return (size_t)x;
}

static bool entry(size_t index, unsigned choice, const void *ctx, struct sc_gram_entry *ret)
{
    const struct set *set = ctx;
    size_t literal = index / set->gram.stride;
    size_t offset = index % set->gram.stride + choice * set->gram.stride;
    if (offset + set->gram.width > set->len)
        return false;
    uint64_t hash = sc_gram_hash(&set->gram, set->literals[literal] + offset);
    *ret = (struct sc_gram_entry){(uint32_t)(hash >> 32), (uint32_t)literal, (uint32_t)offset,
                                  set->unknown ? NULL : set->literals[literal] + offset};
    return true;
}

static void make(struct set *set, size_t stride, size_t width, size_t len)
{
    for (size_t i = 0; i < LITERALS; i++) {
        for (size_t j = 0; j < LITERAL_LEN; j++)
            set->literals[i][j] = (unsigned char)('A' + next_random() % 50);
    }
    set->len = len;
    sc_gram_init(&set->gram, next_random(), width, stride);
    assert_int_equal(sc_gram_build(&set->gram, LITERALS * stride, entry, set, NULL), 0);
}

struct seen {
    size_t count;
    struct {
        uint32_t literal;
        size_t start;
    } items[SEEN_MAX];
};

static int see(uint32_t literal, size_t start, void *ctx, struct sc_error *err)
{
    struct seen *seen = ctx;
    (void)err;
    if (seen->count < SEEN_MAX) {
        seen->items[seen->count].literal = literal;
        seen->items[seen->count++].start = start;
    }
    return 0;
}

static bool has(const struct seen *seen, uint32_t literal, size_t start)
{
    for (size_t i = 0; i < seen->count; i++) {
        if (seen->items[i].literal == literal && seen->items[i].start == start)
            return true;
    }
    return false;
}

static void test_every_literal_at_every_place(void **state)
{
    (void)state;
    static const struct {
        size_t stride, width, len;
    } kinds[] = {{8, 8, 15}, {8, 8, 33}, {4, 8, 11}, {4, 5, 8}, {4, 5, 20}, {3, 6, 12}};
    static struct set set;
    static struct seen fast, plain;
    for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
        make(&set, kinds[kind].stride, kinds[kind].width, kinds[kind].len);
        for (size_t place = 0; place < 200; place++) {
            unsigned char data[240];
            uint32_t literal = (uint32_t)(next_random() % LITERALS);
            size_t len = place + set.len + next_random() % (sizeof(data) - 200 - set.len + 1);
            memset(data, ' ', sizeof(data));
            memcpy(data + place, set.literals[literal], set.len);
            fast.count = plain.count = 0;
            assert_int_equal(sc_gram_scan(&set.gram, data, len, see, &fast, NULL), 0);
            assert_int_equal(sc_gram_scan_plain(&set.gram, data, len, see, &plain, NULL), 0);
            if (!has(&fast, literal, place))
                fail_msg("kind %zu: not met at %zu of %zu", kind, place, len);
            assert_int_equal(fast.count, plain.count);
            assert_memory_equal(fast.items, plain.items, fast.count * sizeof(fast.items[0]));
        }
        sc_gram_done(&set.gram);
    }
}

/* Data of all sorts, and literals cut out of it: with and without known words, so with alphabets
 * and without, both codes tell of each literal wherever it stands, and of the same places. */
static void test_alphabets_lose_nothing(void **state)
{
    (void)state;
    static const struct {
        unsigned char least, most; /* of the bytes of literals */
    } sorts[] = {{'a', 'z'}, {' ', '~'}, {0, 31}, {0, 255}, {128, 255}};
    static struct set set;
    static struct seen fast, plain;
    static unsigned char data[5000];
    for (size_t sort = 0; sort < 2 * SC_ARRAY_SIZE(sorts); sort++) {
        unsigned least = sorts[sort / 2].least, most = sorts[sort / 2].most;
        for (size_t i = 0; i < LITERALS; i++) {
            for (size_t j = 0; j < LITERAL_LEN; j++) {
                bool wide = i % 3 == 0 && j % 2 == i % 2; /* every second byte zero, as in UTF-16 */
                set.literals[i][j] =
                    (unsigned char)(wide ? 0 : least + next_random() % (most - least + 1));
            }
        }
        set.len = LITERAL_LEN;
        set.unknown = sort % 2 == 1;
        sc_gram_init(&set.gram, next_random(), 8, sort % 4 < 2 ? 8 : 4);
        assert_int_equal(sc_gram_build(&set.gram, LITERALS * set.gram.stride, entry, &set, NULL),
                         0);
        assert_true((set.gram.alphabets == NULL) == set.unknown);
        for (size_t i = 0; i < sizeof(data); i++)
            data[i] = (unsigned char)(next_random() % (1 + sort * 28));
        size_t at = next_random() % 40;
        for (size_t i = 0; i < 60; i++, at += LITERAL_LEN + next_random() % 40)
            memcpy(data + at, set.literals[i], LITERAL_LEN);
        fast.count = plain.count = 0;
        assert_int_equal(sc_gram_scan(&set.gram, data, sizeof(data), see, &fast, NULL), 0);
        assert_int_equal(sc_gram_scan_plain(&set.gram, data, sizeof(data), see, &plain, NULL), 0);
        assert_in_range(fast.count, 60, SEEN_MAX - 1);
        assert_int_equal(fast.count, plain.count);
        assert_memory_equal(fast.items, plain.items, fast.count * sizeof(fast.items[0]));
        for (uint32_t i = 0; i < 60; i++) {
            bool met = false;
            for (size_t j = 0; j < fast.count; j++)
                met |= fast.items[j].literal == i &&
                       memcmp(data + fast.items[j].start, set.literals[i], LITERAL_LEN) == 0;
            if (!met)
                fail_msg("sort %zu: literal %u is not met", sort, i);
        }
        sc_gram_done(&set.gram);
    }
}

static int stop(uint32_t literal, size_t start, void *ctx, struct sc_error *err)
{
    (void)literal;
    (void)start;
    (void)ctx;
    return sc_fail(err, SC_E_CANCELLED, "stop");
}

static void test_a_failure_stops(void **state)
{
    (void)state;
    static struct set set;
    make(&set, 8, 8, 33);
    unsigned char data[200] = {0};
    memcpy(data + 70, set.literals[7], 33);
    assert_int_equal(sc_gram_scan(&set.gram, data, sizeof(data), stop, NULL, NULL), SC_E_CANCELLED);
    assert_int_equal(sc_gram_scan_plain(&set.gram, data, sizeof(data), stop, NULL, NULL),
                     SC_E_CANCELLED);
    sc_gram_done(&set.gram);
}

static void test_limits(void **state)
{
    (void)state;
    static struct set set;
    sc_gram_init(&set.gram, 1, 8, 8);
    assert_int_equal(sc_gram_build(&set.gram, SC_GRAM_ENTRIES_MAX + 1, entry, &set, NULL),
                     SC_E_TOOBIG);
    assert_int_equal(sc_gram_build(&set.gram, 0, entry, &set, NULL), 0);
    assert_int_equal(
        sc_gram_scan(&set.gram, (const unsigned char *)"nothing at all", 14, stop, NULL, NULL), 0);
    sc_gram_done(&set.gram);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_literal_at_every_place),
        cmocka_unit_test(test_alphabets_lose_nothing),
        cmocka_unit_test(test_a_failure_stops),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
