/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-16 as Windows writes it: PowerShell's `>` makes such env files. Every reader takes UTF-8.
 */
#ifndef SC_AUDIT_WIDE_H
#define SC_AUDIT_WIDE_H

#include <stdbool.h>

#include "core/buf.h"

/* The text begins with a byte order mark of UTF-16. */
bool sc_wide_is(struct sc_bytes text);

/* Appends it as UTF-8, without the mark; half a character becomes U+FFFD. Lines and columns stay.
 * The buffer's status tells whether it had room: half as much again as the text at most. */
void sc_wide_narrow(struct sc_bytes text, struct sc_buf *out);

#endif
