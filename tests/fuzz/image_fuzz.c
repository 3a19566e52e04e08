/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as an image archive, in pieces whose size the first byte chooses: packings, tar,
 * manifests, files inside files.
 */
#include <stdint.h>
#include <stdlib.h>

#include "audit/image/image.h"

#include "core/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sc_known *make_known(void)
{
    struct sc_error err = {0};
    struct sc_known *known = sc_known_new(&err);
    struct sc_bytes value = {(const unsigned char *)"kJ8sPq2LmX0v", 12};
    if (known == NULL || sc_known_add(known, "a/b", value, &err) < 0 ||
        sc_known_build(known, &err) < 0)
        abort();
    return known;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sc_error err = {0};
    if (size < 2)
        return 0;
    size_t piece = (size_t)data[0] * 8 + 1;
    /* Made once: its tables take longer than most inputs. */
    static struct sc_known *known;
    if (known == NULL)
        known = make_known();
    struct sc_searcher searcher = sc_known_searcher(known);
    SC_CLEANUP(sc_ledger_done) struct sc_ledger ledger = {0};
    SC_CLEANUP(sc_probe_done) struct sc_probe probe = {0};
    if (sc_probe_init(&probe, &searcher, &ledger, &err) < 0)
        abort();
    SC_CLEANUP(sc_image_freep) struct sc_image *image = sc_image_new(&probe, "image", &err);
    if (image == NULL)
        abort();
    int rc = 0;
    for (size_t at = 1; rc == 0 && at < size; at += piece) {
        size_t n = size - at < piece ? size - at : piece;
        rc = sc_image_write(image, (struct sc_bytes){data + at, n}, &err);
    }
    SC_IGNORE(sc_image_end(image, rc < 0 ? sc_error_message(&err) : NULL, &err));
    /* Never silent: it was looked at, or it stands under skipped. */
    if (ledger.looked_count + ledger.skipped_count == 0)
        abort();
    return 0;
}
