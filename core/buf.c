/* SPDX-License-Identifier: Apache-2.0
 *
 * Growable buffer; see core/buf.h.
 */
#include "core/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/fd.h"

#include "core/banned.h"

#define FIRST_CAPACITY ((size_t)128)
#define FIRST_ITEMS    ((size_t)16)
#define READ_STEP      ((size_t)65536)

/* Makes room for `more` bytes and the NUL; false after setting the failure. */
static int reserve(struct sc_buf *buf, size_t more)
{
    if (buf->failed != 0)
        return buf->failed;
    if (more > buf->max || buf->len > buf->max - more)
        return buf->failed = SC_E_TOOBIG;
    size_t need = buf->len + more + 1;
    if (need <= buf->cap)
        return 0;
    size_t cap = SC_MAX(buf->cap, FIRST_CAPACITY);
    while (cap < need)
        cap *= 2;
    char *grown = realloc(buf->data, cap);
    if (grown == NULL)
        return buf->failed = SC_E_NOMEM;
    buf->data = grown;
    buf->cap = cap;
    return 0;
}

void sc_buf_append(struct sc_buf *buf, const void *bytes, size_t len)
{
    if (len == 0 || reserve(buf, len) < 0)
        return;
    memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
}

unsigned char *sc_buf_extend(struct sc_buf *buf, size_t len)
{
    if (reserve(buf, len) < 0)
        return NULL;
    unsigned char *at = (unsigned char *)buf->data + buf->len;
    memset(at, 0, len + 1);
    buf->len += len;
    return at;
}

void sc_buf_puts(struct sc_buf *buf, const char *text)
{
    sc_buf_append(buf, text, strlen(text));
}

void sc_buf_putc(struct sc_buf *buf, char c)
{
    sc_buf_append(buf, &c, 1);
}

static SC_PRINTF(2, 0) void append_formatted(struct sc_buf *buf, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int wanted = vsnprintf(NULL, 0, fmt, args);
    if (wanted < 0 && buf->failed == 0)
        buf->failed = SC_E_TOOBIG; /* over INT_MAX bytes */
    if (wanted > 0 && reserve(buf, (size_t)wanted) == 0) {
        vsnprintf(buf->data + buf->len, (size_t)wanted + 1, fmt, again);
        buf->len += (size_t)wanted;
    }
    va_end(again);
}

void sc_buf_printf(struct sc_buf *buf, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    append_formatted(buf, fmt, args);
    va_end(args);
}

int sc_buf_status(const struct sc_buf *buf, struct sc_error *err)
{
    if (buf->failed == SC_E_TOOBIG)
        return sc_fail(err, SC_E_TOOBIG, "the content is longer than %zu bytes", buf->max);
    if (buf->failed != 0)
        return sc_fail_nomem(err);
    return 0;
}

const char *sc_buf_text(const struct sc_buf *buf)
{
    return buf->data != NULL ? buf->data : "";
}

struct sc_bytes sc_buf_view(const struct sc_buf *buf)
{
    return (struct sc_bytes){.ptr = (const unsigned char *)buf->data, .len = buf->len};
}

int sc_buf_fill_fd(struct sc_buf *buf, int fd, bool *ret_full, struct sc_error *err)
{
    size_t got = 0, room = 0;
    do {
        room = SC_MIN(buf->max - buf->len, READ_STEP);
        got = 0;
        if (room == 0)
            break;
        if (reserve(buf, room) < 0)
            return sc_buf_status(buf, err);
        int rc = sc_fd_read_some(fd, buf->data + buf->len, room, &got, err);
        if (rc < 0)
            return rc;
        buf->len += got;
        buf->data[buf->len] = '\0';
    } while (got > 0);
    *ret_full = room == 0;
    return sc_buf_status(buf, err);
}

int sc_buf_read_fd(struct sc_buf *buf, int fd, struct sc_error *err)
{
    bool full = false;
    int rc = sc_buf_fill_fd(buf, fd, &full, err);
    if (rc < 0 || !full)
        return rc;
    /* At the maximum one more byte is asked for, to tell the end from an overlong file. */
    char extra = '\0';
    size_t got = 0;
    rc = sc_fd_read_some(fd, &extra, 1, &got, err);
    if (rc == 0 && got > 0)
        buf->failed = SC_E_TOOBIG;
    return rc < 0 ? rc : sc_buf_status(buf, err);
}

void *sc_items_reserve(void *items, size_t *cap, size_t count, size_t more, size_t size,
                       struct sc_error *err)
{
    size_t need = 0, bytes = 0, wanted = SC_MAX(*cap * 2, FIRST_ITEMS);
    bool fits = !__builtin_add_overflow(count, more, &need);
    if (fits && need <= *cap && items != NULL)
        return items;
    wanted = SC_MAX(wanted, need);
    void *grown =
        fits && !__builtin_mul_overflow(wanted, size, &bytes) ? realloc(items, bytes) : NULL;
    if (grown == NULL) {
        (void)sc_fail_nomem(err);
        return NULL;
    }
    *cap = wanted;
    return grown;
}

void sc_items_move(void *to, size_t *to_count, const void *from, size_t *from_count, size_t size)
{
    if (*from_count > 0)
        memcpy((char *)to + *to_count * size, from, *from_count * size);
    *to_count += *from_count;
    *from_count = 0;
}

char *sc_buf_take(struct sc_buf *buf)
{
    char *data = SC_TAKE(buf->data);
    sc_buf_done(buf);
    return data;
}

void sc_buf_clear(struct sc_buf *buf)
{
    buf->len = 0;
    buf->failed = 0;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

void sc_buf_done(struct sc_buf *buf)
{
    free(buf->data);
    *buf = (struct sc_buf){.max = buf->max};
}
