/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads a file in every way the kernel offers and compares: readers FILE COPY. Prints each way, and
 * exits with 1 if one gave other bytes, or another errno than it must. COPY holds the right bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define ROOM ((size_t)2 * 1024 * 1024)

/* What a way of reading gets: an open file, and where the bytes go. -1: errno tells. */
struct reading {
    int fd;
    size_t size; /* by fstat */
    unsigned char *to;
};
typedef ssize_t (*read_fn)(struct reading *reading);

static ssize_t by_blocks(struct reading *reading, size_t block)
{
    size_t at = 0;
    for (;;) {
        ssize_t got = read(reading->fd, reading->to + at, block < ROOM - at ? block : ROOM - at);
        if (got <= 0)
            return got < 0 ? -1 : (ssize_t)at;
        at += (size_t)got;
    }
}

static ssize_t by_read(struct reading *reading)
{
    return by_blocks(reading, ROOM);
}

static ssize_t by_4096(struct reading *reading)
{
    return by_blocks(reading, 4096);
}

static ssize_t by_odd_pieces(struct reading *reading)
{
    return by_blocks(reading, 1021);
}

static ssize_t by_pread_backwards(struct reading *reading)
{
    for (size_t at = reading->size; at > 0;) {
        size_t piece = at < 3000 ? at : 3000;
        at -= piece;
        if (pread(reading->fd, reading->to + at, piece, (off_t)at) != (ssize_t)piece)
            return -1;
    }
    return (ssize_t)reading->size;
}

static ssize_t by_readv(struct reading *reading)
{
    struct iovec parts[] = {
        {reading->to, 5}, {reading->to + 5, 4096}, {reading->to + 4101, ROOM - 4101}};
    return readv(reading->fd, parts, 3);
}

static ssize_t by_mmap(struct reading *reading)
{
    if (reading->size == 0)
        return 0;
    void *map = mmap(NULL, reading->size, PROT_READ, MAP_PRIVATE, reading->fd, 0);
    if (map == MAP_FAILED)
        return -1;
    memcpy(reading->to, map, reading->size);
    munmap(map, reading->size);
    return (ssize_t)reading->size;
}

static ssize_t by_shared_mmap(struct reading *reading)
{
    void *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, reading->fd, 0);
    if (map != MAP_FAILED)
        munmap(map, 4096);
    return map == MAP_FAILED ? -1 : 0;
}

/* From the memory file that a call filled. */
static ssize_t collect(struct reading *reading, int copy)
{
    ssize_t len = pread(copy, reading->to, ROOM, 0);
    close(copy);
    return len;
}

static ssize_t by_sendfile(struct reading *reading)
{
    int copy = memfd_create("copy", MFD_CLOEXEC);
    while (sendfile(copy, reading->fd, NULL, ROOM) > 0)
        ;
    return collect(reading, copy);
}

static ssize_t by_splice(struct reading *reading)
{
    int ends[2];
    size_t at = 0;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    for (ssize_t got; (got = splice(reading->fd, NULL, ends[1], NULL, 65536, 0)) > 0;) {
        for (ssize_t rest = got; rest > 0;) {
            ssize_t now = read(ends[0], reading->to + at, (size_t)rest);
            if (now <= 0)
                return -1;
            at += (size_t)now;
            rest -= now;
        }
    }
    close(ends[0]);
    close(ends[1]);
    return (ssize_t)at;
}

static ssize_t by_copy_file_range(struct reading *reading)
{
    int copy = memfd_create("copy", MFD_CLOEXEC);
    ssize_t got = copy_file_range(reading->fd, NULL, copy, NULL, ROOM, 0);
    close(copy);
    return got;
}

static ssize_t by_stdio(struct reading *reading)
{
    FILE *file = fdopen(dup(reading->fd), "r");
    if (file == NULL)
        return -1;
    size_t len = fread(reading->to, 1, ROOM, file);
    fclose(file);
    return (ssize_t)len;
}

static ssize_t by_readahead(struct reading *reading)
{
    readahead(reading->fd, 0, ROOM);
    posix_fadvise(reading->fd, 0, 0, POSIX_FADV_WILLNEED);
    return by_read(reading);
}

static ssize_t by_aio(struct reading *reading)
{
    aio_context_t context = 0;
    struct iocb request = {.aio_fildes = (uint32_t)reading->fd,
                           .aio_lio_opcode = IOCB_CMD_PREAD,
                           .aio_buf = (uint64_t)(uintptr_t)reading->to,
                           .aio_nbytes = ROOM};
    struct iocb *requests[] = {&request};
    struct io_event event = {0};
    if (syscall(SYS_io_setup, 1, &context) < 0)
        return -1;
    long done = syscall(SYS_io_submit, context, 1L, requests) == 1
                    ? syscall(SYS_io_getevents, context, 1L, 1L, &event, NULL)
                    : -1;
    syscall(SYS_io_destroy, context);
    if (done == 1 && event.res < 0)
        errno = (int)-event.res;
    return done == 1 && event.res >= 0 ? (ssize_t)event.res : -1;
}

/* One READ into a buffer much larger than the value: where FUSE_ASYNC_DIO is missing, the kernel
 * returns the value more than once. */
static ssize_t by_io_uring(struct reading *reading)
{
    struct io_uring_params params = {0};
    int ring = (int)syscall(SYS_io_uring_setup, 2, &params);
    if (ring < 0)
        return -1;
    size_t sq_size = params.sq_off.array + params.sq_entries * sizeof(uint32_t);
    size_t cq_size = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    unsigned char *sq =
        mmap(NULL, sq_size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
    unsigned char *cq =
        mmap(NULL, cq_size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_CQ_RING);
    struct io_uring_sqe *entry = mmap(NULL, params.sq_entries * sizeof(*entry),
                                      PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
    if (sq == MAP_FAILED || cq == MAP_FAILED || entry == MAP_FAILED)
        return -1;
    *entry = (struct io_uring_sqe){.opcode = IORING_OP_READ,
                                   .fd = reading->fd,
                                   .addr = (uint64_t)(uintptr_t)reading->to,
                                   .len = (uint32_t)ROOM};
    ((uint32_t *)(void *)(sq + params.sq_off.array))[0] = 0;
    __atomic_store_n((uint32_t *)(void *)(sq + params.sq_off.tail), 1, __ATOMIC_RELEASE);
    long done = syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
    const struct io_uring_cqe *result = (void *)(cq + params.cq_off.cqes);
    ssize_t len = done == 1 ? result->res : -1;
    munmap(sq, sq_size);
    munmap(cq, cq_size);
    munmap(entry, params.sq_entries * sizeof(*entry));
    close(ring);
    return len;
}

/* As os.ReadFile of Go does: its poller takes what can be polled, FUSE's files too, and then they
 * do not block; a buffer a little larger than the size, which grows until the end is reached. */
static ssize_t by_go(struct reading *reading)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
    int poller = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ctl(poller, EPOLL_CTL_ADD, reading->fd, &event) == 0)
        fcntl(reading->fd, F_SETFL, O_NONBLOCK);
    size_t at = 0, room = reading->size + 512;
    ssize_t got = 0;
    do {
        if (at == room)
            room += room / 4;
        got = read(reading->fd, reading->to + at, (room < ROOM ? room : ROOM) - at);
        at += got > 0 ? (size_t)got : 0;
    } while (got > 0);
    close(poller);
    return got < 0 ? -1 : (ssize_t)at;
}

static const struct {
    const char *name;
    int flags;
    read_fn fn;
    int error_number; /* that it must fail with */
} ways[] = {
    {"read", O_RDONLY, by_read, 0},
    {"read by 4096", O_RDONLY, by_4096, 0},
    {"read by 1021", O_RDONLY, by_odd_pieces, 0},
    {"read with O_APPEND", O_RDONLY | O_APPEND, by_read, 0},
    {"read with O_NONBLOCK", O_RDONLY | O_NONBLOCK, by_read, 0},
    {"read with O_NOATIME", O_RDONLY | O_NOATIME, by_read, 0},
    {"read with O_DIRECT", O_RDONLY | O_DIRECT, by_read, 0},
    {"pread backwards", O_RDONLY, by_pread_backwards, 0},
    {"readv", O_RDONLY, by_readv, 0},
    {"stdio", O_RDONLY, by_stdio, 0},
    {"mmap", O_RDONLY, by_mmap, 0},
    {"mmap, shared", O_RDONLY, by_shared_mmap, ENODEV},
    {"sendfile", O_RDONLY, by_sendfile, 0},
    {"splice", O_RDONLY, by_splice, 0},
    {"copy_file_range", O_RDONLY, by_copy_file_range, EXDEV},
    {"readahead", O_RDONLY, by_readahead, 0},
    {"aio", O_RDONLY, by_aio, 0},
    {"io_uring", O_RDONLY, by_io_uring, 0},
    {"as Go does", O_RDONLY, by_go, 0},
    {"O_WRONLY", O_WRONLY, by_read, EROFS},
    {"O_WRONLY with O_APPEND", O_WRONLY | O_APPEND, by_read, EROFS},
    {"O_RDWR", O_RDWR, by_read, EROFS},
    {"O_TRUNC", O_RDONLY | O_TRUNC, by_read, EROFS},
};

static int load(const char *path, unsigned char *to, size_t *ret_len)
{
    struct reading copy = {.fd = open(path, O_RDONLY | O_CLOEXEC), .to = to};
    ssize_t len = copy.fd < 0 ? -1 : by_read(&copy);
    *ret_len = len > 0 ? (size_t)len : 0;
    close(copy.fd);
    return len < 0 ? -1 : 0;
}

static int try(size_t i, const char *path, const unsigned char *want, size_t want_len,
               unsigned char *to)
{
    struct stat st = {0};
    struct reading reading = {.fd = open(path, ways[i].flags | O_CLOEXEC), .to = to};
    ssize_t len = -1;
    memset(to, 0xee, ROOM);
    if (reading.fd >= 0 && fstat(reading.fd, &st) == 0) {
        reading.size = (size_t)st.st_size;
        len = ways[i].fn(&reading);
    }
    int error_number = len < 0 ? errno : 0;
    if (reading.fd >= 0)
        close(reading.fd);
    /* Not every machine lets everybody use these two. */
    if ((error_number == ENOSYS || error_number == EPERM) &&
        (ways[i].fn == by_io_uring || ways[i].fn == by_aio)) {
        printf("%s: not here\n", ways[i].name);
        return 0;
    }
    if (error_number != ways[i].error_number) {
        printf("%s: errno %d, not %d\n", ways[i].name, error_number, ways[i].error_number);
        return 1;
    }
    if (error_number == 0 && ((size_t)len != want_len || memcmp(to, want, want_len) != 0)) {
        printf("%s: %zd bytes, not the %zu\n", ways[i].name, len, want_len);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    unsigned char *to = malloc(ROOM), *want = malloc(ROOM);
    size_t want_len = 0;
    int wrong = 0;
    if (argc != 3 || to == NULL || want == NULL || load(argv[2], want, &want_len) < 0)
        return 2;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        wrong += try(i, argv[1], want, want_len, to);
    printf("%zu ways, %zu bytes, %d wrong\n", sizeof(ways) / sizeof(ways[0]), want_len, wrong);
    free(to);
    free(want);
    return wrong > 0;
}
