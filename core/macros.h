/* SPDX-License-Identifier: Apache-2.0
 *
 * Compiler attributes and the few macros every module needs.
 *
 * No dependency but the compiler (gcc or clang). The shim includes this file, so nothing here may
 * need a library.
 */
#ifndef SC_CORE_MACROS_H
#define SC_CORE_MACROS_H

#include <stddef.h>

/* A result that must be looked at: every fallible function carries it. */
#define SC_NODISCARD __attribute__((warn_unused_result))

/* printf-like checking: argument `fmt` is the format, `args` the first variadic argument. */
#define SC_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Runs `fn(&variable)` when the variable leaves its scope. Functions used with it accept the zero
 * value of their type. */
#define SC_CLEANUP(fn) __attribute__((cleanup(fn)))

/* Drops a result on purpose, where there is nothing left to do about a failure; gcc does not take a
 * cast to void for an SC_NODISCARD function. Say why at the place. */
#define SC_IGNORE(call)                                                                            \
    do {                                                                                           \
        if (call) {                                                                                \
        }                                                                                          \
    } while (0)

#define SC_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Hands a pointer over: yields its value and leaves NULL behind, so that a cleanup attribute on the
 * variable does nothing. */
#define SC_TAKE(p)                                                                                 \
    __extension__({                                                                                \
        __typeof__(p) sc_taken_ = (p);                                                             \
        (p) = NULL;                                                                                \
        sc_taken_;                                                                                 \
    })

/* The same for a file descriptor, leaving -1 behind. */
#define SC_TAKE_FD(fd)                                                                             \
    __extension__({                                                                                \
        int sc_taken_ = (fd);                                                                      \
        (fd) = -1;                                                                                 \
        sc_taken_;                                                                                 \
    })

/* Exchanges two variables of one type. */
#define SC_SWAP(a, b)                                                                              \
    do {                                                                                           \
        __typeof__(a) sc_swapped_ = (a);                                                           \
        (a) = (b);                                                                                 \
        (b) = sc_swapped_;                                                                         \
    } while (0)

#define SC_MIN(a, b) ((a) < (b) ? (a) : (b))
#define SC_MAX(a, b) ((a) > (b) ? (a) : (b))

#endif
