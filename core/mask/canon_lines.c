/* SPDX-License-Identifier: Apache-2.0
 *
 * Undoing the escapes of whole lines at once; see core/mask/canon.h.
 *
 * Of nearly all bytes it is known what becomes of them: most stay, a few are dropped or stand for
 * another one. Only where what follows makes an escape of it, sc_canon_next() is asked. With wide
 * vectors 64 bytes are looked at as one; the portable code gives the same.
 */
#include <stdint.h>
#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "core/macros.h"
#include "core/mask/canon.h"
#include "core/vector/cpu.h"

#include "core/banned.h"

#define BLOCK ((size_t)64)
#define ASCII 128

/* What may be an escape: a byte that leads one, with one behind it that goes on with it. */
enum { BACKSLASH = 1, PERCENT = 2, ENTITY = 4, DIGIT = BACKSLASH | PERCENT };

/* By byte; those from 128 on have all zero. */
struct traits {
    unsigned char lead[ASCII], follow[ASCII];
    unsigned char drop[ASCII];  /* all bits set: nothing comes out */
    unsigned char shift[ASCII]; /* added to it */
};

static const struct traits traits = {
    .lead = {['\\'] = BACKSLASH, ['%'] = PERCENT, ['&'] = ENTITY},
    .follow = {['0'] = DIGIT,
               ['1'] = DIGIT,
               ['2'] = DIGIT,
               ['3'] = DIGIT,
               ['4'] = DIGIT,
               ['5'] = DIGIT,
               ['6'] = DIGIT,
               ['7'] = DIGIT,
               ['8'] = PERCENT,
               ['9'] = PERCENT,
               ['A'] = PERCENT,
               ['B'] = PERCENT,
               ['C'] = PERCENT,
               ['D'] = PERCENT,
               ['E'] = PERCENT,
               ['F'] = PERCENT,
               ['a'] = PERCENT | ENTITY,
               ['b'] = PERCENT,
               ['c'] = PERCENT,
               ['d'] = PERCENT,
               ['e'] = PERCENT,
               ['f'] = PERCENT,
               ['u'] = BACKSLASH,
               ['x'] = BACKSLASH,
               ['#'] = ENTITY,
               ['l'] = ENTITY,
               ['g'] = ENTITY,
               ['q'] = ENTITY},
    .drop = {['\\'] = 0xff, ['\''] = 0xff, ['"'] = 0xff, ['`'] = 0xff},
    .shift = {['+'] = (unsigned char)(' ' - '+'), ['\t'] = 't' - '\t'},
};

/* A text that is being reduced. */
struct pass {
    const unsigned char *text;
    size_t at, len;
    unsigned char *out;
    size_t out_len;
};

static bool is_escape(unsigned char c, unsigned char next)
{
    return c < ASCII && next < ASCII && (traits.lead[c] & traits.follow[next]) != 0;
}

/* Up to the next escape, or to the end: true if there is one. */
static bool skip_plain(struct pass *pass)
{
    for (; pass->at < pass->len; pass->at++) {
        unsigned char c = pass->text[pass->at];
        if (pass->at + 1 < pass->len && is_escape(c, pass->text[pass->at + 1]))
            return true;
        pass->out[pass->out_len] = c < ASCII ? (unsigned char)(c + traits.shift[c]) : c;
        pass->out_len += c >= ASCII || traits.drop[c] == 0;
    }
    return false;
}

/* What may be one; it ends in its line. */
static void take_escape(struct pass *pass)
{
    const unsigned char *at = pass->text + pass->at;
    size_t left = pass->len - pass->at;
    const unsigned char *end = memchr(at, '\n', left);
    struct sc_canon_unit unit =
        sc_canon_next((struct sc_bytes){at, end == NULL ? left : (size_t)(end - at)}, true);
    memcpy(pass->out + pass->out_len, unit.out, unit.count);
    pass->out_len += unit.count;
    pass->at += unit.taken;
}

size_t sc_canon_lines_plain(struct sc_bytes text, unsigned char *out)
{
    struct pass pass = {.text = text.ptr, .len = text.len, .out = out};
    while (skip_plain(&pass))
        take_escape(&pass);
    return pass.out_len;
}

#ifdef __x86_64__
/* gcc 12 takes the undefined lanes of its own intrinsics for a mistake. */
#ifndef __clang__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vbmi,avx512vbmi2,popcnt")))

struct wide {
    __m512i low, high;
};

TARGET static inline struct wide wide_of(const unsigned char table[ASCII])
{
    return (struct wide){_mm512_loadu_si512(table), _mm512_loadu_si512(table + BLOCK)};
}

/* Each byte's place in a table; zero for those that have none. */
TARGET static inline __m512i look_up(const struct wide *table, __m512i bytes)
{
    __mmask64 known = ~_mm512_movepi8_mask(bytes);
    return _mm512_maskz_permutex2var_epi8(known, table->low, bytes, table->high);
}

TARGET static size_t lines_wide(struct sc_bytes text, unsigned char *out)
{
    const struct wide lead = wide_of(traits.lead), follow = wide_of(traits.follow);
    const struct wide drop = wide_of(traits.drop), shift = wide_of(traits.shift);
    struct pass pass = {.text = text.ptr, .len = text.len, .out = out};
    while (pass.at < pass.len) {
        size_t left = SC_MIN(BLOCK, pass.len - pass.at);
        __mmask64 wanted = UINT64_MAX >> (BLOCK - left);
        __mmask64 behind = pass.len - pass.at > BLOCK ? UINT64_MAX : wanted >> 1;
        __m512i bytes = _mm512_maskz_loadu_epi8(wanted, pass.text + pass.at);
        __m512i next = _mm512_maskz_loadu_epi8(behind, pass.text + pass.at + 1);
        uint64_t escapes = _mm512_test_epi8_mask(look_up(&lead, bytes), look_up(&follow, next));
        if (escapes != 0) {
            left = (size_t)__builtin_ctzll(escapes);
            wanted = ((uint64_t)1 << left) - 1;
        }
        uint64_t kept = wanted & ~_mm512_movepi8_mask(look_up(&drop, bytes));
        __m512i reduced = _mm512_add_epi8(bytes, look_up(&shift, bytes));
        _mm512_storeu_si512(pass.out + pass.out_len, _mm512_maskz_compress_epi8(kept, reduced));
        pass.out_len += (size_t)__builtin_popcountll(kept);
        pass.at += left;
        if (escapes != 0)
            take_escape(&pass);
    }
    return pass.out_len;
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif
#endif

size_t sc_canon_lines(struct sc_bytes text, unsigned char *out)
{
#ifdef __x86_64__
    if (SC_CPU_HAS(AVX512_VBMI2))
        return lines_wide(text, out);
#endif
    return sc_canon_lines_plain(text, out);
}
