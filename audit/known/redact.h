/* SPDX-License-Identifier: Apache-2.0
 *
 * Text that is shown with a finding, without the values: a path, a label's name, the command that
 * made a layer may hold the very value that was found. Threads: any.
 */
#ifndef SC_AUDIT_KNOWN_REDACT_H
#define SC_AUDIT_KNOWN_REDACT_H

#include "audit/known/stream.h"

/* A malloc'd copy of the text with every form of every value, and every word that is a short value,
 * replaced by "*****"; NULL with NOMEM. */
char *sc_redact_text(const struct sc_searcher *searcher, const char *text,
                     struct sc_error *err) SC_NODISCARD;

#endif
