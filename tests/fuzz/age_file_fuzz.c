/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as an age file for one fixed identity, binary or armored. Passphrases are left out:
 * scrypt would be all that runs.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "vault/age/age.h"

#include "core/banned.h"

#define PLAIN_MAX ((size_t)4 * 1024 * 1024)

/* The identity the seeds are made for. */
static const unsigned char fixed_key[SC_AGE_SECRET_SIZE] = {
    1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16,
    17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sc_error err = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret keys = {0};
    SC_CLEANUP(sc_buf_done) struct sc_buf plain = SC_BUF_INIT(PLAIN_MAX);
    if (sc_secret_append(&keys, fixed_key, sizeof(fixed_key), &err) < 0)
        return 0;
    const struct sc_age_identities with = {.keys = &keys};
    struct sc_bytes file = {data, size};
    int rc = sc_age_decrypt(&with, SC_AGE_FORM_DETECT, sc_age_read_bytes(&file),
                            sc_age_write_buf(&plain), &err);
    assert(rc == 0 || sc_error_message(&err)[0] != '\0');
    return 0;
}
