/* SPDX-License-Identifier: Apache-2.0
 *
 * The Wycheproof vectors for every primitive in use. Those of age go through our own functions; the
 * ones of libsodium that the vault uses (XChaCha20-Poly1305, Ed25519) are asked directly, to pin
 * what the installed library does.
 *
 * usage: test_wycheproof FOLDER, or skipped (77) when there is none.
 */
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vault/age/age_crypto.h"

#include "core/banned.h"

#define FIELD_MAX ((size_t)16384)

struct bytes {
    unsigned char data[FIELD_MAX];
    size_t len;
};

enum verdict { PASSED, FAILED, NOT_APPLICABLE };

typedef enum verdict (*check_fn)(const json_t *group, const json_t *test, const char *result);

static void read_hex(const json_t *object, const char *key, struct bytes *ret)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (text == NULL || sodium_hex2bin(ret->data, sizeof(ret->data), text, strlen(text), NULL,
                                       &ret->len, NULL) != 0) {
        fprintf(stderr, "bad field '%s'\n", key);
        exit(1);
    }
}

static struct sc_bytes view(const struct bytes *bytes)
{
    return (struct sc_bytes){bytes->data, bytes->len};
}

static enum verdict verdict(bool good)
{
    return good ? PASSED : FAILED;
}

static bool same(const struct bytes *bytes, const void *data, size_t len)
{
    return bytes->len == len && memcmp(bytes->data, data, len) == 0;
}

struct aead_case {
    struct bytes key, nonce, ad, plain, sealed, tag;
};

static void read_aead(const json_t *test, struct aead_case *c)
{
    read_hex(test, "key", &c->key);
    read_hex(test, "iv", &c->nonce);
    read_hex(test, "aad", &c->ad);
    read_hex(test, "msg", &c->plain);
    read_hex(test, "ct", &c->sealed);
    read_hex(test, "tag", &c->tag);
    memcpy(c->sealed.data + c->sealed.len, c->tag.data, c->tag.len);
    c->sealed.len += c->tag.len;
}

static enum verdict check_chacha20(const json_t *group, const json_t *test, const char *result)
{
    (void)group;
    static struct aead_case c;
    static unsigned char out[FIELD_MAX];
    read_aead(test, &c);
    if (c.nonce.len != SC_AGE_NONCE_SIZE)
        return NOT_APPLICABLE;
    bool valid = strcmp(result, "valid") == 0;
    bool opened = c.tag.len == SC_AGE_TAG_SIZE &&
                  sc_age_aead_open(out, c.key.data, c.nonce.data, view(&c.sealed), view(&c.ad));
    if (opened != valid || (opened && !same(&c.plain, out, c.sealed.len - SC_AGE_TAG_SIZE)))
        return FAILED;
    sc_age_aead_seal(out, c.key.data, c.nonce.data, view(&c.plain), view(&c.ad));
    return verdict(same(&c.sealed, out, c.plain.len + SC_AGE_TAG_SIZE) == valid);
}

static enum verdict check_xchacha20(const json_t *group, const json_t *test, const char *result)
{
    (void)group;
    static struct aead_case c;
    static unsigned char out[FIELD_MAX];
    read_aead(test, &c);
    if (c.nonce.len != crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
        return NOT_APPLICABLE;
    int rc =
        crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, c.sealed.data, c.sealed.len,
                                                   c.ad.data, c.ad.len, c.nonce.data, c.key.data);
    bool valid = strcmp(result, "valid") == 0;
    return verdict((rc == 0) == valid && (rc != 0 || same(&c.plain, out, c.plain.len)));
}

static enum verdict check_x25519(const json_t *group, const json_t *test, const char *result)
{
    (void)group;
    (void)result; /* "acceptable" covers what RFC 7748 allows to refuse: the all-zero output */
    static struct bytes secret, public_key, shared;
    static const unsigned char zero[SC_AGE_KEY_SIZE];
    unsigned char out[SC_AGE_KEY_SIZE];
    read_hex(test, "private", &secret);
    read_hex(test, "public", &public_key);
    read_hex(test, "shared", &shared);
    bool is_zero = same(&shared, zero, sizeof(zero));
    bool done = sc_age_x25519(out, secret.data, public_key.data);
    return verdict(done != is_zero && (is_zero || same(&shared, out, sizeof(out))));
}

static enum verdict check_hkdf(const json_t *group, const json_t *test, const char *result)
{
    (void)group;
    static struct bytes ikm, salt, info, okm;
    static unsigned char out[SC_AGE_HKDF_MAX];
    read_hex(test, "ikm", &ikm);
    read_hex(test, "salt", &salt);
    read_hex(test, "info", &info);
    read_hex(test, "okm", &okm);
    size_t size = (size_t)json_integer_value(json_object_get(test, "size"));
    bool done = sc_age_hkdf(out, size, view(&ikm), view(&salt), view(&info));
    return verdict(done == (strcmp(result, "valid") == 0) && (!done || same(&okm, out, size)));
}

static enum verdict check_hmac(const json_t *group, const json_t *test, const char *result)
{
    static struct bytes key, message, tag;
    unsigned char out[SC_AGE_KEY_SIZE];
    read_hex(test, "key", &key);
    read_hex(test, "msg", &message);
    read_hex(test, "tag", &tag);
    sc_age_hmac(out, view(&key), view(&message));
    size_t size = (size_t)json_integer_value(json_object_get(group, "tagSize")) / 8;
    return verdict(same(&tag, out, size) == (strcmp(result, "valid") == 0));
}

static enum verdict check_ed25519(const json_t *group, const json_t *test, const char *result)
{
    static struct bytes key, message, signature;
    read_hex(json_object_get(group, "publicKey"), "pk", &key);
    read_hex(test, "msg", &message);
    read_hex(test, "sig", &signature);
    bool good =
        signature.len == crypto_sign_BYTES &&
        crypto_sign_verify_detached(signature.data, message.data, message.len, key.data) == 0;
    return verdict(good == (strcmp(result, "valid") == 0));
}

static const struct {
    const char *file;
    check_fn check;
    int passed;
    int not_applicable;
} sets[] = {
    {"chacha20_poly1305_test.json", check_chacha20, 316, 9},
    {"xchacha20_poly1305_test.json", check_xchacha20, 306, 9},
    {"x25519_test.json", check_x25519, 518, 0},
    {"hkdf_sha256_test.json", check_hkdf, 86, 0},
    {"hmac_sha256_test.json", check_hmac, 174, 0},
    {"ed25519_test.json", check_ed25519, 151, 0},
};

static bool run_set(const char *folder, size_t which)
{
    char path[4096];
    int counts[3] = {0};
    size_t i = 0, j = 0;
    json_t *group = NULL, *test = NULL;
    snprintf(path, sizeof(path), "%s/%s", folder, sets[which].file);
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);
    if (root == NULL) {
        fprintf(stderr, "%s: %s\n", path, error.text);
        return false;
    }
    json_array_foreach(json_object_get(root, "testGroups"), i, group)
    {
        json_array_foreach(json_object_get(group, "tests"), j, test)
        {
            const char *result = json_string_value(json_object_get(test, "result"));
            enum verdict got = sets[which].check(group, test, result);
            counts[got]++;
            if (got == FAILED)
                fprintf(stderr, "%s: test %lld failed\n", sets[which].file,
                        (long long)json_integer_value(json_object_get(test, "tcId")));
        }
    }
    json_decref(root);
    printf("%s: %d passed, %d failed, %d not applicable\n", sets[which].file, counts[PASSED],
           counts[FAILED], counts[NOT_APPLICABLE]);
    return counts[FAILED] == 0 && counts[PASSED] == sets[which].passed &&
           counts[NOT_APPLICABLE] == sets[which].not_applicable;
}

int main(int argc, char **argv)
{
    if (argc != 2 || access(argv[1], R_OK) != 0) {
        printf("skipped: there are no vectors\n");
        return 77;
    }
    if (sodium_init() < 0)
        return 1;
    bool good = true;
    for (size_t i = 0; i < SC_ARRAY_SIZE(sets); i++)
        good = run_set(argv[1], i) && good;
    return good ? 0 : 1;
}
