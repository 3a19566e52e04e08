/* SPDX-License-Identifier: Apache-2.0
 *
 * Readers and writers of age; see vault/age/io.h.
 */
#include "vault/age/io.h"

#include <string.h>

#include "core/fd.h"

#include "core/banned.h"

static int read_fd(void *ctx, unsigned char *out, size_t size, size_t *ret_got,
                   struct sc_error *err)
{
    const int *fd = ctx;
    return sc_fd_read_some(*fd, out, size, ret_got, err);
}

static int write_fd(void *ctx, const void *data, size_t len, struct sc_error *err)
{
    const int *fd = ctx;
    return sc_fd_write_all(*fd, data, len, err);
}

static int read_bytes(void *ctx, unsigned char *out, size_t size, size_t *ret_got,
                      struct sc_error *err)
{
    (void)err;
    struct sc_bytes *bytes = ctx;
    size_t part = SC_MIN(size, bytes->len);
    if (part > 0)
        memcpy(out, bytes->ptr, part);
    *bytes = (struct sc_bytes){bytes->ptr + part, bytes->len - part};
    *ret_got = part;
    return 0;
}

static int write_buf(void *ctx, const void *data, size_t len, struct sc_error *err)
{
    struct sc_buf *buf = ctx;
    sc_buf_append(buf, data, len);
    return sc_buf_status(buf, err);
}

struct sc_age_reader sc_age_read_fd(int *fd)
{
    return (struct sc_age_reader){read_fd, fd};
}

struct sc_age_writer sc_age_write_fd(int *fd)
{
    return (struct sc_age_writer){write_fd, fd};
}

struct sc_age_reader sc_age_read_bytes(struct sc_bytes *bytes)
{
    return (struct sc_age_reader){read_bytes, bytes};
}

struct sc_age_writer sc_age_write_buf(struct sc_buf *buf)
{
    return (struct sc_age_writer){write_buf, buf};
}

int sc_age_read_full(struct sc_age_reader from, unsigned char *out, size_t size, size_t *ret_got,
                     struct sc_error *err)
{
    size_t have = 0;
    for (size_t got = 1; got > 0 && have < size; have += got) {
        int rc = from.read(from.ctx, out + have, size - have, &got, err);
        if (rc < 0)
            return rc;
    }
    *ret_got = have;
    return 0;
}
