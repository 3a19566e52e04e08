/* SPDX-License-Identifier: Apache-2.0
 *
 * The process itself, the libraries it loads late, and the programs it starts.
 */
#ifndef SC_CORE_PROC_H
#define SC_CORE_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/buf.h"
#include "core/error.h"

/* No core dump, no ptrace by the same user, umask 077, and children that can be waited for (whoever
 * ignores SIGCHLD hands that on, and the kernel forgets how they ended). First thing in main; the
 * dumpable flag does not survive exec, so children are as open as they want to be. *ret_umask is
 * what it was before.
 */
int sc_proc_harden(unsigned *ret_umask, struct sc_error *err) SC_NODISCARD;

/* One function to look up in a library, and where its address goes. */
struct sc_symbol {
    const char *name;
    void **address;
};

/* Loads a library that only some commands need and fills in all addresses; UNSUPPORTED, naming it,
 * when it or one of the functions is missing. Linked in the usual way, libgit2 and libarchive would
 * pull some twenty further libraries into every start (Kerberos, OpenSSL, ICU, the C++ runtime),
 * several milliseconds; SQLite and each decompressor cost their part. It stays loaded. Threads:
 * any. */
int sc_proc_load_library(const char *soname, const struct sc_symbol *symbols, size_t count,
                         struct sc_error *err) SC_NODISCARD;

/* Runs argv[0] along PATH with standard input from /dev/null, waits for it, and collects its
 * standard output (which must not be secret). Standard error is ours, or /dev/null with `quiet`.
 * *ret_status is the exit status, 128+N for a signal. NOTFOUND when there is no such program. */
int sc_proc_capture(char *const argv[], bool quiet, struct sc_buf *output, int *ret_status,
                    struct sc_error *err) SC_NODISCARD;

/* The same, for output that is secret. */
int sc_proc_capture_secret(char *const argv[], bool quiet, size_t max, struct sc_secret *output,
                           int *ret_status, struct sc_error *err) SC_NODISCARD;

/* When a process started, in clock ticks since boot: with its number this names it for good. 0 if
 * there is none, or it has ended and only waits to be reaped. */
uint64_t sc_proc_start_time(int pid);
/* The same from the text of a /proc/PID/stat, which is changed; *ret_ended tells of the latter. */
uint64_t sc_proc_stat_start_time(char *text, bool *ret_ended);

#endif
