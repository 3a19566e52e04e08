/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a line of an archive: what is accepted and written again reads the same.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "vault/transfer/transfer.h"

#include "core/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int same(const struct sc_transfer_item *item, void *ctx, struct sc_error *err)
{
    const struct sc_transfer_item *first = ctx;
    (void)err;
    assert(strcmp(item->name, first->name) == 0 && item->kind == first->kind);
    assert(sc_secret_equal(item->value, first->value));
    assert(item->expires == first->expires && item->mode == first->mode);
    assert(item->uid == first->uid && item->gid == first->gid);
    return 0;
}

static int write_again(const struct sc_transfer_item *item, void *ctx, struct sc_error *err)
{
    (void)ctx;
    SC_CLEANUP(sc_secret_done) struct sc_secret line = {0};
    struct sc_transfer_item copy = *item;
    bool end = false;
    copy.has_owner = item->has_owner || item->uid != 0 || item->gid != 0;
    int rc = sc_transfer_line_write(&copy, &line, err);
    assert(rc == 0);
    rc = sc_transfer_line_read(sc_secret_view(&line), same, &copy, &end, err);
    assert(rc == 0 && !end);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sc_error err = {0};
    bool end = false;
    int rc = sc_transfer_line_read((struct sc_bytes){data, size}, write_again, NULL, &end, &err);
    assert(rc == 0 || err.code == rc);
    return 0;
}
