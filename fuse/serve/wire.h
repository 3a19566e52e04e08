/* SPDX-License-Identifier: Apache-2.0
 *
 * The FUSE protocol: requests decoded into a struct that needs no kernel header, and replies
 * written.
 *
 * Requests come from the kernel, but nothing here trusts them: lengths, names and sizes are checked
 * before use, and a request that lies is answered with EINVAL or dropped when not even its header
 * is whole. The parser is a pure function of the bytes (tests/fuzz/fuse_wire_fuzz.c).
 *
 * Replies are written with one writev(2). ENOENT from it means that the request was answered before
 * or that its reader is gone; that is no error. Threads: any; no state.
 */
#ifndef SC_FUSE_SERVE_WIRE_H
#define SC_FUSE_SERVE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* Bytes of one READ or READDIR reply, at most: the largest value in one piece. */
#define SC_WIRE_REPLY_MAX ((size_t)1024 * 1024)
/* Bytes before them that a buffer must have, for the header. */
#define SC_WIRE_HEAD 16

/* The kernel marks a request it sends again in the top bit of `unique`. */
#define SC_WIRE_RESENT (UINT64_C(1) << 63)

enum sc_wire_op {
    SC_WIRE_UNSUPPORTED, /* ENOSYS: the kernel stops asking */
    SC_WIRE_NO_REPLY,    /* FORGET and its like */
    SC_WIRE_READ_ONLY,   /* EROFS: everything that would change something */
    SC_WIRE_INIT,
    SC_WIRE_DESTROY,
    SC_WIRE_LOOKUP,
    SC_WIRE_GETATTR,
    SC_WIRE_SETATTR,
    SC_WIRE_OPEN,
    SC_WIRE_READ,
    SC_WIRE_WRITE,
    SC_WIRE_RELEASE,
    SC_WIRE_OPENDIR,
    SC_WIRE_READDIR,
    SC_WIRE_RELEASEDIR,
    SC_WIRE_STATFS,
    SC_WIRE_POLL
};

struct sc_wire_request {
    enum sc_wire_op op;
    uint32_t opcode; /* as sent */
    uint64_t unique, node;
    uint32_t uid, gid, tid;
    const char *name; /* LOOKUP: a C string inside the request */
    uint64_t fh, offset;
    uint32_t size;                        /* READ, READDIR: bytes wanted; WRITE: bytes sent */
    uint32_t flags;                       /* OPEN: of open(2); POLL: FUSE_POLL_* */
    uint64_t kh;                          /* POLL */
    uint32_t major, minor, max_readahead; /* INIT */
    uint64_t init_flags;
};

struct sc_wire_attr {
    uint64_t ino, size;
    int64_t mtime;
    uint32_t mode; /* with the type */
    uint32_t uid, gid, links;
};

/* What was agreed with the kernel. */
struct sc_wire_protocol {
    uint32_t minor;
    uint64_t flags;
};

/* FORMAT if not even the header is whole, so that there is nobody to answer; else 0, and *ret_errno
 * is what to answer to a request that lies (0 if it does not). */
int sc_wire_parse(const void *bytes, size_t len, struct sc_wire_request *ret,
                  int *ret_errno) SC_NODISCARD;

/* Each returns 0 or a negative errno of write(2): -ENOENT when nobody waits for this reply (any
 * more). Of `data` the SC_WIRE_HEAD bytes before it are overwritten. */
int sc_wire_reply_error(int fd, uint64_t unique, int error_number);
int sc_wire_reply_data(int fd, uint64_t unique, unsigned char *data, size_t len);
int sc_wire_reply_entry(int fd, uint64_t unique, const struct sc_wire_attr *attr);
int sc_wire_reply_attr(int fd, uint64_t unique, const struct sc_wire_attr *attr);
int sc_wire_reply_open(int fd, uint64_t unique, uint64_t fh, bool directory);
int sc_wire_reply_written(int fd, uint64_t unique, uint32_t size);
int sc_wire_reply_statfs(int fd, uint64_t unique, uint64_t files);
int sc_wire_reply_poll(int fd, uint64_t unique, uint32_t events);

/* Answers INIT with the features this server wants and the kernel has. */
int sc_wire_reply_init(int fd, const struct sc_wire_request *request,
                       struct sc_wire_protocol *ret_protocol);

/* Adds one directory entry to a READDIR reply; 0 if it does not fit any more, else its bytes. */
size_t sc_wire_add_dirent(void *to, size_t room, const char *name, uint64_t next_offset,
                          const struct sc_wire_attr *attr);

/* Asks the kernel to send every unanswered request again; false where it cannot (before 6.9). */
bool sc_wire_notify_resend(int fd);
/* Wakes the pollers of a handle. */
int sc_wire_notify_poll(int fd, uint64_t kh);

#endif
