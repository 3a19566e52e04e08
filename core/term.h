/* SPDX-License-Identifier: Apache-2.0
 *
 * Asking a person for a secret on the terminal.
 *
 * The prompt goes to /dev/tty, never to standard output. Echo is off while typing and the terminal
 * is restored on every way out, signals included (they are delivered again afterwards). Threads:
 * one at a time; signal dispositions are changed while it waits.
 */
#ifndef SC_CORE_TERM_H
#define SC_CORE_TERM_H

#include <stdbool.h>

#include "core/error.h"
#include "core/secret.h"

/* Bytes of a line typed at a prompt, at most. */
#define SC_TERM_LINE_MAX ((size_t)4096)

/* Whether there is a terminal to ask on. */
bool sc_term_available(void);

/* Reads one line without its line end. CANCELLED on ^C, ^D or end of file; UNSUPPORTED without a
 * terminal; TOOBIG over SC_TERM_LINE_MAX. */
int sc_term_read_secret(const char *prompt, struct sc_secret *ret,
                        struct sc_error *err) SC_NODISCARD;

/* Shows a value on the terminal's alternate screen, with the prompt behind it, until Enter is
 * pressed: nothing of it stays in the scrollback. UNSUPPORTED without a terminal. */
int sc_term_show_secret(const struct sc_secret *value, const char *prompt,
                        struct sc_error *err) SC_NODISCARD;

/* Asks twice and compares; FAILED when the two differ. */
int sc_term_read_new_secret(const char *prompt, struct sc_secret *ret,
                            struct sc_error *err) SC_NODISCARD;

#endif
