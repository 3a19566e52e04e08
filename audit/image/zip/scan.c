/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding a zip behind other bytes; see audit/image/zip/scan.h. Format: APPNOTE.TXT 6.3.
 *
 * What may be a record is gathered in `head` from its "P" on, and given up as soon as it is none.
 */
#include "audit/image/zip/scan.h"

#include <string.h>

#include "core/macros.h"

#include "core/banned.h"

#define SIGNATURE_SIZE SC_ZIP_SIGNATURE_SIZE

/* The record at the end of the archive. */
#define END_SIZE         ((size_t)22)
#define END_ENTRIES_AT   10
#define END_DIRECTORY_AT 12 /* the directory's size */
#define END_COMMENT_AT   20
#define ENTRY_MIN        46 /* bytes of one entry of the directory, without its name */
#define ZIP64            0xffffffffU

/* A local header. */
#define VERSION_AT   4
#define FLAGS_AT     6
#define METHOD_AT    8
#define NAME_AT      26
#define VERSION_MAX  63
#define FLAGS_UNUSED 0xd780
#define NAME_MAX_LEN 4096

static const unsigned char local[SIGNATURE_SIZE] = {'P', 'K', 3, 4};
static const unsigned char end[SIGNATURE_SIZE] = {'P', 'K', 5, 6};

static unsigned number(const unsigned char *at)
{
    return (unsigned)at[0] | (unsigned)at[1] << 8;
}

static bool begins(const struct sc_zip_scan *scan, const unsigned char *signature)
{
    return memcmp(scan->head, signature, SC_MIN(scan->held, SIGNATURE_SIZE)) == 0;
}

static bool is_plausible(const unsigned char *head)
{
    unsigned method = number(head + METHOD_AT), name = number(head + NAME_AT);
    return head[VERSION_AT] <= VERSION_MAX && (number(head + FLAGS_AT) & FLAGS_UNUSED) == 0 &&
           (method <= 20 || (method >= 93 && method <= 99)) && name > 0 && name <= NAME_MAX_LEN;
}

static void note_end(struct sc_zip_scan *scan)
{
    const unsigned char *head = scan->head;
    unsigned entries = number(head + END_ENTRIES_AT);
    uint64_t size = number(head + END_DIRECTORY_AT) | (uint64_t)number(head + END_DIRECTORY_AT + 2)
                                                          << 16;
    /* The directory stands in front of it, and has room for that many. */
    if (size != ZIP64 &&
        (size > scan->at - END_SIZE || size < (uint64_t)entries * ENTRY_MIN || entries == 0))
        return;
    scan->ends_at = scan->at + number(head + END_COMMENT_AT);
    scan->entries = entries;
}

/* Gives the first byte up, and all up to the next that may begin a record. */
static void shift(struct sc_zip_scan *scan)
{
    const unsigned char *next = memchr(scan->head + 1, 'P', scan->held - 1);
    scan->held = next == NULL ? 0 : scan->held - (size_t)(next - scan->head);
    if (next != NULL)
        memmove(scan->head, next, scan->held);
}

/* Whether a local header is held; what cannot become a record is let go. */
static bool weigh(struct sc_zip_scan *scan)
{
    while (scan->held > 0) {
        if (begins(scan, local)) {
            if (scan->held < SC_ZIP_HEADER_SIZE)
                return false;
            if (is_plausible(scan->head))
                return true;
        } else if (begins(scan, end)) {
            if (scan->held < END_SIZE)
                return false;
            note_end(scan);
        }
        shift(scan);
    }
    return false;
}

/* Bytes up to the next that may begin a record are of no interest. "K" is the rarer letter. */
static void skip_to_start(struct sc_zip_scan *scan, struct sc_bytes *data)
{
    const unsigned char *from = data->ptr, *stop = data->ptr + data->len, *at = from + 1;
    while (at < stop) {
        at = memchr(at, 'K', (size_t)(stop - at));
        if (at == NULL)
            at = stop;
        if (at == stop || at[-1] == 'P')
            break;
        at++;
    }
    at -= at[-1] == 'P';
    scan->at += (uint64_t)(at - from);
    *data = (struct sc_bytes){at, (size_t)(stop - at)};
}

bool sc_zip_scan_header(struct sc_zip_scan *scan, struct sc_bytes *data,
                        unsigned char ret_head[SC_ZIP_HEADER_SIZE])
{
    while (data->len > 0) {
        if (scan->held == 0)
            skip_to_start(scan, data);
        if (data->len == 0)
            return false;
        scan->head[scan->held++] = data->ptr[0];
        scan->at++;
        *data = (struct sc_bytes){data->ptr + 1, data->len - 1};
        if (!weigh(scan))
            continue;
        memcpy(ret_head, scan->head, SC_ZIP_HEADER_SIZE);
        scan->held = 0;
        return true;
    }
    return false;
}

void sc_zip_scan_pass(struct sc_zip_scan *scan, struct sc_bytes data)
{
    unsigned char head[SC_ZIP_HEADER_SIZE];
    while (sc_zip_scan_header(scan, &data, head))
        continue;
}

void sc_zip_scan_zeroes(struct sc_zip_scan *scan, uint64_t count)
{
    scan->held = 0;
    scan->at += count;
}

unsigned sc_zip_scan_entries(const struct sc_zip_scan *scan)
{
    return scan->at > 0 && scan->ends_at == scan->at ? scan->entries : 0;
}
