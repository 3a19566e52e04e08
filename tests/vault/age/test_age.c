/* SPDX-License-Identifier: Apache-2.0
 *
 * age files: there and back at every border of a chunk, every change detected, every limit kept,
 * every allocation failing in turn, and keys that stay apart when the random generator repeats
 * itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/fail_alloc.h"
#include "tests/vault/age/pair.h"
#include "vault/age/age.h"
#include "vault/age/wrap.h"

#include "core/banned.h"

#define FILE_MAX ((size_t)1024 * 1024)

/* The linker puts this before the real one; with `stuck` every call gives the same bytes. */
static bool stuck;
int __real_sc_random_bytes(void *out, size_t size, struct sc_error *err);
int __wrap_sc_random_bytes(void *out, size_t size, struct sc_error *err);

int __wrap_sc_random_bytes(void *out, size_t size, struct sc_error *err)
{
    if (!stuck)
        return __real_sc_random_bytes(out, size, err);
    memset(out, 7, size);
    return 0;
}

struct pair {
    struct sc_secret secret;
    unsigned char public_key[SC_AGE_PUBLIC_SIZE];
};

static struct pair new_pair(void)
{
    struct pair pair = {0};
    assert_int_equal(make_pair(&pair.secret, pair.public_key, NULL), 0);
    return pair;
}

static struct sc_bytes text_bytes(const char *text)
{
    return (struct sc_bytes){(const unsigned char *)text, strlen(text)};
}

static void seal_text(const struct pair *pair, const char *text, struct sc_buf *file)
{
    struct sc_error err = {0};
    assert_int_equal(sc_age_seal(pair->public_key, text_bytes(text), file, &err), 0);
}

static int open_file(const struct pair *pair, struct sc_bytes file, struct sc_secret *plain,
                     struct sc_error *err)
{
    return sc_age_open(pair->secret.ptr, file, FILE_MAX, plain, err);
}

static void round_trip(const struct pair *pair, struct sc_bytes plain, bool armored)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(FILE_MAX);
    SC_CLEANUP(sc_buf_done) struct sc_buf back = SC_BUF_INIT(FILE_MAX);
    struct sc_error err = {0};
    struct sc_bytes in = plain;
    const struct sc_age_recipients to = {.keys = pair->public_key, .count = 1};
    assert_int_equal(
        sc_age_encrypt(&to, armored, sc_age_read_bytes(&in), sc_age_write_buf(&file), &err), 0);
    struct sc_bytes sealed = sc_buf_view(&file);
    const struct sc_age_identities with = {.keys = &pair->secret};
    int rc = sc_age_decrypt(&with, SC_AGE_FORM_DETECT, sc_age_read_bytes(&sealed),
                            sc_age_write_buf(&back), &err);
    if (rc < 0)
        fail_msg("%zu bytes: %s", plain.len, sc_error_message(&err));
    assert_int_equal(back.len, plain.len);
    assert_memory_equal(sc_buf_text(&back), plain.ptr, plain.len);
}

static void test_round_trip_at_chunk_borders(void **state)
{
    (void)state;
    static const size_t lengths[] = {0,      1,      65535,  65536,  65537,
                                     131071, 131072, 131073, 196608, 200000};
    struct pair pair = new_pair();
    unsigned char *plain = malloc(200000);
    assert_non_null(plain);
    for (size_t i = 0; i < 200000; i++)
        plain[i] = (unsigned char)(i * 31 >> 3);
    for (size_t i = 0; i < SC_ARRAY_SIZE(lengths); i++) {
        SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(FILE_MAX);
        SC_CLEANUP(sc_secret_done) struct sc_secret back = {0};
        struct sc_bytes bytes = {plain, lengths[i]};
        round_trip(&pair, bytes, false);
        round_trip(&pair, bytes, true);
        assert_int_equal(sc_age_seal(pair.public_key, bytes, &file, NULL), 0);
        assert_int_equal(open_file(&pair, sc_buf_view(&file), &back, NULL), 0);
        assert_int_equal(back.len, bytes.len);
        assert_memory_equal(back.ptr != NULL ? back.ptr : plain, plain, bytes.len);
    }
    free(plain);
    sc_secret_done(&pair.secret);
}

static void test_armor_of_every_length(void **state)
{
    (void)state;
    struct pair pair = new_pair();
    unsigned char plain[200] = {1, 2, 3};
    for (size_t len = 0; len <= sizeof(plain); len++)
        round_trip(&pair, (struct sc_bytes){plain, len}, true);
    sc_secret_done(&pair.secret);
}

static void test_every_change_is_detected(void **state)
{
    (void)state;
    struct pair pair = new_pair();
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(FILE_MAX);
    SC_CLEANUP(sc_secret_done) struct sc_secret plain = {0};
    seal_text(&pair, "correct horse", &file);
    for (size_t i = 0; i < file.len * 8; i++) {
        file.data[i / 8] ^= (char)(1 << i % 8);
        if (open_file(&pair, sc_buf_view(&file), &plain, NULL) == 0)
            fail_msg("bit %zu was changed without notice", i);
        file.data[i / 8] ^= (char)(1 << i % 8);
    }
    for (size_t len = 0; len < file.len; len++) {
        struct sc_bytes cut = {(unsigned char *)file.data, len};
        if (open_file(&pair, cut, &plain, NULL) == 0)
            fail_msg("cut to %zu bytes without notice", len);
    }
    sc_buf_putc(&file, 'x');
    assert_int_equal(open_file(&pair, sc_buf_view(&file), &plain, NULL), SC_E_TAMPERED);
    assert_int_equal(plain.len, 0);
    sc_secret_done(&pair.secret);
}

static void test_failures_tell_apart(void **state)
{
    (void)state;
    struct pair pair = new_pair(), stranger = new_pair();
    struct sc_error err = {0};
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(FILE_MAX);
    SC_CLEANUP(sc_secret_done) struct sc_secret plain = {0};
    seal_text(&pair, "correct horse", &file);
    assert_int_equal(open_file(&stranger, sc_buf_view(&file), &plain, &err), SC_E_BADPASS);
    assert_string_equal(err.message, "no identity or passphrase given opens this age file");
    file.data[file.len - 1] ^= 1;
    assert_int_equal(open_file(&pair, sc_buf_view(&file), &plain, &err), SC_E_TAMPERED);
    assert_string_equal(err.message, "age payload: a chunk was changed, moved or cut");
    file.data[file.len - 1] ^= 1;
    assert_int_equal(sc_age_open(pair.secret.ptr, sc_buf_view(&file), 12, &plain, &err),
                     SC_E_TOOBIG);
    assert_string_equal(err.message, "the age file holds more than 12 bytes");
    assert_int_equal(sc_age_open(pair.secret.ptr, sc_buf_view(&file), 13, &plain, &err), 0);
    assert_int_equal(open_file(&pair, text_bytes("hello\n"), &plain, &err), SC_E_FORMAT);
    assert_string_equal(err.message, "age header, line 1: this is not an age v1 file");
    sc_secret_done(&pair.secret);
    sc_secret_done(&stranger.secret);
}

static void test_many_recipients(void **state)
{
    (void)state;
    struct pair pairs[SC_AGE_RECIPIENTS_MAX + 1];
    unsigned char keys[(SC_AGE_RECIPIENTS_MAX + 1) * SC_AGE_PUBLIC_SIZE];
    for (size_t i = 0; i < SC_ARRAY_SIZE(pairs); i++) {
        pairs[i] = new_pair();
        memcpy(keys + i * SC_AGE_PUBLIC_SIZE, pairs[i].public_key, SC_AGE_PUBLIC_SIZE);
    }
    struct sc_age_recipients to = {.keys = keys, .count = SC_AGE_RECIPIENTS_MAX};
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(FILE_MAX);
    struct sc_bytes in = text_bytes("for all");
    assert_int_equal(
        sc_age_encrypt(&to, false, sc_age_read_bytes(&in), sc_age_write_buf(&file), NULL), 0);
    for (size_t i = 0; i < SC_ARRAY_SIZE(pairs); i++) {
        SC_CLEANUP(sc_secret_done) struct sc_secret plain = {0};
        int want = i < SC_AGE_RECIPIENTS_MAX ? 0 : SC_E_BADPASS;
        assert_int_equal(open_file(&pairs[i], sc_buf_view(&file), &plain, NULL), want);
    }
    to.count++;
    assert_int_equal(
        sc_age_encrypt(&to, false, sc_age_read_bytes(&in), sc_age_write_buf(&file), NULL),
        SC_E_TOOBIG);
    for (size_t i = 0; i < SC_ARRAY_SIZE(pairs); i++)
        sc_secret_done(&pairs[i].secret);
}

static void test_passphrase(void **state)
{
    (void)state;
    SC_CLEANUP(sc_secret_done) struct sc_secret right = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret wrong = {0};
    assert_int_equal(sc_secret_append(&right, "six words", 9, NULL), 0);
    assert_int_equal(sc_secret_append(&wrong, "six word", 8, NULL), 0);
    struct sc_age_recipients to = {.passphrase = &right, .work_factor = 10};
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(FILE_MAX);
    SC_CLEANUP(sc_buf_done) struct sc_buf back = SC_BUF_INIT(FILE_MAX);
    struct sc_bytes in = text_bytes("text");
    assert_int_equal(
        sc_age_encrypt(&to, true, sc_age_read_bytes(&in), sc_age_write_buf(&file), NULL), 0);
    struct sc_age_identities with = {.passphrase = &wrong};
    struct sc_bytes sealed = sc_buf_view(&file);
    assert_int_equal(sc_age_decrypt(&with, SC_AGE_FORM_DETECT, sc_age_read_bytes(&sealed),
                                    sc_age_write_buf(&back), NULL),
                     SC_E_BADPASS);
    with.passphrase = &right;
    sealed = sc_buf_view(&file);
    assert_int_equal(sc_age_decrypt(&with, SC_AGE_FORM_DETECT, sc_age_read_bytes(&sealed),
                                    sc_age_write_buf(&back), NULL),
                     0);
    assert_string_equal(sc_buf_text(&back), "text");
    struct sc_error err = {0};
    to.work_factor = SC_AGE_SCRYPT_MAX + 1;
    assert_int_equal(
        sc_age_encrypt(&to, true, sc_age_read_bytes(&in), sc_age_write_buf(&file), &err),
        SC_E_USAGE);
    to = (struct sc_age_recipients){0};
    assert_int_equal(
        sc_age_encrypt(&to, true, sc_age_read_bytes(&in), sc_age_write_buf(&file), &err),
        SC_E_USAGE);
    assert_string_equal(err.message, "there is no recipient");
}

static void test_low_order_recipient_is_refused(void **state)
{
    (void)state;
    const unsigned char zero[SC_AGE_PUBLIC_SIZE] = {0};
    struct sc_error err = {0};
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(FILE_MAX);
    assert_int_equal(sc_age_seal(zero, text_bytes("x"), &file, &err), SC_E_FORMAT);
    assert_string_equal(err.message, "the recipient's key is not usable");
    assert_int_equal(file.len, 0);
}

/* A machine cloned with the state of its random generator must not reuse a key stream. */
static void test_stuck_random_generator(void **state)
{
    (void)state;
    SC_CLEANUP(sc_age_keys_freep) struct sc_age_keys *a = sc_age_keys_new(NULL);
    SC_CLEANUP(sc_age_keys_freep) struct sc_age_keys *b = sc_age_keys_new(NULL);
    unsigned char nonce_a[SC_AGE_NONCE16_SIZE], nonce_b[SC_AGE_NONCE16_SIZE];
    assert_non_null(a);
    assert_non_null(b);
    stuck = true;
    assert_int_equal(sc_age_file_key_make(a, text_bytes("one"), NULL), 0);
    assert_int_equal(sc_age_nonce_make(a, nonce_a, NULL), 0);
    assert_int_equal(sc_age_file_key_make(b, text_bytes("two"), NULL), 0);
    assert_int_equal(sc_age_nonce_make(b, nonce_b, NULL), 0);
    stuck = false;
    assert_memory_not_equal(a->file_key, b->file_key, sizeof(a->file_key));
    assert_memory_not_equal(nonce_a, nonce_b, sizeof(nonce_a));
    assert_memory_not_equal(a->payload, b->payload, sizeof(a->payload));
}

static int there_and_back(void *ctx)
{
    const struct pair *pair = ctx;
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(FILE_MAX);
    SC_CLEANUP(sc_buf_done) struct sc_buf armored = SC_BUF_INIT(FILE_MAX);
    SC_CLEANUP(sc_secret_done) struct sc_secret plain = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret text = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret keys = {0};
    const struct sc_age_recipients to = {.keys = pair->public_key, .count = 1};
    struct sc_bytes in = text_bytes("correct horse");
    int rc = sc_age_seal(pair->public_key, in, &file, NULL);
    if (rc == 0)
        rc = open_file(pair, sc_buf_view(&file), &plain, NULL);
    if (rc == 0)
        rc = sc_age_encrypt(&to, true, sc_age_read_bytes(&in), sc_age_write_buf(&armored), NULL);
    if (rc == 0)
        rc = sc_age_identity_print(pair->secret.ptr, &text, NULL);
    if (rc == 0)
        rc = sc_age_identities_parse(sc_secret_view(&text), &keys, NULL);
    if (rc == 0)
        assert_true(sc_secret_equal(&keys, &pair->secret));
    return rc;
}

static void test_every_allocation_fails_once(void **state)
{
    (void)state;
    struct pair pair = new_pair();
    unsigned places = sc_fail_alloc_each(there_and_back, &pair);
    assert_in_range(places, 8, 1000);
    sc_secret_done(&pair.secret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip_at_chunk_borders),
        cmocka_unit_test(test_armor_of_every_length),
        cmocka_unit_test(test_every_change_is_detected),
        cmocka_unit_test(test_failures_tell_apart),
        cmocka_unit_test(test_many_recipients),
        cmocka_unit_test(test_passphrase),
        cmocka_unit_test(test_low_order_recipient_is_refused),
        cmocka_unit_test(test_stuck_random_generator),
        cmocka_unit_test(test_every_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
