/* SPDX-License-Identifier: Apache-2.0
 *
 * The line of a checkpoint; see vault/state/note.c.
 */
#ifndef SC_VAULT_STATE_NOTE_H
#define SC_VAULT_STATE_NOTE_H

#include "vault/state/state.h"

struct sc_note {
    unsigned char key[SC_KEY_SIZE];
    unsigned char body[SC_STATE_SIZE];
    unsigned char sig[SC_SIGNATURE_SIZE];
};

/* False for anything that is not exactly such a line, without its end. */
bool sc_note_parse(const char *text, struct sc_note *ret);

#endif
