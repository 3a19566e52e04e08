/* SPDX-License-Identifier: Apache-2.0
 *
 * States that the vault's own key has signed, and which are wrong all the same: those of a vault of
 * another id or format. A signature that fits proves who wrote a state, not that it is this file's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/hash.h"
#include "tests/support/scratch.h"
#include "vault/codec.h"
#include "vault/handle.h"

#include "core/banned.h"

#define SIGN_PREFIX "secretsctl/v1/state" /* with its NUL */

/* Where things stand in the record. */
enum { FORMAT_AT = 0, NUMBER_AT = 20 };

struct forged {
    unsigned char body[SC_STATE_SIZE], sig[SC_SIGNATURE_SIZE];
};

static struct sc_vault *vault; /* unlocked */
static struct forged forged;

static int each_test(void **state)
{
    (void)state;
    SC_CLEANUP(sc_secret_done) struct sc_secret key_file = {0};
    assert_int_equal(sc_scratch_enter(), 0);
    assert_int_equal(sc_vault_make_key_file(&key_file, NULL), 0);
    const struct sc_slot_new slot = {.with = {.key_file = &key_file}};
    assert_int_equal(sc_vault_create("vault.db", &slot, &vault, NULL), 0);
    sc_state_encode(&vault->state, vault->vault_id, forged.body);
    return 0;
}

static int after_test(void **state)
{
    (void)state;
    sc_vault_closep(&vault);
    return sc_scratch_leave();
}

static void sign(void)
{
    unsigned char message[sizeof(SIGN_PREFIX) + SC_STATE_SIZE];
    memcpy(message, SIGN_PREFIX, sizeof(SIGN_PREFIX));
    memcpy(message + sizeof(SIGN_PREFIX), forged.body, SC_STATE_SIZE);
    sc_sign(forged.sig, (struct sc_bytes){message, sizeof(message)}, &vault->root->sign);
}

static void put_into_the_file(void)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    sign();
    assert_int_equal(sc_db_begin(vault->db, SC_DB_BEGIN_WRITE, NULL), 0);
    assert_int_equal(sc_db_prepare(vault->db, "UPDATE state SET body=?, sig=?", &stmt, NULL), 0);
    sc_stmt_bind_blob(stmt, 1, forged.body, sizeof(forged.body));
    sc_stmt_bind_blob(stmt, 2, forged.sig, sizeof(forged.sig));
    assert_int_equal(sc_stmt_run(stmt, NULL), 0);
    assert_int_equal(sc_db_commit(vault->db, NULL), 0);
}

/* Whatever was seen before: that this number had another state is told elsewhere. */
static void opening_is_refused(const char *message)
{
    struct sc_error err = {0};
    struct sc_vault *other = NULL;
    put_into_the_file();
    assert_int_equal(sc_vault_open_unpinned("vault.db", SC_VAULT_READ, &other, &err),
                     SC_E_TAMPERED);
    assert_string_equal(sc_error_message(&err), message);
}

/* Also by who has it open. */
static void file_is_refused(const char *message)
{
    struct sc_error err = {0};
    opening_is_refused(message);
    assert_int_equal(sc_vault_check(vault, NULL, NULL, &err), SC_E_TAMPERED);
    assert_string_equal(sc_error_message(&err), message);
}

static int verify_as_checkpoint(struct sc_error *err)
{
    char key[2 * SC_KEY_SIZE + 1], body[2 * SC_STATE_SIZE + 1], sig[2 * SC_SIGNATURE_SIZE + 1];
    char note[sizeof(key) + sizeof(body) + sizeof(sig) + 64];
    sign();
    sc_hex(key, vault->sign_pk, SC_KEY_SIZE);
    sc_hex(body, forged.body, SC_STATE_SIZE);
    sc_hex(sig, forged.sig, SC_SIGNATURE_SIZE);
    (void)snprintf(note, sizeof(note), "secretsctl-checkpoint-1:1:%s:%s:%s", key, body, sig);
    return sc_vault_checkpoint_verify(vault, note, err);
}

static void test_signing_as_the_vault_does(void **state)
{
    (void)state;
    struct sc_vault *other = NULL;
    assert_int_equal(verify_as_checkpoint(NULL), 0);
    put_into_the_file();
    assert_memory_equal(forged.sig, vault->state.sig, SC_SIGNATURE_SIZE);
    assert_int_equal(sc_vault_open("vault.db", SC_VAULT_READ, &other, NULL), 0);
    sc_vault_closep(&other);
}

static void test_the_state_of_another_vault(void **state)
{
    (void)state;
    struct sc_error err = {0};
    forged.body[SC_STATE_VAULT_AT] ^= 1;
    assert_int_equal(verify_as_checkpoint(&err), SC_E_TAMPERED);
    assert_string_equal(sc_error_message(&err), "the state belongs to another vault");
    file_is_refused("the state belongs to another vault");
}

static void test_the_state_of_another_format(void **state)
{
    (void)state;
    sc_put_u32(forged.body + FORMAT_AT, vault->format_number + 1);
    file_is_refused("the vault's format is not the signed one");
}

static void test_a_state_without_a_format(void **state)
{
    (void)state;
    struct sc_state decoded;
    struct sc_bytes body = {forged.body, SC_STATE_SIZE};
    assert_int_equal(sc_state_decode(body, vault->vault_id, &decoded, NULL), 0);
    sc_put_u32(forged.body + FORMAT_AT, 0);
    assert_int_equal(sc_state_decode(body, vault->vault_id, &decoded, NULL), SC_E_FORMAT);
}

/* What the state says of each part of the file. */
static void test_the_state_of_other_tables(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        const char *what;
    } parts[] = {
        {104, "the first row and the verify key"},
        {136, "the key slots"},
        {168, "the grants"},
        {200, "the scopes"},
        {272, "the tables"},
    };
    for (size_t i = 0; i < SC_ARRAY_SIZE(parts); i++) {
        char message[128];
        (void)snprintf(message, sizeof(message), "%s in the vault's file are not the signed ones",
                       parts[i].what);
        forged.body[parts[i].at] ^= 1;
        opening_is_refused(message);
        forged.body[parts[i].at] ^= 1;
    }
}

static void test_the_state_of_another_number(void **state)
{
    (void)state;
    sc_put_u64(forged.body + NUMBER_AT, vault->state.seq + 1);
    file_is_refused("the number of the vault's state was changed");
}

static void put_an_entry(void)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    assert_int_equal(sc_secret_append(&value, "x", 1, NULL), 0);
    const struct sc_entry_put entry = {.name = "shop/a", .value = &value};
    assert_int_equal(sc_vault_put(vault, &entry, NULL), 0);
    sc_state_encode(&vault->state, vault->vault_id, forged.body);
}

/* They are hashed no further than a vault may have them, signed or not. */
static void test_more_rows_than_a_vault_may_have(void **state)
{
    (void)state;
    static const struct {
        const char *rows, *message;
    } cases[] = {
        {"65536", "the grants in the vault's file are not the signed ones"},
        {"1", "the vault's file has more grants than a vault may have"},
    };
    put_an_entry();
    for (size_t i = 0; i < SC_ARRAY_SIZE(cases); i++) {
        char sql[256];
        (void)snprintf(sql, sizeof(sql),
                       "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n LIMIT %s) "
                       "INSERT INTO scope_grant SELECT 1, randomblob(8), i, x'', x'' FROM n",
                       cases[i].rows);
        assert_int_equal(sc_db_exec(vault->db, sql, NULL), 0);
        opening_is_refused(cases[i].message);
    }
}

/* A clock that was set back makes no log that runs backwards. */
static void test_time_goes_on(void **state)
{
    (void)state;
    const int64_t then = INT64_C(1) << 40;
    vault->state.time = then;
    put_an_entry();
    assert_int_equal(vault->state.time, then);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_signing_as_the_vault_does, each_test, after_test),
        cmocka_unit_test_setup_teardown(test_the_state_of_another_vault, each_test, after_test),
        cmocka_unit_test_setup_teardown(test_the_state_of_another_format, each_test, after_test),
        cmocka_unit_test_setup_teardown(test_a_state_without_a_format, each_test, after_test),
        cmocka_unit_test_setup_teardown(test_the_state_of_other_tables, each_test, after_test),
        cmocka_unit_test_setup_teardown(test_the_state_of_another_number, each_test, after_test),
        cmocka_unit_test_setup_teardown(test_more_rows_than_a_vault_may_have, each_test,
                                        after_test),
        cmocka_unit_test_setup_teardown(test_time_goes_on, each_test, after_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
