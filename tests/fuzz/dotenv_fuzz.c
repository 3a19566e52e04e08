/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as an env file under audit: no crash, and findings stay inside the text.
 */
#include <stdint.h>
#include <stdlib.h>

#include "audit/detect/region.h"

#include "core/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sc_fingerprint_key key;
    struct sc_detect detect;
    struct sc_error err = {0};
    sc_detect_init(&detect, "input", (struct sc_bytes){data, size}, &key);
    struct sc_region all = {0, size};
    if (sc_detect_region(&detect, all, SC_TEXT_DOTENV, &err) < 0 && err.code != SC_E_TOOBIG)
        abort();
    for (size_t i = 0; i < detect.findings.count; i++) {
        const struct sc_span *span = &detect.findings.items[i].span;
        if (span->offset > size || span->length > size - span->offset || span->line == 0)
            abort();
    }
    sc_detect_done(&detect);
    return 0;
}
