/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes under the token rules: the code for every processor finds the same, inside the text.
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

static void compare(const struct sc_findings *a, const struct sc_findings *b, size_t size)
{
    if (a->count != b->count)
        abort();
    for (size_t i = 0; i < a->count; i++) {
        const struct sc_span *one = &a->items[i].span, *two = &b->items[i].span;
        if (one->offset != two->offset || one->length != two->length ||
            one->offset + one->length > size)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sc_scanner *scanners[SC_SIEVE_CODES]; /* kept: opening costs more than a run */
    struct sc_error err = {0};
    struct sc_bytes text = {data, size};
    struct sc_detect all[SC_SIEVE_CODES];
    for (unsigned code = 0; code < SC_SIEVE_CODES; code++) {
        if (!sc_sieve_runs((enum sc_sieve_code)code))
            continue;
        if (scanners[code] == NULL &&
            sc_scanner_open_as(&scanners[code], (enum sc_sieve_code)code, &err) < 0)
            abort();
        scan(scanners[code], text, &all[code]);
        compare(&all[SC_SIEVE_PLAIN].findings, &all[code].findings, size);
    }
    for (unsigned code = 0; code < SC_SIEVE_CODES; code++) {
        if (scanners[code] != NULL)
            sc_detect_done(&all[code]);
    }
    return 0;
}
