/* SPDX-License-Identifier: Apache-2.0
 *
 * age keys as text; see vault/age/age.h.
 */
#include "vault/age/age.h"

#include <assert.h>
#include <string.h>

#include "vault/age/age_crypto.h"
#include "vault/age/bech32.h"

#include "core/banned.h"

#define RECIPIENT_PREFIX "age"
#define IDENTITY_PREFIX  "AGE-SECRET-KEY-"

static_assert(SC_AGE_SECRET_SIZE == SC_AGE_KEY_SIZE, "an identity is an X25519 scalar");

int sc_age_recipient_parse(const char *text, unsigned char ret_public[SC_AGE_PUBLIC_SIZE],
                           struct sc_error *err)
{
    unsigned char key[SC_AGE_PUBLIC_SIZE];
    struct sc_bytes bytes = {(const unsigned char *)text, strnlen(text, SC_BECH32_MAX + 1)};
    if (!sc_bech32_decode(key, sizeof(key), RECIPIENT_PREFIX, bytes))
        return sc_fail(err, SC_E_USAGE, "not an age recipient ('age1' and 58 characters)");
    memcpy(ret_public, key, sizeof(key));
    return 0;
}

void sc_age_recipient_print(char out[SC_AGE_RECIPIENT_TEXT_SIZE],
                            const unsigned char public_key[SC_AGE_PUBLIC_SIZE])
{
    sc_bech32_encode(out, RECIPIENT_PREFIX, (struct sc_bytes){public_key, SC_AGE_PUBLIC_SIZE});
    out[SC_AGE_RECIPIENT_TEXT_SIZE - 1] = '\0';
}

int sc_age_identity_print(const unsigned char secret_key[SC_AGE_SECRET_SIZE], struct sc_secret *ret,
                          struct sc_error *err)
{
    unsigned char *text = NULL;
    size_t len = sc_bech32_size(IDENTITY_PREFIX, SC_AGE_SECRET_SIZE);
    int rc = sc_secret_resize(ret, len, &text, err);
    if (rc == 0)
        sc_bech32_encode((char *)text, IDENTITY_PREFIX,
                         (struct sc_bytes){secret_key, SC_AGE_SECRET_SIZE});
    return rc;
}

static int parse_line(struct sc_bytes line, size_t number, struct sc_secret *keys,
                      struct sc_error *err)
{
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    if (line.len == 0 || line.ptr[0] == '#')
        return 0;
    if (keys->len == (size_t)SC_AGE_RECIPIENTS_MAX * SC_AGE_SECRET_SIZE)
        return sc_fail(err, SC_E_TOOBIG, "identities, line %zu: more than %d of them", number,
                       SC_AGE_RECIPIENTS_MAX);
    int rc = sc_secret_reserve(keys, keys->len + SC_AGE_SECRET_SIZE, err);
    if (rc < 0)
        return rc;
    if (!sc_bech32_decode(keys->ptr + keys->len, SC_AGE_SECRET_SIZE, IDENTITY_PREFIX, line))
        return sc_fail(err, SC_E_FORMAT,
                       "identities, line %zu: neither a comment nor 'AGE-SECRET-KEY-1...'", number);
    keys->len += SC_AGE_SECRET_SIZE;
    return 0;
}

int sc_age_identities_parse(struct sc_bytes text, struct sc_secret *ret_keys, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret keys = {0};
    size_t number = 0;
    if (text.len > SC_AGE_IDENTITY_FILE_MAX)
        return sc_fail(err, SC_E_TOOBIG, "a file of identities is longer than %zu bytes",
                       SC_AGE_IDENTITY_FILE_MAX);
    while (text.len > 0) {
        const unsigned char *end = memchr(text.ptr, '\n', text.len);
        size_t len = end != NULL ? (size_t)(end - text.ptr) : text.len;
        int rc = parse_line((struct sc_bytes){text.ptr, len}, ++number, &keys, err);
        if (rc < 0)
            return rc;
        len += end != NULL;
        text = (struct sc_bytes){text.ptr + len, text.len - len};
    }
    if (keys.len == 0)
        return sc_fail(err, SC_E_FORMAT, "there is no identity ('AGE-SECRET-KEY-1...')");
    sc_secret_move(ret_keys, &keys);
    return 0;
}
