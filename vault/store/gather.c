/* SPDX-License-Identifier: Apache-2.0
 *
 * Holding back writes to the log; see vault/store/gather.h.
 */
#include "vault/store/gather.h"

#include <stdlib.h>
#include <string.h>

#include "vault/store/pages.h"

#include "core/banned.h"

#define HEAD_SIZE 24
/* In the head of a page: its number, then the size of the file after the commit that the page ends,
 * or zero. */
#define HEAD_SIZE_AFTER 4
#define HELD_MAX        ((size_t)16 * (HEAD_SIZE + SC_PAGE_SIZE))

int sc_gather_hand_on(struct sc_gather *gather, sqlite3_file *file)
{
    size_t len = gather->len;
    gather->len = 0; /* also after a failure, which undoes the commit */
    return len == 0 ? SQLITE_OK : file->pMethods->xWrite(file, gather->bytes, (int)len, gather->at);
}

static int hold(struct sc_gather *gather, sqlite3_file *file, const void *bytes, size_t len,
                sqlite3_int64 at)
{
    bool follows = at == gather->at + (sqlite3_int64)gather->len && gather->len + len <= HELD_MAX;
    int rc = follows ? SQLITE_OK : sc_gather_hand_on(gather, file);
    if (rc != SQLITE_OK)
        return rc;
    if (gather->bytes == NULL && len <= HELD_MAX)
        gather->bytes = malloc(HELD_MAX);
    if (gather->bytes == NULL || len > HELD_MAX)
        return file->pMethods->xWrite(file, bytes, (int)len, at);
    if (gather->len == 0)
        gather->at = at;
    memcpy(gather->bytes + gather->len, bytes, len);
    gather->len += len;
    return SQLITE_OK;
}

int sc_gather_write(struct sc_gather *gather, sqlite3_file *file, const void *bytes, int len,
                    sqlite3_int64 at)
{
    static const unsigned char no_size[4];
    bool ended = gather->ending && len != HEAD_SIZE;
    if (len == HEAD_SIZE)
        gather->ending = memcmp((const unsigned char *)bytes + HEAD_SIZE_AFTER, no_size, 4) != 0;
    int rc = hold(gather, file, bytes, (size_t)len, at);
    if (rc != SQLITE_OK || !ended)
        return rc;
    gather->ending = false;
    return sc_gather_hand_on(gather, file);
}

void sc_gather_done(struct sc_gather *gather)
{
    free(gather->bytes);
    *gather = (struct sc_gather){0};
}
