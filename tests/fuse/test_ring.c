/* SPDX-License-Identifier: Apache-2.0
 *
 * The log ring: what goes in comes out, as records or as counts, with many writers too.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fuse/shared/ring.h"

#include "core/banned.h"

#define WRITERS 4
#define OPENS   50000

static int make_ring(void **state)
{
    *state = calloc(1, sizeof(struct sc_ring));
    return *state == NULL ? -1 : 0;
}

static int free_ring(void **state)
{
    free(*state);
    return 0;
}

static bool take(struct sc_ring *ring, struct sc_ring_record *ret)
{
    int64_t hole_since = 0;
    return sc_ring_take(ring, 0, &hole_since, ret);
}

static void test_counts(void **state)
{
    struct sc_ring *ring = *state;
    struct sc_ring_record record = {.node = 1, .unique = 10}, got;
    uint64_t first = 0, second = 0;
    bool half = false;
    assert_true(sc_ring_put(ring, &record, &first, &half));
    record.node = 2;
    assert_true(sc_ring_put(ring, &record, &second, &half));
    assert_true(sc_ring_repeat(ring, first, 11));
    assert_true(sc_ring_repeat(ring, second, 12));
    assert_true(sc_ring_repeat(ring, first, 11));
    assert_true(take(ring, &got));
    assert_int_equal(got.node, 1);
    assert_int_equal(got.opens, 3);
    assert_int_equal(got.unique, 10);
    assert_int_equal(got.last, 11);
    assert_false(sc_ring_repeat(ring, first, 11)); /* it has been drained */
    assert_true(sc_ring_repeat(ring, second, 12));
    assert_true(take(ring, &got));
    assert_int_equal(got.node, 2);
    assert_int_equal(got.opens, 3);
    assert_false(take(ring, &got));
}

/* A place that is used anew counts for its new record only; a full ring still counts. */
static void test_place_again(void **state)
{
    struct sc_ring *ring = *state;
    const struct sc_ring_record record = {.node = 1};
    struct sc_ring_record got;
    uint64_t first = 0, again = 0;
    bool half = false;
    assert_true(sc_ring_put(ring, &record, &first, &half));
    assert_true(take(ring, &got));
    for (unsigned i = 0; i < SC_RING_RECORDS; i++)
        assert_true(sc_ring_put(ring, &record, &again, &half));
    assert_int_equal(again, first + SC_RING_RECORDS);
    assert_false(sc_ring_repeat(ring, first, 11));
    assert_true(sc_ring_repeat(ring, again, 13));
    uint64_t other = 0;
    assert_false(sc_ring_put(ring, &record, &other, &half));
    assert_int_equal(ring->lost, 1);
}

/* Each writer opens again and again, and goes to a new record when its last one was drained. */
static void *write_opens(void *context)
{
    struct sc_ring *ring = context;
    const struct sc_ring_record record = {.node = 1};
    uint64_t position = 0;
    bool half = false, noted = false;
    for (int i = 0; i < OPENS; i++) {
        if (!noted || !sc_ring_repeat(ring, position, 14))
            noted = sc_ring_put(ring, &record, &position, &half);
    }
    return NULL;
}

static void test_many_writers(void **state)
{
    struct sc_ring *ring = *state;
    pthread_t writers[WRITERS];
    struct sc_ring_record got;
    uint64_t opens = 0;
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&writers[i], NULL, write_opens, ring), 0);
    for (int i = 0; i < OPENS; i++)
        opens += take(ring, &got) ? got.opens : 0;
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i], NULL);
    while (take(ring, &got))
        opens += got.opens;
    assert_int_equal(opens + ring->lost, (uint64_t)WRITERS * OPENS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_counts, make_ring, free_ring),
        cmocka_unit_test_setup_teardown(test_place_again, make_ring, free_ring),
        cmocka_unit_test_setup_teardown(test_many_writers, make_ring, free_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
