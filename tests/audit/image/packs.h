/* SPDX-License-Identifier: Apache-2.0
 *
 * Packs of git made byte by byte, and fed to the reader. For tests. Threads: one.
 */
#ifndef SC_TESTS_AUDIT_IMAGE_PACKS_H
#define SC_TESTS_AUDIT_IMAGE_PACKS_H

#include "audit/image/git/git.h"
#include "audit/image/git/store.h"
#include "core/buf.h"

#define PACK_FILE_MAX ((size_t)512 * 1024 * 1024)

#define BASE      "user=shop\npassword=winter-2025\nport=1\n"
#define BASE_SHA1 "486017c0ae9f1a20e060175db0b22b8aafcfb22a"
/* Both sizes; "user=shop\npassword=" and "winter-202" copied, "6" new, and the rest copied. */
#define CHANGE                                                                                     \
    "\x26\x26\x90\x1d\x01"                                                                         \
    "6"                                                                                            \
    "\x91\x1e\x08"
#define CHANGED "user=shop\npassword=winter-2026\nport=1\n"
#define CHANGE_2                                                                                   \
    "\x26\x0b"                                                                                     \
    "\x91\x13\x0b"

/* What the reader tells, as text: the ctx of pack_ops. */
struct pack_told {
    struct sc_buf text;
    size_t len; /* of the content at hand */
};
extern const struct sc_tar_ops pack_ops;

/* Each appends to the file. */
void pack_bytes(struct sc_buf *file, const void *bytes, size_t len);
/* A zlib stream of blocks that are stored as they are; its checksum is not looked at. */
void pack_zlib(struct sc_buf *file, const char *bytes, size_t len);
void pack_head(struct sc_buf *file, unsigned type, size_t size);
/* These return where the object begins. */
size_t pack_object(struct sc_buf *file, unsigned type, const char *bytes, size_t len);
size_t pack_delta(struct sc_buf *file, size_t base, const char *bytes, size_t len);
/* To the object of that name, in hexadecimal letters. */
size_t pack_named(struct sc_buf *file, const char *hex, const char *bytes, size_t len);
void pack_begin(struct sc_buf *file, unsigned char count);
void pack_sum(struct sc_buf *file);

/* Bytes that other packs have taken of what may be made. */
extern uint64_t pack_made_before;

/* Feeds the file in pieces of that size, each alone in memory, so that a step outside of it is
 * seen. Returns how it ended, with *why. */
int pack_feed(const struct sc_buf *file, size_t size, struct pack_told *told, struct sc_error *why);
/* In pieces of many sizes the same is told, and it ends the same way. */
void pack_expect(const struct sc_buf *file, const char *text, int code, const char *reason);

#endif
