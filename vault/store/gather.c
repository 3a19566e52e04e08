/* SPDX-License-Identifier: Apache-2.0
 *
 * Holding back writes to the log; see vault/store/gather.h.
 */
#include "vault/store/gather.h"

#include <stdlib.h>
#include <string.h>

#include "vault/store/pages.h"

#include "core/banned.h"

/* The log begins with a header; then comes the head of each page, and the page. */
#define LOG_HEADER 32
#define HEAD_SIZE  24
#define FRAME_SIZE (HEAD_SIZE + SC_PAGE_SIZE)
/* In the head of a page: its number, then the size of the file after the commit that the page ends,
 * or zero. */
#define HEAD_SIZE_AFTER 4
#define HELD_MAX        ((size_t)16 * FRAME_SIZE)

int sc_gather_hand_on(struct sc_gather *gather, sqlite3_file *file)
{
    size_t len = gather->len;
    sc_gather_forget(gather); /* also after a failure, which undoes the commit */
    return len == 0 ? SQLITE_OK : file->pMethods->xWrite(file, gather->bytes, (int)len, gather->at);
}

static int hand_on_with(struct sc_gather *gather, sqlite3_file *file, const void *bytes, int len,
                        sqlite3_int64 at)
{
    int rc = sc_gather_hand_on(gather, file);
    return rc == SQLITE_OK ? file->pMethods->xWrite(file, bytes, len, at) : rc;
}

static void hold(struct sc_gather *gather, const void *bytes, size_t len)
{
    memcpy(gather->bytes + gather->len, bytes, len);
    gather->len += len;
}

static int write_head(struct sc_gather *gather, sqlite3_file *file, const unsigned char *bytes,
                      sqlite3_int64 at)
{
    static const unsigned char no_size[4];
    bool follows = at == gather->at + (sqlite3_int64)gather->len &&
                   gather->len + FRAME_SIZE <= HELD_MAX && !gather->page_next;
    int rc = follows ? SQLITE_OK : sc_gather_hand_on(gather, file);
    if (rc != SQLITE_OK)
        return rc;
    if (gather->len == 0)
        gather->at = at;
    hold(gather, bytes, HEAD_SIZE);
    gather->page_next = true;
    gather->last = memcmp(bytes + HEAD_SIZE_AFTER, no_size, sizeof(no_size)) != 0;
    return SQLITE_OK;
}

int sc_gather_write(struct sc_gather *gather, sqlite3_file *file, const void *bytes, int len,
                    sqlite3_int64 at)
{
    if (gather->bytes == NULL)
        gather->bytes = malloc(HELD_MAX);
    if (gather->bytes == NULL)
        return file->pMethods->xWrite(file, bytes, len, at);
    if (len == HEAD_SIZE && at % FRAME_SIZE == LOG_HEADER)
        return write_head(gather, file, bytes, at);
    bool page =
        gather->page_next && len == SC_PAGE_SIZE && at == gather->at + (sqlite3_int64)gather->len;
    if (!page)
        return hand_on_with(gather, file, bytes, len, at);
    hold(gather, bytes, SC_PAGE_SIZE);
    gather->page_next = false;
    return gather->last ? sc_gather_hand_on(gather, file) : SQLITE_OK;
}

void sc_gather_forget(struct sc_gather *gather)
{
    gather->len = 0;
    gather->page_next = gather->last = false;
}

void sc_gather_done(struct sc_gather *gather)
{
    free(gather->bytes);
    *gather = (struct sc_gather){0};
}
