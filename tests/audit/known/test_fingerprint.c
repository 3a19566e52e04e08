/* SPDX-License-Identifier: Apache-2.0
 *
 * Fingerprints: what is found, what is left out, and what a file tells without its key.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "audit/known/fingerprint.h"

#include "core/banned.h"

#define VALUE "kJ8sPq2LmX0vBn4TzR6w&/+"

static void make_key(struct sc_secret *key, int fill)
{
    unsigned char *bytes = NULL;
    assert_int_equal(sc_secret_resize(key, SC_FINGERPRINT_KEY_SIZE, &bytes, NULL), 0);
    memset(bytes, fill, SC_FINGERPRINT_KEY_SIZE);
}

static enum sc_known_standing export_one(const char *value, const struct sc_secret *key,
                                         struct sc_secret *file)
{
    enum sc_known_standing standing = SC_KNOWN_TINY;
    struct sc_fingerprint_writer *writer = sc_fingerprint_writer_new(key, NULL);
    assert_non_null(writer);
    struct sc_bytes bytes = {(const unsigned char *)value, strlen(value)};
    assert_int_equal(sc_fingerprint_add(writer, "shop/token", bytes, &standing, NULL), 0);
    assert_int_equal(sc_fingerprint_finish(writer, file, NULL), 0);
    sc_fingerprint_writer_free(writer);
    return standing;
}

struct every {
    const struct sc_searcher *searcher;
    size_t forms, missed;
    bool found;
};

static int found(const struct sc_known_hit *hit, void *ctx, struct sc_error *err)
{
    (void)hit;
    (void)err;
    ((struct every *)ctx)->found = true;
    return 0;
}

/* Each form, with something around it. */
static int look_for(enum sc_encoding encoding, struct sc_bytes form, void *ctx,
                    struct sc_error *err)
{
    (void)err;
    struct every *every = ctx;
    unsigned char text[4096]; /* long enough for the code with wide vectors */
    memset(text, '.', sizeof(text));
    memcpy(text + 1301, form.ptr, form.len);
    every->found = false;
    assert_int_equal(every->searcher->scan(every->searcher->set,
                                           (struct sc_bytes){text, 1301 + form.len + 240}, found,
                                           every, NULL),
                     0);
    every->forms++;
    if (!every->found) {
        every->missed++;
        print_message("not found: %s\n", sc_encoding_name(encoding));
    }
    return 0;
}

static void test_every_form_is_found(void **state)
{
    (void)state;
    static const char *const values[] = {VALUE, "p\xc3\xa4ss\"wort $mit' <allem> & 0815-XyZ",
                                         "0f1e2d3c4b5a69788796a5b4c3d2e1f0"};
    for (size_t i = 0; i < 3; i++) {
        SC_CLEANUP(sc_secret_done) struct sc_secret key = {0};
        SC_CLEANUP(sc_secret_done) struct sc_secret file = {0};
        make_key(&key, 7);
        assert_int_equal(export_one(values[i], &key, &file), SC_KNOWN_SEARCHED);
        SC_CLEANUP(sc_fingerprints_freep) struct sc_fingerprints *set = NULL;
        assert_int_equal(sc_fingerprints_open(sc_secret_view(&file), &key, &set, NULL), 0);
        struct sc_searcher searcher = sc_fingerprints_searcher(set);
        assert_int_equal(searcher.count(searcher.set), 1);
        assert_string_equal(searcher.name(searcher.set, 0), "shop/token");
        struct every every = {.searcher = &searcher};
        struct sc_bytes value = {(const unsigned char *)values[i], strlen(values[i])};
        assert_int_equal(sc_encode_each(value, look_for, &every, NULL), 0);
        assert_true(every.forms > 15);
        assert_int_equal(every.missed, 0);
        /* All of a value but one byte is no hit: a window alone proves nothing. */
        every.found = false;
        value.len--;
        assert_int_equal(searcher.scan(searcher.set, value, found, &every, NULL), 0);
        assert_false(every.found);
    }
}

static void test_guessable_values_are_left_out(void **state)
{
    (void)state;
    static const char *const weak[] = {
        "hunter2",      "Password", "correct horse battery", "123456789012345", "Summer2024!x",
        "kJ8sPq2LmX0v", ""};
    for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++) {
        SC_CLEANUP(sc_secret_done) struct sc_secret key = {0};
        SC_CLEANUP(sc_secret_done) struct sc_secret file = {0};
        make_key(&key, 7);
        if (export_one(weak[i], &key, &file) != SC_KNOWN_GUESSABLE)
            fail_msg("'%s' is exported", weak[i]);
        SC_CLEANUP(sc_fingerprints_freep) struct sc_fingerprints *set = NULL;
        assert_int_equal(sc_fingerprints_open(sc_secret_view(&file), &key, &set, NULL), 0);
        struct sc_searcher searcher = sc_fingerprints_searcher(set);
        assert_int_equal(searcher.standing(searcher.set, 0), SC_KNOWN_GUESSABLE);
    }
}

static void test_without_the_key_only_the_size_is_told(void **state)
{
    (void)state;
    SC_CLEANUP(sc_secret_done) struct sc_secret key = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret one = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret two = {0};
    make_key(&key, 7);
    (void)export_one(VALUE, &key, &one);
    (void)export_one(VALUE, &key, &two);
    assert_int_equal(one.len, two.len);
    assert_null(memmem(one.ptr, one.len, "shop", 4));
    assert_null(memmem(one.ptr, one.len, VALUE, 8));
    /* The same value under the same key: no 8 bytes in common behind the magic number. */
    for (size_t i = 8; i + 8 <= one.len; i += 8)
        assert_null(memmem(two.ptr + 8, two.len - 8, one.ptr + i, 8));
}

static void test_wrong_keys_and_damaged_files(void **state)
{
    (void)state;
    SC_CLEANUP(sc_secret_done) struct sc_secret key = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret other = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret file = {0};
    struct sc_fingerprints *set = NULL;
    make_key(&key, 7);
    make_key(&other, 8);
    (void)export_one(VALUE, &key, &file);
    assert_int_equal(sc_fingerprints_open(sc_secret_view(&file), &other, &set, NULL), SC_E_BADPASS);
    for (size_t len = 0; len < file.len; len += 97) {
        struct sc_bytes cut = {file.ptr, len};
        int rc = sc_fingerprints_open(cut, &key, &set, NULL);
        assert_true(rc == SC_E_FORMAT || rc == SC_E_BADPASS);
    }
    for (size_t at = 0; at < file.len; at += 61) {
        file.ptr[at] ^= 1;
        assert_true(sc_fingerprints_open(sc_secret_view(&file), &key, &set, NULL) < 0);
        file.ptr[at] ^= 1;
    }
    assert_null(set);
    sc_secret_truncate(&other, 31);
    assert_int_equal(sc_fingerprints_open(sc_secret_view(&file), &other, &set, NULL), SC_E_BADPASS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_form_is_found),
        cmocka_unit_test(test_guessable_values_are_left_out),
        cmocka_unit_test(test_without_the_key_only_the_size_is_told),
        cmocka_unit_test(test_wrong_keys_and_damaged_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
