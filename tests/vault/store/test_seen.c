/* SPDX-License-Identifier: Apache-2.0
 *
 * A handle that stays open while others use the file. What it has seen counts like a pin,
 * though the pin is behind. The file is exchanged through SQLite, as an attacker would who knows
 * that somebody has it open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/scratch.h"
#include "vault/age/age.h"
#include "vault/crypto.h"
#include "vault/handle.h"

#include "core/banned.h"

static struct sc_secret key_file;

static void put(struct sc_vault *vault, const char *name)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    assert_int_equal(sc_secret_append(&value, name, strlen(name), NULL), 0);
    const struct sc_entry_put entry = {.name = name, .value = &value};
    assert_int_equal(sc_vault_put(vault, &entry, NULL), 0);
}

static struct sc_vault *unlocked(struct sc_vault *vault)
{
    const struct sc_unlock with = {.key_file = &key_file};
    assert_int_equal(sc_vault_unlock(vault, &with, NULL), 0);
    return vault;
}

static struct sc_vault *open_vault(const char *path, enum sc_vault_access access)
{
    struct sc_vault *vault = NULL;
    assert_int_equal(sc_vault_open(path, access, &vault, NULL), 0);
    return unlocked(vault);
}

/* One whose close leaves the pin alone. */
static struct sc_vault *open_unpinned(const char *path)
{
    struct sc_vault *vault = NULL;
    assert_int_equal(sc_vault_open_unpinned(path, SC_VAULT_WRITE, &vault, NULL), 0);
    return unlocked(vault);
}

static void write_by_another(const char *path, const char *name)
{
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = open_vault(path, SC_VAULT_WRITE);
    put(vault, name);
}

static void write_unpinned(const char *path, const char *name)
{
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = open_unpinned(path);
    put(vault, name);
}

static void exchange(const char *from, const char *to)
{
    SC_CLEANUP(sc_db_closep) struct sc_db *source = NULL;
    SC_CLEANUP(sc_db_closep) struct sc_db *target = NULL;
    assert_int_equal(sc_db_open(from, SC_DB_READ, &source, NULL), 0);
    assert_int_equal(sc_db_open(to, SC_DB_WRITE, &target, NULL), 0);
    assert_int_equal(sc_db_copy(source, target, NULL), 0);
}

static int get(struct sc_vault *vault, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    return sc_vault_get(vault, "shop/first", 0, &value, NULL, err);
}

/* "a.db" with one entry, pinned, and a copy of it. */
static int each_test(void **state)
{
    (void)state;
    assert_int_equal(sc_scratch_enter(), 0);
    assert_int_equal(sc_vault_make_key_file(&key_file, NULL), 0);
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    const struct sc_slot_new slot = {.with = {.key_file = &key_file}};
    assert_int_equal(sc_vault_create("a.db", &slot, &vault, NULL), 0);
    put(vault, "shop/first");
    return sc_vault_backup(vault, "copy.db", NULL);
}

static int after_test(void **state)
{
    (void)state;
    sc_secret_done(&key_file);
    return sc_scratch_leave();
}

static void follows_other_writers(void **state)
{
    (void)state;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *reader = open_vault("a.db", SC_VAULT_READ);
    for (int i = 0; i < 5; i++) {
        write_unpinned("a.db", "shop/first");
        assert_int_equal(get(reader, NULL), 0);
    }
}

static void refuses_another_history_than_it_has_seen(void **state)
{
    (void)state;
    struct sc_error err = {0};
    SC_CLEANUP(sc_vault_closep) struct sc_vault *reader = open_vault("a.db", SC_VAULT_READ);
    write_unpinned("a.db", "shop/first");
    assert_int_equal(get(reader, NULL), 0);
    write_unpinned("copy.db", "shop/other");
    write_unpinned("copy.db", "shop/other");
    exchange("copy.db", "a.db");
    assert_int_equal(get(reader, &err), SC_E_ROLLBACK);
    assert_non_null(strstr(sc_error_message(&err), "another history"));
    /* To who only has the pin it is a later state like any other. */
    SC_CLEANUP(sc_vault_closep) struct sc_vault *fresh = open_vault("a.db", SC_VAULT_READ);
    assert_int_equal(get(fresh, NULL), 0);
}

static void refuses_an_older_state_than_it_has_seen(void **state)
{
    (void)state;
    struct sc_error err = {0};
    SC_CLEANUP(sc_vault_closep) struct sc_vault *reader = open_vault("a.db", SC_VAULT_READ);
    write_unpinned("a.db", "shop/first");
    assert_int_equal(get(reader, NULL), 0);
    exchange("copy.db", "a.db");
    assert_int_equal(get(reader, &err), SC_E_ROLLBACK);
    assert_non_null(strstr(sc_error_message(&err), "an older copy was put back"));
}

static void remembers_what_it_committed(void **state)
{
    (void)state;
    struct sc_error err = {0};
    SC_CLEANUP(sc_vault_closep) struct sc_vault *writer = open_vault("a.db", SC_VAULT_WRITE);
    put(writer, "shop/first");
    assert_int_equal(sc_vault_begin(writer, NULL), 0);
    sc_vault_rollback(writer); /* drops the state it had verified */
    exchange("copy.db", "a.db");
    assert_int_equal(get(writer, &err), SC_E_ROLLBACK);
}

static void accepts_an_older_state_that_was_trusted(void **state)
{
    (void)state;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *reader = open_vault("a.db", SC_VAULT_READ);
    for (int i = 0; i < 3; i++) {
        write_by_another("a.db", "shop/first");
        assert_int_equal(get(reader, NULL), 0);
    }
    exchange("copy.db", "a.db");
    assert_int_equal(get(reader, NULL), SC_E_ROLLBACK);
    SC_CLEANUP(sc_vault_closep) struct sc_vault *admin = open_unpinned("a.db");
    assert_int_equal(sc_vault_trust(admin, "restored", NULL), 0);
    assert_int_equal(get(reader, NULL), 0);
}

/* Whether check looked at the sums of the pages. */
static enum sc_vault_pages check(struct sc_vault *vault)
{
    struct sc_vault_status status;
    assert_int_equal(sc_vault_check(vault, NULL, NULL, NULL), 0);
    assert_int_equal(sc_vault_status(vault, &status, NULL), 0);
    return status.pages;
}

static void check_says_whether_it_saw_the_pages(void **state)
{
    (void)state;
    int64_t entries = 0;
    SC_CLEANUP(sc_db_closep) struct sc_db *reader = NULL;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *writer = open_vault("a.db", SC_VAULT_WRITE);
    sc_db_dont_wait(writer->db);
    put(writer, "shop/first");
    assert_int_equal(check(writer), SC_PAGES_INTACT);
    put(writer, "shop/first");
    /* Somebody who reads what is in the log keeps it from being folded into the file. */
    assert_int_equal(sc_db_open("a.db", SC_DB_READ, &reader, NULL), 0);
    assert_int_equal(sc_db_begin(reader, SC_DB_BEGIN_READ, NULL), 0);
    assert_int_equal(sc_db_number(reader, "SELECT count(*) FROM rec", &entries, NULL), 0);
    put(writer, "shop/first");
    assert_int_equal(check(writer), SC_PAGES_NOT_CHECKED);
    sc_db_rollback(reader);
    assert_int_equal(check(writer), SC_PAGES_INTACT);
}

static void a_lock_that_is_held_is_busy(void **state)
{
    (void)state;
    struct sc_error err = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    const struct sc_entry_put entry = {.name = "shop/first", .value = &value};
    SC_CLEANUP(sc_vault_closep) struct sc_vault *holder = open_vault("a.db", SC_VAULT_WRITE);
    SC_CLEANUP(sc_vault_closep) struct sc_vault *other = open_vault("a.db", SC_VAULT_WRITE);
    sc_db_dont_wait(other->db);
    assert_int_equal(sc_vault_begin(holder, NULL), 0);
    assert_int_equal(get(other, NULL), 0); /* readers go on */
    assert_int_equal(sc_vault_put(other, &entry, &err), SC_E_BUSY);
    assert_non_null(
        strstr(sc_error_message(&err), "another process is writing to the vault; try again"));
    assert_int_equal(sc_error_exit_status(SC_E_BUSY), 7);
    sc_vault_rollback(holder);
    assert_int_equal(sc_vault_put(other, &entry, &err), 0);
}

/* Enough for two levels of nodes. */
static void put_many(struct sc_vault *vault)
{
    assert_int_equal(sc_vault_begin(vault, NULL), 0);
    for (int i = 0; i < 400; i++) {
        char name[32];
        snprintf(name, sizeof(name), "shop/number-%d", i);
        put(vault, name);
    }
    assert_int_equal(sc_vault_commit(vault, NULL), 0);
}

/* What a handle has verified it goes on using where the signed root demands it, and writes anew;
 * who has not does not take it, and check says so. */
static void a_changed_node_is_not_believed(void **state)
{
    (void)state;
    SC_CLEANUP(sc_db_closep) struct sc_db *attacker = NULL;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *writer = open_vault("a.db", SC_VAULT_WRITE);
    put_many(writer);
    assert_int_equal(get(writer, NULL), 0);
    assert_int_equal(sc_db_open("a.db", SC_DB_WRITE, &attacker, NULL), 0);
    assert_int_equal(sc_db_exec(attacker, "UPDATE node SET kids=zeroblob(512)", NULL), 0);
    SC_CLEANUP(sc_vault_closep) struct sc_vault *reader = open_vault("a.db", SC_VAULT_READ);
    assert_int_equal(get(reader, NULL), SC_E_TAMPERED);
    assert_int_equal(get(writer, NULL), 0);
    put(writer, "shop/first");
    assert_int_equal(get(writer, NULL), 0);
    assert_int_equal(get(reader, NULL), 0); /* that path was written anew */
    assert_int_equal(sc_vault_check(writer, NULL, NULL, NULL), SC_E_TAMPERED);
}

/* What is kept of a batch that came to nothing is not what the root demands. */
static void a_batch_that_failed_leaves_nothing(void **state)
{
    (void)state;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *writer = open_vault("a.db", SC_VAULT_WRITE);
    put_many(writer);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sc_vault_begin(writer, NULL), 0);
        put(writer, "shop/first");
        assert_int_equal(get(writer, NULL), 0);
        sc_vault_rollback(writer);
        assert_int_equal(get(writer, NULL), 0);
        put(writer, "shop/first");
        assert_int_equal(get(writer, NULL), 0);
    }
    assert_int_equal(sc_vault_check(writer, NULL, NULL, NULL), 0);
}

/* The identity of this number, and its recipient. */
static void make_identity(int number, struct sc_secret *ret,
                          char recipient[SC_AGE_RECIPIENT_TEXT_SIZE])
{
    SC_CLEANUP(sc_secret_done) struct sc_secret key = {0};
    unsigned char *bytes = NULL;
    unsigned char pk[SC_KEY_SIZE];
    assert_int_equal(sc_secret_resize(&key, SC_KEY_SIZE, &bytes, NULL), 0);
    memset(bytes, number, SC_KEY_SIZE);
    sc_x25519_public(pk, bytes);
    sc_age_recipient_print(recipient, pk);
    assert_int_equal(sc_age_identity_print(bytes, ret, NULL), 0);
}

static struct sc_vault *open_with(const struct sc_secret *identity)
{
    struct sc_vault *vault = NULL;
    const struct sc_unlock with = {.identity = identity};
    assert_int_equal(sc_vault_open("a.db", SC_VAULT_READ, &vault, NULL), 0);
    assert_int_equal(sc_vault_unlock(vault, &with, NULL), 0);
    return vault;
}

/* A grant is sealed again for those who keep it: a mount must not lose a scope to its new key. */
static void follows_new_keys_of_a_scope(void **state)
{
    (void)state;
    struct sc_error err = {0};
    char kept[SC_AGE_RECIPIENT_TEXT_SIZE], other[SC_AGE_RECIPIENT_TEXT_SIZE];
    SC_CLEANUP(sc_secret_done) struct sc_secret identity = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret unused = {0};
    make_identity(7, &identity, kept);
    make_identity(8, &unused, other);
    SC_CLEANUP(sc_vault_closep) struct sc_vault *writer = open_vault("a.db", SC_VAULT_WRITE);
    assert_int_equal(sc_vault_grant_add(writer, "shop", kept, NULL, NULL, NULL), 0);
    assert_int_equal(sc_vault_grant_add(writer, "shop", other, NULL, NULL, NULL), 0);
    SC_CLEANUP(sc_vault_closep) struct sc_vault *reader = open_with(&identity);
    assert_int_equal(get(reader, &err), 0);
    assert_int_equal(sc_vault_rekey_scope(writer, "shop", NULL, NULL), 0);
    assert_int_equal(get(reader, &err), 0);
    assert_int_equal(sc_vault_grant_remove(writer, "shop", other, NULL, NULL), 0);
    assert_int_equal(get(reader, &err), 0);
    assert_int_equal(sc_vault_grant_remove(writer, "shop", kept, NULL, NULL), 0);
    assert_int_equal(get(reader, &err), SC_E_LOCKED);
    assert_string_equal(sc_error_message(&err), "this key does not open the scope of 'shop/first'");
    assert_int_equal(sc_vault_grant_add(writer, "shop", kept, NULL, NULL, NULL), 0);
    assert_int_equal(get(reader, &err), 0);
}

static void follows_a_new_root_key(void **state)
{
    (void)state;
    struct sc_error err = {0};
    char recipient[SC_AGE_RECIPIENT_TEXT_SIZE], id[SC_KEY_ID_SIZE];
    SC_CLEANUP(sc_secret_done) struct sc_secret identity = {0};
    make_identity(7, &identity, recipient);
    SC_CLEANUP(sc_vault_closep) struct sc_vault *writer = open_vault("a.db", SC_VAULT_WRITE);
    const struct sc_slot_new slot = {.recipient = recipient};
    assert_int_equal(sc_vault_slot_add(writer, &slot, id, NULL), 0);
    SC_CLEANUP(sc_vault_closep) struct sc_vault *reader = open_with(&identity);
    assert_int_equal(get(reader, &err), 0);
    assert_int_equal(sc_vault_rekey_all(writer, false, NULL, NULL), 0);
    assert_int_equal(get(reader, &err), 0);
    assert_int_equal(sc_vault_slot_remove(writer, id, false, NULL, NULL), 0);
    assert_int_equal(get(reader, &err), SC_E_LOCKED);
    assert_string_equal(sc_error_message(&err),
                        "the vault's root key was changed, and the key in use opens it no longer");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(follows_other_writers, each_test, after_test),
        cmocka_unit_test_setup_teardown(refuses_another_history_than_it_has_seen, each_test,
                                        after_test),
        cmocka_unit_test_setup_teardown(refuses_an_older_state_than_it_has_seen, each_test,
                                        after_test),
        cmocka_unit_test_setup_teardown(remembers_what_it_committed, each_test, after_test),
        cmocka_unit_test_setup_teardown(accepts_an_older_state_that_was_trusted, each_test,
                                        after_test),
        cmocka_unit_test_setup_teardown(a_lock_that_is_held_is_busy, each_test, after_test),
        cmocka_unit_test_setup_teardown(a_changed_node_is_not_believed, each_test, after_test),
        cmocka_unit_test_setup_teardown(a_batch_that_failed_leaves_nothing, each_test, after_test),
        cmocka_unit_test_setup_teardown(follows_new_keys_of_a_scope, each_test, after_test),
        cmocka_unit_test_setup_teardown(follows_a_new_root_key, each_test, after_test),
        cmocka_unit_test_setup_teardown(check_says_whether_it_saw_the_pages, each_test, after_test),
    };
    return cmocka_run_group_tests_name("vault-seen", tests, NULL, NULL);
}
