/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a fingerprint file, and any bytes as the content of one that opens.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audit/known/fingerprint.h"
#include "audit/known/fingerprint_seal.h"

#include "core/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int ignore(const struct sc_known_hit *hit, void *ctx, struct sc_error *err)
{
    (void)hit;
    (void)ctx;
    (void)err;
    return 0;
}

static void use(struct sc_bytes file, const struct sc_secret *key, struct sc_bytes text)
{
    SC_CLEANUP(sc_fingerprints_freep) struct sc_fingerprints *set = NULL;
    if (sc_fingerprints_open(file, key, &set, NULL) < 0)
        return;
    struct sc_searcher searcher = sc_fingerprints_searcher(set);
    SC_IGNORE(searcher.scan(searcher.set, text, ignore, NULL, NULL));
    for (size_t i = 0; i < searcher.count(searcher.set); i++) {
        if (searcher.name(searcher.set, i) == NULL)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sc_bytes bytes = {data, size};
    SC_CLEANUP(sc_secret_done) struct sc_secret key = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret file = {0};
    unsigned char *key_bytes = NULL;
    if (sc_secret_resize(&key, SC_FINGERPRINT_KEY_SIZE, &key_bytes, NULL) < 0)
        abort();
    memset(key_bytes, 7, SC_FINGERPRINT_KEY_SIZE);
    use(bytes, &key, bytes);
    struct sc_fingerprint_keys keys = {.salt = {1}};
    if (sc_fingerprint_keys_derive(&keys, &key, NULL) < 0)
        abort();
    if (sc_fingerprint_seal(&keys, bytes, &file, NULL) == 0)
        use(sc_secret_view(&file), &key, bytes);
    sc_fingerprint_keys_done(&keys);
    return 0;
}
