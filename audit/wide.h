/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-16 as Windows writes it: PowerShell's `>` makes such env files. Every reader takes UTF-8.
 */
#ifndef SC_AUDIT_WIDE_H
#define SC_AUDIT_WIDE_H

#include <stdbool.h>

#include "core/buf.h"

struct sc_wide {
    size_t start; /* behind the mark */
    size_t low;   /* which byte of a pair is the lower one */
};

/* The text begins with a byte order mark of UTF-16, or with a letter of ASCII as UTF-16 has it;
 * then its first and last few KiB must be text too: no control characters, mostly ASCII, no half
 * character. Tables and string lists of binaries have zeros for a unit. */
bool sc_wide_is(struct sc_bytes text, struct sc_wide *ret);

/* Whether that may be said of a text that begins so. */
bool sc_wide_may_be(struct sc_bytes start);

/* Appends it as UTF-8, without the mark; half a character becomes U+FFFD. Lines and columns stay.
 * The buffer's status tells whether it had room: half as much again as the text at most. */
void sc_wide_narrow(struct sc_bytes text, struct sc_wide wide, struct sc_buf *out);

#endif
