/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding gzip in base64; see audit/image/base64.h. Formats: RFC 4648, RFC 1952.
 */
#include "audit/image/base64.h"

#include <stdbool.h>
#include <string.h>

#include "core/macros.h"
#include "core/vector/pair.h"

#include "core/banned.h"

/* Bytes that are handed on at once. */
#define OUT_SIZE ((size_t)4096)

/* In a gzip header. */
#define FLAGS_AT     3
#define FLAGS_UNUSED 0xe0
#define EXTRA_AT     8
#define SYSTEM_AT    9

/* The first three bytes are told by the letters of the beginning, and so many bits more. */
static const struct {
    const char *letters;
    unsigned char bytes[3];
    uint32_t bits;
    unsigned count;
    size_t head;
} kinds[] = {
    {"H4sI", {0x1f, 0x8b, 0x08}, 0, 0, SC_BASE64_HEAD_MAX},
    {"SDRzS", {'H', '4', 's'}, 'S' - 'A', 6, 4},
};
static const struct sc_pairs starts = {{{'H', '4'}, {'S', 'D'}}};

/* The six bits of a letter; -1 for all else. */
static int value_of(unsigned char c)
{
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* Letters stand in many a text: not everything that begins like it is gzip. */
static bool is_plausible(const struct sc_base64_scan *scan)
{
    const unsigned char *head = scan->head;
    if (scan->kind == 1)
        return head[3] == 'I';
    return (head[FLAGS_AT] & FLAGS_UNUSED) == 0 &&
           (head[EXTRA_AT] == 0 || head[EXTRA_AT] == 2 || head[EXTRA_AT] == 4) &&
           (head[SYSTEM_AT] <= 13 || head[SYSTEM_AT] == 255);
}

static void begin_head(struct sc_base64_scan *scan)
{
    scan->state = SC_BASE64_HEAD;
    scan->line = SC_BASE64_INSIDE;
    scan->bits = kinds[scan->kind].bits;
    scan->count = kinds[scan->kind].count;
    scan->head_len = sizeof(kinds[scan->kind].bytes);
    memcpy(scan->head, kinds[scan->kind].bytes, scan->head_len);
}

/* The letters of the beginning. One that does not fit is looked at again: it may be the first. */
static void take_start(struct sc_base64_scan *scan, struct sc_bytes *data)
{
    if (scan->state == SC_BASE64_NONE) {
        size_t n = sc_pair_find(data->ptr, data->len, &starts);
        *data = (struct sc_bytes){data->ptr + n, data->len - n};
        if (data->len == 0)
            return;
        scan->state = SC_BASE64_START;
        scan->kind = data->ptr[0] == starts.pair[1][0];
        scan->held = 0;
    }
    const char *letters = kinds[scan->kind].letters;
    while (data->len > 0 && letters[scan->held] != '\0') {
        if (data->ptr[0] != (unsigned char)letters[scan->held]) {
            scan->state = SC_BASE64_NONE;
            return;
        }
        *data = (struct sc_bytes){data->ptr + 1, data->len - 1};
        scan->held++;
    }
    if (letters[scan->held] == '\0')
        begin_head(scan);
}

/* Whether base64 may go on behind this, which is no letter of it: a line's end, as it is or
 * escaped, and what the next line is indented with. */
static bool goes_on(struct sc_base64_scan *scan, unsigned char c)
{
    bool escape = c == '\\';
    bool blank = (c == ' ' || c == '\t') && scan->line == SC_BASE64_INDENT;
    scan->line = escape ? SC_BASE64_ESCAPE : SC_BASE64_INDENT;
    return escape || blank || c == '\n' || c == '\r';
}

/* Behind a backslash: a line's end, or a letter that need not have been escaped. */
static bool take_escape(struct sc_base64_scan *scan, struct sc_bytes *data)
{
    unsigned char c = data->ptr[0];
    bool end = c == 'n' || c == 'r' || c == '\n' || c == '\r';
    if (end)
        *data = (struct sc_bytes){data->ptr + 1, data->len - 1};
    scan->line = end ? SC_BASE64_INDENT : SC_BASE64_INSIDE;
    return end || c == '/';
}

/* Decodes up to OUT_SIZE bytes. Returns false where base64 ends; *data is what has not been taken.
 */
static bool decode(struct sc_base64_scan *scan, struct sc_bytes *data, unsigned char *out,
                   size_t *ret_len)
{
    size_t len = 0;
    bool open = true;
    while (open && data->len > 0 && len < OUT_SIZE) {
        if (scan->line == SC_BASE64_ESCAPE) {
            open = take_escape(scan, data);
            continue;
        }
        int value = value_of(data->ptr[0]);
        if (value < 0 && !goes_on(scan, data->ptr[0]))
            break;
        *data = (struct sc_bytes){data->ptr + 1, data->len - 1};
        if (value < 0)
            continue;
        scan->line = SC_BASE64_INSIDE;
        scan->bits = scan->bits << 6 | (uint32_t)value;
        scan->count += 6;
        if (scan->count >= 8) {
            scan->count -= 8;
            out[len++] = (unsigned char)(scan->bits >> scan->count);
        }
    }
    *ret_len = len;
    return open && (data->len == 0 || len == OUT_SIZE);
}

/* Hands on what was decoded, once it is known for gzip. */
static int hand_on(struct sc_base64_scan *scan, struct sc_bytes bytes,
                   const struct sc_base64_ops *ops, void *ctx, struct sc_error *err)
{
    size_t head = kinds[scan->kind].head;
    if (scan->state == SC_BASE64_HEAD) {
        size_t n = SC_MIN(head - scan->head_len, bytes.len);
        memcpy(scan->head + scan->head_len, bytes.ptr, n);
        scan->head_len += n;
        bytes = (struct sc_bytes){bytes.ptr + n, bytes.len - n};
        if (scan->head_len < head)
            return 0;
        scan->state = SC_BASE64_NONE;
        int rc = is_plausible(scan) ? ops->begin(ctx, err) : 1;
        if (rc != 0)
            return rc < 0 ? rc : 0;
        scan->state = SC_BASE64_OPEN;
        rc = ops->write((struct sc_bytes){scan->head, head}, ctx, err);
        if (rc < 0)
            return rc;
    }
    return bytes.len == 0 ? 0 : ops->write(bytes, ctx, err);
}

int sc_base64_write(struct sc_base64_scan *scan, struct sc_bytes data,
                    const struct sc_base64_ops *ops, void *ctx, struct sc_error *err)
{
    int rc = 0;
    while (rc == 0 && data.len > 0) {
        if (scan->state == SC_BASE64_NONE || scan->state == SC_BASE64_START) {
            take_start(scan, &data);
            continue;
        }
        unsigned char out[OUT_SIZE];
        size_t len = 0;
        bool open = decode(scan, &data, out, &len);
        rc = hand_on(scan, (struct sc_bytes){out, len}, ops, ctx, err);
        if (rc == 0 && !open)
            rc = sc_base64_end(scan, ops, ctx, err);
    }
    return rc;
}

int sc_base64_end(struct sc_base64_scan *scan, const struct sc_base64_ops *ops, void *ctx,
                  struct sc_error *err)
{
    bool open = scan->state == SC_BASE64_OPEN;
    scan->state = SC_BASE64_NONE;
    return open ? ops->end(ctx, err) : 0;
}
