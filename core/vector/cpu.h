/* SPDX-License-Identifier: Apache-2.0
 *
 * What the processor and the kernel let a program use. The C library knows since the program was
 * loaded; __builtin_cpu_supports() would ask the processor again at each start, which takes its
 * time in a virtual machine, also of commands that never search.
 */
#ifndef SC_CORE_VECTOR_CPU_H
#define SC_CORE_VECTOR_CPU_H

#ifdef __x86_64__
#include <sys/platform/x86.h>

/* A name of <sys/platform/x86.h>: SC_CPU_HAS(AVX2), SC_CPU_HAS(AVX512_VBMI). */
#define SC_CPU_HAS(feature) (CPU_FEATURE_ACTIVE(feature) != 0)
#endif

#endif
