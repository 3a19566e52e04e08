/* SPDX-License-Identifier: Apache-2.0
 *
 * The vector registers. Copies and ciphers move secrets through them, and what is in them stays
 * there while the thread waits for its next work: in a core dump, long after the memory was wiped.
 */
#ifndef SC_CORE_VECTOR_REGISTERS_H
#define SC_CORE_VECTOR_REGISTERS_H

/* Zeroes all of the calling thread's: 128 to 512 bits wide on x86-64, 128 (of SVE: all) on arm64;
 * without effect on other processors. About ten nanoseconds. Threads: any. */
void sc_registers_wipe(void);

#endif
