/* SPDX-License-Identifier: Apache-2.0
 *
 * A set of known values; see audit/known/known.h.
 *
 * Forms ("literals" to the filter) are kept one after the other in blocks of the locked arena. Long
 * ones need be met at every eighth place of the data only; the few that are too short for that have
 * an index of their own. The words of at most SC_GRAM_ENTRIES_MAX make one index; a large set has
 * several, and each chunk of data is run through all of them.
 */
#include "audit/known/known.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "audit/known/gram.h"
#include "audit/known/piece.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/random.h"
#include "core/str.h"

#include "core/banned.h"

#define BLOCK_SIZE   ((size_t)1024 * 1024)
#define LITERALS_MAX ((size_t)16 * 1024 * 1024)
/* Strides of the two kinds of index. A literal must hold a word at each of so many offsets, which
 * every literal does at the smaller stride: shorter values are not searched. */
#define STRIDE_LONG  8
#define STRIDE_SHORT 4
#define LITERAL_LONG (SC_GRAM_WIDTH_MAX + STRIDE_LONG - 1)
#define LITERAL_MIN  SC_KNOWN_RAW_MIN

struct value {
    char *name;
    enum sc_known_standing standing;
    struct sc_secret token; /* of a value that is compared; else empty */
    uint32_t first_literal;
};

struct literal {
    const unsigned char *bytes; /* in a block */
    uint32_t len;
    uint32_t value;
    enum sc_encoding encoding;
};

struct sc_known {
    struct value *values;
    size_t count, cap;
    uint32_t *compared; /* which of them are */
    size_t compared_count;
    struct literal *literals;
    size_t literal_count, literal_cap;
    unsigned char **blocks;
    size_t block_count, block_used;
    struct sc_gram *indexes;
    size_t index_count;
    size_t shortest; /* bytes of the shortest literal */
    bool built;
};

const char *sc_known_standing_text(enum sc_known_standing standing)
{
    switch (standing) {
    case SC_KNOWN_SEARCHED:
        return "searched in raw bytes";
    case SC_KNOWN_SHORT:
        return "too short to search in raw bytes; compared with whole tokens";
    case SC_KNOWN_COMMON:
        return "too common to search in raw bytes; compared with whole tokens";
    case SC_KNOWN_TINY:
        return "too short to tell from any other text; not searched";
    case SC_KNOWN_GUESSABLE:
        return "too easy to guess for a fingerprint; not searched";
    default:
        return "unknown";
    }
}

struct sc_known *sc_known_new(struct sc_error *err)
{
    struct sc_known *known = calloc(1, sizeof(*known));
    if (known == NULL) {
        SC_IGNORE(sc_fail_nomem(err)); /* the code is in err */
        return NULL;
    }
    known->shortest = SIZE_MAX;
    return known;
}

void sc_known_free(struct sc_known *known)
{
    if (known == NULL)
        return;
    for (size_t i = 0; i < known->count; i++) {
        free(known->values[i].name);
        sc_secret_done(&known->values[i].token);
    }
    for (size_t i = 0; i < known->block_count; i++)
        sc_arena_free(known->blocks[i]);
    for (size_t i = 0; i < known->index_count; i++)
        sc_gram_done(&known->indexes[i]);
    free(known->values);
    free(known->compared);
    free(known->literals);
    free(known->blocks);
    free(known->indexes);
    free(known);
}

void sc_known_freep(struct sc_known **known)
{
    sc_known_free(*known);
}

/* A copy in the blocks; NULL with err set. */
static const unsigned char *keep_bytes(struct sc_known *known, struct sc_bytes form,
                                       struct sc_error *err)
{
    if (known->block_count == 0 || BLOCK_SIZE - known->block_used < form.len) {
        unsigned char **grown =
            reallocarray(known->blocks, known->block_count + 1, sizeof(*known->blocks));
        if (grown == NULL) {
            SC_IGNORE(sc_fail_nomem(err)); /* the code is in err */
            return NULL;
        }
        known->blocks = grown;
        known->blocks[known->block_count] = sc_arena_alloc(BLOCK_SIZE, err);
        if (known->blocks[known->block_count] == NULL)
            return NULL;
        known->block_count++;
        known->block_used = 0;
    }
    unsigned char *copy = known->blocks[known->block_count - 1] + known->block_used;
    memcpy(copy, form.ptr, form.len);
    known->block_used += form.len;
    return copy;
}

/* Encodings often coincide: the first name for a form is the one that is reported. */
static bool has_literal(const struct sc_known *known, const struct value *value,
                        struct sc_bytes form)
{
    for (size_t i = value->first_literal; i < known->literal_count; i++) {
        const struct literal *literal = &known->literals[i];
        if (literal->len == form.len && memcmp(literal->bytes, form.ptr, form.len) == 0)
            return true;
    }
    return false;
}

static int add_literal(enum sc_encoding encoding, struct sc_bytes form, void *ctx,
                       struct sc_error *err)
{
    struct sc_known *known = ctx;
    const struct value *value = &known->values[known->count];
    if (form.len < LITERAL_MIN || has_literal(known, value, form))
        return 0;
    assert(form.len <= SC_KNOWN_FORM_MAX);
    if (known->literal_count >= LITERALS_MAX)
        return sc_fail(err, SC_E_TOOBIG, "too many values to search for at once");
    struct literal *literals = sc_items_reserve(known->literals, &known->literal_cap,
                                                known->literal_count, 1, sizeof(*literals), err);
    if (literals == NULL)
        return SC_E_NOMEM;
    known->literals = literals;
    const unsigned char *bytes = keep_bytes(known, form, err);
    if (bytes == NULL)
        return SC_E_NOMEM;
    literals[known->literal_count++] =
        (struct literal){bytes, (uint32_t)form.len, (uint32_t)known->count, encoding};
    known->shortest = SC_MIN(known->shortest, form.len);
    return 0;
}

static int add_forms(struct sc_known *known, struct sc_bytes value, struct sc_error *err)
{
    struct sc_bytes pieces[SC_PIECES_MAX];
    size_t count = sc_piece_choose(value, pieces);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = sc_encode_each(pieces[i], add_literal, known, err);
    return rc;
}

int sc_known_add(struct sc_known *known, const char *name, struct sc_bytes value,
                 struct sc_error *err)
{
    assert(!known->built);
    if (known->count >= SC_KNOWN_VALUES_MAX)
        return sc_fail(err, SC_E_TOOBIG, "more than %zu values to search for", SC_KNOWN_VALUES_MAX);
    struct value *values =
        sc_items_reserve(known->values, &known->cap, known->count, 1, sizeof(*values), err);
    if (values == NULL)
        return SC_E_NOMEM;
    known->values = values;
    struct sc_bytes trimmed = sc_piece_trim(value);
    struct value *slot = &values[known->count];
    *slot = (struct value){
        .name = sc_str_dup(name, err),
        .standing = sc_piece_standing(trimmed),
        .first_literal = (uint32_t)known->literal_count,
    };
    if (slot->name == NULL)
        return SC_E_NOMEM;
    int rc = slot->standing == SC_KNOWN_SEARCHED
                 ? add_forms(known, trimmed, err)
                 : sc_secret_append(&slot->token, trimmed.ptr, trimmed.len, err);
    if (rc < 0) {
        free(slot->name);
        sc_secret_done(&slot->token);
        known->literal_count = slot->first_literal;
        return rc;
    }
    known->count++;
    return 0;
}

/* What an index is made of: literals [from, ...), each at `stride` offsets. */
struct words {
    const struct sc_known *known;
    const struct sc_gram *gram;
    size_t from, stride;
};

static bool word_at(size_t index, unsigned choice, const void *ctx, struct sc_gram_entry *ret)
{
    const struct words *words = ctx;
    uint32_t number = (uint32_t)(words->from + index / words->stride);
    const struct literal *literal = &words->known->literals[number];
    size_t offset = index % words->stride + choice * words->stride;
    if (offset + words->gram->width > literal->len || offset >= SC_GRAM_OFFSETS_MAX)
        return false;
    uint64_t hash = sc_gram_hash(words->gram, literal->bytes + offset);
    *ret = (struct sc_gram_entry){(uint32_t)(hash >> 32), number, (uint32_t)offset,
                                  literal->bytes + offset};
    return true;
}

/* Indexes literals [from, to), as many indexes as that takes. */
static int build_indexes(struct sc_known *known, size_t from, size_t to, size_t stride,
                         struct sc_error *err)
{
    const size_t per_index = SC_GRAM_ENTRIES_MAX / stride;
    size_t width = SC_MIN((size_t)SC_GRAM_WIDTH_MAX, known->shortest - STRIDE_SHORT + 1);
    if (stride == STRIDE_LONG)
        width = SC_GRAM_WIDTH_MAX;
    for (int rc = 0; from < to; from += per_index) {
        struct sc_gram *gram = &known->indexes[known->index_count];
        uint64_t multiplier = 0;
        rc = sc_random_bytes(&multiplier, sizeof(multiplier), err);
        if (rc < 0)
            return rc;
        sc_gram_init(gram, multiplier, width, stride);
        const struct words words = {known, gram, from, stride};
        rc = sc_gram_build(gram, SC_MIN(per_index, to - from) * stride, word_at, &words, err);
        if (rc < 0)
            return rc;
        known->index_count++;
    }
    return 0;
}

/* Puts the long literals first; returns how many they are. */
static size_t sort_by_length(struct sc_known *known)
{
    size_t count = 0;
    for (size_t i = 0; i < known->literal_count; i++) {
        struct literal literal = known->literals[i];
        if (literal.len < LITERAL_LONG)
            continue;
        known->literals[i] = known->literals[count];
        known->literals[count++] = literal;
    }
    return count;
}

/* Tokens are many, and values to compare them with mostly few. */
static int list_compared(struct sc_known *known, struct sc_error *err)
{
    known->compared = calloc(SC_MAX(known->count, (size_t)1), sizeof(*known->compared));
    if (known->compared == NULL)
        return sc_fail_nomem(err);
    for (size_t i = 0; i < known->count; i++) {
        enum sc_known_standing standing = known->values[i].standing;
        if (standing == SC_KNOWN_SHORT || standing == SC_KNOWN_COMMON)
            known->compared[known->compared_count++] = (uint32_t)i;
    }
    return 0;
}

int sc_known_build(struct sc_known *known, struct sc_error *err)
{
    assert(!known->built);
    const size_t per_index = SC_GRAM_ENTRIES_MAX / STRIDE_LONG;
    known->indexes = calloc(known->literal_count / per_index + 2, sizeof(*known->indexes));
    if (known->indexes == NULL)
        return sc_fail_nomem(err);
    size_t long_count = sort_by_length(known);
    int rc = list_compared(known, err);
    if (rc == 0)
        rc = build_indexes(known, 0, long_count, STRIDE_LONG, err);
    if (rc == 0)
        rc = build_indexes(known, long_count, known->literal_count, STRIDE_SHORT, err);
    known->built = rc == 0;
    return rc;
}

size_t sc_known_count(const struct sc_known *known)
{
    return known->count;
}

const char *sc_known_name(const struct sc_known *known, size_t index)
{
    return known->values[index].name;
}

enum sc_known_standing sc_known_standing(const struct sc_known *known, size_t index)
{
    return known->values[index].standing;
}

struct scan {
    const struct sc_known *known;
    struct sc_bytes data;
    sc_known_fn fn;
    void *ctx;
};

static int compare_literal(uint32_t index, size_t start, void *ctx, struct sc_error *err)
{
    const struct scan *scan = ctx;
    const struct literal *literal = &scan->known->literals[index];
    if (literal->len > scan->data.len - start ||
        memcmp(scan->data.ptr + start, literal->bytes, literal->len) != 0)
        return 0;
    const struct sc_known_hit hit = {literal->value, literal->encoding, start, literal->len};
    return scan->fn(&hit, scan->ctx, err);
}

typedef int (*gram_scan_fn)(const struct sc_gram *gram, const unsigned char *data, size_t len,
                            sc_gram_fn fn, void *ctx, struct sc_error *err);

static int scan_by(gram_scan_fn gram_scan, struct scan *scan, struct sc_error *err)
{
    const struct sc_known *known = scan->known;
    assert(known->built);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < known->index_count; i++)
        rc = gram_scan(&known->indexes[i], scan->data.ptr, scan->data.len, compare_literal, scan,
                       err);
    return rc;
}

int sc_known_scan(const struct sc_known *known, struct sc_bytes data, sc_known_fn fn, void *ctx,
                  struct sc_error *err)
{
    return scan_by(sc_gram_scan, &(struct scan){known, data, fn, ctx}, err);
}

int sc_known_scan_plain(const struct sc_known *known, struct sc_bytes data, sc_known_fn fn,
                        void *ctx, struct sc_error *err)
{
    return scan_by(sc_gram_scan_plain, &(struct scan){known, data, fn, ctx}, err);
}

int sc_known_compare(const struct sc_known *known, struct sc_bytes token, sc_known_fn fn, void *ctx,
                     struct sc_error *err)
{
    assert(known->built);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < known->compared_count; i++) {
        const struct sc_secret *value = &known->values[known->compared[i]].token;
        const struct sc_known_hit hit = {known->compared[i], SC_ENCODING_PLAIN, 0, token.len};
        if (value->len == token.len && memcmp(value->ptr, token.ptr, token.len) == 0)
            rc = fn(&hit, ctx, err);
    }
    return rc;
}
