/* SPDX-License-Identifier: Apache-2.0
 *
 * Any text as age keys. A recipient that is accepted must be printed the same, and so must the last
 * identity of a file that is one identity.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vault/age/age.h"

#include "core/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sc_error err = {0};
    unsigned char key[SC_AGE_PUBLIC_SIZE];
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (sc_age_recipient_parse(text, key, &err) == 0) {
        char again[SC_AGE_RECIPIENT_TEXT_SIZE];
        sc_age_recipient_print(again, key);
        assert(strcmp(again, text) == 0);
    }
    free(text);
    SC_CLEANUP(sc_secret_done) struct sc_secret keys = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret line = {0};
    if (sc_age_identities_parse((struct sc_bytes){data, size}, &keys, &err) == 0) {
        assert(keys.len > 0 && keys.len % SC_AGE_SECRET_SIZE == 0);
        const unsigned char *last = keys.ptr + keys.len - SC_AGE_SECRET_SIZE;
        assert(sc_age_identity_print(last, &line, &err) == 0);
        assert(memmem(data, size, line.ptr, line.len) != NULL);
    }
    return 0;
}
