/* SPDX-License-Identifier: Apache-2.0
 *
 * Decompression: several members, pieces of every size, damaged and cut off data.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "audit/image/unpack/unpack.h"
#include "core/buf.h"

#include "core/banned.h"

static int append(struct sc_bytes piece, void *ctx, struct sc_error *err)
{
    (void)err;
    sc_buf_append(ctx, piece.ptr, piece.len);
    return 0;
}

static int unpack(const unsigned char *data, size_t len, size_t size, struct sc_buf *out,
                  struct sc_error *err)
{
    struct sc_unpack *unpack = sc_unpack_new(sc_packing_sniff(data, len), append, out, err);
    assert_non_null(unpack);
    int rc = 0;
    for (size_t at = 0; rc == 0 && at < len; at += size) {
        size_t n = len - at < size ? len - at : size;
        rc = sc_unpack_write(unpack, (struct sc_bytes){data + at, n}, err);
    }
    if (rc == 0)
        rc = sc_unpack_end(unpack, err);
    sc_unpack_free(unpack);
    return rc;
}

/* "hello " and "world\n", each a gzip member. */
static const unsigned char gzip_two[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xcb, 0x48, 0xcd,
    0xc9, 0xc9, 0x57, 0x00, 0x00, 0xf6, 0xf9, 0x81, 0xed, 0x06, 0x00, 0x00, 0x00,
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x2b, 0xcf, 0x2f,
    0xca, 0x49, 0xe1, 0x02, 0x00, 0xa8, 0x61, 0x38, 0xdd, 0x06, 0x00, 0x00, 0x00};
static const unsigned char zstd_one[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, 0x31, 0x00,
                                         0x00, 'h',  'e',  'l',  'l',  'o',  '\n'};

static void test_members_in_pieces(void **state)
{
    (void)state;
    for (size_t size = 1; size <= sizeof(gzip_two); size++) {
        SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(4096);
        struct sc_error err = {0};
        int rc = unpack(gzip_two, sizeof(gzip_two), size, &out, &err);
        if (rc != 0 || strcmp(sc_buf_text(&out), "hello world\n") != 0)
            fail_msg("pieces of %zu: %d %s '%s'", size, rc, sc_error_message(&err),
                     sc_buf_text(&out));
    }
}

static void test_padding_behind(void **state)
{
    (void)state;
    unsigned char padded[sizeof(gzip_two) + 512] = {0};
    memcpy(padded, gzip_two, sizeof(gzip_two));
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(4096);
    struct sc_error err = {0};
    assert_int_equal(unpack(padded, sizeof(padded), 64, &out, &err), 0);
    assert_string_equal(sc_buf_text(&out), "hello world\n");
}

static void test_zstd_frames(void **state)
{
    (void)state;
    /* A skippable frame, then the same frame twice. */
    unsigned char data[12 + 2 * sizeof(zstd_one)] = {0x50, 0x2a, 0x4d, 0x18, 4,   0,
                                                     0,    0,    'n',  'o',  't', 'e'};
    memcpy(data + 12, zstd_one, sizeof(zstd_one));
    memcpy(data + 12 + sizeof(zstd_one), zstd_one, sizeof(zstd_one));
    for (size_t size = 1; size <= sizeof(data); size++) {
        SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(4096);
        struct sc_error err = {0};
        int rc = unpack(data, sizeof(data), size, &out, &err);
        if (rc != 0 || strstr(sc_buf_text(&out), "hello\nhello\n") == NULL)
            fail_msg("pieces of %zu: %d '%s'", size, rc, sc_buf_text(&out));
    }
}

/* Which bytes of two members with padding behind them may be no content. */
static void test_outside(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(4096);
    struct sc_error err = {0};
    struct sc_unpack *unpack = sc_unpack_new(SC_PACKING_GZIP, append, &out, &err);
    assert_non_null(unpack);
    char seen[sizeof(gzip_two) + 2 + 1] = "";
    for (size_t i = 0; i < sizeof(gzip_two) + 2; i++) {
        unsigned char byte = i < sizeof(gzip_two) ? gzip_two[i] : 'x';
        assert_int_equal(sc_unpack_write(unpack, (struct sc_bytes){&byte, 1}, &err), 0);
        seen[i] = sc_unpack_outside(unpack) ? 'o' : '.';
    }
    sc_unpack_free(unpack);
    /* At least the headers, the last byte of each member, and what stands behind. */
    for (size_t i = 0; i < sizeof(gzip_two) + 2; i++) {
        size_t at = i % 26;
        if ((at < 10 || at == 25 || i >= sizeof(gzip_two)) && seen[i] != 'o')
            fail_msg("byte %zu is taken for content: %s", i, seen);
    }
    assert_non_null(strchr(seen, '.'));
}

static void test_damaged_and_cut(void **state)
{
    (void)state;
    struct sc_error err = {0};
    for (size_t len = 2; len < 26; len++) {
        SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(4096);
        assert_int_equal(unpack(gzip_two, len, 8, &out, &err), SC_E_IO);
        assert_string_equal(sc_error_message(&err), "the gzip data ends early");
    }
    unsigned char bad[sizeof(gzip_two)];
    memcpy(bad, gzip_two, sizeof(bad));
    bad[18] ^= 1; /* the checksum */
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(4096);
    assert_int_equal(unpack(bad, sizeof(bad), 100, &out, &err), SC_E_SYNTAX);
    assert_string_equal(sc_error_message(&err), "the gzip data is damaged");
}

static void test_kinds(void **state)
{
    (void)state;
    assert_int_equal(sc_packing_sniff((const unsigned char *)"BZh9", 4), SC_PACKING_BZIP2);
    assert_int_equal(sc_packing_sniff((const unsigned char *)"PK\x03\x04", 4), SC_PACKING_ZIP);
    assert_int_equal(sc_packing_sniff((const unsigned char *)"text", 4), SC_PACKING_NONE);
    struct sc_error err = {0};
    assert_null(sc_unpack_new(SC_PACKING_ZIP, append, NULL, &err));
    assert_int_equal(err.code, SC_E_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members_in_pieces), cmocka_unit_test(test_padding_behind),
        cmocka_unit_test(test_zstd_frames),       cmocka_unit_test(test_outside),
        cmocka_unit_test(test_damaged_and_cut),   cmocka_unit_test(test_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
