/* SPDX-License-Identifier: Apache-2.0
 *
 * What the targets of the audit's detectors share: any bytes as a text of one kind; no crash, and
 * findings stay inside the text.
 */
#ifndef SC_TESTS_FUZZ_DETECT_H
#define SC_TESTS_FUZZ_DETECT_H

#include <stdint.h>
#include <stdlib.h>

#include "audit/detect/region.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline int fuzz_detect_as(const char *name, const uint8_t *data, size_t size,
                                 enum sc_text_kind kind)
{
    static const struct sc_fingerprint_key key;
    struct sc_detect detect;
    struct sc_error err = {0};
    sc_detect_init(&detect, name, (struct sc_bytes){data, size}, &key);
    struct sc_region all = {0, size};
    if (sc_detect_region(&detect, all, kind, &err) < 0 && err.code != SC_E_TOOBIG)
        abort();
    for (size_t i = 0; i < detect.findings.count; i++) {
        const struct sc_span *span = &detect.findings.items[i].span;
        if (span->offset > size || span->length > size - span->offset || span->line == 0)
            abort();
    }
    sc_detect_done(&detect);
    return 0;
}

static inline int fuzz_detect(const uint8_t *data, size_t size, enum sc_text_kind kind)
{
    return fuzz_detect_as("input", data, size, kind);
}

#endif
