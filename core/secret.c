/* SPDX-License-Identifier: Apache-2.0
 *
 * The secret type; see core/secret.h. The whole policy for secret bytes stands in this file and in
 * core/arena.c.
 */
#include "core/secret.h"

#include <sodium.h>
#include <string.h>

#include "core/arena.h"
#include "core/fd.h"
#include "core/vector/registers.h"

#include "core/banned.h"

#define FIRST_CAPACITY ((size_t)256)
#define READ_STEP      ((size_t)4096)
#define STACK_REACH    ((size_t)8 * 1024)

int sc_secret_reserve(struct sc_secret *secret, size_t cap, struct sc_error *err)
{
    if (cap <= secret->cap)
        return 0;
    size_t wanted = secret->cap == 0 ? FIRST_CAPACITY : secret->cap;
    while (wanted < cap && wanted < SC_ARENA_BLOCK_MAX)
        wanted *= 2;
    struct sc_error own = {0};
    struct sc_error *reason = err != NULL ? err : &own;
    unsigned char *grown = sc_arena_alloc(SC_MAX(wanted, cap), reason);
    if (grown == NULL)
        return reason->code;
    if (secret->len > 0)
        memcpy(grown, secret->ptr, secret->len);
    sc_arena_free(secret->ptr);
    secret->ptr = grown;
    secret->cap = SC_MAX(wanted, cap);
    return 0;
}

int sc_secret_append(struct sc_secret *secret, const void *bytes, size_t len, struct sc_error *err)
{
    if (len == 0)
        return 0;
    if (len > SC_ARENA_BLOCK_MAX)
        return sc_fail(err, SC_E_TOOBIG, "%zu bytes are over the limit of a secret", len);
    /* A part of the secret itself moves along when it grows. */
    bool own = secret->ptr != NULL && (const unsigned char *)bytes >= secret->ptr &&
               (const unsigned char *)bytes < secret->ptr + secret->len;
    size_t offset = own ? (size_t)((const unsigned char *)bytes - secret->ptr) : 0;
    int rc = sc_secret_reserve(secret, secret->len + len, err);
    if (rc < 0)
        return rc;
    memcpy(secret->ptr + secret->len, own ? secret->ptr + offset : bytes, len);
    secret->len += len;
    return 0;
}

int sc_secret_resize(struct sc_secret *secret, size_t len, unsigned char **ret_bytes,
                     struct sc_error *err)
{
    int rc = sc_secret_reserve(secret, SC_MAX(len, (size_t)1), err);
    if (rc < 0)
        return rc;
    sc_wipe(secret->ptr, SC_MAX(secret->len, len));
    secret->len = len;
    *ret_bytes = secret->ptr;
    return 0;
}

int sc_secret_extend(struct sc_secret *secret, size_t len, unsigned char **ret_all,
                     struct sc_error *err)
{
    if (len > SC_ARENA_BLOCK_MAX)
        return sc_fail(err, SC_E_TOOBIG, "%zu bytes are over the limit of a secret", len);
    int rc = sc_secret_reserve(secret, SC_MAX(secret->len + len, (size_t)1), err);
    if (rc < 0)
        return rc;
    sc_wipe(secret->ptr + secret->len, len);
    secret->len += len;
    *ret_all = secret->ptr;
    return 0;
}

int sc_secret_read_fd(struct sc_secret *secret, int fd, size_t max, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret content = {0};
    for (;;) {
        /* One byte of room over the limit tells "exactly max" from "more than max". */
        int rc = sc_secret_reserve(&content, SC_MIN(content.len + READ_STEP, max + 1), err);
        if (rc < 0)
            return rc;
        size_t got = 0;
        size_t room = SC_MIN(content.cap, max + 1) - content.len;
        rc = sc_fd_read_some(fd, content.ptr + content.len, room, &got, err);
        if (rc < 0)
            return rc;
        if (got == 0)
            break;
        content.len += got;
        if (content.len > max)
            return sc_fail(err, SC_E_TOOBIG, "the value is longer than %zu bytes", max);
    }
    sc_secret_move(secret, &content);
    return 0;
}

int sc_secret_write_fd(const struct sc_secret *secret, int fd, struct sc_error *err)
{
    return sc_fd_write_all(fd, secret->ptr, secret->len, err);
}

struct sc_bytes sc_secret_view(const struct sc_secret *secret)
{
    return (struct sc_bytes){.ptr = secret->ptr, .len = secret->len};
}

void sc_secret_strip_newline(struct sc_secret *secret)
{
    size_t len = secret->len;
    if (len > 0 && secret->ptr[len - 1] == '\n') {
        len--;
        if (len > 0 && secret->ptr[len - 1] == '\r')
            len--;
    }
    sc_secret_truncate(secret, len);
}

void sc_secret_truncate(struct sc_secret *secret, size_t len)
{
    if (len >= secret->len)
        return;
    sc_wipe(secret->ptr + len, secret->len - len);
    secret->len = len;
}

bool sc_secret_equal(const struct sc_secret *a, const struct sc_secret *b)
{
    return a->len == b->len && (a->len == 0 || sodium_memcmp(a->ptr, b->ptr, a->len) == 0);
}

void sc_secret_move(struct sc_secret *to, struct sc_secret *from)
{
    if (to == from)
        return;
    sc_arena_free(to->ptr);
    *to = *from;
    *from = (struct sc_secret){0};
}

void sc_secret_done(struct sc_secret *secret)
{
    if (secret == NULL)
        return;
    sc_arena_free(secret->ptr);
    *secret = (struct sc_secret){0};
}

void sc_wipe(void *bytes, size_t len)
{
    if (len > 0)
        sodium_memzero(bytes, len);
    sc_registers_wipe();
}

__attribute__((noinline)) void sc_wipe_stack(void)
{
    unsigned char left[STACK_REACH];
    sc_wipe(left, sizeof(left));
}
