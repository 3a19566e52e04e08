/* SPDX-License-Identifier: Apache-2.0
 *
 * Export of fingerprints; see audit/known/fingerprint.h. The content, numbers little-endian:
 *
 *   count of values (4), count of forms (4)
 *   of which bytes the windows are made: struct sc_alphabets as it is
 *   each value: standing (1), its forms (2), length of the name (2), name
 *   each form, value by value: encoding (1), length (2), where the region begins (2), length of the
 *   region (1), its tag (4), tags of its windows (4 each), hash (16)
 */
#include "audit/known/fingerprint.h"

#include <stdlib.h>
#include <string.h>

#include "audit/known/fingerprint_seal.h"
#include "audit/known/gram.h"
#include "audit/known/piece.h"
#include "core/random.h"
#include "core/str.h"

#include "core/banned.h"

/* Forms of one region: what sc_encode_each() yields, with room. */
#define REGION_FORMS_MAX 128
#define REGION_FORM_SIZE (SC_FINGERPRINT_REGION * SC_ENCODE_EXPANSION_MAX * 2)

struct region_form {
    unsigned char bytes[REGION_FORM_SIZE];
    size_t len;
};

struct sc_fingerprint_writer {
    struct sc_fingerprint_keys keys;
    struct sc_gram gram; /* for its hash only */
    struct sc_secret values, forms;
    struct sc_alphabets alphabets; /* of all windows */
    uint32_t value_count, form_count;
    size_t value_first_form; /* where the forms of the present value begin, in bytes */
    struct sc_secret region; /* an array of struct region_form */
    size_t region_count;
};

#define FORM_SIZE (1 + 2 + 2 + 1 + 4 + 4 * SC_FINGERPRINT_WINDOWS + SC_FINGERPRINT_DIGEST_SIZE)

struct sc_fingerprint_writer *sc_fingerprint_writer_new(const struct sc_secret *key,
                                                        struct sc_error *err)
{
    struct sc_fingerprint_writer *writer = calloc(1, sizeof(*writer));
    if (writer == NULL) {
        SC_IGNORE(sc_fail_nomem(err)); /* the code is in err */
        return NULL;
    }
    unsigned char *room = NULL;
    int rc = sc_random_bytes(writer->keys.salt, sizeof(writer->keys.salt), err);
    if (rc == 0)
        rc = sc_fingerprint_keys_derive(&writer->keys, key, err);
    if (rc == 0)
        rc = sc_secret_resize(&writer->region, REGION_FORMS_MAX * sizeof(struct region_form), &room,
                              err);
    if (rc < 0) {
        sc_fingerprint_writer_free(writer);
        return NULL;
    }
    sc_gram_init(&writer->gram, sc_fingerprint_multiplier(&writer->keys), SC_FINGERPRINT_WIDTH,
                 SC_FINGERPRINT_WINDOWS);
    return writer;
}

void sc_fingerprint_writer_free(struct sc_fingerprint_writer *writer)
{
    if (writer == NULL)
        return;
    sc_fingerprint_keys_done(&writer->keys);
    sc_secret_done(&writer->values);
    sc_secret_done(&writer->forms);
    sc_secret_done(&writer->region);
    sc_wipe(writer, sizeof(*writer));
    free(writer);
}

static int put_number(struct sc_secret *out, uint64_t value, size_t size, struct sc_error *err)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
    return sc_secret_append(out, bytes, size, err);
}

/* ---- the region ---- */

/* Eight bytes near the middle that do not cut a character in two, so that wide forms have them too.
 */
static struct sc_bytes choose_region(struct sc_bytes piece)
{
    size_t middle = (piece.len - SC_FINGERPRINT_REGION) / 2;
    bool text = sc_str_is_utf8((const char *)piece.ptr, piece.len);
    for (size_t i = 0; text && i <= middle; i++) {
        const unsigned char *start = piece.ptr + middle - i;
        if (sc_str_is_utf8((const char *)start, SC_FINGERPRINT_REGION))
            return (struct sc_bytes){start, SC_FINGERPRINT_REGION};
    }
    return (struct sc_bytes){piece.ptr + middle, SC_FINGERPRINT_REGION};
}

static int keep_region_form(enum sc_encoding encoding, struct sc_bytes form, void *ctx,
                            struct sc_error *err)
{
    (void)encoding;
    (void)err;
    struct sc_fingerprint_writer *writer = ctx;
    struct region_form *forms = (struct region_form *)(void *)writer->region.ptr;
    if (form.len < SC_FINGERPRINT_WIDTH + SC_FINGERPRINT_WINDOWS - 1 ||
        form.len > REGION_FORM_SIZE || writer->region_count == REGION_FORMS_MAX)
        return 0;
    struct region_form *slot = &forms[writer->region_count++];
    slot->len = form.len;
    memcpy(slot->bytes, form.ptr, form.len);
    return 0;
}

/* What the region looks like in a form: bytes that depend on the region alone. It may have another
 * name there: what an escape does not change is plain, and writers of one format share escapes with
 * those of another. */
static bool find_region(const struct sc_fingerprint_writer *writer, struct sc_bytes form,
                        struct sc_bytes *ret)
{
    const struct region_form *forms = (const struct region_form *)(const void *)writer->region.ptr;
    for (size_t i = 0; i < writer->region_count; i++) {
        const unsigned char *found = memmem(form.ptr, form.len, forms[i].bytes, forms[i].len);
        if (found != NULL) {
            *ret = (struct sc_bytes){found, forms[i].len};
            return true;
        }
    }
    return false;
}

/* ---- forms ---- */

static bool has_form(const struct sc_fingerprint_writer *writer,
                     const unsigned char digest[SC_FINGERPRINT_DIGEST_SIZE])
{
    for (size_t at = writer->value_first_form; at < writer->forms.len; at += FORM_SIZE) {
        if (memcmp(writer->forms.ptr + at + FORM_SIZE - SC_FINGERPRINT_DIGEST_SIZE, digest,
                   SC_FINGERPRINT_DIGEST_SIZE) == 0)
            return true;
    }
    return false;
}

static int put_form(struct sc_fingerprint_writer *writer, struct sc_bytes form,
                    struct sc_bytes region, struct sc_error *err)
{
    struct sc_secret *out = &writer->forms;
    int rc = put_number(out, form.len, 2, err);
    if (rc == 0)
        rc = put_number(out, (uint64_t)(region.ptr - form.ptr), 2, err);
    if (rc == 0)
        rc = put_number(out, region.len, 1, err);
    if (rc == 0)
        rc = put_number(out, sc_fingerprint_region_tag(&writer->keys, region), 4, err);
    for (size_t i = 0; rc == 0 && i < SC_FINGERPRINT_WINDOWS; i++) {
        sc_alphabets_add(&writer->alphabets, region.ptr + i, SC_FINGERPRINT_WIDTH);
        rc = put_number(out, sc_gram_hash(&writer->gram, region.ptr + i) >> 32, 4, err);
    }
    return rc;
}

static int add_form(enum sc_encoding encoding, struct sc_bytes form, void *ctx,
                    struct sc_error *err)
{
    struct sc_fingerprint_writer *writer = ctx;
    struct sc_bytes region = {0};
    unsigned char digest[SC_FINGERPRINT_DIGEST_SIZE];
    sc_fingerprint_digest(&writer->keys, form, digest);
    if (!find_region(writer, form, &region) || has_form(writer, digest))
        return 0;
    int rc = put_number(&writer->forms, (uint64_t)encoding, 1, err);
    if (rc == 0)
        rc = put_form(writer, form, region, err);
    if (rc == 0)
        rc = sc_secret_append(&writer->forms, digest, sizeof(digest), err);
    writer->form_count += rc == 0 ? 1 : 0;
    return rc;
}

/* Whether enough is left to guess when the region is known. */
static bool is_fit(struct sc_bytes piece)
{
    if (piece.len <= SC_FINGERPRINT_REGION)
        return false;
    double rest = (double)(piece.len - SC_FINGERPRINT_REGION) / (double)piece.len;
    return sc_piece_guess_bits(piece) * rest >= SC_FINGERPRINT_BITS;
}

static int add_forms(struct sc_fingerprint_writer *writer, struct sc_bytes value,
                     enum sc_known_standing *standing, struct sc_error *err)
{
    struct sc_bytes pieces[SC_PIECES_MAX];
    size_t count = sc_piece_choose(value, pieces);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (!is_fit(pieces[i]))
            continue;
        *standing = SC_KNOWN_SEARCHED;
        writer->region_count = 0;
        rc = sc_encode_each(choose_region(pieces[i]), keep_region_form, writer, err);
        if (rc == 0)
            rc = sc_encode_each(pieces[i], add_form, writer, err);
    }
    return rc;
}

int sc_fingerprint_add(struct sc_fingerprint_writer *writer, const char *name,
                       struct sc_bytes value, enum sc_known_standing *ret_standing,
                       struct sc_error *err)
{
    struct sc_bytes trimmed = sc_piece_trim(value);
    enum sc_known_standing standing = SC_KNOWN_GUESSABLE;
    writer->value_first_form = writer->forms.len;
    uint32_t before = writer->form_count;
    int rc = 0;
    if (sc_piece_standing(trimmed) == SC_KNOWN_SEARCHED)
        rc = add_forms(writer, trimmed, &standing, err);
    if (rc == 0)
        rc = put_number(&writer->values, (uint64_t)standing, 1, err);
    if (rc == 0)
        rc = put_number(&writer->values, writer->form_count - before, 2, err);
    if (rc == 0)
        rc = put_number(&writer->values, strlen(name), 2, err);
    if (rc == 0)
        rc = sc_secret_append(&writer->values, name, strlen(name), err);
    if (rc < 0)
        return rc;
    writer->value_count++;
    *ret_standing = standing;
    return 0;
}

int sc_fingerprint_finish(struct sc_fingerprint_writer *writer, struct sc_secret *ret,
                          struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret content = {0};
    int rc = put_number(&content, writer->value_count, 4, err);
    if (rc == 0)
        rc = put_number(&content, writer->form_count, 4, err);
    if (rc == 0)
        rc = sc_secret_append(&content, &writer->alphabets, sizeof(writer->alphabets), err);
    if (rc == 0)
        rc = sc_secret_append(&content, writer->values.ptr, writer->values.len, err);
    if (rc == 0)
        rc = sc_secret_append(&content, writer->forms.ptr, writer->forms.len, err);
    return rc < 0 ? rc : sc_fingerprint_seal(&writer->keys, sc_secret_view(&content), ret, err);
}
