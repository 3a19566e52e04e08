/* SPDX-License-Identifier: Apache-2.0
 *
 * Packs for tests; see packs.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/hash.h"
#include "tests/audit/image/packs.h"

#include "core/banned.h"

/* Of a content no more is written down. */
#define SHOWN ((size_t)60)

/* ---- what is told ---- */

static int meta(const char *what, struct sc_bytes bytes, void *ctx, struct sc_error *err)
{
    struct pack_told *told = ctx;
    (void)err;
    if (strcmp(what, "slack") != 0 && bytes.len > 0)
        sc_buf_append(&told->text, bytes.ptr, bytes.len);
    return 0;
}

static int entry(const struct sc_tar_entry *found, void *ctx, struct sc_error *err)
{
    struct pack_told *told = ctx;
    (void)err;
    told->len = 0;
    sc_buf_printf(&told->text, "%s %llu[", found->path, (unsigned long long)found->size);
    return 0;
}

static int content(struct sc_bytes bytes, void *ctx, struct sc_error *err)
{
    struct pack_told *told = ctx;
    (void)err;
    if (told->len < SHOWN)
        sc_buf_append(&told->text, bytes.ptr, SC_MIN(bytes.len, SHOWN - told->len));
    told->len += bytes.len;
    return 0;
}

static int entry_end(void *ctx, struct sc_error *err)
{
    struct pack_told *told = ctx;
    (void)err;
    sc_buf_puts(&told->text, "]");
    return 0;
}

const struct sc_tar_ops pack_ops = {meta, entry, content, entry_end, NULL};

/* ---- making packs ---- */

void pack_bytes(struct sc_buf *file, const void *bytes, size_t len)
{
    sc_buf_append(file, bytes, len);
}

void pack_zlib(struct sc_buf *file, const char *bytes, size_t len)
{
    pack_bytes(file, "\x78\x01", 2);
    for (bool last = false; !last;) {
        size_t n = SC_MIN(len, (size_t)65535);
        last = n == len;
        const unsigned char head[] = {last, n & 0xff, (unsigned char)(n >> 8), ~n & 0xff,
                                      (unsigned char)(~n >> 8)};
        pack_bytes(file, head, sizeof(head));
        pack_bytes(file, bytes, n);
        bytes += n;
        len -= n;
    }
    pack_bytes(file, "sum!", 4);
}

void pack_head(struct sc_buf *file, unsigned type, size_t size)
{
    unsigned char c = (unsigned char)(type << 4 | (size & 0x0f));
    for (size >>= 4; size > 0; size >>= 7) {
        sc_buf_putc(file, (char)(c | 0x80));
        c = size & 0x7f;
    }
    sc_buf_putc(file, (char)c);
}

size_t pack_object(struct sc_buf *file, unsigned type, const char *bytes, size_t len)
{
    size_t at = file->len;
    pack_head(file, type, len);
    pack_zlib(file, bytes, len);
    return at;
}

size_t pack_delta(struct sc_buf *file, size_t base, const char *bytes, size_t len)
{
    size_t at = file->len, back = at - base, n = 9;
    unsigned char distance[10];
    pack_head(file, SC_GIT_OFS_DELTA, len);
    distance[n] = back & 0x7f;
    while ((back >>= 7) > 0)
        distance[--n] = (unsigned char)(0x80 | (--back & 0x7f));
    pack_bytes(file, distance + n, sizeof(distance) - n);
    pack_zlib(file, bytes, len);
    return at;
}

size_t pack_named(struct sc_buf *file, const char *hex, const char *bytes, size_t len)
{
    size_t at = file->len;
    unsigned char name[32];
    assert_true(sc_unhex(name, hex, strlen(hex) / 2));
    pack_head(file, SC_GIT_REF_DELTA, len);
    pack_bytes(file, name, strlen(hex) / 2);
    pack_zlib(file, bytes, len);
    return at;
}

void pack_begin(struct sc_buf *file, unsigned char count)
{
    const unsigned char head[] = {'P', 'A', 'C', 'K', 0, 0, 0, 2, 0, 0, 0, count};
    pack_bytes(file, head, sizeof(head));
}

void pack_sum(struct sc_buf *file)
{
    pack_bytes(file, "twenty bytes of sum.", 20);
}

/* ---- feeding ---- */

uint64_t pack_made_before;

int pack_feed(const struct sc_buf *file, size_t size, struct pack_told *told, struct sc_error *why)
{
    struct sc_bytes start = {(const unsigned char *)file->data, SC_MIN(file->len, (size_t)512)};
    struct sc_git_limits limits = {.made = pack_made_before, .fed = file->len};
    struct sc_git *git = sc_git_new(&pack_ops, told, &limits, why);
    bool is = false;
    sc_buf_clear(&told->text);
    int rc = git == NULL ? SC_E_NOMEM : sc_git_begin(git, start, &is, why);
    if (rc == 0 && !is)
        sc_buf_puts(&told->text, "nothing of git's");
    for (size_t at = 0; is && rc == 0 && at < file->len; at += size) {
        size_t n = SC_MIN(size, file->len - at);
        unsigned char *piece = malloc(n);
        if (piece == NULL) {
            rc = sc_fail_nomem(why);
            break;
        }
        memcpy(piece, file->data + at, n);
        rc = sc_git_write(git, (struct sc_bytes){piece, n}, why);
        free(piece);
    }
    struct sc_error ended = {0};
    if (is && sc_git_end(git, &ended) < 0 && rc == 0) {
        rc = ended.code;
        *why = ended;
    }
    sc_git_free(git);
    return rc;
}

void pack_expect(const struct sc_buf *file, const char *text, int code, const char *reason)
{
    assert_int_equal(file->failed, 0);
    for (size_t size = 1; size <= file->len + 40; size += size < 70 ? 1 : 41) {
        struct pack_told told = {.text = SC_BUF_INIT(PACK_FILE_MAX)};
        struct sc_error why = {0};
        int rc = pack_feed(file, size, &told, &why);
        if (strcmp(sc_buf_text(&told.text), text) != 0)
            fail_msg("pieces of %zu: %s", size, sc_buf_text(&told.text));
        assert_int_equal(rc, code);
        assert_string_equal(sc_error_message(&why), reason);
        sc_buf_done(&told.text);
    }
}
