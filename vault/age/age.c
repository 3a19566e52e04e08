/* SPDX-License-Identifier: Apache-2.0
 *
 * age files: header and payload put together; see vault/age/age.h.
 */
#include "vault/age/age.h"

#include "vault/age/header.h"
#include "vault/age/payload.h"
#include "vault/age/wrap.h"

#include "core/banned.h"

#define READ_STEP ((size_t)4096)

static int keys_failed(struct sc_error *err)
{
    return err != NULL ? err->code : SC_E_NOMEM;
}

/* Header and payload nonce; keys->payload is ready afterwards. */
static int write_front(struct sc_age_keys *keys, const struct sc_age_recipients *to,
                       struct sc_bytes plaintext, struct sc_age_writer out, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf header = SC_BUF_INIT(SC_AGE_HEADER_MAX);
    unsigned char nonce[SC_AGE_NONCE16_SIZE];
    int rc = sc_age_file_key_make(keys, plaintext, err);
    if (rc == 0)
        rc = sc_age_wrap(keys, to, &header, err);
    if (rc == 0)
        rc = sc_age_nonce_make(keys, nonce, err);
    if (rc == 0)
        rc = out.write(out.ctx, header.data, header.len, err);
    if (rc == 0)
        rc = out.write(out.ctx, nonce, sizeof(nonce), err);
    return rc;
}

static int encrypt_binary(const struct sc_age_recipients *to, struct sc_age_reader in,
                          struct sc_age_writer out, struct sc_error *err)
{
    SC_CLEANUP(sc_age_keys_freep) struct sc_age_keys *keys = sc_age_keys_new(err);
    SC_CLEANUP(sc_secret_done) struct sc_secret ahead = {0};
    unsigned char *bytes = NULL;
    size_t got = 0;
    if (keys == NULL)
        return keys_failed(err);
    int rc = sc_secret_resize(&ahead, SC_AGE_CHUNK_SIZE + 1, &bytes, err);
    if (rc == 0)
        rc = sc_age_read_full(in, bytes, SC_AGE_CHUNK_SIZE + 1, &got, err);
    sc_secret_truncate(&ahead, got);
    if (rc == 0)
        rc = write_front(keys, to, sc_secret_view(&ahead), out, err);
    if (rc == 0)
        rc = sc_age_payload_seal(keys->payload, &ahead, in, out, err);
    return rc;
}

int sc_age_encrypt(const struct sc_age_recipients *to, bool armored, struct sc_age_reader in,
                   struct sc_age_writer out, struct sc_error *err)
{
    if (!armored)
        return encrypt_binary(to, in, out, err);
    struct sc_age_armor_writer armor;
    sc_age_armor_writer_init(&armor, out);
    int rc = encrypt_binary(to, in, sc_age_armor_write(&armor), err);
    return rc < 0 ? rc : sc_age_armor_finish(&armor, err);
}

/* Reads until the header is there; what follows it in `front` belongs to the payload. */
static int read_front(struct sc_age_reader in, struct sc_buf *front, struct sc_error *err)
{
    unsigned char step[READ_STEP];
    while (front->len < SC_AGE_HEADER_MAX && !sc_age_header_complete(sc_buf_view(front))) {
        size_t got = 0;
        int rc = in.read(in.ctx, step, sizeof(step), &got, err);
        if (rc < 0)
            return rc;
        if (got == 0)
            break;
        sc_buf_append(front, step, got);
    }
    return sc_buf_status(front, err);
}

/* The payload: what was read too far, then the rest of the input. */
struct rest {
    struct sc_bytes ahead;
    struct sc_age_reader in;
};

static int read_rest(void *ctx, unsigned char *out, size_t size, size_t *ret_got,
                     struct sc_error *err)
{
    struct rest *rest = ctx;
    if (rest->ahead.len == 0)
        return rest->in.read(rest->in.ctx, out, size, ret_got, err);
    struct sc_age_reader ahead = sc_age_read_bytes(&rest->ahead);
    return ahead.read(ahead.ctx, out, size, ret_got, err);
}

static int decrypt_with(struct sc_age_keys *keys, const struct sc_age_identities *with,
                        struct sc_age_reader in, struct sc_age_writer out, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf front = SC_BUF_INIT(SC_AGE_HEADER_MAX + READ_STEP);
    struct sc_age_header header;
    int rc = read_front(in, &front, err);
    if (rc == 0)
        rc = sc_age_header_parse(&header, sc_buf_view(&front), err);
    if (rc == 0)
        rc = sc_age_unwrap(keys, with, &header, sc_buf_view(&front), err);
    if (rc < 0)
        return rc;
    struct sc_bytes text = sc_buf_view(&front);
    struct rest rest = {{text.ptr + header.len, text.len - header.len}, in};
    struct sc_age_reader payload = {read_rest, &rest};
    unsigned char nonce[SC_AGE_NONCE16_SIZE];
    size_t got = 0;
    rc = sc_age_read_full(payload, nonce, sizeof(nonce), &got, err);
    if (rc < 0)
        return rc;
    if (got < sizeof(nonce))
        return sc_fail(err, SC_E_FORMAT, "age header: the file ends before the payload");
    sc_age_payload_key(keys, nonce);
    return sc_age_payload_open(keys->payload, payload, out, err);
}

int sc_age_decrypt(const struct sc_age_identities *with, enum sc_age_form form,
                   struct sc_age_reader in, struct sc_age_writer out, struct sc_error *err)
{
    SC_CLEANUP(sc_age_keys_freep) struct sc_age_keys *keys = sc_age_keys_new(err);
    if (keys == NULL)
        return keys_failed(err);
    if (form == SC_AGE_FORM_BINARY)
        return decrypt_with(keys, with, in, out, err);
    struct sc_age_armor_reader armor;
    sc_age_armor_reader_init(&armor, in, form);
    return decrypt_with(keys, with, sc_age_armor_read(&armor), out, err);
}

int sc_age_seal(const unsigned char recipient[SC_AGE_PUBLIC_SIZE], struct sc_bytes plaintext,
                struct sc_buf *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_age_keys_freep) struct sc_age_keys *keys = sc_age_keys_new(err);
    if (keys == NULL)
        return keys_failed(err);
    const struct sc_age_recipients to = {.keys = recipient, .count = 1};
    struct sc_age_writer out = sc_age_write_buf(ret);
    int rc = write_front(keys, &to, plaintext, out, err);
    return rc < 0 ? rc : sc_age_payload_seal_bytes(keys->payload, plaintext, out, err);
}

/* Plaintext onto a secret, up to a limit. */
struct bounded {
    struct sc_secret *secret;
    size_t max;
};

static int write_bounded(void *ctx, const void *data, size_t len, struct sc_error *err)
{
    struct bounded *bounded = ctx;
    if (len > bounded->max - bounded->secret->len)
        return sc_fail(err, SC_E_TOOBIG, "the age file holds more than %zu bytes", bounded->max);
    return sc_secret_append(bounded->secret, data, len, err);
}

int sc_age_open(const unsigned char secret_key[SC_AGE_SECRET_SIZE], struct sc_bytes file,
                size_t max, struct sc_secret *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret key = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret plain = {0};
    int rc = sc_secret_append(&key, secret_key, SC_AGE_SECRET_SIZE, err);
    if (rc < 0)
        return rc;
    const struct sc_age_identities with = {.keys = &key};
    struct bounded bounded = {&plain, max};
    rc = sc_age_decrypt(&with, SC_AGE_FORM_BINARY, sc_age_read_bytes(&file),
                        (struct sc_age_writer){write_bounded, &bounded}, err);
    if (rc == 0)
        sc_secret_move(ret, &plain);
    return rc;
}
