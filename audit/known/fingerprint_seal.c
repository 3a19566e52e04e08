/* SPDX-License-Identifier: Apache-2.0
 *
 * The sealed container; see audit/known/fingerprint_seal.h.
 */
#include "audit/known/fingerprint_seal.h"

#include <sodium.h>
#include <string.h>

#include "audit/known/fingerprint.h"
#include "core/hash.h"
#include "core/macros.h"
#include "core/random.h"

#include "core/banned.h"

#define MAGIC      "SCFINGR3"
#define MAGIC_SIZE 8
#define NONCE_SIZE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_SIZE   crypto_aead_xchacha20poly1305_ietf_ABYTES
#define HEAD_SIZE  (MAGIC_SIZE + SC_FINGERPRINT_SALT_SIZE + NONCE_SIZE)
#define PAGE       ((size_t)4096)
/* Places in struct sc_fingerprint_keys. */
#define SEAL_KEY   0
#define FORM_KEY   SC_HASH_SIZE
#define MULTIPLIER (2 * SC_HASH_SIZE)
#define KEYS_SIZE  (3 * SC_HASH_SIZE)

int sc_fingerprint_keys_derive(struct sc_fingerprint_keys *keys, const struct sc_secret *key,
                               struct sc_error *err)
{
    static const char *const labels[] = {"secretsctl fingerprint seal",
                                         "secretsctl fingerprint form",
                                         "secretsctl fingerprint window"};
    if (key->len != SC_FINGERPRINT_KEY_SIZE)
        return sc_fail(err, SC_E_BADPASS, "a fingerprint key has %d bytes",
                       SC_FINGERPRINT_KEY_SIZE);
    unsigned char *bytes = NULL;
    int rc = sc_secret_resize(&keys->bytes, KEYS_SIZE, &bytes, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < 3; i++) {
        unsigned char input[64 + SC_FINGERPRINT_SALT_SIZE] = {0};
        memcpy(input, labels[i], strlen(labels[i]));
        memcpy(input + 64, keys->salt, sizeof(keys->salt));
        sc_hash_blake2b(bytes + i * SC_HASH_SIZE, input, sizeof(input), key->ptr, key->len);
    }
    return 0;
}

void sc_fingerprint_keys_done(struct sc_fingerprint_keys *keys)
{
    sc_secret_done(&keys->bytes);
}

uint64_t sc_fingerprint_multiplier(const struct sc_fingerprint_keys *keys)
{
    uint64_t value;
    memcpy(&value, keys->bytes.ptr + MULTIPLIER, sizeof(value));
    return value;
}

uint32_t sc_fingerprint_region_tag(const struct sc_fingerprint_keys *keys, struct sc_bytes region)
{
    uint64_t factor, hash;
    memcpy(&factor, keys->bytes.ptr + MULTIPLIER + sizeof(uint64_t), sizeof(factor));
    memcpy(&hash, keys->bytes.ptr + MULTIPLIER + 2 * sizeof(uint64_t), sizeof(hash));
    for (size_t at = 0; at < region.len; at += sizeof(uint64_t)) {
        uint64_t word = 0;
        memcpy(&word, region.ptr + at, SC_MIN(sizeof(word), region.len - at));
        hash = (hash ^ word) * (factor | 1);
        hash ^= hash >> 29;
    }
    return (uint32_t)(hash >> 32);
}

void sc_fingerprint_digest(const struct sc_fingerprint_keys *keys, struct sc_bytes form,
                           unsigned char out[SC_FINGERPRINT_DIGEST_SIZE])
{
    unsigned char whole[SC_HASH_SIZE];
    sc_hash_blake2b(whole, form.ptr, form.len, keys->bytes.ptr + FORM_KEY, SC_HASH_SIZE);
    memcpy(out, whole, SC_FINGERPRINT_DIGEST_SIZE);
}

int sc_fingerprint_seal(const struct sc_fingerprint_keys *keys, struct sc_bytes content,
                        struct sc_secret *ret, struct sc_error *err)
{
    /* The length of the content stands in it: what follows is padding. */
    size_t padded = (content.len / PAGE + 1) * PAGE;
    if (HEAD_SIZE + padded + TAG_SIZE > SC_FINGERPRINT_FILE_MAX)
        return sc_fail(err, SC_E_TOOBIG, "too many values for one fingerprint file (%zu bytes)",
                       SC_FINGERPRINT_FILE_MAX);
    SC_CLEANUP(sc_secret_done) struct sc_secret plain = {0};
    unsigned char *bytes = NULL, *file = NULL;
    int rc = sc_secret_resize(&plain, padded, &bytes, err);
    if (rc == 0)
        rc = sc_secret_resize(ret, HEAD_SIZE + padded + TAG_SIZE, &file, err);
    if (rc < 0)
        return rc;
    memcpy(bytes, content.ptr, content.len);
    memcpy(file, MAGIC, MAGIC_SIZE);
    memcpy(file + MAGIC_SIZE, keys->salt, SC_FINGERPRINT_SALT_SIZE);
    unsigned char *nonce = file + MAGIC_SIZE + SC_FINGERPRINT_SALT_SIZE;
    rc = sc_random_bytes(nonce, NONCE_SIZE, err);
    if (rc < 0)
        return rc;
    crypto_aead_xchacha20poly1305_ietf_encrypt(file + HEAD_SIZE, NULL, bytes, padded, file,
                                               MAGIC_SIZE + SC_FINGERPRINT_SALT_SIZE, NULL, nonce,
                                               keys->bytes.ptr + SEAL_KEY);
    return 0;
}

int sc_fingerprint_unseal(struct sc_bytes file, const struct sc_secret *key,
                          struct sc_fingerprint_keys *ret_keys, struct sc_secret *ret_content,
                          struct sc_error *err)
{
    if (file.len < HEAD_SIZE + TAG_SIZE || memcmp(file.ptr, MAGIC, MAGIC_SIZE) != 0)
        return sc_fail(err, SC_E_FORMAT, "not a fingerprint file");
    memcpy(ret_keys->salt, file.ptr + MAGIC_SIZE, SC_FINGERPRINT_SALT_SIZE);
    int rc = sc_fingerprint_keys_derive(ret_keys, key, err);
    unsigned char *content = NULL;
    size_t len = file.len - HEAD_SIZE - TAG_SIZE;
    if (rc == 0)
        rc = sc_secret_resize(ret_content, SC_MAX(len, (size_t)1), &content, err);
    if (rc < 0)
        return rc;
    const unsigned char *nonce = file.ptr + MAGIC_SIZE + SC_FINGERPRINT_SALT_SIZE;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            content, NULL, NULL, file.ptr + HEAD_SIZE, len + TAG_SIZE, file.ptr,
            MAGIC_SIZE + SC_FINGERPRINT_SALT_SIZE, nonce, ret_keys->bytes.ptr + SEAL_KEY) != 0)
        return sc_fail(err, SC_E_BADPASS, "the key does not open the fingerprint file");
    return 0;
}
