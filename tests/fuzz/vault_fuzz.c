/* SPDX-License-Identifier: Apache-2.0
 *
 * The vault's parsers on bytes from somebody else: record headers, the state record, scope bundles,
 * key files, pins, checkpoints. The first byte chooses.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vault/codec.h"
#include "vault/handle.h"
#include "vault/scope/bundle.h"
#include "vault/slot/slot.h"
#include "vault/state/note.h"
#include "vault/state/pin.h"

#include "core/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse_record(struct sc_bytes input)
{
    struct sc_record_view view;
    struct sc_bytes bytes;
    uint8_t tag;
    if (sc_record_parse(input, &view, NULL) < 0)
        return;
    uint64_t sum = 0;
    while (sc_record_next(&view.fields, &tag, &bytes))
        sum += sc_field_u64(bytes) + tag;
    (void)sum;
}

static void parse_key_file(struct sc_bytes input)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret text = {0};
    unsigned char key[SC_KEY_SIZE];
    if (sc_secret_append(&text, input.ptr, input.len, NULL) == 0)
        SC_IGNORE(sc_slot_read_key_file(&text, key, NULL) < 0);
}

/* Texts end with a NUL, which a file may also hold before its end. */
static void parse_text(struct sc_bytes input, bool pin)
{
    struct sc_pin seen;
    struct sc_note note;
    char *text = calloc(1, input.len + 1);
    if (text == NULL)
        abort();
    memcpy(text, input.ptr, input.len);
    if (pin)
        SC_IGNORE(sc_pin_parse(text, &seen) < 0);
    else
        SC_IGNORE(!sc_note_parse(text, &note));
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sc_vault vault; /* all zero: the seeds are made for it */
    if (size == 0)
        return 0;
    struct sc_bytes input = {data + 1, size - 1};
    struct sc_state state;
    struct sc_granted granted;
    switch (data[0]) {
    case 'r':
        parse_record(input);
        break;
    case 's':
        SC_IGNORE(sc_state_decode(input, vault.vault_id, &state, NULL) < 0);
        break;
    case 'b':
        SC_IGNORE(sc_scope_bundle_parse(&vault, input, &granted, NULL) < 0);
        break;
    case 'p':
    case 'n':
        parse_text(input, data[0] == 'p');
        break;
    default:
        parse_key_file(input);
    }
    return 0;
}
