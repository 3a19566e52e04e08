/* SPDX-License-Identifier: Apache-2.0
 *
 * Bundles and compacting where memory fails; bundles whose shape is wrong: refused before any
 * signature is looked at; and bundles whose parts do not fit each other, though the signature of
 * the whole does.
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
#include "core/str.h"
#include "tests/support/fail_alloc.h"
#include "tests/support/scratch.h"
#include "vault/age/age.h"
#include "vault/bundle/bundle.h"
#include "vault/codec.h"
#include "vault/scope/scope.h"
#include "vault/upkeep.h"

#include "core/banned.h"

#define BUNDLE_MAX ((size_t)1024 * 1024)

static struct sc_secret key_file, identity;

static void put(struct sc_vault *vault, const char *name, const char *text)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    assert_int_equal(sc_secret_append(&value, text, strlen(text), NULL), 0);
    const struct sc_entry_put entry = {.name = name, .value = &value};
    assert_int_equal(sc_vault_put(vault, &entry, NULL), 0);
}

static struct sc_vault *open_whole(void)
{
    struct sc_vault *vault = NULL;
    const struct sc_unlock with = {.key_file = &key_file};
    assert_int_equal(sc_vault_open("vault.db", SC_VAULT_WRITE, &vault, NULL), 0);
    assert_int_equal(sc_vault_unlock(vault, &with, NULL), 0);
    return vault;
}

/* A bundle of `shop`, or with `area`, which is not in each test's vault, of both. */
static int cut_of(struct sc_vault *vault, size_t count, bool history, struct sc_buf *ret)
{
    char shop[] = "shop", area[] = "area";
    char *items[] = {shop, area};
    const struct sc_strv scopes = {.items = items, .count = count};
    const struct sc_vault_bundle how = {.scopes = &scopes, .history = history};
    return sc_vault_bundle(vault, &how, ret, NULL);
}

static int cut(struct sc_vault *vault, bool history, struct sc_buf *ret)
{
    return cut_of(vault, 1, history, ret);
}

static void write_bundle(struct sc_vault *vault)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf bundle = SC_BUF_INIT(BUNDLE_MAX);
    const struct sc_file_attr attr = {.mode = 0644};
    assert_int_equal(cut(vault, false, &bundle), 0);
    assert_int_equal(sc_file_replace("shop.sctl", sc_buf_view(&bundle), &attr, NULL), 0);
}

static int make_identity(char recipient[SC_AGE_RECIPIENT_TEXT_SIZE])
{
    SC_CLEANUP(sc_secret_done) struct sc_secret key = {0};
    unsigned char *bytes = NULL;
    unsigned char pk[SC_KEY_SIZE];
    int rc = sc_secret_resize(&key, SC_KEY_SIZE, &bytes, NULL);
    if (rc < 0)
        return rc;
    memset(bytes, 7, SC_KEY_SIZE);
    sc_x25519_public(pk, bytes);
    sc_age_recipient_print(recipient, pk);
    return sc_age_identity_print(bytes, &identity, NULL);
}

static int each_test(void **state)
{
    (void)state;
    char recipient[SC_AGE_RECIPIENT_TEXT_SIZE];
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    assert_int_equal(sc_scratch_enter(), 0);
    assert_int_equal(sc_vault_make_key_file(&key_file, NULL), 0);
    const struct sc_slot_new slot = {.with = {.key_file = &key_file}};
    assert_int_equal(sc_vault_create("vault.db", &slot, &vault, NULL), 0);
    put(vault, "shop/pw", "one");
    put(vault, "shop/pw", "two");
    put(vault, "shop/other", "three");
    assert_int_equal(make_identity(recipient), 0);
    assert_int_equal(sc_vault_grant_add(vault, "shop", recipient, NULL, NULL, NULL), 0);
    write_bundle(vault);
    return 0;
}

static int after_test(void **state)
{
    (void)state;
    sc_secret_done(&key_file);
    sc_secret_done(&identity);
    return sc_scratch_leave();
}

static int read_bundle(void *ctx)
{
    (void)ctx;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    const struct sc_unlock with = {.identity = &identity};
    int rc = sc_vault_open("shop.sctl", SC_VAULT_READ, &vault, NULL);
    if (rc == 0)
        rc = sc_vault_unlock(vault, &with, NULL);
    if (rc == 0)
        rc = sc_vault_get(vault, "shop/pw", 0, &value, NULL, NULL);
    if (rc == 0)
        rc = sc_vault_check(vault, NULL, NULL, NULL);
    return rc == 0 && (value.len != 3 || memcmp(value.ptr, "two", 3) != 0) ? SC_E_BUG : rc;
}

static int write_one(void *ctx)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf bundle = SC_BUF_INIT(BUNDLE_MAX);
    return cut(ctx, true, &bundle);
}

/* Compacting is tried on one vault: after the first success there is nothing left to purge. */
static int compact(void *ctx)
{
    (void)ctx;
    struct sc_vault *vault = NULL;
    const struct sc_unlock with = {.key_file = &key_file};
    const struct sc_vault_compact how = {.keep = 1, .reason = "test"};
    struct sc_vault_compacted done;
    int rc = sc_vault_open("vault.db", SC_VAULT_WRITE, &vault, NULL);
    if (rc == 0)
        rc = sc_vault_unlock(vault, &with, NULL);
    if (rc == 0)
        rc = sc_vault_compact(vault, &how, &done, NULL);
    sc_vault_closep(&vault);
    return rc;
}

static void test_memory_fails_while_reading(void **state)
{
    (void)state;
    assert_in_range(sc_fail_alloc_each(read_bundle, NULL), 1, 10000);
}

static void test_memory_fails_while_writing(void **state)
{
    (void)state;
    struct sc_vault *vault = open_whole();
    assert_in_range(sc_fail_alloc_each(write_one, vault), 1, 10000);
    sc_vault_closep(&vault);
}

static void test_memory_fails_while_compacting(void **state)
{
    (void)state;
    assert_in_range(sc_fail_alloc_each(compact, NULL), 1, 10000);
    struct sc_vault *vault = open_whole();
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    assert_int_equal(sc_vault_check(vault, NULL, NULL, NULL), 0);
    assert_int_equal(sc_vault_get(vault, "shop/pw", 0, &value, NULL, NULL), 0);
    assert_memory_equal(value.ptr, "two", 3);
    assert_int_equal(sc_vault_get(vault, "shop/pw", 1, &value, NULL, NULL), SC_E_NOTFOUND);
    sc_vault_closep(&vault);
}

/* Where things stand in a bundle of a vault with one scope. */
enum {
    VERSION_AT = 8,
    UNTIL_AT = 52,
    STATE_AT = 60,
    STATE_SIG_AT = STATE_AT + SC_STATE_SIZE,
    SCOPES_AT = 428,
    DEPTH_AT = SCOPES_AT + 4 + 20,
    ROWS_AT = DEPTH_AT + 4,
    BOUND_AT = ROWS_AT + 8 + SC_KEY_SIZE,
    PARTS_AT = SCOPES_AT + 4 + 96,
    GRANTS_AT = PARTS_AT + 4 + 16,
    GRANT_LENGTH_AT = GRANTS_AT + 4 + 8
};

static void refuse(const struct sc_buf *bundle, size_t at, uint32_t value)
{
    struct sc_bundle parsed;
    unsigned char *copy = malloc(bundle->len);
    assert_non_null(copy);
    memcpy(copy, bundle->data, bundle->len);
    sc_put_u32(copy + at, value);
    assert_int_equal(sc_bundle_parse((struct sc_bytes){copy, bundle->len}, &parsed, NULL),
                     SC_E_FORMAT);
    free(copy);
}

static void test_wrong_shapes(void **state)
{
    (void)state;
    struct sc_bundle parsed;
    SC_CLEANUP(sc_buf_done) struct sc_buf bundle = SC_BUF_INIT(BUNDLE_MAX);
    assert_int_equal(sc_file_read("shop.sctl", &bundle, NULL), 0);
    assert_int_equal(sc_bundle_parse(sc_buf_view(&bundle), &parsed, NULL), 0);
    assert_int_equal(parsed.part_count, 1);
    assert_int_equal(parsed.parts[0].row_count, 5); /* two names, three values */
    refuse(&bundle, 0, 0);
    refuse(&bundle, VERSION_AT, 2);
    refuse(&bundle, UNTIL_AT + 4, UINT32_MAX);
    for (uint32_t count = 0; count < 3; count++) {
        if (count != 1) {
            refuse(&bundle, SCOPES_AT, count);
            refuse(&bundle, PARTS_AT, count);
            refuse(&bundle, GRANTS_AT, count);
        }
    }
    refuse(&bundle, SCOPES_AT, UINT32_MAX);
    refuse(&bundle, DEPTH_AT, 9);
    refuse(&bundle, ROWS_AT, 4);
    refuse(&bundle, ROWS_AT, 6);
    refuse(&bundle, ROWS_AT + 4, UINT32_MAX);
    refuse(&bundle, PARTS_AT, 65);
    refuse(&bundle, PARTS_AT + 4, 0); /* a scope that the vault does not have */
    refuse(&bundle, GRANTS_AT, 1025);
    refuse(&bundle, GRANT_LENGTH_AT, 0);
    refuse(&bundle, GRANT_LENGTH_AT, 8193);
    for (size_t len = 0; len < bundle.len; len++) {
        struct sc_bytes front = {(const unsigned char *)bundle.data, len};
        assert_int_equal(sc_bundle_parse(front, &parsed, NULL), SC_E_FORMAT);
    }
}

/* Rows in another order would give another tree; twice the same row would hide one. */
static void test_order_of_rows(void **state)
{
    (void)state;
    struct sc_bundle parsed;
    struct sc_bundle_row row;
    SC_CLEANUP(sc_buf_done) struct sc_buf bundle = SC_BUF_INIT(BUNDLE_MAX);
    assert_int_equal(sc_file_read("shop.sctl", &bundle, NULL), 0);
    assert_int_equal(sc_bundle_parse(sc_buf_view(&bundle), &parsed, NULL), 0);
    struct sc_bytes rest = parsed.parts[0].rows;
    unsigned char *first = (unsigned char *)bundle.data + (rest.ptr - (unsigned char *)bundle.data);
    assert_true(sc_bundle_next_row(&rest, &row));
    first[0] = 0xff;
    assert_int_equal(sc_bundle_parse(sc_buf_view(&bundle), &parsed, NULL), SC_E_FORMAT);
}

static void sign(struct sc_buf *bundle)
{
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = open_whole();
    unsigned char message[SC_BUNDLE_SIGNED_SIZE];
    size_t covered = bundle->len - SC_SIGNATURE_SIZE;
    sc_bundle_signed((struct sc_bytes){(unsigned char *)bundle->data, covered}, message);
    sc_sign((unsigned char *)bundle->data + covered, (struct sc_bytes){message, sizeof(message)},
            &vault->root->sign);
}

/* Signs the whole and says what a reader says of it. */
static int read_signed(struct sc_buf *bundle, struct sc_error *err)
{
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    const struct sc_unlock with = {.identity = &identity};
    const struct sc_file_attr attr = {.mode = 0644};
    sign(bundle);
    assert_int_equal(sc_file_replace("shop.sctl", sc_buf_view(bundle), &attr, NULL), 0);
    int rc = sc_vault_open("shop.sctl", SC_VAULT_READ, &vault, err);
    return rc < 0 ? rc : sc_vault_unlock(vault, &with, err);
}

static void told(struct sc_buf *bundle, size_t at, const char *message)
{
    struct sc_error err = {0};
    bundle->data[at] = (char)(bundle->data[at] ^ 1);
    assert_int_equal(read_signed(bundle, &err), SC_E_TAMPERED);
    assert_string_equal(sc_error_message(&err), message);
    bundle->data[at] = (char)(bundle->data[at] ^ 1);
}

/* Each part answers for itself: a writer that signs what it has not looked at is found out. */
static void test_each_part_under_a_good_signature(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf bundle = SC_BUF_INIT(BUNDLE_MAX);
    assert_int_equal(sc_file_read("shop.sctl", &bundle, NULL), 0);
    assert_int_equal(read_signed(&bundle, NULL), 0);
    told(&bundle, STATE_AT + 60, "the signature of the vault's state is wrong"); /* its time */
    told(&bundle, STATE_SIG_AT, "the signature of the vault's state is wrong");
    told(&bundle, BOUND_AT, "the scopes in the bundle are not the signed ones");
    told(&bundle, bundle.len - SC_SIGNATURE_SIZE - 1,
         "the rows in the bundle are not the signed ones");
    assert_int_equal(read_signed(&bundle, NULL), 0);
}

static struct sc_bytes grant_of(const struct sc_bundle_part *part)
{
    struct sc_bundle_grant grant;
    struct sc_bytes rest = part->grants;
    assert_true(sc_bundle_next_grant(&rest, &grant));
    return grant.sealed;
}

/* Puts another age file in the place of a part's only grant. */
static void graft(struct sc_buf *bundle, const struct sc_bundle_part *part, struct sc_bytes other)
{
    struct sc_bytes grant = grant_of(part);
    assert_int_equal(grant.len, other.len);
    memcpy(bundle->data + (grant.ptr - (unsigned char *)bundle->data), other.ptr, other.len);
}

static void grant_is_refused(struct sc_buf *bundle, const char *message)
{
    struct sc_error err = {0};
    assert_int_equal(read_signed(bundle, &err), SC_E_TAMPERED);
    assert_string_equal(sc_error_message(&err), message);
}

/* Good grants of this vault: one of another scope, one of the scope's older key. */
static void test_the_grant_of_another_scope(void **state)
{
    (void)state;
    char recipient[SC_AGE_RECIPIENT_TEXT_SIZE];
    struct sc_bundle old, parsed;
    SC_CLEANUP(sc_buf_done) struct sc_buf before = SC_BUF_INIT(BUNDLE_MAX);
    SC_CLEANUP(sc_buf_done) struct sc_buf bundle = SC_BUF_INIT(BUNDLE_MAX);
    assert_int_equal(sc_file_read("shop.sctl", &before, NULL), 0);
    assert_int_equal(sc_bundle_parse(sc_buf_view(&before), &old, NULL), 0);
    struct sc_vault *vault = open_whole();
    put(vault, "area/pw", "four");
    assert_int_equal(make_identity(recipient), 0);
    assert_int_equal(sc_vault_grant_add(vault, "area", recipient, NULL, NULL, NULL), 0);
    assert_int_equal(cut_of(vault, 2, false, &bundle), 0);
    assert_int_equal(read_signed(&bundle, NULL), 0);
    assert_int_equal(sc_bundle_parse(sc_buf_view(&bundle), &parsed, NULL), 0);
    graft(&bundle, &parsed.parts[0], grant_of(&parsed.parts[1]));
    grant_is_refused(&bundle, "a grant belongs to another scope");

    assert_int_equal(sc_vault_rekey_scope(vault, "shop", NULL, NULL), 0);
    sc_buf_clear(&bundle);
    assert_int_equal(cut(vault, false, &bundle), 0);
    sc_vault_closep(&vault);
    assert_int_equal(read_signed(&bundle, NULL), 0);
    assert_int_equal(sc_bundle_parse(sc_buf_view(&bundle), &parsed, NULL), 0);
    graft(&bundle, &parsed.parts[0], grant_of(&old.parts[0]));
    grant_is_refused(&bundle, "a grant belongs to another scope");
}

/* Its scope and recipient are the same: as of a vault that was made from a copy of this one. */
static void test_the_grant_of_another_vault(void **state)
{
    (void)state;
    char recipient[SC_AGE_RECIPIENT_TEXT_SIZE];
    unsigned char pk[SC_KEY_SIZE];
    struct sc_bundle parsed;
    struct sc_scope *scope = NULL;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = open_whole();
    assert_int_equal(make_identity(recipient), 0);
    assert_int_equal(sc_age_recipient_parse(recipient, pk, NULL), 0);
    assert_int_equal(sc_scope_find(vault, "shop/pw", &scope, NULL), 0);
    unsigned char *own[] = {vault->vault_id, vault->sign_pk};
    for (size_t i = 0; i < SC_ARRAY_SIZE(own); i++) {
        SC_CLEANUP(sc_buf_done) struct sc_buf bundle = SC_BUF_INIT(BUNDLE_MAX);
        SC_CLEANUP(sc_buf_done) struct sc_buf grant = SC_BUF_INIT(SC_GRANT_BLOB_MAX);
        own[i][0] ^= 1;
        assert_int_equal(sc_scope_bundle_seal(vault, scope, pk, &grant, NULL), 0);
        own[i][0] ^= 1;
        assert_int_equal(cut(vault, false, &bundle), 0);
        assert_int_equal(sc_bundle_parse(sc_buf_view(&bundle), &parsed, NULL), 0);
        graft(&bundle, &parsed.parts[0], sc_buf_view(&grant));
        grant_is_refused(&bundle, "a grant belongs to another vault, or another verify key");
    }
}

/* A long reader sees the newer bundle that took the file's place, and refuses an older one. */
static void test_a_newer_bundle_takes_its_place(void **state)
{
    (void)state;
    struct sc_vault *reader = NULL, *vault = open_whole();
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    SC_CLEANUP(sc_buf_done) struct sc_buf old = SC_BUF_INIT(BUNDLE_MAX);
    const struct sc_unlock with = {.identity = &identity};
    const struct sc_file_attr attr = {.mode = 0644};
    assert_int_equal(sc_file_read("shop.sctl", &old, NULL), 0);
    assert_int_equal(sc_vault_open("shop.sctl", SC_VAULT_READ, &reader, NULL), 0);
    assert_int_equal(sc_vault_unlock(reader, &with, NULL), 0);
    put(vault, "shop/pw", "newest");
    assert_int_equal(sc_vault_rekey_scope(vault, "shop", NULL, NULL), 0);
    write_bundle(vault);
    assert_int_equal(sc_vault_get(reader, "shop/pw", 0, &value, NULL, NULL), 0);
    assert_int_equal(value.len, 6);
    assert_int_equal(sc_file_replace("shop.sctl", sc_buf_view(&old), &attr, NULL), 0);
    assert_int_equal(sc_vault_get(reader, "shop/pw", 0, &value, NULL, NULL), SC_E_ROLLBACK);
    /* the reader itself knows better, even where nothing is remembered of the vault */
    char home[256];
    assert_non_null(getcwd(home, sizeof(home)));
    SC_CLEANUP(sc_str_freep) char *other = sc_str_printf(NULL, "%s/other", home);
    assert_non_null(other);
    assert_int_equal(setenv("XDG_STATE_HOME", other, 1), 0);
    assert_int_equal(sc_vault_get(reader, "shop/pw", 0, &value, NULL, NULL), SC_E_ROLLBACK);
    write_bundle(vault);
    assert_int_equal(sc_vault_get(reader, "shop/pw", 0, &value, NULL, NULL), 0);
    sc_vault_closep(&reader);
    sc_vault_closep(&vault);
}

static void replace_by(const struct sc_buf *content)
{
    const struct sc_file_attr attr = {.mode = 0644};
    assert_int_equal(sc_file_replace("shop.sctl", sc_buf_view(content), &attr, NULL), 0);
}

/* What the handle says of `pw`, or why it does not. */
static int value_of_pw(struct sc_vault *vault, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    return sc_vault_get(vault, "shop/pw", 0, &value, NULL, err);
}

/* A handle that stays open takes what is put in the bundle's place, if it is a newer one. The pins
 * are taken away, so that it is the handle that remembers. */
static void test_replaced_while_open(void **state)
{
    (void)state;
    struct sc_error err = {0};
    SC_CLEANUP(sc_vault_closep) struct sc_vault *reader = NULL;
    SC_CLEANUP(sc_buf_done) struct sc_buf older = SC_BUF_INIT(BUNDLE_MAX);
    SC_CLEANUP(sc_buf_done) struct sc_buf newer = SC_BUF_INIT(BUNDLE_MAX);
    const struct sc_unlock with = {.identity = &identity};
    assert_int_equal(sc_file_read("shop.sctl", &older, NULL), 0);
    assert_int_equal(sc_vault_open("shop.sctl", SC_VAULT_READ, &reader, NULL), 0);
    assert_int_equal(sc_vault_unlock(reader, &with, NULL), 0);
    struct sc_vault *writer = open_whole();
    put(writer, "shop/pw", "newer");
    write_bundle(writer);
    sc_vault_closep(&writer);
    assert_int_equal(sc_file_read("shop.sctl", &newer, NULL), 0);
    assert_int_equal(value_of_pw(reader, &err), 0);
    assert_int_equal(setenv("XDG_STATE_HOME", "/proc/none", 1), 0);
    replace_by(&older);
    assert_int_equal(value_of_pw(reader, &err), SC_E_ROLLBACK);
    assert_string_equal(sc_error_message(&err), "an older bundle was put at 'shop.sctl'");
    replace_by(&newer);
    assert_int_equal(value_of_pw(reader, &err), 0);
    const unsigned char id = reader->vault_id[0];
    reader->vault_id[0] = (unsigned char)(id ^ 1);
    reader->bundle.seen.st_ino = 0;
    assert_int_equal(value_of_pw(reader, &err), SC_E_TAMPERED);
    assert_string_equal(sc_error_message(&err), "another vault's bundle was put at 'shop.sctl'");
    reader->vault_id[0] = id;
    reader->sign_pk[0] = (unsigned char)(reader->sign_pk[0] ^ 1);
    assert_int_equal(value_of_pw(reader, &err), SC_E_TAMPERED);
    assert_string_equal(sc_error_message(&err), "another vault's bundle was put at 'shop.sctl'");
    reader->sign_pk[0] = (unsigned char)(reader->sign_pk[0] ^ 1);
    assert_int_equal(value_of_pw(reader, &err), 0);
    reader->bundle.until = 1;
    assert_int_equal(value_of_pw(reader, &err), SC_E_ROLLBACK);
    assert_string_equal(sc_error_message(&err),
                        "the bundle was good until 1970-01-01T00:00:01Z; get a new one");
    assert_int_equal(unlink("shop.sctl"), 0);
    assert_int_equal(rename("vault.db", "shop.sctl"), 0);
    assert_int_equal(value_of_pw(reader, &err), SC_E_FORMAT);
    assert_string_equal(sc_error_message(&err), "'shop.sctl' is not a bundle any more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_memory_fails_while_reading, each_test, after_test),
        cmocka_unit_test_setup_teardown(test_memory_fails_while_writing, each_test, after_test),
        cmocka_unit_test_setup_teardown(test_memory_fails_while_compacting, each_test, after_test),
        cmocka_unit_test_setup_teardown(test_wrong_shapes, each_test, after_test),
        cmocka_unit_test_setup_teardown(test_order_of_rows, each_test, after_test),
        cmocka_unit_test_setup_teardown(test_replaced_while_open, each_test, after_test),
        cmocka_unit_test_setup_teardown(test_each_part_under_a_good_signature, each_test,
                                        after_test),
        cmocka_unit_test_setup_teardown(test_the_grant_of_another_scope, each_test, after_test),
        cmocka_unit_test_setup_teardown(test_the_grant_of_another_vault, each_test, after_test),
        cmocka_unit_test_setup_teardown(test_a_newer_bundle_takes_its_place, each_test, after_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
