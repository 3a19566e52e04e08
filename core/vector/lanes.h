/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts as bits: eight words of 64 bits that follow each other, worked on as one. The compiler
 * makes of it what the processor of the function around it has. Macros, because such vectors are
 * not passed between functions the same way everywhere.
 */
#ifndef SC_CORE_VECTOR_LANES_H
#define SC_CORE_VECTOR_LANES_H

#include <stddef.h>
#include <stdint.h>

#define SC_LANES ((size_t)8)
typedef uint64_t sc_lanes __attribute__((vector_size(64)));

/* All bits moved up by `by`, from word to word; the upper bits of `before`, the eight words before
 * these, come in below. */
#define SC_LANES_UP(lanes, before, by)                                                             \
    ((lanes) << (by) |                                                                             \
     __builtin_shufflevector((before), (lanes), 7, 8, 9, 10, 11, 12, 13, 14) >> (64 - (by)))

#endif
