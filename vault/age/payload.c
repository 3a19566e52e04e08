/* SPDX-License-Identifier: Apache-2.0
 *
 * The payload of an age file; see vault/age/payload.h.
 */
#include "vault/age/payload.h"

#include <stdlib.h>

#include "core/banned.h"

/* The nonce is the whole state: an 11-byte big-endian counter, then the flag of the last chunk. The
 * key is borrowed and stays in locked memory. */
struct stream {
    const unsigned char *key;
    unsigned char nonce[SC_AGE_NONCE_SIZE];
};

#define LAST_FLAG (SC_AGE_NONCE_SIZE - 1)

static void next_chunk(struct stream *stream)
{
    for (size_t i = LAST_FLAG; i-- > 0;) {
        if (++stream->nonce[i] != 0)
            return;
    }
}

static int seal_chunk(struct stream *stream, struct sc_bytes plain, unsigned char *sealed,
                      struct sc_age_writer out, struct sc_error *err)
{
    sc_age_aead_seal(sealed, stream->key, stream->nonce, plain, (struct sc_bytes){NULL, 0});
    next_chunk(stream);
    return out.write(out.ctx, sealed, plain.len + SC_AGE_TAG_SIZE, err);
}

/* Seals all but the last chunk of what is there, and with `final` that one too; *ret_used bytes. */
static int seal_chunks(struct stream *stream, struct sc_bytes plain, unsigned char *sealed,
                       struct sc_age_writer out, struct sc_error *err)
{
    for (;;) {
        size_t part = SC_MIN(plain.len, SC_AGE_CHUNK_SIZE);
        stream->nonce[LAST_FLAG] = part == plain.len;
        int rc = seal_chunk(stream, (struct sc_bytes){plain.ptr, part}, sealed, out, err);
        if (rc < 0 || part == plain.len)
            return rc;
        plain = (struct sc_bytes){plain.ptr + part, plain.len - part};
    }
}

int sc_age_payload_seal_bytes(const unsigned char key[SC_AGE_KEY_SIZE], struct sc_bytes plain,
                              struct sc_age_writer out, struct sc_error *err)
{
    size_t room = SC_MIN(plain.len, SC_AGE_CHUNK_SIZE) + SC_AGE_TAG_SIZE;
    unsigned char *sealed = malloc(room);
    if (sealed == NULL)
        return sc_fail_nomem(err);
    struct stream stream = {.key = key};
    int rc = seal_chunks(&stream, plain, sealed, out, err);
    free(sealed);
    return rc;
}

/* All chunks but the last, refilling `ahead` until no full one is left behind another. */
static int seal_full_chunks(struct stream *stream, struct sc_secret *ahead, unsigned char *sealed,
                            struct sc_age_reader plain, struct sc_age_writer out,
                            struct sc_error *err)
{
    while (ahead->len > SC_AGE_CHUNK_SIZE) {
        int rc =
            seal_chunk(stream, (struct sc_bytes){ahead->ptr, SC_AGE_CHUNK_SIZE}, sealed, out, err);
        size_t got = 0;
        if (rc == 0) {
            ahead->ptr[0] = ahead->ptr[SC_AGE_CHUNK_SIZE];
            rc = sc_age_read_full(plain, ahead->ptr + 1, SC_AGE_CHUNK_SIZE, &got, err);
        }
        if (rc < 0)
            return rc;
        sc_secret_truncate(ahead, got + 1);
    }
    return 0;
}

int sc_age_payload_seal(const unsigned char key[SC_AGE_KEY_SIZE], struct sc_secret *ahead,
                        struct sc_age_reader plain, struct sc_age_writer out, struct sc_error *err)
{
    unsigned char *sealed = malloc(SC_AGE_SEALED_CHUNK_SIZE);
    if (sealed == NULL)
        return sc_fail_nomem(err);
    struct stream stream = {.key = key};
    int rc = seal_full_chunks(&stream, ahead, sealed, plain, out, err);
    if (rc == 0)
        rc = seal_chunks(&stream, sc_secret_view(ahead), sealed, out, err);
    free(sealed);
    return rc;
}

static int bad(const char *what, struct sc_error *err)
{
    return sc_fail(err, SC_E_TAMPERED, "age payload: %s", what);
}

/* A full chunk may be the last one or not: only its tag tells. A shorter one must be. */
static bool open_chunk(struct stream *stream, struct sc_bytes sealed, unsigned char *plain)
{
    const struct sc_bytes no_ad = {NULL, 0};
    stream->nonce[LAST_FLAG] = sealed.len < SC_AGE_SEALED_CHUNK_SIZE;
    bool good = sc_age_aead_open(plain, stream->key, stream->nonce, sealed, no_ad);
    if (!good && stream->nonce[LAST_FLAG] == 0) {
        stream->nonce[LAST_FLAG] = 1;
        good = sc_age_aead_open(plain, stream->key, stream->nonce, sealed, no_ad);
    }
    return good;
}

static int check_end(struct sc_age_reader in, struct sc_error *err)
{
    unsigned char extra = 0;
    size_t got = 0;
    int rc = in.read(in.ctx, &extra, 1, &got, err);
    if (rc == 0 && got > 0)
        rc = bad("there is something after the end", err);
    return rc;
}

static int open_chunks(const unsigned char *key, unsigned char *sealed, struct sc_age_reader in,
                       struct sc_age_writer out, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret plain = {0};
    struct stream stream = {.key = key};
    for (bool first = true;; first = false) {
        size_t got = 0;
        int rc = sc_age_read_full(in, sealed, SC_AGE_SEALED_CHUNK_SIZE, &got, err);
        if (rc < 0)
            return rc;
        if (got < SC_AGE_TAG_SIZE)
            return bad("it is cut off", err);
        if (got == SC_AGE_TAG_SIZE && !first)
            return bad("an empty chunk at the end", err);
        unsigned char *bytes = NULL;
        rc = sc_secret_resize(&plain, got - SC_AGE_TAG_SIZE, &bytes, err);
        if (rc < 0)
            return rc;
        if (!open_chunk(&stream, (struct sc_bytes){sealed, got}, bytes))
            return bad("a chunk was changed, moved or cut", err);
        rc = out.write(out.ctx, plain.ptr, plain.len, err);
        if (rc < 0)
            return rc;
        if (stream.nonce[LAST_FLAG] != 0)
            return check_end(in, err);
        next_chunk(&stream);
    }
}

int sc_age_payload_open(const unsigned char key[SC_AGE_KEY_SIZE], struct sc_age_reader in,
                        struct sc_age_writer out, struct sc_error *err)
{
    unsigned char *sealed = malloc(SC_AGE_SEALED_CHUNK_SIZE);
    if (sealed == NULL)
        return sc_fail_nomem(err);
    int rc = open_chunks(key, sealed, in, out, err);
    free(sealed);
    return rc;
}
