/* SPDX-License-Identifier: Apache-2.0
 *
 * A growable buffer for text and bytes that are NOT secret, with a mandatory maximum.
 *
 * Invariant: data[len] is NUL whenever data is not NULL, so the content can be used as a C string.
 * Appending past the maximum, or running out of memory, sets a sticky failure; the content stays as
 * it was. Callers append freely and ask once at the end with sc_buf_status().
 *
 * Ownership: the buffer owns its bytes; declare with SC_CLEANUP(sc_buf_done). Threads: one at a
 * time.
 */
#ifndef SC_CORE_BUF_H
#define SC_CORE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "core/secret.h"

struct sc_buf {
    char *data; /* NULL while empty; read-only for users */
    size_t len;
    size_t cap;
    size_t max;
    int failed; /* 0, SC_E_TOOBIG or SC_E_NOMEM */
};

/* An empty buffer that may hold up to `max` bytes: struct sc_buf b = SC_BUF_INIT(4096); */
#define SC_BUF_INIT(maximum)                                                                       \
    {                                                                                              \
        .max = (maximum)                                                                           \
    }

void sc_buf_append(struct sc_buf *buf, const void *bytes, size_t len);
/* Appends `len` bytes that the caller writes at once; NULL, with the sticky failure, where there is
 * no room. Borrowed. */
unsigned char *sc_buf_extend(struct sc_buf *buf, size_t len) SC_NODISCARD;
void sc_buf_puts(struct sc_buf *buf, const char *text);
void sc_buf_putc(struct sc_buf *buf, char c);
void sc_buf_printf(struct sc_buf *buf, const char *fmt, ...) SC_PRINTF(2, 3);

/* 0, or what went wrong since the buffer was made or cleared. */
int sc_buf_status(const struct sc_buf *buf, struct sc_error *err) SC_NODISCARD;

/* The content as a C string, "" while empty; borrowed. */
const char *sc_buf_text(const struct sc_buf *buf);

struct sc_bytes sc_buf_view(const struct sc_buf *buf);

/* Reads to end of file or until the buffer holds buf->max bytes: *ret_full, and then the file may
 * go on. Appends. */
int sc_buf_fill_fd(struct sc_buf *buf, int fd, bool *ret_full, struct sc_error *err) SC_NODISCARD;

/* Reads to end of file, TOOBIG over buf->max. Appends. */
int sc_buf_read_fd(struct sc_buf *buf, int fd, struct sc_error *err) SC_NODISCARD;

/* Room in a growing array: for `more` items of `size` bytes behind the `count` it has. Returns the
 * array, perhaps at another place, with *cap grown to match; or NULL with NOMEM, and `items`
 * (malloc'd, or NULL while empty) and *cap as they were. */
void *sc_items_reserve(void *items, size_t *cap, size_t count, size_t more, size_t size,
                       struct sc_error *err) SC_NODISCARD;

/* Moves all items of one such array behind those of another, which has room for them. */
void sc_items_move(void *to, size_t *to_count, const void *from, size_t *from_count, size_t size);

/* Hands the bytes (a malloc'd C string, or NULL while empty) to the caller. */
char *sc_buf_take(struct sc_buf *buf);

/* Forgets the content and the failure, keeps the memory. */
void sc_buf_clear(struct sc_buf *buf);

void sc_buf_done(struct sc_buf *buf);

#endif
