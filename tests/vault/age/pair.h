/* SPDX-License-Identifier: Apache-2.0
 *
 * Key pairs for tests: the program itself makes none, age-keygen does.
 */
#ifndef SC_TESTS_VAULT_AGE_PAIR_H
#define SC_TESTS_VAULT_AGE_PAIR_H

#include "core/random.h"
#include "vault/age/age.h"
#include "vault/age/age_crypto.h"

/* A fresh identity and its recipient. */
static inline int make_pair(struct sc_secret *ret_secret_key,
                            unsigned char ret_public[SC_AGE_PUBLIC_SIZE], struct sc_error *err)
{
    unsigned char *bytes = NULL;
    int rc = sc_secret_resize(ret_secret_key, SC_AGE_SECRET_SIZE, &bytes, err);
    if (rc == 0)
        rc = sc_random_bytes(bytes, SC_AGE_SECRET_SIZE, err);
    if (rc == 0)
        sc_age_x25519_base(ret_public, bytes);
    return rc;
}

#endif
