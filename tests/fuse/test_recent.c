/* SPDX-License-Identifier: Apache-2.0
 *
 * What is remembered of threads: a reader is told the size of what it has opened, and is sent back
 * when it was told another, whatever other threads do whose numbers collide with its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fuse/shared/journal.h"

#include "core/banned.h"

#define READER 1000
#define NODE   77

static int make_journal(void **state)
{
    *state = calloc(1, sizeof(struct sc_journal));
    return *state == NULL ? -1 : 0;
}

static int free_journal(void **state)
{
    free(*state);
    return 0;
}

static uint64_t open_size(struct sc_journal *journal, uint32_t tid, uint64_t node, uint64_t size)
{
    uint64_t handle = sc_journal_handle(journal, tid, 1 + size);
    const struct sc_journal_opened opened = {node, handle, size};
    sc_journal_note_open(journal, tid, &opened);
    return handle;
}

static void check_size(struct sc_journal *journal, uint32_t tid, uint64_t node, uint64_t want)
{
    uint64_t size = 0;
    assert_true(sc_journal_recent_size(journal, tid, node, &size));
    assert_int_equal(size, want);
}

static bool is_wrong(struct sc_journal *journal, uint64_t unique, uint32_t tid, uint64_t size)
{
    const struct sc_journal_asked asked = {unique, NODE, size, tid};
    return sc_journal_told_wrong(journal, &asked);
}

static void test_colliding_opens(void **state)
{
    struct sc_journal *journal = *state;
    open_size(journal, READER, NODE, 5);
    /* Each by a process of its own, as a shell's `cat`s are: two are open at any time. */
    uint64_t before = open_size(journal, READER + SC_JOURNAL_RECENT, NODE, 6);
    for (uint32_t i = 2; i < 500; i++) {
        uint64_t handle = open_size(journal, READER + i * SC_JOURNAL_RECENT, NODE + i % 3, 7);
        check_size(journal, READER, NODE, 5);
        check_size(journal, READER + i * SC_JOURNAL_RECENT, NODE + i % 3, 7);
        sc_journal_note_release(journal, before);
        before = handle;
    }
}

static void test_several_at_once(void **state)
{
    struct sc_journal *journal = *state;
    uint64_t size = 0;
    uint64_t first = open_size(journal, READER, NODE, 5);
    open_size(journal, READER, NODE + 1, 6);
    check_size(journal, READER, NODE, 5);
    uint64_t again = open_size(journal, READER, NODE, 9);
    check_size(journal, READER, NODE, 9); /* of its last open */
    sc_journal_note_release(journal, first);
    check_size(journal, READER, NODE, 9);
    sc_journal_note_release(journal, again);
    assert_false(sc_journal_recent_size(journal, READER, NODE, &size));
    check_size(journal, READER, NODE + 1, 6);
    sc_journal_forget_open(journal, READER, NODE + 1);
    assert_false(sc_journal_recent_size(journal, READER, NODE + 1, &size));
    assert_false(sc_journal_recent_size(journal, 0, NODE, &size));
}

/* A release that comes late, and one that comes twice, are of their own open only. */
static void test_late_release(void **state)
{
    struct sc_journal *journal = *state;
    uint64_t before = open_size(journal, READER, NODE, 0);
    for (uint64_t i = 1; i < 100; i++) {
        uint64_t handle = open_size(journal, READER, NODE, i);
        sc_journal_note_release(journal, before);
        sc_journal_note_release(journal, before);
        check_size(journal, READER, NODE, i);
        before = handle;
    }
}

static void test_colliding_sizes(void **state)
{
    struct sc_journal *journal = *state;
    sc_journal_note_told(journal, READER, NODE, 5);
    for (uint32_t i = 1; i < 4; i++)
        sc_journal_note_told(journal, READER + i * SC_JOURNAL_RECENT, NODE, 6);
    assert_false(is_wrong(journal, 2, READER, 5));
    assert_true(is_wrong(journal, 4, READER, 6));
    assert_false(is_wrong(journal, 6, READER + SC_JOURNAL_RECENT, 6));
    assert_false(is_wrong(journal, 8, 0, 6)); /* of nobody nothing is known */
}

/* The kernel tries again once. A worker that dies before its reply leaves the request to the next
 * one, which must say the same. */
static void test_sent_back_once(void **state)
{
    struct sc_journal *journal = *state;
    sc_journal_note_told(journal, READER, NODE, 5);
    assert_true(is_wrong(journal, 10, READER, 6));
    assert_true(is_wrong(journal, 10, READER, 6));
    sc_journal_note_told(journal, READER, NODE, 6);
    assert_false(is_wrong(journal, 12, READER, 7)); /* rotated once more: let through */
    assert_false(is_wrong(journal, 12, READER, 7));
    sc_journal_note_told(journal, READER, NODE, 7);
    assert_true(is_wrong(journal, 14, READER, 8));
    sc_journal_note_told(journal, READER, NODE, 8);
    assert_false(is_wrong(journal, 16, READER, 8));
    assert_true(is_wrong(journal, 18, READER, 9));
}

/* A worker that hangs is replaced after two seconds, on a busy machine later: what it has noted
 * outlives that. */
static void test_outlives_a_stall(void **state)
{
    struct sc_journal *journal = *state;
    uint64_t size = 0;
    uint64_t handle = open_size(journal, READER, NODE, 5);
    _Atomic int64_t *time = &journal->recent[handle >> 56].time;
    *time -= INT64_C(6000000000);
    check_size(journal, READER, NODE, 5);
    *time -= INT64_C(60000000000);
    assert_false(sc_journal_recent_size(journal, READER, NODE, &size));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_colliding_opens, make_journal, free_journal),
        cmocka_unit_test_setup_teardown(test_several_at_once, make_journal, free_journal),
        cmocka_unit_test_setup_teardown(test_late_release, make_journal, free_journal),
        cmocka_unit_test_setup_teardown(test_colliding_sizes, make_journal, free_journal),
        cmocka_unit_test_setup_teardown(test_sent_back_once, make_journal, free_journal),
        cmocka_unit_test_setup_teardown(test_outlives_a_stall, make_journal, free_journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
