/* SPDX-License-Identifier: Apache-2.0
 *
 * Where age reads and writes bytes: two callbacks, so that files, memory and the armor in between
 * look the same. Ownership: the maker's. Threads: as the context behind them.
 */
#ifndef SC_VAULT_AGE_IO_H
#define SC_VAULT_AGE_IO_H

#include "core/buf.h"
#include "core/error.h"
#include "core/secret.h"

struct sc_age_reader {
    /* Up to `size` bytes; *ret_got is 0 only at the end. */
    int (*read)(void *ctx, unsigned char *out, size_t size, size_t *ret_got, struct sc_error *err);
    void *ctx;
};

struct sc_age_writer {
    /* All of it, or a failure. */
    int (*write)(void *ctx, const void *data, size_t len, struct sc_error *err);
    void *ctx;
};

/* From and to a descriptor, which must live as long as they do. */
struct sc_age_reader sc_age_read_fd(int *fd);
struct sc_age_writer sc_age_write_fd(int *fd);

/* From memory; *bytes is advanced. Onto a buffer for what is not secret. */
struct sc_age_reader sc_age_read_bytes(struct sc_bytes *bytes);
struct sc_age_writer sc_age_write_buf(struct sc_buf *buf);

/* Reads until `size` bytes are there or the input ends. */
int sc_age_read_full(struct sc_age_reader from, unsigned char *out, size_t size, size_t *ret_got,
                     struct sc_error *err) SC_NODISCARD;

#endif
