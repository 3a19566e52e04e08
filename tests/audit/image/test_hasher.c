/* SPDX-License-Identifier: Apache-2.0
 *
 * Hashing beside the search: the same digest whatever the pieces, large and small by turns; a
 * hasher that was never used, or used for small pieces only, ends as well.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audit/image/hasher.h"
#include "core/macros.h"

#include "core/banned.h"

#define SIZE ((size_t)3 * 1024 * 1024 + 17)

static void digest_by_pieces(struct sc_hasher *hasher, struct sc_bytes data, size_t piece,
                             unsigned char out[SC_SHA256_SIZE])
{
    struct sc_sha256 hash;
    sc_sha256_init(&hash);
    for (size_t at = 0; at < data.len; at += piece) {
        size_t n = SC_MIN(piece, data.len - at);
        sc_hasher_begin(hasher, &hash, (struct sc_bytes){data.ptr + at, n});
        sc_hasher_wait(hasher);
    }
    sc_sha256_end(&hash, out);
}

static void test_any_pieces(void **state)
{
    (void)state;
    static const size_t pieces[] = {SIZE, 1000, 65536, 65535, 262144, 1048577};
    unsigned char *data = malloc(SIZE), wanted[SC_SHA256_SIZE], got[SC_SHA256_SIZE];
    assert_non_null(data);
    for (size_t i = 0; i < SIZE; i++)
        data[i] = (unsigned char)(i * 2654435761U >> 13);
    struct sc_sha256 hash;
    sc_sha256_init(&hash);
    sc_sha256_add(&hash, (struct sc_bytes){data, SIZE});
    sc_sha256_end(&hash, wanted);
    struct sc_hasher *hasher = sc_hasher_new(NULL);
    assert_non_null(hasher);
    for (size_t i = 0; i < SC_ARRAY_SIZE(pieces); i++) {
        digest_by_pieces(hasher, (struct sc_bytes){data, SIZE}, pieces[i], got);
        assert_memory_equal(got, wanted, sizeof(wanted));
    }
    sc_hasher_free(hasher);
    free(data);
}

static void test_hardly_used(void **state)
{
    (void)state;
    sc_hasher_free(NULL);
    struct sc_hasher *hasher = sc_hasher_new(NULL);
    assert_non_null(hasher);
    sc_hasher_wait(hasher);
    unsigned char got[SC_SHA256_SIZE];
    digest_by_pieces(hasher, (struct sc_bytes){(const unsigned char *)"abc", 3}, 2, got);
    assert_int_equal(got[0], 0xba);
    sc_hasher_free(hasher);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_pieces),
        cmocka_unit_test(test_hardly_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
