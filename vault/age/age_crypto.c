/* SPDX-License-Identifier: Apache-2.0
 *
 * The primitives of age over libsodium; see vault/age/age_crypto.h.
 */
#include "vault/age/age_crypto.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "core/banned.h"

#define SCRYPT_R 8
#define SCRYPT_P 1

static_assert(SC_AGE_KEY_SIZE == crypto_auth_hmacsha256_BYTES, "HMAC output");
static_assert(SC_AGE_KEY_SIZE == crypto_scalarmult_BYTES, "X25519 point");
static_assert(SC_AGE_NONCE_SIZE == crypto_aead_chacha20poly1305_ietf_NPUBBYTES, "nonce");
static_assert(SC_AGE_TAG_SIZE == crypto_aead_chacha20poly1305_ietf_ABYTES, "tag");

void sc_age_hmac(unsigned char out[SC_AGE_KEY_SIZE], struct sc_bytes key, struct sc_bytes data)
{
    crypto_auth_hmacsha256_state state;
    /* Nothing may be NULL to libsodium, empty or not. */
    static const unsigned char none[1];
    crypto_auth_hmacsha256_init(&state, key.len > 0 ? key.ptr : none, key.len);
    crypto_auth_hmacsha256_update(&state, data.len > 0 ? data.ptr : none, data.len);
    crypto_auth_hmacsha256_final(&state, out);
    sodium_memzero(&state, sizeof(state));
}

bool sc_age_hkdf(unsigned char *out, size_t out_len, struct sc_bytes ikm, struct sc_bytes salt,
                 struct sc_bytes info)
{
    if (out_len > SC_AGE_HKDF_MAX)
        return false;
    unsigned char prk[SC_AGE_KEY_SIZE], block[SC_AGE_KEY_SIZE];
    sc_age_hmac(prk, salt, ikm);
    size_t done = 0;
    for (unsigned char counter = 1; done < out_len; counter++) {
        crypto_auth_hmacsha256_state state;
        crypto_auth_hmacsha256_init(&state, prk, sizeof(prk));
        if (counter > 1)
            crypto_auth_hmacsha256_update(&state, block, sizeof(block));
        crypto_auth_hmacsha256_update(&state, info.ptr, info.len);
        crypto_auth_hmacsha256_update(&state, &counter, 1);
        crypto_auth_hmacsha256_final(&state, block);
        sodium_memzero(&state, sizeof(state));
        size_t part = SC_MIN(out_len - done, sizeof(block));
        memcpy(out + done, block, part);
        done += part;
    }
    sodium_memzero(prk, sizeof(prk));
    sodium_memzero(block, sizeof(block));
    return true;
}

void sc_age_aead_seal(unsigned char *out, const unsigned char key[SC_AGE_KEY_SIZE],
                      const unsigned char nonce[SC_AGE_NONCE_SIZE], struct sc_bytes plain,
                      struct sc_bytes ad)
{
    (void)crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, plain.ptr, plain.len, ad.ptr, ad.len,
                                                    NULL, nonce, key);
}

bool sc_age_aead_open(unsigned char *out, const unsigned char key[SC_AGE_KEY_SIZE],
                      const unsigned char nonce[SC_AGE_NONCE_SIZE], struct sc_bytes sealed,
                      struct sc_bytes ad)
{
    return crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed.ptr, sealed.len,
                                                     ad.ptr, ad.len, nonce, key) == 0;
}

bool sc_age_x25519(unsigned char out[SC_AGE_KEY_SIZE], const unsigned char scalar[SC_AGE_KEY_SIZE],
                   const unsigned char point[SC_AGE_KEY_SIZE])
{
    return crypto_scalarmult(out, scalar, point) == 0;
}

void sc_age_x25519_base(unsigned char out[SC_AGE_KEY_SIZE],
                        const unsigned char scalar[SC_AGE_KEY_SIZE])
{
    (void)crypto_scalarmult_base(out, scalar);
}

int sc_age_scrypt(unsigned char out[SC_AGE_KEY_SIZE], struct sc_bytes passphrase,
                  struct sc_bytes salt, unsigned log2n, struct sc_error *err)
{
    if (crypto_pwhash_scryptsalsa208sha256_ll(passphrase.ptr, passphrase.len, salt.ptr, salt.len,
                                              UINT64_C(1) << log2n, SCRYPT_R, SCRYPT_P, out,
                                              SC_AGE_KEY_SIZE) != 0)
        return sc_fail(err, SC_E_NOMEM, "cannot get the %llu MiB of memory that scrypt needs",
                       1ULL << (log2n > 10 ? log2n - 10 : 0));
    return 0;
}

bool sc_age_equal(const void *a, const void *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}

static int variant_of(enum sc_age_base64 form)
{
    return form == SC_AGE_BASE64_PADDED ? sodium_base64_VARIANT_ORIGINAL
                                        : sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
}

size_t sc_age_base64_size(enum sc_age_base64 form, size_t len)
{
    return sodium_base64_encoded_len(len, variant_of(form));
}

void sc_age_base64_encode(char *out, enum sc_age_base64 form, struct sc_bytes data)
{
    (void)sodium_bin2base64(out, sc_age_base64_size(form, data.len), data.ptr, data.len,
                            variant_of(form));
}

bool sc_age_base64_decode(unsigned char *out, size_t max, enum sc_age_base64 form,
                          struct sc_bytes text, size_t *ret_len)
{
    size_t len = 0;
    /* libsodium 1.0.18 takes some bytes over 127 for digits where char is signed. */
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] > 127)
            return false;
    }
    /* Without an end pointer libsodium refuses whatever is left over, and loose bits always. */
    if (sodium_base642bin(out, max, (const char *)text.ptr, text.len, NULL, &len, NULL,
                          variant_of(form)) != 0)
        return false;
    *ret_len = len;
    return true;
}
