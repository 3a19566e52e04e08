/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a text names credentials at all. Most sources do not, and need not be read for them.
 */
#ifndef SC_AUDIT_DETECT_MENTION_H
#define SC_AUDIT_DETECT_MENTION_H

#include <stdbool.h>

#include "core/secret.h"

/* Whether a word for a credential stands in the text, or the middle of one, in any case. */
bool sc_mention_any(struct sc_bytes text);

#endif
