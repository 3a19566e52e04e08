/* SPDX-License-Identifier: Apache-2.0
 *
 * Pages of the log are held back and written together. A transaction that is undone may have begun
 * to write, when its pages did not fit the cache: what was held of it must not be written later,
 * over the commit of somebody else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/scratch.h"
#include "vault/store/db.h"

#include "core/banned.h"

/* Rows of a page each. */
#define ADD(count)                                                                                 \
    "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM i WHERE n<" #count ") "            \
    "INSERT INTO t SELECT NULL, zeroblob(4000) FROM i"

static int each_test(void **state)
{
    (void)state;
    return sc_scratch_enter();
}

static int after_test(void **state)
{
    (void)state;
    return sc_scratch_leave();
}

static struct sc_db *open_db(enum sc_db_mode mode)
{
    struct sc_db *db = NULL;
    assert_int_equal(sc_db_open("file.db", mode, &db, NULL), 0);
    return db;
}

static void expect_rows(struct sc_db *db, int64_t want)
{
    int64_t rows = 0;
    assert_int_equal(sc_db_number(db, "SELECT count(*) FROM t", &rows, NULL), 0);
    assert_int_equal(rows, want);
    assert_int_equal(sc_db_check(db, NULL), 0);
}

static void test_undone_pages_are_forgotten(void **state)
{
    (void)state;
    struct sc_db *one = open_db(SC_DB_CREATE);
    assert_int_equal(sc_db_exec(one, "CREATE TABLE t(id INTEGER PRIMARY KEY, b BLOB)", NULL), 0);
    struct sc_db *other = open_db(SC_DB_WRITE);
    expect_rows(other, 0);

    sc_db_checkpoint(one); /* so that undoing has nothing to read in the log */
    assert_int_equal(sc_db_exec(one, "PRAGMA cache_size=10", NULL), 0);
    assert_int_equal(sc_db_begin(one, SC_DB_BEGIN_WRITE, NULL), 0);
    assert_int_equal(sc_db_exec(one, ADD(40), NULL), 0);
    sc_db_rollback(one);

    /* few enough to stay in the log */
    assert_int_equal(sc_db_exec(other, ADD(60), NULL), 0);
    expect_rows(other, 60);
    struct sc_db *third = open_db(SC_DB_READ);
    expect_rows(third, 60);
    sc_db_closep(&third);
    expect_rows(one, 60);
    sc_db_closep(&one);
    third = open_db(SC_DB_READ);
    expect_rows(third, 60);
    sc_db_closep(&third);
    sc_db_closep(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_undone_pages_are_forgotten, each_test, after_test),
    };
    return cmocka_run_group_tests_name("gather", tests, NULL, NULL);
}
