/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes under the token rules: Vectorscan and the automaton find the same, inside the text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audit/rules/scanner.h"

#include "core/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void scan(struct sc_scanner *scanner, struct sc_bytes text, struct sc_detect *detect)
{
    static const struct sc_fingerprint_key key;
    struct sc_error err = {0};
    sc_detect_init(detect, "input", text, &key);
    if (sc_scanner_scan(scanner, detect, &err) < 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sc_scanner *fast, *portable; /* kept: opening them costs more than a run */
    struct sc_error err = {0};
    if (fast == NULL &&
        (sc_scanner_open(&fast, &err) < 0 || sc_scanner_open_portable(&portable, &err) < 0))
        abort();
    struct sc_bytes text = {data, size};
    struct sc_detect a, b;
    scan(fast, text, &a);
    scan(portable, text, &b);
    if (a.findings.count != b.findings.count)
        abort();
    for (size_t i = 0; i < a.findings.count; i++) {
        const struct sc_span *one = &a.findings.items[i].span, *two = &b.findings.items[i].span;
        if (one->offset != two->offset || one->length != two->length ||
            one->offset + one->length > size)
            abort();
    }
    sc_detect_done(&a);
    sc_detect_done(&b);
    return 0;
}
