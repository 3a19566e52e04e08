/* SPDX-License-Identifier: Apache-2.0
 *
 * The filter; see core/mask/filter.h.
 */
#include "core/mask/filter.h"

#include <endian.h>
#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "core/arena.h"
#include "core/macros.h"
#include "core/vector/cpu.h"

#include "core/banned.h"

/* Of a bitmap, as powers of two; the largest still fits a processor's second cache. */
#define BITS_MIN      15
#define BITS_MAX      22
#define BITS_EACH     ((size_t)16) /* for one thing in it */
#define WIDTH_MAX     sizeof(uint64_t)
#define STRIDE_MAX    ((size_t)4)
#define LOOKS         ((size_t)8) /* between two branches */
#define ROUND(stride) ((LOOKS - 1) * (stride) + WIDTH_MAX)
#define MULTIPLIER    0x9e3779b97f4a7c15u
/* Where the numbers of a thing's bits stand in its hash. */
#define BIT_1 42
#define BIT_2 36
#define BIT_3 30

static size_t bitmap_size(const struct sc_mask_bitmap *bitmap)
{
    return sizeof(*bitmap->bits) << (64 - bitmap->shift);
}

static int make_bitmap(struct sc_mask_bitmap *bitmap, size_t things, struct sc_error *err)
{
    unsigned bits = BITS_MIN;
    while (bits < BITS_MAX && ((size_t)1 << bits) < things * BITS_EACH)
        bits++;
    bitmap->shift = 64 - (bits - 6);
    bitmap->bits = sc_arena_pages_get(bitmap_size(bitmap), SC_ARENA_FORK_WIPES, err);
    return bitmap->bits != NULL ? 0 : SC_E_NOMEM;
}

static void bitmap_done(struct sc_mask_bitmap *bitmap)
{
    if (bitmap->bits != NULL)
        sc_arena_pages_release(bitmap->bits, bitmap_size(bitmap));
}

int sc_mask_filter_init(struct sc_mask_filter *filter, size_t shortest, size_t count,
                        struct sc_error *err)
{
    size_t stride = shortest >= 7 ? STRIDE_MAX : shortest >= 5 ? 2 : 1;
    size_t width = SC_MIN(WIDTH_MAX, shortest - stride + 1);
    *filter = (struct sc_mask_filter){
        .stride = stride, .width = width, .keep = UINT64_MAX >> (64 - 8 * width)};
    int rc = make_bitmap(&filter->begin, count, err);
    if (rc == 0)
        rc = make_bitmap(&filter->nearby, count * stride, err);
    if (rc < 0)
        sc_mask_filter_done(filter);
    return rc;
}

void sc_mask_filter_done(struct sc_mask_filter *filter)
{
    bitmap_done(&filter->nearby);
    bitmap_done(&filter->begin);
    *filter = (struct sc_mask_filter){0};
}

static inline uint64_t load(const unsigned char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return le64toh(word);
}

/* Where fewer than eight bytes may be left, but a word is. */
static uint64_t load_short(const unsigned char *at, size_t left)
{
    unsigned char word[WIDTH_MAX] = {0};
    memcpy(word, at, SC_MIN(left, sizeof(word)));
    return load(word);
}

static inline uint64_t hash(const struct sc_mask_filter *filter, uint64_t word)
{
    return (word & filter->keep) * MULTIPLIER;
}

/* Bit 0 is set if all bits of the hash are: one look, and hardly ever by chance. */
static inline uint64_t look(const struct sc_mask_bitmap *bitmap, uint64_t hash)
{
    uint64_t place = bitmap->bits[hash >> bitmap->shift];
    return place >> (hash >> BIT_1 & 63) & place >> (hash >> BIT_2 & 63) &
           place >> (hash >> BIT_3 & 63);
}

static inline bool has(const struct sc_mask_bitmap *bitmap, uint64_t hash)
{
    return (look(bitmap, hash) & 1) != 0;
}

static void add(const struct sc_mask_bitmap *bitmap, uint64_t hash)
{
    bitmap->bits[hash >> bitmap->shift] |= (uint64_t)1 << (hash >> BIT_1 & 63) |
                                           (uint64_t)1 << (hash >> BIT_2 & 63) |
                                           (uint64_t)1 << (hash >> BIT_3 & 63);
}

void sc_mask_filter_add(struct sc_mask_filter *filter, const unsigned char *pattern, size_t len)
{
    for (size_t i = 0; i < filter->stride; i++) {
        uint64_t h = hash(filter, load_short(pattern + i, len - i));
        add(&filter->nearby, h);
        if (i == 0)
            add(&filter->begin, h);
    }
}

#ifdef __x86_64__
/* gcc 12 takes the undefined lanes of its own intrinsics for a mistake, and without optimization,
 * where these are macros, the mask that they pass. */
#ifndef __clang__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#endif
#define TARGET __attribute__((target("avx512f,avx512dq")))

TARGET static inline __m512i bit_of(__m512i hash, unsigned which)
{
    __m512i number = _mm512_and_si512(_mm512_srli_epi64(hash, which), _mm512_set1_epi64(63));
    return _mm512_sllv_epi64(_mm512_set1_epi64(1), number);
}

/* A bit for each of eight words that is in the bitmap. */
TARGET static inline unsigned look_at_eight(const struct sc_mask_filter *filter, __m512i words)
{
    words = _mm512_and_si512(words, _mm512_set1_epi64((int64_t)filter->keep));
    __m512i hash = _mm512_mullo_epi64(words, _mm512_set1_epi64((int64_t)MULTIPLIER));
    __m512i place = _mm512_srl_epi64(hash, _mm_cvtsi32_si128((int)filter->nearby.shift));
    __m512i bits = _mm512_i64gather_epi64(place, filter->nearby.bits, 8);
    __m512i all = _mm512_or_si512(_mm512_or_si512(bit_of(hash, BIT_1), bit_of(hash, BIT_2)),
                                  bit_of(hash, BIT_3));
    return _mm512_cmpeq_epi64_mask(_mm512_and_si512(bits, all), all);
}

/* The same for a stride of 4. */
TARGET static size_t skip_wide(const struct sc_mask_filter *shared, const unsigned char *text,
                               size_t from, size_t len)
{
    const struct sc_mask_filter filter = *shared;
    const __m512i halves = _mm512_setr_epi32(0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8);
    for (; from + ROUND(4) <= len; from += LOOKS * 4) {
        __m512i bytes = _mm512_maskz_loadu_epi32(0x1ff, text + from);
        unsigned found = look_at_eight(&filter, _mm512_permutexvar_epi32(halves, bytes));
        if (found != 0)
            return from + (size_t)__builtin_ctz(found) * 4;
    }
    return from;
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif
#endif

/* Over places of which none is in the bitmap, some at a time. */
static inline size_t skip(const struct sc_mask_filter *shared, const unsigned char *text,
                          size_t from, size_t len, size_t stride)
{
    const struct sc_mask_filter filter = *shared;
    for (; from + ROUND(stride) <= len; from += LOOKS * stride) {
        uint64_t any = 0;
        for (size_t i = 0; i < LOOKS; i++)
            any |= look(&filter.nearby, hash(&filter, load(text + from + i * stride)));
        if ((any & 1) != 0)
            break;
    }
    return from;
}

/* Told the stride, the compiler makes a loop of its own for it. */
static size_t skip_some(const struct sc_mask_filter *filter, const unsigned char *text, size_t from,
                        size_t len, bool plain)
{
#ifdef __x86_64__
    if (filter->stride == 4 && !plain && SC_CPU_HAS(AVX512DQ))
        return skip_wide(filter, text, from, len);
#endif
    (void)plain;
    return filter->stride == 4   ? skip(filter, text, from, len, 4)
           : filter->stride == 2 ? skip(filter, text, from, len, 2)
                                 : skip(filter, text, from, len, 1);
}

/* The first place, at a whole number of strides from `from`, at which a pattern may begin or have
 * begun less than a stride before. Where no word is left nothing is looked at. */
static size_t next_nearby(const struct sc_mask_filter *filter, const unsigned char *text,
                          size_t from, size_t len, bool plain)
{
    from = skip_some(filter, text, from, len, plain);
    while (from + filter->width <= len &&
           !has(&filter->nearby, hash(filter, load_short(text + from, len - from))))
        from += filter->stride;
    return from;
}

static size_t next(const struct sc_mask_filter *filter, const unsigned char *text, size_t from,
                   size_t len, bool plain)
{
    size_t stride = filter->stride;
    while (stride > 0) {
        size_t near = from + stride - 1;
        near = next_nearby(filter, text, near, len, plain);
        if (near + filter->width > len)
            break; /* no pattern fits in the rest: none is so short */
        for (size_t at = near - (stride - 1); at <= near; at++)
            if (has(&filter->begin, hash(filter, load_short(text + at, len - at))))
                return at;
        from = near + 1;
    }
    return len;
}

size_t sc_mask_filter_next(const struct sc_mask_filter *filter, const unsigned char *text,
                           size_t from, size_t len)
{
    return next(filter, text, from, len, false);
}

size_t sc_mask_filter_next_plain(const struct sc_mask_filter *filter, const unsigned char *text,
                                 size_t from, size_t len)
{
    return next(filter, text, from, len, true);
}
