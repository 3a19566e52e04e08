/* SPDX-License-Identifier: Apache-2.0
 *
 * The FUSE protocol; see fuse/serve/wire.h. Only this file knows the kernel's structs.
 */
#include "fuse/serve/wire.h"

#include <errno.h>
#include <linux/fuse.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/name.h"

#include "core/banned.h"

#define OUR_MINOR     38
#define MAX_WRITE     4096
#define MAX_PAGES     256
#define NOTIFY_RESEND 7 /* since 6.9; not in older headers */
/* The struct fuse_init_in of kernels before 7.36 ends behind `flags`. */
#define INIT_IN_SHORT 16

/* How an opcode is read: what it is to us, how many bytes of arguments it must have, whether a name
 * follows. Opcodes not listed are unsupported. */
struct shape {
    enum sc_wire_op op;
    size_t arguments;
    bool name;
};

static const struct shape shapes[] = {
    [FUSE_LOOKUP] = {SC_WIRE_LOOKUP, 0, true},
    [FUSE_FORGET] = {SC_WIRE_NO_REPLY, 0, false},
    [FUSE_BATCH_FORGET] = {SC_WIRE_NO_REPLY, 0, false},
    [FUSE_GETATTR] = {SC_WIRE_GETATTR, sizeof(struct fuse_getattr_in), false},
    [FUSE_SETATTR] = {SC_WIRE_SETATTR, sizeof(struct fuse_setattr_in), false},
    [FUSE_SYMLINK] = {SC_WIRE_READ_ONLY, 0, false},
    [FUSE_MKNOD] = {SC_WIRE_READ_ONLY, 0, false},
    [FUSE_MKDIR] = {SC_WIRE_READ_ONLY, 0, false},
    [FUSE_UNLINK] = {SC_WIRE_READ_ONLY, 0, false},
    [FUSE_RMDIR] = {SC_WIRE_READ_ONLY, 0, false},
    [FUSE_RENAME] = {SC_WIRE_READ_ONLY, 0, false},
    [FUSE_RENAME2] = {SC_WIRE_READ_ONLY, 0, false},
    [FUSE_LINK] = {SC_WIRE_READ_ONLY, 0, false},
    [FUSE_CREATE] = {SC_WIRE_READ_ONLY, 0, false},
    [FUSE_SETXATTR] = {SC_WIRE_READ_ONLY, 0, false},
    [FUSE_REMOVEXATTR] = {SC_WIRE_READ_ONLY, 0, false},
    [FUSE_FALLOCATE] = {SC_WIRE_READ_ONLY, 0, false},
    [FUSE_OPEN] = {SC_WIRE_OPEN, sizeof(struct fuse_open_in), false},
    [FUSE_READ] = {SC_WIRE_READ, sizeof(struct fuse_read_in), false},
    [FUSE_WRITE] = {SC_WIRE_WRITE, sizeof(struct fuse_write_in), false},
    [FUSE_RELEASE] = {SC_WIRE_RELEASE, sizeof(struct fuse_release_in), false},
    [FUSE_OPENDIR] = {SC_WIRE_OPENDIR, sizeof(struct fuse_open_in), false},
    [FUSE_READDIR] = {SC_WIRE_READDIR, sizeof(struct fuse_read_in), false},
    [FUSE_RELEASEDIR] = {SC_WIRE_RELEASEDIR, sizeof(struct fuse_release_in), false},
    [FUSE_STATFS] = {SC_WIRE_STATFS, 0, false},
    [FUSE_POLL] = {SC_WIRE_POLL, sizeof(struct fuse_poll_in), false},
    [FUSE_INIT] = {SC_WIRE_INIT, INIT_IN_SHORT, false},
    [FUSE_DESTROY] = {SC_WIRE_DESTROY, 0, false},
};

static void decode_init(const unsigned char *arguments, size_t len, struct sc_wire_request *ret)
{
    struct fuse_init_in in = {0};
    memcpy(&in, arguments, SC_MIN(len, sizeof(in)));
    ret->major = in.major;
    ret->minor = in.minor;
    ret->max_readahead = in.max_readahead;
    ret->init_flags = in.flags;
    if ((in.flags & FUSE_INIT_EXT) != 0)
        ret->init_flags |= (uint64_t)in.flags2 << 32;
}

/* Called with at least the bytes the shape demands. */
static void decode_arguments(const unsigned char *arguments, size_t len,
                             struct sc_wire_request *ret)
{
    switch (ret->op) {
    case SC_WIRE_INIT:
        decode_init(arguments, len, ret);
        break;
    case SC_WIRE_OPEN:
    case SC_WIRE_OPENDIR: {
        struct fuse_open_in in;
        memcpy(&in, arguments, sizeof(in));
        ret->flags = in.flags;
        break;
    }
    case SC_WIRE_READ:
    case SC_WIRE_READDIR: {
        struct fuse_read_in in;
        memcpy(&in, arguments, sizeof(in));
        ret->fh = in.fh;
        ret->offset = in.offset;
        ret->size = in.size;
        break;
    }
    case SC_WIRE_WRITE: {
        struct fuse_write_in in;
        memcpy(&in, arguments, sizeof(in));
        ret->fh = in.fh;
        ret->size = in.size;
        break;
    }
    case SC_WIRE_RELEASE:
    case SC_WIRE_RELEASEDIR: {
        struct fuse_release_in in;
        memcpy(&in, arguments, sizeof(in));
        ret->fh = in.fh;
        ret->flags = in.flags;
        break;
    }
    case SC_WIRE_POLL: {
        struct fuse_poll_in in;
        memcpy(&in, arguments, sizeof(in));
        ret->fh = in.fh;
        ret->kh = in.kh;
        ret->flags = in.flags;
        break;
    }
    default:
        break;
    }
}

int sc_wire_parse(const void *bytes, size_t len, struct sc_wire_request *ret, int *ret_errno)
{
    struct fuse_in_header header;
    if (len < sizeof(header))
        return SC_E_FORMAT;
    memcpy(&header, bytes, sizeof(header));
    if (header.unique == 0)
        return SC_E_FORMAT;
    *ret = (struct sc_wire_request){
        .op = SC_WIRE_UNSUPPORTED,
        .opcode = header.opcode,
        .unique = header.unique,
        .node = header.nodeid,
        .uid = header.uid,
        .gid = header.gid,
        .tid = header.pid,
    };
    *ret_errno = 0;
    if (header.len > len || header.len < sizeof(header)) {
        *ret_errno = EINVAL;
        return 0;
    }
    if (header.opcode >= SC_ARRAY_SIZE(shapes))
        return 0;
    const struct shape *shape = &shapes[header.opcode];
    const unsigned char *arguments = (const unsigned char *)bytes + sizeof(header);
    size_t room = header.len - sizeof(header);
    ret->op = shape->op;
    if (room < shape->arguments || (shape->name && memchr(arguments, '\0', room) == NULL)) {
        *ret_errno = EINVAL;
        return 0;
    }
    if (shape->name)
        ret->name = (const char *)arguments;
    decode_arguments(arguments, room, ret);
    return 0;
}

/* ---- replies ---- */

/* The kernel looks up the memory of each part of an answer, so an answer is one part: a header with
 * what belongs to it behind. */
static int reply(int fd, uint64_t unique, int error_number, void *whole, size_t len)
{
    const struct fuse_out_header head = {
        .len = (uint32_t)len,
        .error = -error_number,
        .unique = unique,
    };
    memcpy(whole, &head, sizeof(head));
    for (;;) {
        if (write(fd, whole, len) >= 0)
            return 0;
        if (errno != EINTR)
            return -errno;
    }
}

/* What is answered with one structure of the protocol. */
struct answer {
    struct fuse_out_header head;
    union {
        struct fuse_entry_out entry;
        struct fuse_attr_out attr;
        struct fuse_open_out open;
        struct fuse_write_out written;
        struct fuse_statfs_out statfs;
        struct fuse_poll_out poll;
        struct fuse_init_out init;
    };
};

static int answer_with(int fd, uint64_t unique, struct answer *answer, size_t size)
{
    return reply(fd, unique, 0, answer, sizeof(answer->head) + size);
}

int sc_wire_reply_error(int fd, uint64_t unique, int error_number)
{
    struct fuse_out_header head;
    return reply(fd, unique, error_number, &head, sizeof(head));
}

int sc_wire_reply_data(int fd, uint64_t unique, unsigned char *data, size_t len)
{
    _Static_assert(SC_WIRE_HEAD == sizeof(struct fuse_out_header), "room for the header");
    return reply(fd, unique, 0, data - SC_WIRE_HEAD, SC_WIRE_HEAD + len);
}

static void fill_attr(struct fuse_attr *to, const struct sc_wire_attr *attr)
{
    to->ino = attr->ino;
    to->size = attr->size;
    to->blocks = (attr->size + 511) / 512;
    to->atime = to->mtime = to->ctime = (uint64_t)attr->mtime;
    to->mode = attr->mode;
    to->nlink = attr->links;
    to->uid = attr->uid;
    to->gid = attr->gid;
    to->blksize = 4096;
}

/* Attributes and names are never cached: a stale size truncates reads, a stale name denies them. */
static void fill_entry(struct fuse_entry_out *to, const struct sc_wire_attr *attr)
{
    *to = (struct fuse_entry_out){.nodeid = attr->ino};
    fill_attr(&to->attr, attr);
}

int sc_wire_reply_entry(int fd, uint64_t unique, const struct sc_wire_attr *attr)
{
    struct answer answer;
    fill_entry(&answer.entry, attr);
    return answer_with(fd, unique, &answer, sizeof(answer.entry));
}

int sc_wire_reply_attr(int fd, uint64_t unique, const struct sc_wire_attr *attr)
{
    struct answer answer = {.attr = {0}};
    fill_attr(&answer.attr.attr, attr);
    return answer_with(fd, unique, &answer, sizeof(answer.attr));
}

int sc_wire_reply_open(int fd, uint64_t unique, uint64_t fh, bool directory)
{
    struct answer answer = {.open = {.fh = fh, .open_flags = directory ? 0 : FOPEN_DIRECT_IO}};
    return answer_with(fd, unique, &answer, sizeof(answer.open));
}

int sc_wire_reply_written(int fd, uint64_t unique, uint32_t size)
{
    struct answer answer = {.written = {.size = size}};
    return answer_with(fd, unique, &answer, sizeof(answer.written));
}

int sc_wire_reply_statfs(int fd, uint64_t unique, uint64_t files)
{
    struct answer answer = {
        .statfs = {
            .st = {.bsize = 4096, .frsize = 4096, .files = files, .namelen = SC_NAME_PART_MAX}}};
    return answer_with(fd, unique, &answer, sizeof(answer.statfs));
}

int sc_wire_reply_poll(int fd, uint64_t unique, uint32_t events)
{
    struct answer answer = {.poll = {.revents = events}};
    return answer_with(fd, unique, &answer, sizeof(answer.poll));
}

int sc_wire_reply_init(int fd, const struct sc_wire_request *request,
                       struct sc_wire_protocol *ret_protocol)
{
    if (request->major != FUSE_KERNEL_VERSION || request->minor < 31)
        return sc_wire_reply_error(fd, request->unique, EPROTO);
    /* FUSE_ASYNC_DIO is a must: without it an io_uring read into a large buffer returns a value
     * repeated. FUSE_ALLOW_IDMAP and FUSE_OVER_IO_URING are left out on purpose. */
    const uint64_t wanted = FUSE_ASYNC_DIO | FUSE_AUTO_INVAL_DATA | FUSE_ASYNC_READ |
                            FUSE_PARALLEL_DIROPS | FUSE_MAX_PAGES | FUSE_INIT_EXT;
    uint64_t flags = wanted & request->init_flags;
    struct answer answer;
    answer.init = (struct fuse_init_out){
        .major = FUSE_KERNEL_VERSION,
        .minor = SC_MIN(request->minor, (uint32_t)OUR_MINOR),
        .max_readahead = request->max_readahead,
        .flags = (uint32_t)flags,
        .flags2 = (uint32_t)(flags >> 32),
        .max_background = 64,
        .congestion_threshold = 48,
        .max_write = MAX_WRITE,
        .time_gran = 1000000000,
        .max_pages = MAX_PAGES,
    };
    *ret_protocol = (struct sc_wire_protocol){.minor = answer.init.minor, .flags = flags};
    return answer_with(fd, request->unique, &answer, sizeof(answer.init));
}

size_t sc_wire_add_dirent(void *to, size_t room, const char *name, uint64_t next_offset,
                          const struct sc_wire_attr *attr)
{
    size_t len = strlen(name);
    size_t used = FUSE_NAME_OFFSET + len;
    size_t aligned = FUSE_DIRENT_ALIGN(used);
    if (aligned > room)
        return 0;
    const struct fuse_dirent head = {
        .ino = attr->ino,
        .off = next_offset,
        .namelen = (uint32_t)len,
        .type = (attr->mode & S_IFMT) >> 12,
    };
    memcpy(to, &head, FUSE_NAME_OFFSET);
    memcpy((char *)to + FUSE_NAME_OFFSET, name, len);
    memset((char *)to + used, 0, aligned - used);
    return aligned;
}

/* ---- notifications ---- */

bool sc_wire_notify_resend(int fd)
{
    const struct fuse_out_header out = {.len = sizeof(out), .error = NOTIFY_RESEND};
    return write(fd, &out, sizeof(out)) == (ssize_t)sizeof(out);
}

int sc_wire_notify_poll(int fd, uint64_t kh)
{
    const struct {
        struct fuse_out_header header;
        struct fuse_notify_poll_wakeup_out wakeup;
    } out = {
        .header = {.len = sizeof(out), .error = FUSE_NOTIFY_POLL},
        .wakeup = {.kh = kh},
    };
    return write(fd, &out, sizeof(out)) >= 0 ? 0 : -errno;
}
