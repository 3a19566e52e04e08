/* SPDX-License-Identifier: Apache-2.0
 *
 * The vector registers; see core/vector/registers.h.
 */
#include "core/vector/registers.h"

#include "core/vector/cpu.h"

#include "core/banned.h"

#if defined(__x86_64__)

/* The compiler knows of the upper sixteen, and uses them, only where it may use AVX-512. */
#if defined(__AVX512F__)
#define CLOBBERS_16_TO_31                                                                          \
    , "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25",    \
        "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31"
#else
#define CLOBBERS_16_TO_31
#endif
#define CLOBBERS                                                                                   \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",       \
        "xmm11", "xmm12", "xmm13", "xmm14", "xmm15" CLOBBERS_16_TO_31

#define ZERO_XMM(n)            "pxor %%xmm" #n ", %%xmm" #n "\n\t"
#define ZERO_ZMM(n)            "vpxord %%zmm" #n ", %%zmm" #n ", %%zmm" #n "\n\t"
#define FOUR(zero, a, b, c, d) zero(a) zero(b) zero(c) zero(d)

void sc_registers_wipe(void)
{
    /* The C library chooses its memcpy() by the processor, so that ours was not compiled for says
     * nothing. */
    if (SC_CPU_HAS(AVX512F))
        __asm__ volatile(FOUR(ZERO_ZMM, 16, 17, 18, 19) FOUR(ZERO_ZMM, 20, 21, 22, 23)
                             FOUR(ZERO_ZMM, 24, 25, 26, 27) FOUR(ZERO_ZMM, 28, 29, 30, 31)
                         :
                         :
                         : CLOBBERS);
    if (SC_CPU_HAS(AVX))
        __asm__ volatile("vzeroall" : : : CLOBBERS);
    else
        __asm__ volatile(FOUR(ZERO_XMM, 0, 1, 2, 3) FOUR(ZERO_XMM, 4, 5, 6, 7)
                             FOUR(ZERO_XMM, 8, 9, 10, 11) FOUR(ZERO_XMM, 12, 13, 14, 15)
                         :
                         :
                         : CLOBBERS);
}

#elif defined(__aarch64__)

#define ZERO_V(n) "movi v" #n ".2d, #0\n\t"
#define EIGHT(a, b, c, d, e, f, g, h)                                                              \
    ZERO_V(a) ZERO_V(b) ZERO_V(c) ZERO_V(d) ZERO_V(e) ZERO_V(f) ZERO_V(g) ZERO_V(h)

void sc_registers_wipe(void)
{
    __asm__ volatile(EIGHT(0, 1, 2, 3, 4, 5, 6, 7) EIGHT(8, 9, 10, 11, 12, 13, 14, 15)
                         EIGHT(16, 17, 18, 19, 20, 21, 22, 23) EIGHT(24, 25, 26, 27, 28, 29, 30, 31)
                     :
                     :
                     : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11",
                       "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22",
                       "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
}

#else

void sc_registers_wipe(void)
{
}

#endif
