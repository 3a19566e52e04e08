/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a JSON file to import: every item that comes out has a valid full name.
 */
#include <assert.h>
#include <stdint.h>

#include "vault/transfer/transfer.h"

#include "core/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int check(const struct sc_transfer_item *item, void *ctx, struct sc_error *err)
{
    (void)ctx;
    (void)err;
    assert(sc_name_check(item->name, 2, NULL) == 0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sc_error err = {0};
    const struct sc_transfer_target strict = {.fn = check};
    const struct sc_transfer_target loose = {.fn = check, .scope = "s", .loose = true};
    struct sc_bytes text = {data, size};
    int rc = sc_transfer_read_json(text, "x", &strict, &err);
    assert(rc == 0 || err.code == rc);
    rc = sc_transfer_read_json(text, "x", &loose, &err);
    assert(rc == 0 || err.code == rc);
    return 0;
}
