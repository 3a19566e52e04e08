/* SPDX-License-Identifier: Apache-2.0
 *
 * The pass over a text; see audit/detect/mention.h. It looks at each byte of every source, so it
 * compares many at once; letters count in both cases, by the bit that tells these apart.
 */
#include "audit/detect/mention.h"

#include <stdint.h>
#include <string.h>

#include "core/macros.h"
#include "core/vector/cpu.h"

#include "core/banned.h"

#define WIDTH       ((size_t)32)
#define PLACES      ((size_t)4)
#define STEP        ((size_t)16) /* vectors whose result is looked at together */
#define TARGET_AVX2 __attribute__((target("avx2")))

typedef uint8_t bytes_t __attribute__((vector_size(32)));
typedef uint64_t words_t __attribute__((vector_size(32)));

/* passw, secret, token, api_key, pwd, credentials, user:x@tcp(host) of Go */
static inline __attribute__((always_inline)) void meet(const unsigned char *at, bytes_t *ret_met)
{
    bytes_t c[PLACES];
    for (size_t i = 0; i < PLACES; i++) {
        memcpy(&c[i], at + i, WIDTH);
        c[i] |= 0x20;
    }
    bytes_t met = (bytes_t)((c[0] == 's') & (c[1] == 's') & (c[2] == 'w'));
    met |= (bytes_t)((c[0] == 'e') & (c[1] == 'c') & (c[2] == 'r') & (c[3] == 'e'));
    met |= (bytes_t)((c[0] == 'o') & (c[1] == 'k') & (c[2] == 'e') & (c[3] == 'n'));
    met |= (bytes_t)((c[0] == 'a') & (c[1] == 'p') & (c[2] == 'i') &
                     ((c[3] == 'k') | (c[3] == ('_' | 0x20)) | (c[3] == '-')));
    met |= (bytes_t)((c[0] == 'p') & (c[1] == 'w') & (c[2] == 'd'));
    met |= (bytes_t)((c[0] == 'r') & (c[1] == 'e') & (c[2] == 'd') & (c[3] == 'e'));
    met |= (bytes_t)((c[0] == ('@' | 0x20)) & (c[1] == 't') & (c[2] == 'c') & (c[3] == 'p'));
    *ret_met |= met;
}

/* Inlined with what it calls, for one kind of processor. */
static inline __attribute__((always_inline)) bool any(struct sc_bytes text)
{
    size_t at = 0;
    for (; at + STEP * WIDTH + PLACES <= text.len; at += STEP * WIDTH) {
        bytes_t met = {0};
        for (size_t i = 0; i < STEP; i++)
            meet(text.ptr + at + i * WIDTH, &met);
        words_t words = (words_t)met;
        if ((words[0] | words[1] | words[2] | words[3]) != 0)
            return true;
    }
    unsigned char rest[STEP * WIDTH + 2 * PLACES + WIDTH] = {0};
    bytes_t met = {0};
    if (text.len > at)
        memcpy(rest, text.ptr + at, text.len - at);
    for (size_t i = 0; i < text.len - at; i += WIDTH)
        meet(rest + i, &met);
    sc_wipe(rest, sizeof(rest));
    words_t words = (words_t)met;
    return (words[0] | words[1] | words[2] | words[3]) != 0;
}

#ifdef __x86_64__
TARGET_AVX2 static bool any_avx2(struct sc_bytes text)
{
    return any(text);
}
#endif

bool sc_mention_any(struct sc_bytes text)
{
#ifdef __x86_64__
    if (SC_CPU_HAS(AVX2))
        return any_avx2(text);
#endif
    return any(text);
}
