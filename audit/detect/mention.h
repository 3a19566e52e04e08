/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a source names a credential with a text beside it that may be one. Most do not, and need
 * not be read.
 */
#ifndef SC_AUDIT_DETECT_MENTION_H
#define SC_AUDIT_DETECT_MENTION_H

#include <stdbool.h>

#include "core/secret.h"

/* Whether a word for a credential stands in the text, in any case, and behind it on its line a
 * value between quotes. */
bool sc_mention_any(struct sc_bytes text);

#endif
