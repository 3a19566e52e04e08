/* SPDX-License-Identifier: Apache-2.0
 *
 * The file key of an age file; see vault/age/wrap.h.
 */
#include "vault/age/wrap.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/hash.h"
#include "core/random.h"

#include "core/banned.h"

#define LABEL_X25519     "age-encryption.org/v1/X25519"
#define LABEL_SCRYPT     "age-encryption.org/v1/scrypt"
#define SCRYPT_SALT_SIZE ((size_t)16)
#define SHARE_TEXT_SIZE  44 /* 32 bytes in raw base64, and NUL */

static_assert(SC_AGE_KEY_SIZE == SC_HASH_SIZE, "hedging hashes keys");

static const unsigned char zero_nonce[SC_AGE_NONCE_SIZE];

static struct sc_bytes bytes_of(const void *ptr, size_t len)
{
    return (struct sc_bytes){ptr, len};
}

static struct sc_bytes text_of(const char *text)
{
    return bytes_of(text, strlen(text));
}

struct sc_age_keys *sc_age_keys_new(struct sc_error *err)
{
    return sc_random_init(err) < 0 ? NULL : sc_arena_alloc(sizeof(struct sc_age_keys), err);
}

void sc_age_keys_freep(struct sc_age_keys **keys)
{
    sc_arena_free(*keys);
    *keys = NULL;
}

/* Fresh bytes that differ with the context, the label, the time and the process even where the
 * random generator repeats itself (a virtual machine resumed twice from one snapshot). Leaves
 * keys->noise. */
static int hedge(struct sc_age_keys *keys, const char *label, struct sc_bytes context,
                 struct sc_error *err)
{
    int rc = sc_random_bytes(keys->noise, sizeof(keys->noise), err);
    if (rc < 0)
        return rc;
    sc_hash_blake2b(keys->noise, context.ptr, context.len, keys->noise, sizeof(keys->noise));
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    char text[128];
    int len = snprintf(text, sizeof(text), "secretsctl/v1/age/%s %lld.%09ld %ld", label,
                       (long long)now.tv_sec, now.tv_nsec, (long)getpid());
    sc_hash_blake2b(keys->noise, text, (size_t)len, keys->noise, sizeof(keys->noise));
    return 0;
}

int sc_age_file_key_make(struct sc_age_keys *keys, struct sc_bytes plaintext, struct sc_error *err)
{
    int rc = hedge(keys, "file-key", plaintext, err);
    if (rc == 0)
        memcpy(keys->file_key, keys->noise, sizeof(keys->file_key));
    return rc;
}

int sc_age_nonce_make(struct sc_age_keys *keys, unsigned char nonce[SC_AGE_NONCE16_SIZE],
                      struct sc_error *err)
{
    int rc = hedge(keys, "nonce", bytes_of(keys->file_key, sizeof(keys->file_key)), err);
    if (rc < 0)
        return rc;
    memcpy(nonce, keys->noise, SC_AGE_NONCE16_SIZE);
    sc_age_payload_key(keys, nonce);
    return 0;
}

void sc_age_payload_key(struct sc_age_keys *keys, const unsigned char nonce[SC_AGE_NONCE16_SIZE])
{
    (void)sc_age_hkdf(keys->payload, sizeof(keys->payload),
                      bytes_of(keys->file_key, sizeof(keys->file_key)),
                      bytes_of(nonce, SC_AGE_NONCE16_SIZE), text_of("payload"));
}

/* The MAC of the header's text, by a key derived from the file key. */
static void header_mac(struct sc_age_keys *keys, struct sc_bytes text,
                       unsigned char mac[SC_AGE_KEY_SIZE])
{
    (void)sc_age_hkdf(keys->derived, sizeof(keys->derived),
                      bytes_of(keys->file_key, sizeof(keys->file_key)), bytes_of(NULL, 0),
                      text_of("header"));
    sc_age_hmac(mac, bytes_of(keys->derived, sizeof(keys->derived)), text);
}

/* keys->derived from keys->shared and both public values. */
static void x25519_wrapping_key(struct sc_age_keys *keys, const unsigned char *share,
                                const unsigned char *recipient)
{
    unsigned char salt[2 * SC_AGE_KEY_SIZE];
    memcpy(salt, share, SC_AGE_KEY_SIZE);
    memcpy(salt + SC_AGE_KEY_SIZE, recipient, SC_AGE_KEY_SIZE);
    (void)sc_age_hkdf(keys->derived, sizeof(keys->derived),
                      bytes_of(keys->shared, sizeof(keys->shared)), bytes_of(salt, sizeof(salt)),
                      text_of(LABEL_X25519));
}

static void add_stanza(struct sc_age_keys *keys, const char *words, struct sc_buf *header)
{
    unsigned char body[SC_AGE_BODY_SIZE];
    sc_age_aead_seal(body, keys->derived, zero_nonce,
                     bytes_of(keys->file_key, sizeof(keys->file_key)), bytes_of(NULL, 0));
    sc_age_header_stanza(header, words, bytes_of(body, sizeof(body)));
}

static int wrap_x25519(struct sc_age_keys *keys, const unsigned char recipient[SC_AGE_PUBLIC_SIZE],
                       struct sc_buf *header, struct sc_error *err)
{
    unsigned char context[SC_AGE_FILE_KEY_SIZE + SC_AGE_PUBLIC_SIZE];
    memcpy(context, keys->file_key, SC_AGE_FILE_KEY_SIZE);
    memcpy(context + SC_AGE_FILE_KEY_SIZE, recipient, SC_AGE_PUBLIC_SIZE);
    int rc = hedge(keys, "ephemeral", bytes_of(context, sizeof(context)), err);
    sc_wipe(context, sizeof(context));
    if (rc < 0)
        return rc;
    memcpy(keys->scalar, keys->noise, sizeof(keys->scalar));
    unsigned char share[SC_AGE_KEY_SIZE];
    sc_age_x25519_base(share, keys->scalar);
    if (!sc_age_x25519(keys->shared, keys->scalar, recipient))
        return sc_fail(err, SC_E_FORMAT, "the recipient's key is not usable");
    x25519_wrapping_key(keys, share, recipient);
    char words[sizeof("X25519 ") + SHARE_TEXT_SIZE] = "X25519 ";
    sc_age_base64_encode(words + strlen(words), SC_AGE_BASE64_RAW, bytes_of(share, sizeof(share)));
    add_stanza(keys, words, header);
    return 0;
}

/* keys->derived from the passphrase. */
static int scrypt_wrapping_key(struct sc_age_keys *keys, const struct sc_secret *passphrase,
                               const unsigned char salt[SCRYPT_SALT_SIZE], unsigned log2n,
                               struct sc_error *err)
{
    unsigned char labelled[sizeof(LABEL_SCRYPT) - 1 + SCRYPT_SALT_SIZE];
    memcpy(labelled, LABEL_SCRYPT, sizeof(LABEL_SCRYPT) - 1);
    memcpy(labelled + sizeof(LABEL_SCRYPT) - 1, salt, SCRYPT_SALT_SIZE);
    return sc_age_scrypt(keys->derived, sc_secret_view(passphrase),
                         bytes_of(labelled, sizeof(labelled)), log2n, err);
}

static int wrap_scrypt(struct sc_age_keys *keys, const struct sc_age_recipients *to,
                       struct sc_buf *header, struct sc_error *err)
{
    unsigned log2n = to->work_factor != 0 ? to->work_factor : SC_AGE_SCRYPT_DEFAULT;
    unsigned char salt[SCRYPT_SALT_SIZE];
    int rc = hedge(keys, "salt", bytes_of(keys->file_key, sizeof(keys->file_key)), err);
    if (rc < 0)
        return rc;
    memcpy(salt, keys->noise, sizeof(salt));
    rc = scrypt_wrapping_key(keys, to->passphrase, salt, log2n, err);
    if (rc < 0)
        return rc;
    char text[SHARE_TEXT_SIZE], words[2 * SHARE_TEXT_SIZE];
    sc_age_base64_encode(text, SC_AGE_BASE64_RAW, bytes_of(salt, sizeof(salt)));
    snprintf(words, sizeof(words), "scrypt %s %u", text, log2n);
    add_stanza(keys, words, header);
    return 0;
}

static int check_recipients(const struct sc_age_recipients *to, struct sc_error *err)
{
    if (to->passphrase != NULL && to->count > 0)
        return sc_fail(err, SC_E_USAGE, "a passphrase and recipients exclude each other");
    if (to->passphrase == NULL && to->count == 0)
        return sc_fail(err, SC_E_USAGE, "there is no recipient");
    if (to->count > SC_AGE_RECIPIENTS_MAX)
        return sc_fail(err, SC_E_TOOBIG, "more than %d recipients", SC_AGE_RECIPIENTS_MAX);
    if (to->work_factor > SC_AGE_SCRYPT_MAX)
        return sc_fail(err, SC_E_USAGE, "the work factor is over %d", SC_AGE_SCRYPT_MAX);
    return 0;
}

int sc_age_wrap(struct sc_age_keys *keys, const struct sc_age_recipients *to, struct sc_buf *header,
                struct sc_error *err)
{
    int rc = check_recipients(to, err);
    size_t start = header->len;
    sc_age_header_begin(header);
    if (rc == 0 && to->passphrase != NULL)
        rc = wrap_scrypt(keys, to, header, err);
    for (size_t i = 0; rc == 0 && i < to->count; i++)
        rc = wrap_x25519(keys, to->keys + i * SC_AGE_PUBLIC_SIZE, header, err);
    if (rc < 0)
        return rc;
    sc_age_header_mark(header);
    rc = sc_buf_status(header, err);
    if (rc < 0)
        return rc;
    unsigned char mac[SC_AGE_KEY_SIZE];
    header_mac(keys, bytes_of(header->data + start, header->len - start), mac);
    sc_age_header_end(header, mac);
    return sc_buf_status(header, err);
}

/* ---- the way back ---- */

static int bad_stanza(size_t number, const char *what, struct sc_error *err)
{
    return sc_fail(err, SC_E_FORMAT, "age header, stanza %zu: %s", number + 1, what);
}

/* Decodes an argument of exactly `len` bytes. */
static bool decode_word(unsigned char *out, size_t len, struct sc_bytes word)
{
    size_t got = 0;
    return sc_age_base64_decode(out, len, SC_AGE_BASE64_RAW, word, &got) && got == len;
}

/* A body of any other size would let one ciphertext fit several keys (partitioning oracles). */
static bool open_body(struct sc_age_keys *keys, const struct sc_age_stanza *stanza)
{
    return sc_age_aead_open(keys->file_key, keys->derived, zero_nonce,
                            bytes_of(stanza->body, SC_AGE_BODY_SIZE), bytes_of(NULL, 0));
}

/* *ret_found is set when one of the identities opens the stanza. */
static int try_x25519(struct sc_age_keys *keys, const struct sc_age_identities *with,
                      const struct sc_age_header *header, size_t number, bool *ret_found,
                      struct sc_error *err)
{
    const struct sc_age_stanza *stanza = &header->stanzas[number];
    unsigned char share[SC_AGE_KEY_SIZE], public_key[SC_AGE_KEY_SIZE];
    if (stanza->word_count != 2 || !decode_word(share, sizeof(share), stanza->words[1]))
        return bad_stanza(number, "an X25519 stanza takes one share of 32 bytes", err);
    if (stanza->body_len != SC_AGE_BODY_SIZE)
        return bad_stanza(number, "an X25519 stanza holds 32 bytes", err);
    struct sc_bytes secrets = with->keys != NULL ? sc_secret_view(with->keys) : bytes_of(NULL, 0);
    for (size_t at = 0; at + SC_AGE_SECRET_SIZE <= secrets.len; at += SC_AGE_SECRET_SIZE) {
        if (!sc_age_x25519(keys->shared, secrets.ptr + at, share))
            return bad_stanza(number, "the share is a point of low order", err);
        sc_age_x25519_base(public_key, secrets.ptr + at);
        x25519_wrapping_key(keys, share, public_key);
        *ret_found = open_body(keys, stanza);
        if (*ret_found)
            return 0;
    }
    return 0;
}

/* [1-9][0-9]*, at most SC_AGE_SCRYPT_MAX; 0 otherwise. */
static unsigned parse_work_factor(struct sc_bytes word)
{
    unsigned value = 0;
    if (word.len == 0 || word.ptr[0] == '0')
        return 0;
    for (size_t i = 0; i < word.len; i++) {
        if (word.ptr[i] < '0' || word.ptr[i] > '9')
            return 0;
        value = value * 10 + (word.ptr[i] - '0');
        if (value > SC_AGE_SCRYPT_MAX)
            return 0;
    }
    return value;
}

static int try_scrypt(struct sc_age_keys *keys, const struct sc_age_identities *with,
                      const struct sc_age_header *header, size_t number, bool *ret_found,
                      struct sc_error *err)
{
    const struct sc_age_stanza *stanza = &header->stanzas[number];
    unsigned char salt[SCRYPT_SALT_SIZE];
    if (header->count != 1)
        return bad_stanza(number, "an scrypt stanza must be alone", err);
    if (stanza->word_count != 3 || !decode_word(salt, sizeof(salt), stanza->words[1]))
        return bad_stanza(number, "an scrypt stanza takes a salt of 16 bytes and a work factor",
                          err);
    unsigned log2n = parse_work_factor(stanza->words[2]);
    if (log2n == 0)
        return bad_stanza(number, "the scrypt work factor is malformed or over 20", err);
    if (stanza->body_len != SC_AGE_BODY_SIZE)
        return bad_stanza(number, "an scrypt stanza holds 32 bytes", err);
    if (with->passphrase == NULL)
        return 0;
    int rc = scrypt_wrapping_key(keys, with->passphrase, salt, log2n, err);
    *ret_found = rc == 0 && open_body(keys, stanza);
    return rc;
}

int sc_age_unwrap(struct sc_age_keys *keys, const struct sc_age_identities *with,
                  const struct sc_age_header *header, struct sc_bytes text, struct sc_error *err)
{
    bool found = false;
    for (size_t i = 0; i < header->count && !found; i++) {
        const struct sc_age_stanza *stanza = &header->stanzas[i];
        int rc = 0;
        if (sc_age_stanza_is(stanza, "X25519"))
            rc = try_x25519(keys, with, header, i, &found, err);
        else if (sc_age_stanza_is(stanza, "scrypt"))
            rc = try_scrypt(keys, with, header, i, &found, err);
        if (rc < 0)
            return rc;
    }
    if (!found)
        return sc_fail(err, SC_E_BADPASS, "no identity or passphrase given opens this age file");
    unsigned char mac[SC_AGE_KEY_SIZE];
    header_mac(keys, bytes_of(text.ptr, header->mac_len), mac);
    if (!sc_age_equal(mac, header->mac, sizeof(mac)))
        return sc_fail(err, SC_E_TAMPERED, "age header: the MAC is wrong, the file was changed");
    return 0;
}
