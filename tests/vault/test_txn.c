/* SPDX-License-Identifier: Apache-2.0
 *
 * What is signed is what was verified and done. SQL on the writer's own connection stands here for
 * what the writer's changes do to other rows where pages were made for that by somebody else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/scratch.h"
#include "vault/record.h"
#include "vault/slot/slot.h"
#include "vault/txn.h"

#include "core/banned.h"

#define TOLD                                                                                       \
    "what was written is not what stands in the vault's file now: its pages were made by "         \
    "somebody "                                                                                    \
    "else, or are damaged; nothing was changed"
/* The rows of shop/b, when shop/a has a second version. */
#define OF_B "scope_id=1 AND idx NOT IN (SELECT idx FROM rec WHERE ver=2)"

#define RECIPIENT "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"

static struct sc_secret key_file;

static int put(struct sc_vault *vault, const char *name, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    assert_int_equal(sc_secret_append(&value, name, strlen(name), NULL), 0);
    const struct sc_entry_put entry = {.name = name, .value = &value};
    return sc_vault_put(vault, &entry, err);
}

static struct sc_vault *open_vault(void)
{
    struct sc_vault *vault = NULL;
    const struct sc_unlock with = {.key_file = &key_file};
    assert_int_equal(sc_vault_open("a.db", SC_VAULT_WRITE, &vault, NULL), 0);
    assert_int_equal(sc_vault_unlock(vault, &with, NULL), 0);
    return vault;
}

static int each_test(void **state)
{
    (void)state;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    const struct sc_slot_new slot = {.with = {.key_file = &key_file}};
    if (sc_scratch_enter() < 0 || sc_vault_make_key_file(&key_file, NULL) < 0 ||
        sc_vault_create("a.db", &slot, &vault, NULL) < 0)
        return -1;
    return put(vault, "shop/a", NULL) < 0 || put(vault, "shop/b", NULL) < 0 ||
                   put(vault, "other/c", NULL) < 0
               ? -1
               : 0;
}

static int after_test(void **state)
{
    (void)state;
    sc_secret_done(&key_file);
    return sc_scratch_leave();
}

/* The handle goes on with what is in the file. */
static void nothing_was_changed(struct sc_vault *vault)
{
    struct sc_entry_info info;
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    assert_null(vault->txn);
    for (const char *const *name = (const char *const[]){"shop/a", "shop/b", "other/c", NULL};
         *name != NULL; name++) {
        assert_int_equal(sc_vault_get(vault, *name, 0, &value, &info, NULL), 0);
        assert_int_equal(info.version, 1);
    }
    assert_int_equal(sc_vault_check(vault, NULL, NULL, NULL), 0);
}

static void rows_that_change_by_a_write_are_not_signed(void **state)
{
    (void)state;
    static const char *const lies[] = {
        "DELETE FROM rec WHERE " OF_B,
        "DELETE FROM rec WHERE ver=1 AND " OF_B,
        "UPDATE rec SET rh=zeroblob(32) WHERE ver=1 AND " OF_B,
        "UPDATE rec SET ver=9 WHERE ver=1 AND " OF_B,
        "UPDATE rec SET kind=2 WHERE ver=1 AND " OF_B,
        "UPDATE rec SET rh=zeroblob(32) WHERE ver=2",
        "DELETE FROM rec WHERE ver=2",
        "INSERT INTO rec SELECT scope_id, randomblob(32), ver, kind, epoch, rh, blob_id FROM rec "
        "LIMIT 1",
    };
    for (size_t i = 0; i < SC_ARRAY_SIZE(lies); i++) {
        struct sc_error err = {0};
        SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = open_vault();
        assert_int_equal(sc_vault_begin(vault, NULL), 0);
        assert_int_equal(put(vault, "shop/a", NULL), 0);
        assert_int_equal(sc_db_exec(vault->db, lies[i], NULL), 0);
        if (sc_vault_commit(vault, &err) != SC_E_TAMPERED)
            fail_msg("signed: %s", lies[i]);
        assert_string_equal(sc_error_message(&err), TOLD);
        nothing_was_changed(vault);
    }
}

static void scopes_that_change_by_a_write_are_not_signed(void **state)
{
    (void)state;
    static const char *const lies[] = {
        "UPDATE scope SET nrows=0 WHERE scope_id=2",
        "UPDATE scope SET root=zeroblob(32) WHERE scope_id=2",
        "UPDATE scope SET nrows=0, root=zeroblob(32) WHERE scope_id=2",
        "UPDATE scope SET epoch=2 WHERE scope_id=2",
        "DELETE FROM scope WHERE scope_id=2",
    };
    for (size_t i = 0; i < SC_ARRAY_SIZE(lies); i++) {
        struct sc_error err = {0};
        SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = open_vault();
        assert_int_equal(sc_db_exec(vault->db, "PRAGMA foreign_keys=OFF", NULL), 0);
        assert_int_equal(sc_vault_begin(vault, NULL), 0);
        assert_int_equal(sc_db_exec(vault->db, lies[i], NULL), 0);
        if (put(vault, "new/d", &err) != SC_E_TAMPERED)
            fail_msg("taken: %s", lies[i]);
        assert_string_equal(sc_error_message(&err), TOLD);
        sc_vault_rollback(vault);
        nothing_was_changed(vault);
    }
}

/* Keys that were put into the file while the vault was open, below the state that is signed. */
static void slots_that_nobody_signed_are_not_signed(void **state)
{
    (void)state;
    struct sc_error err = {0};
    char id[SC_KEY_ID_SIZE];
    const struct sc_slot_new slot = {.with = {.key_file = &key_file}};
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = open_vault();
    assert_int_equal(sc_db_exec(vault->db,
                                "INSERT INTO slot SELECT randomblob(16), kind, pk, kdf_ops, "
                                "kdf_mem, kdf_salt, wrapped_sk, sealed_root, meta FROM slot",
                                NULL),
                     0);
    assert_int_equal(sc_vault_slot_add(vault, &slot, id, &err), SC_E_TAMPERED);
    assert_string_equal(sc_error_message(&err),
                        "the key slots in the vault's file are not the signed ones");
}

/* Costs that are no numbers of their kind are not cut to ones that are. */
static void slots_of_impossible_costs_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *ops, *mem;
        int code;
    } cases[] = {
        {"-1", "0", SC_E_TAMPERED},
        {"1", "-1", SC_E_TAMPERED},
        {"4294967296", "0", SC_E_TAMPERED},
        {"4294967295", "0", SC_E_BADPASS},
        {"0", "0", 0},
    };
    const struct sc_unlock with = {.key_file = &key_file};
    for (size_t i = 0; i < SC_ARRAY_SIZE(cases); i++) {
        char sql[128];
        struct sc_error err = {0};
        SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = open_vault();
        (void)snprintf(sql, sizeof(sql),
                       "UPDATE slot SET kdf_salt=zeroblob(16), kdf_ops=%s, kdf_mem=%s",
                       cases[i].ops, cases[i].mem);
        assert_int_equal(sc_db_begin(vault->db, SC_DB_BEGIN_WRITE, NULL), 0);
        assert_int_equal(sc_db_exec(vault->db, sql, NULL), 0);
        assert_int_equal(sc_slot_unlock(vault, &with, &err), cases[i].code);
        if (cases[i].code == SC_E_TAMPERED)
            assert_string_equal(sc_error_message(&err), "a key slot was changed");
        sc_db_rollback(vault->db);
    }
}

static void grants_that_nobody_signed_are_not_signed(void **state)
{
    (void)state;
    struct sc_error err = {0};
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = open_vault();
    assert_int_equal(sc_db_exec(vault->db,
                                "INSERT INTO scope_grant VALUES(1, randomblob(8), 1, x'', x'')",
                                NULL),
                     0);
    assert_int_equal(sc_vault_grant_add(vault, "shop", RECIPIENT, NULL, NULL, &err), SC_E_TAMPERED);
    assert_string_equal(sc_error_message(&err),
                        "the grants in the vault's file are not the signed ones");
}

/* What an operation of a batch did before it failed does not count. */
static void what_was_taken_back_is_not_missed(void **state)
{
    (void)state;
    bool own = true;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = open_vault();
    assert_int_equal(sc_vault_begin(vault, NULL), 0);
    assert_int_equal(put(vault, "new/d", NULL), 0);
    assert_int_equal(sc_txn_join(vault, &own, NULL), 0);
    assert_false(own);
    struct sc_scope *scope = sc_scope_by_name(vault, "shop", 4);
    assert_int_equal(sc_scope_open(vault, scope, NULL), 0);
    const struct sc_place name = sc_place_of(scope, "a", 0, SC_RECORD_NAME);
    const struct sc_place value = sc_place_of(scope, "a", 2, SC_RECORD_VALUE);
    const struct sc_place old = sc_place_of(scope, "b", 1, SC_RECORD_VALUE);
    const struct sc_bytes content = {(const unsigned char *)"x", 1};
    assert_int_equal(sc_record_write(vault, &value, content, NULL), 0);
    assert_int_equal(sc_record_write(vault, &name, content, NULL), 0);
    assert_int_equal(sc_record_delete(vault, &old, NULL), 0);
    assert_int_equal(sc_txn_end(vault, false, SC_E_FAILED, NULL), SC_E_FAILED);
    assert_int_equal(put(vault, "new/e", NULL), 0);
    assert_int_equal(sc_vault_commit(vault, NULL), 0);
    nothing_was_changed(vault);
}

struct count {
    const char *op;
    unsigned count;
};

static int count_op(const struct sc_log_entry *entry, void *ctx, struct sc_error *err)
{
    (void)err;
    struct count *count = ctx;
    count->count += strcmp(entry->op, count->op) == 0;
    return 0;
}

static unsigned logged(struct sc_vault *vault, const char *op)
{
    struct count count = {op, 0};
    assert_int_equal(sc_vault_log(vault, count_op, &count, NULL), 0);
    return count.count;
}

/* A batch of more operations than a record of the log holds. */
static void what_the_log_leaves_out_is_counted(void **state)
{
    (void)state;
    char text[SC_VAULT_NOTE_MAX + 1];
    memset(text, 'x', sizeof(text));
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = open_vault();
    assert_int_equal(sc_vault_begin(vault, NULL), 0);
    text[SC_VAULT_NOTE_MAX] = '\0';
    assert_int_equal(sc_vault_note(vault, "noted", "", text, NULL), SC_E_USAGE);
    text[SC_VAULT_NOTE_MAX - 1] = '\0';
    for (unsigned i = 0; i < 300; i++)
        assert_int_equal(sc_vault_note(vault, "noted", "", text, NULL), 0);
    assert_int_equal(sc_vault_commit(vault, NULL), 0);
    assert_int_equal(logged(vault, "noted"), 225);
    assert_int_equal(logged(vault, "75 more operations"), 1);
}

/* Nor is what failed in a batch in the log, whatever else it did. */
static void what_failed_is_not_logged(void **state)
{
    (void)state;
    bool own = true;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = open_vault();
    assert_int_equal(sc_vault_begin(vault, NULL), 0);
    assert_int_equal(sc_vault_note(vault, "done", "", "x", NULL), 0);
    assert_int_equal(sc_txn_join(vault, &own, NULL), 0);
    assert_int_equal(sc_txn_note(vault, "failed", "", NULL, NULL), 0);
    assert_int_equal(sc_txn_end(vault, own, SC_E_FAILED, NULL), SC_E_FAILED);
    const struct sc_entry_put nothing = {.name = "fresh/a"};
    assert_int_equal(sc_vault_put(vault, &nothing, NULL), SC_E_USAGE);
    assert_null(sc_scope_by_name(vault, "fresh", 5)); /* it was made for that */
    assert_int_equal(put(vault, "fresh/a", NULL), 0);
    assert_int_equal(sc_vault_commit(vault, NULL), 0);
    assert_int_equal(logged(vault, "done"), 1);
    assert_int_equal(logged(vault, "failed"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_that_change_by_a_write_are_not_signed, each_test,
                                        after_test),
        cmocka_unit_test_setup_teardown(scopes_that_change_by_a_write_are_not_signed, each_test,
                                        after_test),
        cmocka_unit_test_setup_teardown(slots_that_nobody_signed_are_not_signed, each_test,
                                        after_test),
        cmocka_unit_test_setup_teardown(slots_of_impossible_costs_are_refused, each_test,
                                        after_test),
        cmocka_unit_test_setup_teardown(grants_that_nobody_signed_are_not_signed, each_test,
                                        after_test),
        cmocka_unit_test_setup_teardown(what_was_taken_back_is_not_missed, each_test, after_test),
        cmocka_unit_test_setup_teardown(what_the_log_leaves_out_is_counted, each_test, after_test),
        cmocka_unit_test_setup_teardown(what_failed_is_not_logged, each_test, after_test),
    };
    return cmocka_run_group_tests_name("vault-txn", tests, NULL, NULL);
}
