/* SPDX-License-Identifier: Apache-2.0
 *
 * The tar reader; see audit/image/tar.h. Formats: POSIX.1-1988 (ustar), POSIX.1-2001 (pax), GNU.
 */
#include "audit/image/tar.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"

#include "core/banned.h"

#define BLOCK      ((size_t)512)
#define SIZE_LIMIT ((uint64_t)1 << 60)

/* Fields of a header: offset and length. */
#define NAME_AT       0
#define NAME_LEN      100
#define SIZE_AT       124
#define SIZE_LEN      12
#define CHECKSUM_AT   148
#define CHECKSUM_LEN  8
#define TYPE_AT       156
#define LINK_AT       157
#define LINK_LEN      100
#define MAGIC_AT      257
#define PREFIX_AT     345
#define PREFIX_LEN    155
#define SPARSE_MORE   482 /* in a GNU sparse header: more sparse blocks follow */
#define SPARSE_MORE_2 504 /* in such a block: still more follow */

enum state { AT_HEADER, AT_EXTENSION, AT_SPARSE, AT_CONTENT, AT_PADDING, AT_SLACK };

struct sc_tar {
    const struct sc_tar_ops *ops;
    void *ctx;
    enum state state;
    unsigned char block[BLOCK];
    size_t block_len;
    uint64_t left;       /* bytes of content, extension or padding to come */
    uint64_t at;         /* bytes read so far */
    char extension_type; /* 'L', 'K', 'x' or 'g' while AT_EXTENSION */
    struct sc_buf extension;
    struct sc_buf path, link; /* from extensions, for the next entry */
    bool has_path, has_link, has_size;
    uint64_t pax_size;
    struct sc_tar_entry entry; /* of the header just read */
    struct sc_buf entry_path, entry_link;
    bool zero_seen;
};

struct sc_tar *sc_tar_new(const struct sc_tar_ops *ops, void *ctx, struct sc_error *err)
{
    struct sc_tar *tar = calloc(1, sizeof(*tar));
    if (tar == NULL) {
        SC_IGNORE(sc_fail_nomem(err)); /* the code is in err */
        return NULL;
    }
    tar->ops = ops;
    tar->ctx = ctx;
    tar->extension.max = tar->path.max = tar->link.max = SC_TAR_EXTENSION_MAX;
    tar->entry_path.max = tar->entry_link.max = 2 * SC_TAR_EXTENSION_MAX;
    return tar;
}

void sc_tar_free(struct sc_tar *tar)
{
    if (tar == NULL)
        return;
    sc_buf_done(&tar->extension);
    sc_buf_done(&tar->path);
    sc_buf_done(&tar->link);
    sc_buf_done(&tar->entry_path);
    sc_buf_done(&tar->entry_link);
    free(tar);
}

static void forget_extensions(struct sc_tar *tar)
{
    tar->has_path = tar->has_link = tar->has_size = false;
}

void sc_tar_reset(struct sc_tar *tar)
{
    tar->state = AT_HEADER;
    tar->block_len = 0;
    tar->left = 0;
    tar->at = 0;
    tar->zero_seen = false;
    forget_extensions(tar);
}

/* ---- fields ---- */

/* Octal with blanks around, or base 256 with the first bit set. */
static bool parse_number(const unsigned char *field, size_t len, uint64_t *ret)
{
    uint64_t value = 0;
    if ((field[0] & 0x80) != 0) {
        if (field[0] != 0x80)
            return false; /* negative, or more than 2^88 */
        for (size_t i = 1; i < len; i++) {
            if (value > SIZE_LIMIT >> 8)
                return false;
            value = value << 8 | field[i];
        }
        *ret = value;
        return value <= SIZE_LIMIT;
    }
    size_t i = 0;
    while (i < len && field[i] == ' ')
        i++;
    for (; i < len && field[i] >= '0' && field[i] <= '7'; i++)
        value = value << 3 | (uint64_t)(field[i] - '0');
    *ret = value;
    return i == len || field[i] == ' ' || field[i] == '\0';
}

static bool checksum_fits(const unsigned char *block)
{
    uint64_t wanted = 0;
    /* Zero is no sum of a header, but zeroes stand there in any small file with its padding. */
    if (!parse_number(block + CHECKSUM_AT, CHECKSUM_LEN, &wanted) || wanted == 0)
        return false;
    /* In one run over all of it, which the compiler makes vectors of; the field counts as blanks.
     */
    unsigned sum = 0, high = 0;
    for (size_t i = 0; i < BLOCK; i++) {
        sum += block[i];
        high += block[i] >> 7;
    }
    for (size_t i = CHECKSUM_AT; i < CHECKSUM_AT + CHECKSUM_LEN; i++) {
        sum += ' ' - (unsigned)block[i];
        high -= block[i] >> 7;
    }
    /* Some old programs summed signed bytes. */
    return wanted == sum || (int64_t)wanted == (int64_t)sum - 256 * (int64_t)high;
}

bool sc_tar_sniff(const unsigned char *start, size_t len)
{
    if (len < BLOCK)
        return false;
    return memcmp(start + MAGIC_AT, "ustar", 5) == 0 || (start[0] != '\0' && checksum_fits(start));
}

static void set_text(struct sc_buf *buf, const unsigned char *field, size_t max)
{
    sc_buf_clear(buf);
    sc_buf_append(buf, field, strnlen((const char *)field, max));
}

/* ---- extensions ---- */

/* One record "LEN KEY=VALUE\n"; *at moves behind it. Records that make no sense end the parsing:
 * their bytes have been searched anyway. */
static bool next_record(const struct sc_buf *pax, size_t *at, struct sc_bytes *key,
                        struct sc_bytes *value)
{
    size_t len = 0, i = *at;
    for (; i < pax->len && pax->data[i] >= '0' && pax->data[i] <= '9' && len < pax->len; i++)
        len = len * 10 + (size_t)(pax->data[i] - '0');
    if (i >= pax->len || pax->data[i] != ' ' || len > pax->len - *at || *at + len <= i + 1)
        return false;
    const unsigned char *start = (const unsigned char *)pax->data + i + 1;
    const unsigned char *end = (const unsigned char *)pax->data + *at + len - 1;
    const unsigned char *equals = start < end ? memchr(start, '=', (size_t)(end - start)) : NULL;
    if (equals == NULL)
        return false;
    *key = (struct sc_bytes){start, (size_t)(equals - start)};
    *value = (struct sc_bytes){equals + 1, (size_t)(end - equals - 1)};
    *at += len;
    return true;
}

static bool key_is(struct sc_bytes key, const char *name)
{
    return key.len == strlen(name) && memcmp(key.ptr, name, key.len) == 0;
}

static void read_pax(struct sc_tar *tar)
{
    struct sc_bytes key, value;
    for (size_t at = 0; next_record(&tar->extension, &at, &key, &value);) {
        if (key_is(key, "path") || key_is(key, "GNU.sparse.name")) {
            set_text(&tar->path, value.ptr, value.len);
            tar->has_path = true;
        } else if (key_is(key, "linkpath")) {
            set_text(&tar->link, value.ptr, value.len);
            tar->has_link = true;
        } else if (key_is(key, "size")) {
            uint64_t size = 0;
            bool digits = value.len > 0;
            for (size_t i = 0; digits && i < value.len; i++) {
                digits = value.ptr[i] >= '0' && value.ptr[i] <= '9' && size <= SIZE_LIMIT / 10;
                size = size * 10 + (uint64_t)(value.ptr[i] - '0');
            }
            tar->has_size = digits && size <= SIZE_LIMIT;
            tar->pax_size = size;
        }
    }
}

static int end_extension(struct sc_tar *tar, struct sc_error *err)
{
    struct sc_bytes all = sc_buf_view(&tar->extension);
    bool pax = tar->extension_type == 'x' || tar->extension_type == 'g';
    int rc = sc_buf_status(&tar->extension, err);
    if (rc == 0 && all.len > 0)
        rc = tar->ops->meta(pax ? "pax" : "name", all, tar->ctx, err);
    if (rc < 0 || all.len == 0)
        return rc;
    if (tar->extension_type == 'x') {
        read_pax(tar);
    } else if (tar->extension_type == 'L') {
        set_text(&tar->path, all.ptr, all.len);
        tar->has_path = true;
    } else if (tar->extension_type == 'K') {
        set_text(&tar->link, all.ptr, all.len);
        tar->has_link = true;
    }
    rc = sc_buf_status(&tar->path, err);
    return rc < 0 ? rc : sc_buf_status(&tar->link, err);
}

/* ---- headers ---- */

static void name_entry(struct sc_tar *tar)
{
    const unsigned char *block = tar->block;
    sc_buf_clear(&tar->entry_path);
    sc_buf_clear(&tar->entry_link);
    bool ustar = memcmp(block + MAGIC_AT, "ustar", 6) == 0;
    size_t prefix = ustar ? strnlen((const char *)block + PREFIX_AT, PREFIX_LEN) : 0;
    if (tar->has_path) {
        sc_buf_puts(&tar->entry_path, sc_buf_text(&tar->path));
    } else {
        sc_buf_append(&tar->entry_path, block + PREFIX_AT, prefix);
        if (prefix > 0)
            sc_buf_putc(&tar->entry_path, '/');
        sc_buf_append(&tar->entry_path, block + NAME_AT,
                      strnlen((const char *)block + NAME_AT, NAME_LEN));
    }
    if (tar->has_link)
        sc_buf_puts(&tar->entry_link, sc_buf_text(&tar->link));
    else
        sc_buf_append(&tar->entry_link, block + LINK_AT,
                      strnlen((const char *)block + LINK_AT, LINK_LEN));
}

/* Links, devices and directories have no content, whatever their size field says. */
static bool has_content(char type)
{
    return type < '1' || type > '6';
}

static int begin_entry(struct sc_tar *tar, uint64_t size, struct sc_error *err)
{
    char type = (char)tar->block[TYPE_AT];
    name_entry(tar);
    int rc = sc_buf_status(&tar->entry_path, err);
    if (rc == 0)
        rc = sc_buf_status(&tar->entry_link, err);
    if (rc < 0)
        return rc;
    tar->entry = (struct sc_tar_entry){
        .path = sc_buf_text(&tar->entry_path),
        .link = tar->entry_link.len > 0 ? sc_buf_text(&tar->entry_link) : NULL,
        .type = type == '\0' || type == '7' ? '0' : type,
        .size = !has_content(type) ? 0
                : tar->has_size    ? tar->pax_size
                                   : size,
    };
    forget_extensions(tar);
    bool sparse = type == 'S' && tar->block[SPARSE_MORE] != 0;
    tar->left = tar->entry.size;
    tar->state = sparse ? AT_SPARSE : AT_CONTENT;
    return tar->ops->entry(&tar->entry, tar->ctx, err);
}

static bool is_zero(const unsigned char *block)
{
    return block[0] == 0 && memcmp(block, block + 1, BLOCK - 1) == 0;
}

static int take_header(struct sc_tar *tar, struct sc_error *err)
{
    if (is_zero(tar->block)) {
        tar->state = tar->zero_seen ? AT_SLACK : AT_HEADER;
        tar->zero_seen = true;
        return 0;
    }
    tar->zero_seen = false;
    uint64_t size = 0;
    struct sc_bytes block = {tar->block, BLOCK};
    int rc = tar->ops->meta("header", block, tar->ctx, err);
    if (rc < 0)
        return rc;
    if (!checksum_fits(tar->block) || !parse_number(tar->block + SIZE_AT, SIZE_LEN, &size))
        return sc_fail(err, SC_E_FORMAT, "no tar header at byte %llu",
                       (unsigned long long)(tar->at - BLOCK));
    char type = (char)tar->block[TYPE_AT];
    if (type != 'x' && type != 'g' && type != 'L' && type != 'K')
        return begin_entry(tar, size, err);
    if (size > SC_TAR_EXTENSION_MAX)
        return sc_fail(err, SC_E_TOOBIG, "tar header of %llu bytes at byte %llu",
                       (unsigned long long)size, (unsigned long long)(tar->at - BLOCK));
    sc_buf_clear(&tar->extension);
    tar->extension_type = type;
    tar->left = size;
    tar->state = AT_EXTENSION;
    return 0;
}

static uint64_t padding_of(uint64_t size)
{
    return (BLOCK - size % BLOCK) % BLOCK;
}

/* ---- feeding ---- */

/* Collects a whole block; *data is advanced, *ret_full tells whether it is complete. */
static void collect_block(struct sc_tar *tar, struct sc_bytes *data, bool *ret_full)
{
    size_t n = SC_MIN(BLOCK - tar->block_len, data->len);
    memcpy(tar->block + tar->block_len, data->ptr, n);
    tar->block_len += n;
    tar->at += n;
    *data = (struct sc_bytes){data->ptr + n, data->len - n};
    *ret_full = tar->block_len == BLOCK;
    if (*ret_full)
        tar->block_len = 0;
}

static int take_block(struct sc_tar *tar, struct sc_bytes *data, struct sc_error *err)
{
    bool full = false;
    collect_block(tar, data, &full);
    if (!full)
        return 0;
    if (tar->state == AT_HEADER)
        return take_header(tar, err);
    struct sc_bytes block = {tar->block, BLOCK};
    if (tar->block[SPARSE_MORE_2] == 0)
        tar->state = AT_CONTENT;
    return tar->ops->meta("header", block, tar->ctx, err);
}

/* Bytes of a run that is `left` long. */
static struct sc_bytes take_run(struct sc_tar *tar, struct sc_bytes *data)
{
    size_t n = data->len;
    if (n > tar->left)
        n = (size_t)tar->left;
    struct sc_bytes run = {data->ptr, n};
    *data = (struct sc_bytes){data->ptr + n, data->len - n};
    tar->left -= n;
    tar->at += n;
    return run;
}

static int take_content(struct sc_tar *tar, struct sc_bytes *data, struct sc_error *err)
{
    struct sc_bytes run = take_run(tar, data);
    int rc = run.len > 0 ? tar->ops->content(run, tar->ctx, err) : 0;
    if (rc < 0 || tar->left > 0)
        return rc;
    if (tar->state == AT_CONTENT) {
        tar->state = AT_PADDING;
        tar->left = padding_of(tar->entry.size);
        if (tar->left > 0)
            return 0;
    }
    tar->state = AT_HEADER;
    return tar->ops->entry_end(tar->ctx, err);
}

static int take_extension(struct sc_tar *tar, struct sc_bytes *data, struct sc_error *err)
{
    struct sc_bytes run = take_run(tar, data);
    sc_buf_append(&tar->extension, run.ptr, run.len);
    if (tar->left > 0)
        return 0;
    int rc = end_extension(tar, err);
    /* Its padding is an extension of type NUL: searched, and without a meaning. */
    tar->left = tar->extension_type == '\0' ? 0 : padding_of(tar->extension.len);
    tar->extension_type = '\0';
    tar->state = tar->left > 0 ? AT_EXTENSION : AT_HEADER;
    sc_buf_clear(&tar->extension);
    return rc;
}

static bool begins_anew(const unsigned char *block)
{
    return block[0] != 0 && checksum_fits(block);
}

/* What stands behind the end. It may be another archive, as `cat` makes them: what is packed in
 * that one has to be unpacked like the rest. */
static int take_slack(struct sc_tar *tar, struct sc_bytes *data, struct sc_error *err)
{
    if (tar->block_len > 0 || data->len < BLOCK) {
        bool full = false;
        collect_block(tar, data, &full);
        if (!full)
            return 0;
        if (!begins_anew(tar->block))
            return tar->ops->meta("slack", (struct sc_bytes){tar->block, BLOCK}, tar->ctx, err);
        tar->state = AT_HEADER;
        return take_header(tar, err);
    }
    size_t n = 0;
    while (data->len - n >= BLOCK && !begins_anew(data->ptr + n))
        n += BLOCK;
    if (data->len - n >= BLOCK) {
        tar->state = AT_HEADER;
        tar->zero_seen = false;
    }
    struct sc_bytes slack = {data->ptr, n};
    *data = (struct sc_bytes){data->ptr + n, data->len - n};
    tar->at += n;
    return n == 0 ? 0 : tar->ops->meta("slack", slack, tar->ctx, err);
}

int sc_tar_write(struct sc_tar *tar, struct sc_bytes data, struct sc_error *err)
{
    int rc = 0;
    while (rc == 0 && data.len > 0) {
        switch (tar->state) {
        case AT_HEADER:
        case AT_SPARSE:
            rc = take_block(tar, &data, err);
            /* An empty file ends with its header. */
            if (rc == 0 && tar->state == AT_CONTENT && tar->left == 0)
                rc = take_content(tar, &data, err);
            break;
        case AT_EXTENSION:
            rc = take_extension(tar, &data, err);
            break;
        case AT_CONTENT:
        case AT_PADDING:
            rc = take_content(tar, &data, err);
            break;
        case AT_SLACK:
        default:
            rc = take_slack(tar, &data, err);
            break;
        }
    }
    return rc;
}

int sc_tar_end(struct sc_tar *tar, struct sc_error *err)
{
    bool whole =
        tar->state == AT_SLACK || (tar->state == AT_HEADER && tar->block_len == 0 && tar->at > 0);
    uint64_t at = tar->at;
    /* A file that is cut off has been searched as far as it goes. */
    int rc = tar->state == AT_CONTENT || tar->state == AT_PADDING
                 ? tar->ops->entry_end(tar->ctx, err)
                 : 0;
    if (tar->state == AT_SLACK && tar->block_len > 0)
        rc = tar->ops->meta("slack", (struct sc_bytes){tar->block, tar->block_len}, tar->ctx, err);
    sc_tar_reset(tar);
    if (rc < 0 || whole)
        return rc;
    return sc_fail(err, SC_E_IO, "the tar archive ends early, at byte %llu",
                   (unsigned long long)at);
}
