/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading sealed bytes in the order of the file: some, with gaps, and ones that are not there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vault/store/blobs.h"

#include "core/banned.h"

#define FIRST (-100)
#define LAST  100

/* Every id from FIRST to LAST but the multiples of seven, each with its id as text. */
static struct sc_db *make(void)
{
    struct sc_db *db = NULL;
    assert_int_equal(sc_db_memory("test", &db, NULL), 0);
    assert_int_equal(
        sc_db_exec(db,
                   "CREATE TABLE blob(id INTEGER PRIMARY KEY, ct BLOB);"
                   "WITH RECURSIVE n(i) AS (SELECT -100 UNION ALL SELECT i + 1 FROM n WHERE i<100)"
                   "INSERT INTO blob SELECT i, CAST(i AS TEXT) FROM n WHERE i % 7 <> 0",
                   NULL),
        0);
    return db;
}

static void expect(struct sc_blobs *blobs, int64_t id)
{
    struct sc_bytes bytes;
    char text[32] = "";
    assert_int_equal(sc_blobs_read(blobs, id, &bytes, NULL), 0);
    if (id < FIRST || id > LAST || id % 7 == 0) {
        assert_null(bytes.ptr);
        return;
    }
    assert_non_null(bytes.ptr);
    assert_true(bytes.len < sizeof(text));
    memcpy(text, bytes.ptr, bytes.len);
    assert_int_equal(strtol(text, NULL, 10), id);
}

static void read_by_steps_of(int64_t step)
{
    SC_CLEANUP(sc_db_closep) struct sc_db *db = make();
    SC_CLEANUP(sc_blobs_done) struct sc_blobs blobs = {0};
    assert_int_equal(sc_blobs_begin(db, &blobs, NULL), 0);
    for (int64_t id = FIRST - 20; id <= LAST + 20; id += step)
        expect(&blobs, id);
}

static void test_all_and_with_gaps(void **state)
{
    (void)state;
    for (int64_t step = 1; step <= 40; step++)
        read_by_steps_of(step);
}

static void test_the_same_again(void **state)
{
    (void)state;
    SC_CLEANUP(sc_db_closep) struct sc_db *db = make();
    SC_CLEANUP(sc_blobs_done) struct sc_blobs blobs = {0};
    assert_int_equal(sc_blobs_begin(db, &blobs, NULL), 0);
    expect(&blobs, 3);
    expect(&blobs, 3);
    expect(&blobs, INT64_MAX);
    expect(&blobs, INT64_MAX);
}

static void test_from_the_start_again(void **state)
{
    (void)state;
    SC_CLEANUP(sc_db_closep) struct sc_db *db = make();
    for (int i = 0; i < 2; i++) {
        SC_CLEANUP(sc_blobs_done) struct sc_blobs blobs = {0};
        assert_int_equal(sc_blobs_begin(db, &blobs, NULL), 0);
        expect(&blobs, INT64_MIN);
        expect(&blobs, FIRST);
        expect(&blobs, 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_and_with_gaps),
        cmocka_unit_test(test_the_same_again),
        cmocka_unit_test(test_from_the_start_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
