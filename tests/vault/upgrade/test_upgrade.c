/* SPDX-License-Identifier: Apache-2.0
 *
 * The stored vault of format 1, brought to a format of the future: all of it or nothing, with a
 * copy of the old one; and never back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/fsutil.h"
#include "core/parse.h"
#include "core/str.h"
#include "tests/support/scratch.h"
#include "tests/vault/upgrade/future.h"
#include "vault/store/formats.h"
#include "vault/upkeep.h"

#include "core/banned.h"

#define FILE_MAX ((size_t)8 * 1024 * 1024)

/* The vault of this test, in the working directory. */
#define VAULT "vault.db"

static struct sc_secret key_file;

/* Replaces `to`. */
static void copy_file(const char *from, const char *to)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf content = SC_BUF_INIT(FILE_MAX);
    const struct sc_file_attr attr = {.mode = 0600};
    assert_int_equal(sc_file_read(from, &content, NULL), 0);
    unlink(to);
    assert_int_equal(sc_file_create(to, sc_buf_view(&content), &attr, NULL), 0);
}

static char *fixture(const char *name)
{
    const char *source = sc_env("SC_SOURCE");
    assert_non_null(source);
    char *path = sc_str_printf(NULL, "%s/tests/vault/fixtures/v1/%s", source, name);
    assert_non_null(path);
    return path;
}

static int each_test(void **state)
{
    (void)state;
    SC_CLEANUP(sc_str_freep) char *vault = fixture("vault.db");
    SC_CLEANUP(sc_str_freep) char *key = fixture("key");
    assert_int_equal(sc_scratch_enter(), 0);
    copy_file(vault, VAULT);
    sc_secret_done(&key_file);
    assert_int_equal(sc_file_read_secret(key, 4096, false, &key_file, NULL), 0);
    future_fault = FUTURE_GOOD;
    future_prepare();
    return 0;
}

static int after_test(void **state)
{
    (void)state;
    sc_secret_done(&key_file);
    return sc_scratch_leave();
}

static struct sc_vault *open_old(enum sc_vault_access access)
{
    struct sc_vault *vault = NULL;
    const struct sc_unlock with = {.key_file = &key_file};
    assert_int_equal(sc_vault_open_old(VAULT, access, &vault, NULL), 0);
    assert_int_equal(sc_vault_unlock(vault, &with, NULL), 0);
    return vault;
}

static void check_value(struct sc_vault *vault)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    struct sc_entry_info info;
    assert_int_equal(sc_vault_get(vault, "shop/db_password", 0, &value, &info, NULL), 0);
    assert_int_equal(info.version, 2);
    assert_int_equal(value.len, 3);
    assert_memory_equal(value.ptr, "two", 3);
}

static int count_entry(const struct sc_entry_info *info, void *ctx, struct sc_error *err)
{
    (void)info;
    (void)err;
    ++*(size_t *)ctx;
    return 0;
}

struct last_line {
    char op[SC_LOG_OP_SIZE];
    char reason[64];
};

static int take_first(const struct sc_log_entry *entry, void *ctx, struct sc_error *err)
{
    (void)err;
    struct last_line *line = ctx;
    if (line->op[0] != '\0')
        return 0;
    memcpy(line->op, entry->op, sizeof(line->op));
    memcpy(line->reason, entry->reason, sizeof(line->reason));
    return 0;
}

static void test_an_older_vault_is_brought_forward(void **state)
{
    (void)state;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    struct sc_vault_upgraded done;
    struct last_line line = {0};
    size_t count = 0;
    assert_int_equal(sc_vault_open(VAULT, SC_VAULT_READ, &vault, NULL), SC_E_UNSUPPORTED);
    assert_int_equal(sc_vault_open(VAULT, SC_VAULT_WRITE, &vault, NULL), SC_E_UNSUPPORTED);
    vault = open_old(SC_VAULT_WRITE);
    assert_int_equal(sc_vault_upgrade(vault, &done, NULL), 0);
    assert_int_equal(done.from, 1);
    assert_int_equal(done.to, 2);
    check_value(vault);
    sc_vault_closep(&vault);

    /* As any vault now. */
    const struct sc_unlock with = {.key_file = &key_file};
    assert_int_equal(sc_vault_open(VAULT, SC_VAULT_WRITE, &vault, NULL), 0);
    assert_int_equal(sc_vault_unlock(vault, &with, NULL), 0);
    check_value(vault);
    assert_int_equal(sc_vault_list(vault, "", count_entry, &count, NULL), 0);
    assert_int_equal(count, 24);
    assert_int_equal(sc_vault_log(vault, take_first, &line, NULL), 0);
    assert_string_equal(line.op, "upgrade");
    assert_string_equal(line.reason, "format 1 to 2");
    assert_int_equal(sc_vault_remove(vault, "shop/binary", NULL, NULL), 0);
    assert_int_equal(sc_vault_check(vault, NULL, NULL, NULL), 0);
    sc_vault_closep(&vault);

    /* Once more: nothing to do. The copy is the old one; put back, it is noticed. */
    struct sc_vault_upgraded again;
    vault = open_old(SC_VAULT_WRITE);
    assert_int_equal(sc_vault_upgrade(vault, &again, NULL), 0);
    assert_int_equal(again.from, again.to);
    assert_null(again.copy);
    sc_vault_closep(&vault);
    copy_file(done.copy, VAULT);
    assert_int_equal(sc_vault_open_old(VAULT, SC_VAULT_READ, &vault, NULL), SC_E_ROLLBACK);
    free(done.copy);
}

/* Whatever went wrong: the vault is as it was, and opens as before. */
static void expect_untouched(bool copy_stays)
{
    struct sc_vault *vault = open_old(SC_VAULT_READ);
    struct sc_vault_status status;
    check_value(vault);
    assert_int_equal(sc_vault_check(vault, NULL, NULL, NULL), 0);
    assert_int_equal(sc_vault_status(vault, &status, NULL), 0);
    SC_CLEANUP(sc_str_freep)
    char *copy = sc_str_printf(NULL, VAULT ".v1.%llu.bak", (unsigned long long)status.seq);
    assert_int_equal(access(copy, F_OK) == 0, copy_stays);
    sc_vault_closep(&vault);
}

static void fails(enum future_fault fault, int code)
{
    struct sc_vault_upgraded done;
    struct sc_vault *vault = open_old(SC_VAULT_WRITE);
    future_fault = fault;
    assert_int_equal(sc_vault_upgrade(vault, &done, NULL), code);
    check_value(vault);
    sc_vault_closep(&vault);
}

static void test_a_failure_changes_nothing(void **state)
{
    (void)state;
    fails(FUTURE_FAILS, SC_E_NOSPACE);
    expect_untouched(false);
    fails(FUTURE_FORGETS_A_TABLE, SC_E_TAMPERED);
    expect_untouched(false);
    /* And then it works. */
    struct sc_vault_upgraded done;
    struct sc_vault *vault = open_old(SC_VAULT_WRITE);
    future_fault = FUTURE_GOOD;
    assert_int_equal(sc_vault_upgrade(vault, &done, NULL), 0);
    check_value(vault);
    sc_vault_closep(&vault);
    free(done.copy);
}

static void test_a_bad_result_is_taken_back(void **state)
{
    (void)state;
    fails(FUTURE_LOSES_A_VALUE, SC_E_TAMPERED);
    expect_untouched(true);
}

static void test_a_copy_that_is_there_is_not_overwritten(void **state)
{
    (void)state;
    struct sc_vault_upgraded done;
    struct sc_vault_status status;
    struct sc_vault *vault = open_old(SC_VAULT_WRITE);
    assert_int_equal(sc_vault_status(vault, &status, NULL), 0);
    SC_CLEANUP(sc_str_freep)
    char *copy = sc_str_printf(NULL, VAULT ".v1.%llu.bak", (unsigned long long)status.seq);
    copy_file(VAULT, copy);
    assert_int_equal(sc_vault_upgrade(vault, &done, NULL), SC_E_EXISTS);
    sc_vault_closep(&vault);
    expect_untouched(true);
}

static void test_only_a_whole_key_can_do_it(void **state)
{
    (void)state;
    struct sc_vault_upgraded done;
    struct sc_vault *vault = NULL;
    assert_int_equal(sc_vault_open_old(VAULT, SC_VAULT_WRITE, &vault, NULL), 0);
    assert_int_equal(sc_vault_upgrade(vault, &done, NULL), SC_E_LOCKED);
    sc_vault_closep(&vault);
    expect_untouched(false);
}

static void test_a_new_vault_has_the_newest_format(void **state)
{
    (void)state;
    struct sc_vault_upgraded done;
    const struct sc_slot_new slot = {.with = {.key_file = &key_file}};
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    assert_int_equal(sc_vault_create("new.db", &slot, &vault, NULL), 0);
    sc_vault_closep(&vault);
    assert_int_equal(sc_vault_open("new.db", SC_VAULT_WRITE, &vault, NULL), 0);
    assert_int_equal(sc_vault_unlock(vault, &slot.with, NULL), 0);
    assert_int_equal(sc_vault_upgrade(vault, &done, NULL), 0);
    assert_int_equal(done.from, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_older_vault_is_brought_forward, each_test,
                                        after_test),
        cmocka_unit_test_setup_teardown(test_a_failure_changes_nothing, each_test, after_test),
        cmocka_unit_test_setup_teardown(test_a_bad_result_is_taken_back, each_test, after_test),
        cmocka_unit_test_setup_teardown(test_a_copy_that_is_there_is_not_overwritten, each_test,
                                        after_test),
        cmocka_unit_test_setup_teardown(test_only_a_whole_key_can_do_it, each_test, after_test),
        cmocka_unit_test_setup_teardown(test_a_new_vault_has_the_newest_format, each_test,
                                        after_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
