/* SPDX-License-Identifier: Apache-2.0
 *
 * Cryptography of the vault; see vault/crypto.h. The only file of the vault that knows libsodium.
 */
#include "vault/crypto.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "core/random.h"
#include "vault/codec.h"

#include "core/banned.h"

#define DOMAIN       "secretsctl/v1/"
#define PREFIX_MAX   64 /* domain and label with its NUL */
#define TOGETHER_MAX 128
#define SEAL_VERSION 0x01
#define SALT_SIZE    32
#define COMMIT_SIZE  32
#define WORK_SIZE    64 /* a key that encrypts, a key that commits */
#define TAG_SIZE     crypto_aead_xchacha20poly1305_ietf_ABYTES

static_assert(sizeof(crypto_generichash_state) <= sizeof(struct sc_hasher), "state must fit");
static_assert(SC_SEAL_OVERHEAD == 1 + SALT_SIZE + COMMIT_SIZE + TAG_SIZE, "overhead");
static_assert(COMMIT_SIZE == crypto_verify_32_BYTES, "compared as a whole");
static_assert(SC_SEAL_OVERHEAD >= WORK_SIZE, "room for opening is no more than what is opened");

static crypto_generichash_state *state_of(struct sc_hasher *hasher)
{
    return (crypto_generichash_state *)(void *)hasher->opaque;
}

static void begin(struct sc_hasher *hasher, const unsigned char *key, size_t out_len,
                  const char *label)
{
    (void)crypto_generichash_init(state_of(hasher), key, key != NULL ? SC_KEY_SIZE : 0, out_len);
    unsigned char prefix[PREFIX_MAX] = DOMAIN;
    size_t len = strlen(label) + 1;
    assert(strlen(DOMAIN) + len <= sizeof(prefix));
    memcpy(prefix + strlen(DOMAIN), label, len);
    sc_hasher_add(hasher, prefix, strlen(DOMAIN) + len);
}

void sc_hasher_init(struct sc_hasher *hasher, const char *label)
{
    begin(hasher, NULL, SC_KEY_SIZE, label);
}

void sc_hasher_add(struct sc_hasher *hasher, const void *bytes, size_t len)
{
    (void)crypto_generichash_update(state_of(hasher), bytes, len);
}

void sc_hasher_add_u32(struct sc_hasher *hasher, uint32_t value)
{
    unsigned char bytes[4];
    sc_put_u32(bytes, value);
    sc_hasher_add(hasher, bytes, sizeof(bytes));
}

void sc_hasher_add_u64(struct sc_hasher *hasher, uint64_t value)
{
    unsigned char bytes[8];
    sc_put_u64(bytes, value);
    sc_hasher_add(hasher, bytes, sizeof(bytes));
}

void sc_hasher_add_sized(struct sc_hasher *hasher, struct sc_bytes bytes)
{
    unsigned char together[TOGETHER_MAX];
    sc_put_u64(together, bytes.len);
    if (bytes.len > sizeof(together) - 8) {
        sc_hasher_add(hasher, together, 8);
        sc_hasher_add(hasher, bytes.ptr, bytes.len);
        return;
    }
    if (bytes.len > 0)
        memcpy(together + 8, bytes.ptr, bytes.len);
    sc_hasher_add(hasher, together, 8 + bytes.len);
}

void sc_hasher_final(struct sc_hasher *hasher, unsigned char out[SC_KEY_SIZE])
{
    (void)crypto_generichash_final(state_of(hasher), out, SC_KEY_SIZE);
}

static_assert(SC_PRINT_KEY_SIZE == crypto_shorthash_siphashx24_KEYBYTES, "key of a print");

void sc_print(uint64_t out[2], const unsigned char key[SC_PRINT_KEY_SIZE], struct sc_bytes bytes)
{
    unsigned char hash[2 * sizeof(uint64_t)];
    static_assert(sizeof(hash) == crypto_shorthash_siphashx24_BYTES, "two words");
    (void)crypto_shorthash_siphashx24(hash, bytes.ptr, bytes.len, key);
    memcpy(out, hash, sizeof(hash));
}

void sc_kdf(unsigned char out[SC_KEY_SIZE], const unsigned char key[SC_KEY_SIZE], const char *label,
            struct sc_bytes data)
{
    struct sc_hasher hasher;
    begin(&hasher, key, SC_KEY_SIZE, label);
    sc_hasher_add_sized(&hasher, data);
    sc_hasher_final(&hasher, out);
    sodium_memzero(&hasher, sizeof(hasher));
}

static unsigned log2_floor(size_t n)
{
    unsigned bits = 0;
    while (n >>= 1)
        bits++;
    return bits;
}

size_t sc_seal_padded(size_t len)
{
    size_t n = len + 1; /* the padding has at least its first byte */
    if (n <= SC_PAD_MIN)
        return SC_PAD_MIN;
    unsigned e = log2_floor(n);
    unsigned s = log2_floor(e) + 1;
    size_t mask = ((size_t)1 << (e - s)) - 1;
    return (n + mask) & ~mask;
}

/* out: 32 bytes that encrypt, 32 bytes that commit to key, label, salt and aad. */
static void derive_record_keys(unsigned char out[WORK_SIZE], const struct sc_seal_key *key,
                               const unsigned char *salt, struct sc_bytes aad)
{
    struct sc_hasher hasher;
    begin(&hasher, key->key, 64, key->label);
    sc_hasher_add(&hasher, salt, SALT_SIZE);
    sc_hasher_add_sized(&hasher, aad);
    (void)crypto_generichash_final(state_of(&hasher), out, 64);
    sodium_memzero(&hasher, sizeof(hasher));
}

static int make_salt(unsigned char salt[SALT_SIZE], const struct sc_seal_key *key,
                     struct sc_bytes aad, struct sc_bytes padded, struct sc_error *err)
{
    unsigned char noise[32];
    int rc = sc_random_bytes(noise, sizeof(noise), err);
    if (rc < 0)
        return rc;
    struct sc_hasher hasher;
    begin(&hasher, key->hedge, SALT_SIZE, "salt");
    sc_hasher_add_sized(&hasher, aad);
    sc_hasher_add(&hasher, noise, sizeof(noise));
    sc_hasher_add(&hasher, padded.ptr, padded.len);
    sc_hasher_final(&hasher, salt);
    sodium_memzero(&hasher, sizeof(hasher));
    return 0;
}

/* One key per salt, so a fixed nonce never meets a key twice. */
static const unsigned char zero_nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES];

size_t sc_seal_room(size_t len)
{
    return sc_seal_padded(len) + WORK_SIZE;
}

size_t sc_seal_size(size_t len)
{
    return sc_seal_padded(len) + SC_SEAL_OVERHEAD;
}

int sc_seal_at(const struct sc_seal_key *key, struct sc_bytes aad, unsigned char *room, size_t len,
               unsigned char *out, struct sc_error *err)
{
    if (len > SC_SEAL_PLAIN_MAX)
        return sc_fail(err, SC_E_TOOBIG, "%zu bytes are over the limit of a record", len);
    size_t padded_len = sc_seal_padded(len);
    unsigned char *keys = room + padded_len;
    room[len] = 0x80;
    memset(room + len + 1, 0, padded_len - len - 1);

    unsigned char *salt = out + 1, *cipher = salt + SALT_SIZE + COMMIT_SIZE;
    int rc = make_salt(salt, key, aad, (struct sc_bytes){room, padded_len}, err);
    if (rc < 0)
        return rc;
    out[0] = SEAL_VERSION;
    derive_record_keys(keys, key, salt, aad);
    memcpy(salt + SALT_SIZE, keys + SC_KEY_SIZE, COMMIT_SIZE);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt_detached(cipher, cipher + padded_len, NULL,
                                                              room, padded_len, aad.ptr, aad.len,
                                                              NULL, zero_nonce, keys);
    return 0;
}

int sc_seal(const struct sc_seal_key *key, struct sc_bytes aad, struct sc_bytes content,
            struct sc_buf *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret work = {0};
    unsigned char *room = NULL;
    if (content.len > SC_SEAL_PLAIN_MAX)
        return sc_fail(err, SC_E_TOOBIG, "%zu bytes are over the limit of a record", content.len);
    int rc = sc_secret_resize(&work, sc_seal_room(content.len), &room, err);
    unsigned char *out = rc == 0 ? sc_buf_extend(ret, sc_seal_size(content.len)) : NULL;
    if (rc == 0)
        rc = sc_buf_status(ret, err);
    if (rc < 0)
        return rc;
    if (content.len > 0)
        memcpy(room, content.ptr, content.len);
    return sc_seal_at(key, aad, room, content.len, out, err);
}

/* Where the zeroes of the padding begin. */
static size_t content_end(const unsigned char *padded, size_t len)
{
    static const unsigned char zeroes[32];
    while (len >= sizeof(zeroes) && memcmp(padded + len - sizeof(zeroes), zeroes, 32) == 0)
        len -= sizeof(zeroes);
    while (len > 0 && padded[len - 1] == 0)
        len--;
    return len;
}

int sc_seal_open_at(const struct sc_seal_key *key, struct sc_bytes aad, struct sc_bytes sealed,
                    unsigned char *room, size_t *ret_len, struct sc_error *err)
{
    if (sealed.len < SC_SEAL_OVERHEAD + SC_PAD_MIN ||
        sealed.len > sc_seal_size(SC_SEAL_PLAIN_MAX) || sealed.ptr[0] != SEAL_VERSION)
        return sc_fail(err, SC_E_FORMAT, "a sealed record has an unknown form");
    size_t len = sealed.len - SC_SEAL_OVERHEAD;
    unsigned char *keys = room + len;
    derive_record_keys(keys, key, sealed.ptr + 1, aad);
    if (crypto_verify_32(keys + SC_KEY_SIZE, sealed.ptr + 1 + SALT_SIZE) != 0)
        return sc_fail(err, SC_E_BADPASS, "a sealed record was made with another key");
    const unsigned char *cipher = sealed.ptr + 1 + SALT_SIZE + COMMIT_SIZE;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt_detached(
            room, NULL, cipher, len, cipher + len, aad.ptr, aad.len, zero_nonce, keys) != 0)
        return sc_fail(err, SC_E_TAMPERED, "a sealed record was changed");
    size_t end = content_end(room, len);
    if (end == 0 || room[end - 1] != 0x80 || sc_seal_padded(end - 1) != len)
        return sc_fail(err, SC_E_TAMPERED, "a sealed record is padded wrongly");
    *ret_len = end - 1;
    return 0;
}

int sc_seal_open(const struct sc_seal_key *key, struct sc_bytes aad, struct sc_bytes sealed,
                 struct sc_secret *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret work = {0};
    sc_secret_move(&work, ret); /* thousands may be opened into the same memory */
    unsigned char *room = NULL;
    size_t len = 0;
    int rc = sc_secret_resize(&work, sealed.len, &room, err);
    if (rc == 0)
        rc = sc_seal_open_at(key, aad, sealed, room, &len, err);
    if (rc < 0)
        return rc;
    sc_secret_truncate(&work, len);
    sc_secret_move(ret, &work);
    return 0;
}

/* The library's secret key is these two in this order. */
static_assert(sizeof(struct sc_sign_key) == crypto_sign_SECRETKEYBYTES, "seed and public key");

void sc_sign_key_make(struct sc_sign_key *key, const unsigned char seed[SC_KEY_SIZE])
{
    unsigned char sk[crypto_sign_SECRETKEYBYTES];
    (void)crypto_sign_seed_keypair(key->pk, sk, seed);
    memcpy(key->seed, sk, SC_KEY_SIZE); /* `seed` may be this very field */
    sodium_memzero(sk, sizeof(sk));
}

void sc_sign(unsigned char sig[SC_SIGNATURE_SIZE], struct sc_bytes message,
             const struct sc_sign_key *key)
{
    (void)crypto_sign_detached(sig, NULL, message.ptr, message.len, (const unsigned char *)key);
}

bool sc_sign_verify(const unsigned char sig[SC_SIGNATURE_SIZE], struct sc_bytes message,
                    const unsigned char pk[SC_KEY_SIZE])
{
    return crypto_sign_verify_detached(sig, message.ptr, message.len, pk) == 0;
}

void sc_x25519_public(unsigned char pk[SC_KEY_SIZE], const unsigned char sk[SC_KEY_SIZE])
{
    (void)crypto_scalarmult_base(pk, sk);
}

int sc_argon2id(unsigned char out[SC_KEY_SIZE], const struct sc_secret *passphrase,
                const unsigned char salt[SC_KDF_SALT_SIZE], struct sc_kdf_cost cost,
                struct sc_error *err)
{
    struct sc_bytes text = sc_secret_view(passphrase);
    if (crypto_pwhash(out, SC_KEY_SIZE, (const char *)text.ptr, text.len, salt, cost.ops,
                      (size_t)cost.mem, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return sc_fail(err, SC_E_NOMEM, "there is not enough memory for the passphrase (%llu MiB)",
                       (unsigned long long)(cost.mem >> 20));
    return 0;
}
