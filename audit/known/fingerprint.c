/* SPDX-License-Identifier: Apache-2.0
 *
 * Search by fingerprints; see audit/known/fingerprint.h. The content of a file is described in
 * audit/known/fingerprint_write.c.
 */
#include "audit/known/fingerprint.h"

#include <stdlib.h>
#include <string.h>

#include "audit/known/fingerprint_seal.h"
#include "audit/known/gram.h"
#include "core/name.h"
#include "core/str.h"

#include "core/banned.h"

#define FORMS_MAX (SC_GRAM_ENTRIES_MAX / SC_FINGERPRINT_WINDOWS)

struct value {
    char *name;
    enum sc_known_standing standing;
    uint16_t forms;
};

struct form {
    uint32_t value;
    uint32_t region_tag;
    uint32_t windows[SC_FINGERPRINT_WINDOWS];
    uint16_t len, region; /* bytes of the form, and where the region begins in it */
    uint8_t region_len;
    uint8_t encoding;
    unsigned char digest[SC_FINGERPRINT_DIGEST_SIZE];
};

struct sc_fingerprints {
    struct sc_fingerprint_keys keys;
    struct value *values;
    size_t value_count;
    struct form *forms;
    size_t form_count;
    struct sc_gram gram;
};

/* A cursor that never leaves the content: what it reads behind the end is zero, and `bad` stays
 * set. */
struct cursor {
    struct sc_bytes content;
    size_t at;
    bool bad;
};

static uint64_t take_number(struct cursor *in, size_t size)
{
    uint64_t value = 0;
    if (in->content.len - in->at < size) {
        in->bad = true;
        return 0;
    }
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)in->content.ptr[in->at + i] << (8 * i);
    in->at += size;
    return value;
}

static const unsigned char *take_bytes(struct cursor *in, size_t size)
{
    if (in->content.len - in->at < size) {
        in->bad = true;
        return NULL;
    }
    const unsigned char *bytes = in->content.ptr + in->at;
    in->at += size;
    return bytes;
}

static int bad_content(struct sc_error *err)
{
    return sc_fail(err, SC_E_FORMAT, "the fingerprint file holds nonsense");
}

static int read_values(struct sc_fingerprints *set, struct cursor *in, size_t count,
                       struct sc_error *err)
{
    set->values = calloc(SC_MAX(count, (size_t)1), sizeof(*set->values));
    if (set->values == NULL)
        return sc_fail_nomem(err);
    for (size_t i = 0; i < count; i++) {
        uint64_t standing = take_number(in, 1);
        uint16_t forms = (uint16_t)take_number(in, 2);
        size_t len = (size_t)take_number(in, 2);
        const unsigned char *name = take_bytes(in, len);
        if (in->bad || (standing != SC_KNOWN_SEARCHED && standing != SC_KNOWN_GUESSABLE))
            return bad_content(err);
        struct value *value = &set->values[i];
        value->standing = (enum sc_known_standing)standing;
        value->forms = forms;
        value->name = sc_str_ndup((const char *)name, len, err);
        if (value->name == NULL)
            return SC_E_NOMEM;
        set->value_count++;
        if (strlen(value->name) != len || sc_name_check(value->name, 1, NULL) < 0)
            return bad_content(err);
    }
    return 0;
}

static bool read_form(struct cursor *in, struct form *form)
{
    form->encoding = (uint8_t)take_number(in, 1);
    form->len = (uint16_t)take_number(in, 2);
    form->region = (uint16_t)take_number(in, 2);
    form->region_len = (uint8_t)take_number(in, 1);
    form->region_tag = (uint32_t)take_number(in, 4);
    for (size_t i = 0; i < SC_FINGERPRINT_WINDOWS; i++)
        form->windows[i] = (uint32_t)take_number(in, 4);
    const unsigned char *digest = take_bytes(in, sizeof(form->digest));
    if (in->bad || form->encoding >= SC_ENCODING_MAX || form->len > SC_KNOWN_FORM_MAX ||
        form->region_len < SC_FINGERPRINT_WIDTH + SC_FINGERPRINT_WINDOWS - 1 ||
        (size_t)form->region + form->region_len > form->len)
        return false;
    memcpy(form->digest, digest, sizeof(form->digest));
    return true;
}

/* The forms of all values, one value after the other. */
static int read_forms(struct sc_fingerprints *set, struct cursor *in, size_t count,
                      struct sc_error *err)
{
    set->forms = calloc(SC_MAX(count, (size_t)1), sizeof(*set->forms));
    if (set->forms == NULL)
        return sc_fail_nomem(err);
    for (size_t value = 0; value < set->value_count; value++) {
        for (uint16_t i = 0; i < set->values[value].forms; i++) {
            if (set->form_count == count || !read_form(in, &set->forms[set->form_count]))
                return bad_content(err);
            set->forms[set->form_count++].value = (uint32_t)value;
        }
    }
    return set->form_count == count ? 0 : bad_content(err);
}

static bool window_at(size_t index, unsigned choice, const void *ctx, struct sc_gram_entry *ret)
{
    const struct sc_fingerprints *set = ctx;
    size_t form = index / SC_FINGERPRINT_WINDOWS, window = index % SC_FINGERPRINT_WINDOWS;
    if (choice > 0)
        return false;
    *ret = (struct sc_gram_entry){set->forms[form].windows[window], (uint32_t)form,
                                  (uint32_t)window, NULL};
    return true;
}

static int read_content(struct sc_fingerprints *set, struct sc_bytes content, struct sc_error *err)
{
    struct cursor in = {.content = content};
    size_t values = (size_t)take_number(&in, 4), forms = (size_t)take_number(&in, 4);
    struct sc_alphabets alphabets;
    const unsigned char *alphabets_bytes = take_bytes(&in, sizeof(alphabets));
    if (in.bad || values > SC_KNOWN_VALUES_MAX || forms > FORMS_MAX)
        return bad_content(err);
    int rc = read_values(set, &in, values, err);
    if (rc < 0)
        return rc;
    rc = read_forms(set, &in, forms, err);
    if (rc < 0)
        return rc;
    sc_gram_init(&set->gram, sc_fingerprint_multiplier(&set->keys), SC_FINGERPRINT_WIDTH,
                 SC_FINGERPRINT_WINDOWS);
    rc = sc_gram_build(&set->gram, forms * SC_FINGERPRINT_WINDOWS, window_at, set, err);
    memcpy(&alphabets, alphabets_bytes, sizeof(alphabets));
    return rc < 0 ? rc : sc_gram_sift_by(&set->gram, &alphabets, err);
}

int sc_fingerprints_open(struct sc_bytes file, const struct sc_secret *key,
                         struct sc_fingerprints **ret, struct sc_error *err)
{
    SC_CLEANUP(sc_fingerprints_freep) struct sc_fingerprints *set = calloc(1, sizeof(*set));
    if (set == NULL)
        return sc_fail_nomem(err);
    SC_CLEANUP(sc_secret_done) struct sc_secret content = {0};
    int rc = sc_fingerprint_unseal(file, key, &set->keys, &content, err);
    if (rc == 0)
        rc = read_content(set, sc_secret_view(&content), err);
    if (rc == 0)
        *ret = SC_TAKE(set);
    return rc;
}

void sc_fingerprints_free(struct sc_fingerprints *set)
{
    if (set == NULL)
        return;
    for (size_t i = 0; i < set->value_count; i++)
        free(set->values[i].name);
    free(set->values);
    free(set->forms);
    sc_gram_done(&set->gram);
    sc_fingerprint_keys_done(&set->keys);
    free(set);
}

void sc_fingerprints_freep(struct sc_fingerprints **set)
{
    sc_fingerprints_free(*set);
}

/* ---- as a searcher ---- */

struct scan {
    const struct sc_fingerprints *set;
    struct sc_bytes data;
    sc_known_fn fn;
    void *ctx;
};

/* The region would begin at `region`: first a quick look at it as a whole, since five bytes of an
 * escaped form are no more than one of the value; then the proof. */
static int confirm(uint32_t index, size_t region, void *ctx, struct sc_error *err)
{
    const struct scan *scan = ctx;
    const struct form *form = &scan->set->forms[index];
    const struct sc_fingerprint_keys *keys = &scan->set->keys;
    if (form->region > region || form->len > scan->data.len - (region - form->region))
        return 0;
    struct sc_bytes seen = {scan->data.ptr + region, form->region_len};
    if (sc_fingerprint_region_tag(keys, seen) != form->region_tag)
        return 0;
    size_t start = region - form->region;
    unsigned char digest[SC_FINGERPRINT_DIGEST_SIZE];
    sc_fingerprint_digest(keys, (struct sc_bytes){scan->data.ptr + start, form->len}, digest);
    if (memcmp(digest, form->digest, sizeof(digest)) != 0)
        return 0;
    const struct sc_known_hit hit = {form->value, (enum sc_encoding)form->encoding, start,
                                     form->len};
    return scan->fn(&hit, scan->ctx, err);
}

static int scan_set(const void *set, struct sc_bytes data, sc_known_fn fn, void *ctx,
                    struct sc_error *err)
{
    struct scan scan = {set, data, fn, ctx};
    return sc_gram_scan(&scan.set->gram, data.ptr, data.len, confirm, &scan, err);
}

/* Short values are in no fingerprint file, so there is nothing to compare a token with. */
static int compare_nothing(const void *set, struct sc_bytes token, sc_known_fn fn, void *ctx,
                           struct sc_error *err)
{
    (void)set;
    (void)token;
    (void)fn;
    (void)ctx;
    (void)err;
    return 0;
}

static size_t count_values(const void *set)
{
    return ((const struct sc_fingerprints *)set)->value_count;
}

static const char *name_of(const void *set, size_t index)
{
    return ((const struct sc_fingerprints *)set)->values[index].name;
}

static enum sc_known_standing standing_of(const void *set, size_t index)
{
    return ((const struct sc_fingerprints *)set)->values[index].standing;
}

struct sc_searcher sc_fingerprints_searcher(const struct sc_fingerprints *set)
{
    return (struct sc_searcher){scan_set, compare_nothing, count_values, name_of, standing_of, set};
}
