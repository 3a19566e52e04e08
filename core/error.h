/* SPDX-License-Identifier: Apache-2.0
 *
 * The error object: one closed code and one chain of context, made where the failure happens.
 *
 * A fallible function returns 0 or a negative code of enum sc_status, takes `struct sc_error *err`
 * as its last parameter and leaves its out parameters untouched on failure. The failing call fills
 * err; each caller that knows more prepends with sc_wrap(); main prints once. Nothing is allocated,
 * so running out of memory can be reported too.
 *
 * Messages never hold a value, not even a rejected one: names, positions and lengths only. They
 * begin in lower case, quote their subject with '...', and end without a full stop.
 *
 * Ownership: the caller's, usually on its stack; the zero value means "no error". Threads: none
 * shared.
 */
#ifndef SC_CORE_ERROR_H
#define SC_CORE_ERROR_H

#include <stddef.h>

#include "core/macros.h"

/* Bytes of a message with its NUL; longer text is cut and ends in "...". */
#define SC_ERROR_MESSAGE_MAX 512

/* Positions of enum sc_error_index negated are the codes; kept apart so that both stay dense. */
enum sc_error_index {
    SC_ERROR_INDEX_OK = 0,
#define SC_ERROR(name, exit_status, text) SC_ERROR_INDEX_##name,
#include "core/error.def"
#undef SC_ERROR
    SC_ERROR_INDEX_MAX
};

enum sc_status {
    SC_OK = 0,
#define SC_ERROR(name, exit_status, text) SC_E_##name = -SC_ERROR_INDEX_##name,
#include "core/error.def"
#undef SC_ERROR
};

struct sc_error {
    int code;        /* enum sc_status */
    int saved_errno; /* 0 where the failure did not come from a system call */
    char message[SC_ERROR_MESSAGE_MAX];
};

/* Sets err (which may be NULL) and returns code, so that it can stand in a return statement. */
int sc_fail(struct sc_error *err, int code, const char *fmt, ...) SC_PRINTF(3, 4);

/* The same for a failed system call: captures errno before anything else, maps it to a code
 * (EACCES and EPERM to PERM, ENOENT to NOTFOUND, ENOMEM to NOMEM, ENOSPC and EDQUOT to NOSPACE,
 * EROFS to PERM, others to IO) and appends its text: "cannot open 'x': No such file or directory".
 */
int sc_fail_errno(struct sc_error *err, const char *fmt, ...) SC_PRINTF(2, 3);

/* Prepends "context: " to the message in err, sets its code (usually the one that came up) and
 * returns it: return sc_wrap(err, rc, "cannot read '%s'", name); */
int sc_wrap(struct sc_error *err, int code, const char *fmt, ...) SC_PRINTF(3, 4);

/* Shorthand for an allocation that failed. */
int sc_fail_nomem(struct sc_error *err);

void sc_error_clear(struct sc_error *err);

/* The process exit status for a code; 0 for SC_OK, 1 for an unknown code. */
int sc_error_exit_status(int code);

/* The message in err, or the default text of its code when it has none. Borrowed from err. */
const char *sc_error_message(const struct sc_error *err);

#endif
