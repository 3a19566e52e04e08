/* SPDX-License-Identifier: Apache-2.0
 *
 * The secret type: bytes that must not be seen.
 *
 * Promised: the bytes live in the locked arena (core/arena.h), are wiped when released or moved by
 * growth, and pass through no stdio buffer; a wipe takes them out of the vector registers, too. Not
 * promised: copies in kernel buffers and pipes; swap where locking was refused (sc_arena_policy()
 * tells).
 *
 * Ownership: a struct sc_secret owns its bytes; declare it with SC_CLEANUP(sc_secret_done). It is
 * passed by pointer and never copied by assignment (sc_secret_move() hands it over). The zero value
 * is an empty secret. Threads: as any object, one at a time.
 */
#ifndef SC_CORE_SECRET_H
#define SC_CORE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

/* The largest value a user may store, in bytes. */
#define SC_VALUE_MAX ((size_t)1024 * 1024)

/* Fields are private: use the functions. */
struct sc_secret {
    unsigned char *ptr;
    size_t len;
    size_t cap;
};

/* A borrowed view: valid until the owner is changed or released. Not necessarily secret. */
struct sc_bytes {
    const unsigned char *ptr;
    size_t len;
};

/* Makes room for `cap` bytes in all, keeping the content. TOOBIG over SC_ARENA_BLOCK_MAX. */
int sc_secret_reserve(struct sc_secret *secret, size_t cap, struct sc_error *err) SC_NODISCARD;

/* Appends a copy of the bytes. */
int sc_secret_append(struct sc_secret *secret, const void *bytes, size_t len,
                     struct sc_error *err) SC_NODISCARD;

/* Replaces the content by `len` zero bytes and yields the place to write them; borrowed. */
int sc_secret_resize(struct sc_secret *secret, size_t len, unsigned char **ret_bytes,
                     struct sc_error *err) SC_NODISCARD;

/* Appends `len` zero bytes and yields where all bytes begin, to be written to; borrowed. */
int sc_secret_extend(struct sc_secret *secret, size_t len, unsigned char **ret_all,
                     struct sc_error *err) SC_NODISCARD;

/* Reads to end of file, at most `max` bytes: TOOBIG if there is more (nothing is kept). Replaces
 * the content. */
int sc_secret_read_fd(struct sc_secret *secret, int fd, size_t max,
                      struct sc_error *err) SC_NODISCARD;

/* Writes all bytes with write(2). */
int sc_secret_write_fd(const struct sc_secret *secret, int fd, struct sc_error *err) SC_NODISCARD;

struct sc_bytes sc_secret_view(const struct sc_secret *secret);

/* Drops one final LF or CR LF, if there is one. */
void sc_secret_strip_newline(struct sc_secret *secret);

/* Shortens to `len` bytes and wipes the rest; no effect if it is shorter already. */
void sc_secret_truncate(struct sc_secret *secret, size_t len);

/* Compares in time that depends on the lengths only. */
bool sc_secret_equal(const struct sc_secret *a, const struct sc_secret *b);

/* Hands the content of `from` to `to` (whose old content is wiped); `from` is empty afterwards. */
void sc_secret_move(struct sc_secret *to, struct sc_secret *from);

/* Wipes, releases and leaves the zero value; NULL and the zero value are allowed. */
void sc_secret_done(struct sc_secret *secret);

/* Wipes plain memory so that the compiler cannot leave it out, and what copying it has left in the
 * vector registers. */
void sc_wipe(void *bytes, size_t len);

/* Wipes what calls that have returned left on the stack (8 KiB of it) and in the vector registers:
 * for code that looks at values byte by byte. */
void sc_wipe_stack(void);

#endif
