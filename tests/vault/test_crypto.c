/* SPDX-License-Identifier: Apache-2.0
 *
 * Seals, padding and record headers: what must open, what must not, what must not repeat.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "vault/codec.h"
#include "vault/crypto.h"
#include "vault/slot/slot.h"

#include "core/banned.h"

static bool random_stuck; /* a cloned machine: the generator repeats itself */

int __real_sc_random_bytes(void *out, size_t size, struct sc_error *err);
int __wrap_sc_random_bytes(void *out, size_t size, struct sc_error *err);

int __wrap_sc_random_bytes(void *out, size_t size, struct sc_error *err)
{
    if (!random_stuck)
        return __real_sc_random_bytes(out, size, err);
    memset(out, 7, size);
    return 0;
}

static const unsigned char key_bytes[SC_KEY_SIZE] = {1}, other_bytes[SC_KEY_SIZE] = {2};
static const struct sc_seal_key key = {.key = key_bytes, .hedge = key_bytes, .label = "rec"};
static const struct sc_seal_key other = {.key = other_bytes, .hedge = other_bytes, .label = "rec"};
static const struct sc_bytes aad = {(const unsigned char *)"place", 5};

static struct sc_bytes text(const char *value)
{
    return (struct sc_bytes){(const unsigned char *)value, strlen(value)};
}

static void seal(struct sc_buf *out, const char *value)
{
    sc_buf_clear(out);
    assert_int_equal(sc_seal(&key, aad, text(value), out, NULL), 0);
}

static int open_as(const struct sc_seal_key *with, struct sc_bytes place,
                   const struct sc_buf *sealed)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret got = {0};
    return sc_seal_open(with, place, sc_buf_view(sealed), &got, NULL);
}

static void opens_with_key_and_place_only(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf sealed = SC_BUF_INIT(4096);
    SC_CLEANUP(sc_secret_done) struct sc_secret got = {0};
    seal(&sealed, "hello");
    assert_int_equal(sc_seal_open(&key, aad, sc_buf_view(&sealed), &got, NULL), 0);
    assert_int_equal(got.len, 5);
    assert_memory_equal(got.ptr, "hello", 5);
    assert_int_equal(open_as(&other, aad, &sealed), SC_E_BADPASS);
    assert_int_equal(open_as(&key, text("plaza"), &sealed), SC_E_BADPASS);
    const struct sc_seal_key label = {.key = key_bytes, .label = "audit"};
    assert_int_equal(open_as(&label, aad, &sealed), SC_E_BADPASS);
}

static void every_changed_byte_is_found(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf sealed = SC_BUF_INIT(4096);
    seal(&sealed, "hello");
    for (size_t i = 0; i < sealed.len; i++) {
        sealed.data[i] = (char)(sealed.data[i] ^ 1);
        assert_true(open_as(&key, aad, &sealed) < 0);
        sealed.data[i] = (char)(sealed.data[i] ^ 1);
    }
    for (size_t len = 0; len < sealed.len; len++) {
        SC_CLEANUP(sc_secret_done) struct sc_secret got = {0};
        struct sc_bytes cut = {(const unsigned char *)sealed.data, len};
        assert_true(sc_seal_open(&key, aad, cut, &got, NULL) < 0);
    }
}

/* Told before anything is derived from it: of a wrong key is said nothing else. */
static void other_forms_are_refused(void **state)
{
    (void)state;
    const size_t least = SC_SEAL_OVERHEAD + SC_PAD_MIN, most = sc_seal_size(SC_SEAL_PLAIN_MAX);
    const struct {
        size_t len;
        unsigned char version;
        int code;
    } cases[] = {
        {0, 1, SC_E_FORMAT},     {least - 1, 1, SC_E_FORMAT}, {least, 1, SC_E_BADPASS},
        {most, 1, SC_E_BADPASS}, {most + 1, 1, SC_E_FORMAT},  {least, 0, SC_E_FORMAT},
        {least, 2, SC_E_FORMAT},
    };
    unsigned char *sealed = calloc(1, most + 1), *room = calloc(1, most + 1);
    assert_true(sealed != NULL && room != NULL);
    for (size_t i = 0; i < SC_ARRAY_SIZE(cases); i++) {
        struct sc_error err = {0};
        size_t len = 0;
        sealed[0] = cases[i].version;
        assert_int_equal(
            sc_seal_open_at(&key, aad, (struct sc_bytes){sealed, cases[i].len}, room, &len, &err),
            cases[i].code);
        assert_string_equal(sc_error_message(&err),
                            cases[i].code == SC_E_FORMAT
                                ? "a sealed record has an unknown form"
                                : "a sealed record was made with another key");
    }
    free(sealed);
    free(room);
}

/* One ciphertext that is valid under two keys needs two equal commitments: the second key is
 * refused before anything is decrypted, whatever the rest is. */
static void commits_to_its_key(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf a = SC_BUF_INIT(4096), b = SC_BUF_INIT(4096);
    seal(&a, "for the first key");
    assert_int_equal(sc_seal(&other, aad, text("for the second"), &b, NULL), 0);
    memcpy(a.data + 65, b.data + 65,
           a.len - 65); /* the second's ciphertext under the first's head */
    assert_int_equal(open_as(&other, aad, &a), SC_E_BADPASS);
    assert_int_equal(open_as(&key, aad, &a), SC_E_TAMPERED);
}

static void short_values_look_alike(void **state)
{
    (void)state;
    char value[300];
    memset(value, 'x', sizeof(value));
    for (size_t len = 0; len < 256; len++)
        assert_int_equal(sc_seal_padded(len), 256);
    assert_int_equal(sc_seal_padded(256), 272);
    for (size_t len = 256; len < (size_t)1 << 21; len = len * 9 / 8 + 1) {
        assert_true(sc_seal_padded(len) > len);
        assert_true(sc_seal_padded(len) <= len + len / 8 + 2);
    }
}

/* docs/FORMAT.md once more, without its code: key and commitment of a seal with this salt. */
static void derive(unsigned char out[64], const unsigned char salt[32])
{
    static const char label[] = "secretsctl/v1/rec";
    unsigned char len[8];
    crypto_generichash_state hash;
    sc_put_u64(len, aad.len);
    (void)crypto_generichash_init(&hash, key_bytes, sizeof(key_bytes), 64);
    (void)crypto_generichash_update(&hash, (const unsigned char *)label, sizeof(label));
    (void)crypto_generichash_update(&hash, salt, 32);
    (void)crypto_generichash_update(&hash, len, sizeof(len));
    (void)crypto_generichash_update(&hash, aad.ptr, aad.len);
    (void)crypto_generichash_final(&hash, out, 64);
}

static const unsigned char no_nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES];

/* Whoever has the key of a scope can seal what they like: here bytes that are padded as given. */
static int open_padded(const unsigned char *padded, size_t len)
{
    unsigned char sealed[1 + 32 + 32 + 512 + 16] = {1}, keys[64], room[1 + sizeof(sealed)];
    size_t got = 0;
    assert_true(len <= 512);
    derive(keys, sealed + 1); /* a salt of zeroes */
    memcpy(sealed + 33, keys + 32, 32);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + 65, NULL, padded, len, aad.ptr,
                                                     aad.len, NULL, no_nonce, keys);
    room[0] = 0x80; /* what stands before the room is no padding */
    return sc_seal_open_at(&key, aad, (struct sc_bytes){sealed, 81 + len}, room + 1, &got, NULL);
}

static void content_is_padded(void **state)
{
    (void)state;
    unsigned char padded[256], expected[256] = "hello\x80", keys[64];
    SC_CLEANUP(sc_buf_done) struct sc_buf sealed = SC_BUF_INIT(4096);
    seal(&sealed, "hello");
    const unsigned char *at = (const unsigned char *)sealed.data;
    assert_int_equal(sealed.len, 81 + sizeof(padded));
    derive(keys, at + 1);
    assert_int_equal(crypto_aead_xchacha20poly1305_ietf_decrypt(padded, NULL, NULL, at + 65,
                                                                sealed.len - 65, aad.ptr, aad.len,
                                                                no_nonce, keys),
                     0);
    assert_memory_equal(padded, expected, sizeof(padded));
}

/* One content has one padding: what the length tells, or where bytes could hide, is no choice. */
static void padding_is_checked(void **state)
{
    (void)state;
    unsigned char padded[512] = {0};
    assert_int_equal(open_padded(padded, 256), SC_E_TAMPERED); /* nothing but zeroes */
    padded[5] = 0x80;
    assert_int_equal(open_padded(padded, 256), 0);
    assert_int_equal(open_padded(padded, 272), SC_E_TAMPERED); /* more than the content needs */
    assert_int_equal(open_padded(padded, 512), SC_E_TAMPERED);
    padded[5] = 0x81;
    assert_int_equal(open_padded(padded, 256), SC_E_TAMPERED);
    padded[5] = 0x80;
    padded[255] = 1; /* behind the padding's beginning */
    assert_int_equal(open_padded(padded, 256), SC_E_TAMPERED);
    padded[255] = 0x80;
    assert_int_equal(open_padded(padded, 256), 0); /* content with a 0x80 and zeroes in it */
}

/* The same randomness twice: other content or another place must not meet the same key. */
static void a_stuck_generator_repeats_no_key(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done)
    struct sc_buf a = SC_BUF_INIT(4096), b = SC_BUF_INIT(4096), c = SC_BUF_INIT(4096);
    random_stuck = true;
    seal(&a, "one");
    seal(&b, "two");
    assert_int_equal(sc_seal(&key, text("elsewhere"), text("one"), &c, NULL), 0);
    random_stuck = false;
    assert_memory_not_equal(a.data + 1, b.data + 1, 32);
    assert_memory_not_equal(a.data + 1, c.data + 1, 32);
    seal(&c, "one");
    assert_memory_not_equal(a.data + 1, c.data + 1, 32);
}

static void headers_are_parsed_strictly(void **state)
{
    (void)state;
    SC_CLEANUP(sc_secret_done) struct sc_secret record = {0};
    struct sc_record_view view;
    uint8_t tag = 0;
    struct sc_bytes bytes;
    assert_int_equal(sc_record_begin(&record, NULL), 0);
    assert_int_equal(sc_record_u64(&record, 3, 77, NULL), 0);
    assert_int_equal(sc_record_text(&record, 0x7f, "unknown", NULL), 0);
    assert_int_equal(sc_record_value(&record, text("value"), NULL), 0);
    assert_int_equal(sc_record_parse(sc_secret_view(&record), &view, NULL), 0);
    assert_int_equal(view.value.len, 5);
    assert_true(sc_record_next(&view.fields, &tag, &bytes));
    assert_int_equal(tag, 3);
    assert_int_equal(sc_field_u64(bytes), 77);
    assert_true(sc_record_next(&view.fields, &tag, &bytes));
    assert_false(sc_record_next(&view.fields, &tag, &bytes));

    const unsigned char critical[] = {1, 5, 0, 0, 0, 0x80, 0, 0, 0, 0};
    const unsigned char cut[] = {1, 5, 0, 0, 0, 3, 9, 0, 0, 0};
    const unsigned char version[] = {2, 0, 0, 0, 0};
    assert_int_equal(sc_record_parse((struct sc_bytes){critical, sizeof(critical)}, &view, NULL),
                     SC_E_FORMAT);
    assert_int_equal(sc_record_parse((struct sc_bytes){cut, sizeof(cut)}, &view, NULL),
                     SC_E_FORMAT);
    assert_int_equal(sc_record_parse((struct sc_bytes){version, sizeof(version)}, &view, NULL),
                     SC_E_FORMAT);
    assert_int_equal(sc_record_parse((struct sc_bytes){0}, &view, NULL), SC_E_FORMAT);
}

/* The first line that says anything is the key; whatever follows it is nobody's. */
static void key_files_are_parsed_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
        size_t left_out; /* of the line, at its end */
        int code;
    } cases[] = {
        {"", "", 0, 0},
        {"", "\n", 0, 0},
        {"# text\n\n\n", "", 0, 0},
        {"", "\nmore", 0, 0},
        {"", "x", 0, SC_E_BADPASS},
        {"", "\r\n", 0, SC_E_BADPASS},
        {"", "", 1, SC_E_BADPASS},
        {"more\n", "", 0, SC_E_BADPASS},
        {" ", "", 0, SC_E_BADPASS},
    };
    SC_CLEANUP(sc_secret_done) struct sc_secret file = {0};
    unsigned char right[SC_KEY_SIZE], got[SC_KEY_SIZE];
    assert_int_equal(sc_vault_make_key_file(&file, NULL), 0);
    assert_int_equal(sc_slot_read_key_file(&file, right, NULL), 0);
    const unsigned char *line = memchr(file.ptr, '\n', file.len);
    assert_non_null(line);
    const size_t len = file.len - (size_t)(++line - file.ptr) - 1;
    for (size_t i = 0; i < SC_ARRAY_SIZE(cases); i++) {
        struct sc_error err = {0};
        SC_CLEANUP(sc_secret_done) struct sc_secret text = {0};
        assert_int_equal(sc_secret_append(&text, cases[i].before, strlen(cases[i].before), NULL),
                         0);
        assert_int_equal(sc_secret_append(&text, line, len - cases[i].left_out, NULL), 0);
        assert_int_equal(sc_secret_append(&text, cases[i].after, strlen(cases[i].after), NULL), 0);
        memset(got, 0, sizeof(got));
        assert_int_equal(sc_slot_read_key_file(&text, got, &err), cases[i].code);
        if (cases[i].code == 0)
            assert_memory_equal(got, right, sizeof(got));
        else
            assert_string_equal(sc_error_message(&err),
                                "the key file was not made by secretsctl, or is damaged");
    }
    file.ptr[file.len - 1 - 9] = '.'; /* between key and check digits */
    assert_int_equal(sc_slot_read_key_file(&file, got, NULL), SC_E_BADPASS);
}

static void a_passphrase_costs_within_bounds(void **state)
{
    (void)state;
    const uint64_t mib = UINT64_C(1) << 20;
    const struct {
        struct sc_kdf_cost cost;
        bool usual, any;
    } cases[] = {
        {{2, 64 * mib}, true, true},      {{10, 1024 * mib}, true, true},
        {{1, 64 * mib}, false, true},     {{2, 64 * mib - 1}, false, true},
        {{11, 64 * mib}, false, true},    {{2, 1024 * mib + 1}, false, true},
        {{1, mib}, false, true},          {{1000, 65536 * mib}, false, true},
        {{0, 64 * mib}, false, false},    {{1, mib - 1}, false, false},
        {{1001, 64 * mib}, false, false}, {{2, 65536 * mib + 1}, false, false},
    };
    for (size_t i = 0; i < SC_ARRAY_SIZE(cases); i++) {
        assert_int_equal(sc_slot_check_cost(cases[i].cost, false, NULL),
                         cases[i].usual ? 0 : SC_E_TAMPERED);
        assert_int_equal(sc_slot_check_cost(cases[i].cost, true, NULL),
                         cases[i].any ? 0 : SC_E_TAMPERED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_with_key_and_place_only),
        cmocka_unit_test(every_changed_byte_is_found),
        cmocka_unit_test(other_forms_are_refused),
        cmocka_unit_test(commits_to_its_key),
        cmocka_unit_test(short_values_look_alike),
        cmocka_unit_test(content_is_padded),
        cmocka_unit_test(padding_is_checked),
        cmocka_unit_test(a_stuck_generator_repeats_no_key),
        cmocka_unit_test(headers_are_parsed_strictly),
        cmocka_unit_test(key_files_are_parsed_strictly),
        cmocka_unit_test(a_passphrase_costs_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
