/* SPDX-License-Identifier: Apache-2.0
 *
 * The read log on disk; see fuse/agent/accesslog.h.
 */
#include "fuse/agent/accesslog.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/fd.h"
#include "core/parse.h"
#include "core/str.h"

#include "core/banned.h"

#define FIELDS   16 /* without the hash */
#define HEX_SIZE (2 * SC_HASH_SIZE)
#define NOTHING  "-"
/* Bytes of lines that wait to be written. */
#define PENDING_SIZE ((size_t)256 * 1024)
#define LOCK_TRIES   100    /* for an agent on a busy machine to be gone, or to let go */
#define LOCK_PAUSE   100000 /* microseconds */

static void chain_next(const unsigned char *chain, const char *line, size_t len, unsigned char *out)
{
    char joined[SC_HASH_SIZE + SC_ACCESS_LINE_MAX];
    memcpy(joined, chain, SC_HASH_SIZE);
    memcpy(joined + SC_HASH_SIZE, line, len);
    sc_hash_blake2b(out, joined, SC_HASH_SIZE + len, NULL, 0);
}

/* ---- reading ---- */

/* Whether `line` (without its newline) continues the chain; then moves the chain on. */
static bool check_line(unsigned char *chain, const char *line, size_t len)
{
    char hex[HEX_SIZE + 1];
    unsigned char next[SC_HASH_SIZE];
    if (len <= HEX_SIZE || len > SC_ACCESS_LINE_MAX || line[len - HEX_SIZE - 1] != '\t')
        return false;
    chain_next(chain, line, len - HEX_SIZE - 1, next);
    sc_hex(hex, next, SC_HASH_SIZE);
    if (memcmp(hex, line + len - HEX_SIZE, HEX_SIZE) != 0)
        return false;
    memcpy(chain, next, SC_HASH_SIZE);
    return true;
}

/* A loss has the sequence and its own wording in the fields; an entry has them all. */
static bool split(char *line, struct sc_access_entry *ret)
{
    char *fields[FIELDS + 1];
    size_t count = 0;
    for (char *at = line; at != NULL && count <= FIELDS; count++) {
        fields[count] = at;
        at = strchr(at, '\t');
        if (at != NULL)
            *at++ = '\0';
    }
    if (count != FIELDS + 1)
        return false;
    *ret = (struct sc_access_entry){
        .time = fields[1],
        .name = fields[2],
        .result = fields[4],
        .uid = fields[5],
        .gid = fields[6],
        .pid = fields[7],
        .start = fields[8],
        .container = fields[9],
        .project = fields[10],
        .service = fields[11],
        .image = fields[12],
        .exe = fields[13],
        .cgroup = fields[14],
        .hash = fields[16],
    };
    return sc_parse_u64(fields[0], UINT64_MAX, "sequence", &ret->sequence, NULL) == 0 &&
           sc_parse_u64(fields[3], UINT64_MAX, "version", &ret->version, NULL) == 0 &&
           sc_parse_u64(fields[15], UINT64_MAX, "opens", &ret->opens, NULL) == 0;
}

struct scan {
    unsigned char chain[SC_HASH_SIZE];
    uint64_t lines;
    off_t whole; /* bytes up to the end of the last whole line */
    sc_access_fn fn;
    void *ctx;
};

static int scan_line(struct scan *scan, const char *path, char *line, struct sc_error *err)
{
    struct sc_access_entry entry;
    size_t len = strlen(line);
    scan->lines++;
    if (!check_line(scan->chain, line, len))
        return sc_fail(err, SC_E_TAMPERED, "'%s' line %llu: the chain of hashes is broken", path,
                       (unsigned long long)scan->lines);
    scan->whole += (off_t)len + 1;
    if (scan->fn == NULL)
        return 0;
    if (!split(line, &entry))
        return sc_fail(err, SC_E_FORMAT, "'%s' line %llu: not a line of a read log", path,
                       (unsigned long long)scan->lines);
    return scan->fn(&entry, scan->ctx, err);
}

static int scan_file(int fd, const char *path, struct scan *scan, struct sc_error *err)
{
    char block[4 * SC_ACCESS_LINE_MAX];
    size_t len = 0;
    for (;;) {
        size_t got = 0;
        int rc = sc_fd_read_some(fd, block + len, sizeof(block) - 1 - len, &got, err);
        if (rc < 0)
            return rc;
        len += got;
        char *start = block;
        for (char *end; (end = memchr(start, '\n', len - (size_t)(start - block))) != NULL;
             start = end + 1) {
            *end = '\0';
            rc = scan_line(scan, path, start, err);
            if (rc < 0)
                return rc;
        }
        len -= (size_t)(start - block);
        memmove(block, start, len);
        if (got == 0)
            return 0; /* what is left has no newline: cut by a crash */
        if (len >= SC_ACCESS_LINE_MAX)
            return sc_fail(err, SC_E_TAMPERED, "'%s' line %llu: too long", path,
                           (unsigned long long)scan->lines + 1);
    }
}

int sc_access_log_read(const char *path, sc_access_fn fn, void *ctx, struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return sc_fail_errno(err, "cannot open '%s'", path);
    struct scan scan = {.fn = fn, .ctx = ctx};
    return scan_file(fd, path, &scan, err);
}

int sc_access_log_head(const char *path, uint64_t *ret_sequence, char ret_hash[SC_ACCESS_HASH_TEXT],
                       struct sc_error *err)
{
    char block[2 * SC_ACCESS_LINE_MAX + 1];
    SC_CLEANUP(sc_fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    off_t from = SC_MAX((off_t)0, size - (off_t)sizeof(block) + 1);
    ssize_t len = size < 0 ? -1 : pread(fd, block, sizeof(block) - 1, from);
    if (len < 0)
        return sc_fail_errno(err, "cannot read '%s'", path);
    while (len > 0 && block[len - 1] != '\n')
        len--; /* a line that is being written */
    if (len == 0)
        return sc_fail(err, SC_E_NOTFOUND, "'%s' is empty", path);
    block[len - 1] = '\0';
    char *line = strrchr(block, '\n');
    line = line != NULL ? line + 1 : block;
    char *hash = strrchr(line, '\t');
    line[strcspn(line, "\t")] = '\0';
    uint64_t sequence = 0;
    if (hash == NULL || strlen(hash + 1) != HEX_SIZE ||
        sc_parse_u64(line, UINT64_MAX, "sequence", &sequence, NULL) < 0)
        return sc_fail(err, SC_E_FORMAT, "the end of '%s' is not a line of a read log", path);
    memcpy(ret_hash, hash + 1, SC_ACCESS_HASH_TEXT);
    *ret_sequence = sequence;
    return 0;
}

/* ---- writing ---- */

static int open_locked(const char *path, int flags, int tries, int *ret_fd, struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int fd = open(path, flags | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return sc_fail_errno(err, "cannot open '%s'", path);
    for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
        if (i == tries)
            return sc_fail(err, SC_E_BUSY, "another process writes '%s'", path);
        usleep(LOCK_PAUSE);
    }
    *ret_fd = SC_TAKE_FD(fd);
    return 0;
}

int sc_access_log_lock(const char *path, int *ret_fd, struct sc_error *err)
{
    return open_locked(path, 0, LOCK_TRIES, ret_fd, err);
}

static int open_log(const char *path, int tries, struct sc_access_log *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int fd = -1;
    int rc = open_locked(path, O_CREAT, tries, &fd, err);
    if (rc < 0)
        return rc;
    /* An agent in the background has another working directory. Now, and not behind the scan of a
     * large log, which may be renamed meanwhile. */
    SC_CLEANUP(sc_str_freep) char *absolute = realpath(path, NULL);
    if (absolute == NULL)
        return sc_fail_errno(err, "cannot find '%s'", path);
    struct scan scan = {0};
    rc = scan_file(fd, path, &scan, err);
    if (rc < 0)
        return rc;
    if (ftruncate(fd, scan.whole) < 0)
        return sc_fail_errno(err, "cannot go on with '%s'", path);
    char *pending = malloc(PENDING_SIZE);
    if (pending == NULL)
        return sc_fail_nomem(err);
    *ret = (struct sc_access_log){.sequence = scan.lines, .end = scan.whole, .pending = pending};
    ret->path = SC_TAKE(absolute);
    memcpy(ret->chain, scan.chain, sizeof(ret->chain));
    ret->fd = SC_TAKE_FD(fd);
    return 0;
}

int sc_access_log_open(const char *path, struct sc_access_log *ret, struct sc_error *err)
{
    return open_log(path, LOCK_TRIES, ret, err);
}

/* Appends a field without the bytes that divide fields and lines. */
static void add_field(struct sc_buf *line, const char *text)
{
    sc_buf_putc(line, '\t');
    if (text[0] == '\0')
        text = NOTHING;
    while (*text != '\0') {
        size_t plain = 0;
        while ((unsigned char)text[plain] >= ' ' && text[plain] != 0x7f)
            plain++;
        sc_buf_append(line, text, plain);
        text += plain;
        if (*text != '\0') {
            sc_buf_putc(line, '?');
            text++;
        }
    }
}

static struct sc_buf *start_line(struct sc_access_log *log)
{
    log->line.max = SC_ACCESS_LINE_MAX;
    sc_buf_clear(&log->line);
    return &log->line;
}

/* Ends the line with the hash that it brings the chain to, and puts it with those that wait. */
static int chain_line(struct sc_access_log *log, struct sc_error *err)
{
    struct sc_buf *line = &log->line;
    char hex[HEX_SIZE + 1];
    unsigned char next[SC_HASH_SIZE];
    int rc = sc_buf_status(line, err);
    if (rc < 0)
        return rc;
    chain_next(log->chain, line->data, line->len, next);
    sc_hex(hex, next, SC_HASH_SIZE);
    sc_buf_putc(line, '\t');
    sc_buf_puts(line, hex);
    sc_buf_putc(line, '\n');
    rc = sc_buf_status(line, err);
    if (rc < 0)
        return rc;
    assert(line->len <= PENDING_SIZE - log->pending_len); /* the caller has made room */
    memcpy(log->pending + log->pending_len, line->data, line->len);
    log->pending_len += line->len;
    memcpy(log->chain, next, sizeof(log->chain));
    log->sequence++;
    return 0;
}

/* Whether the file was renamed; see the header. A new one that cannot be had now is made later. */
static void begin_anew(struct sc_access_log *log)
{
    struct stat st;
    struct sc_access_log fresh = SC_ACCESS_LOG_CLOSED;
    if (log->fd < 0 || stat(log->path, &st) == 0 || errno != ENOENT ||
        open_log(log->path, 0, &fresh, NULL) < 0)
        return;
    SC_IGNORE(fdatasync(log->fd) < 0);
    close(log->fd);
    free(log->path);
    free(log->pending);
    sc_buf_done(&log->line);
    *log = fresh;
}

int sc_access_log_write(struct sc_access_log *log, struct sc_error *err)
{
    size_t done = 0;
    /* To a fixed place: what a failure leaves half written is written again from its start. */
    while (done < log->pending_len) {
        ssize_t got =
            pwrite(log->fd, log->pending + done, log->pending_len - done, log->end + (off_t)done);
        if (got < 0 && errno != EINTR)
            return sc_fail_errno(err, "cannot write the read log");
        done += got > 0 ? (size_t)got : 0;
    }
    log->end += (off_t)done;
    log->dirty = log->dirty || done > 0;
    log->pending_len = 0;
    begin_anew(log);
    return 0;
}

int sc_access_log_make_room(struct sc_access_log *log, struct sc_error *err)
{
    if (log->pending_len + SC_ACCESS_LINE_MAX <= PENDING_SIZE)
        return 0;
    return sc_access_log_write(log, err);
}

static void add_reader(struct sc_buf *line, const struct sc_fuse_reader *reader,
                       const struct sc_store_container *container)
{
    char id[2 * SC_READER_ID + 1] = "";
    bool known = container != NULL && container->known != 0;
    if (reader->in_container)
        sc_hex(id, reader->container, SC_READER_ID);
    sc_buf_printf(line, "\t%u\t%u\t%d\t%llu", reader->uid, reader->gid, reader->tgid,
                  (unsigned long long)reader->start);
    add_field(line, id);
    add_field(line, known ? container->project : "");
    add_field(line, known ? container->service : "");
    add_field(line, known ? container->image : "");
    add_field(line, reader->exe);
    add_field(line, reader->cgroup);
}

int sc_access_log_add(struct sc_access_log *log, const char *name,
                      const struct sc_ring_record *record,
                      const struct sc_store_container *container, struct sc_error *err)
{
    struct sc_buf *line = start_line(log);
    char time_text[SC_TIME_TEXT_SIZE];
    const char *result = record->result == 0                   ? "ok"
                         : record->result == SC_RING_HANDED_ON ? SC_ACCESS_HANDED_ON
                                                               : strerrorname_np(record->result);
    sc_time_text(time_text, record->time / 1000000000);
    sc_buf_printf(line, "%llu\t%s", (unsigned long long)log->sequence + 1, time_text);
    add_field(line, name);
    sc_buf_printf(line, "\t%llu", (unsigned long long)record->version);
    add_field(line, result != NULL ? result : "unknown");
    add_reader(line, &record->reader, container);
    sc_buf_printf(line, "\t%llu", (unsigned long long)record->opens);
    return chain_line(log, err);
}

int sc_access_log_add_loss(struct sc_access_log *log, uint64_t lost, struct sc_error *err)
{
    static const struct sc_fuse_reader nobody = {0};
    struct sc_buf *line = start_line(log);
    sc_buf_printf(line, "%llu\t-\t-\t%llu\tlost", (unsigned long long)log->sequence + 1,
                  (unsigned long long)lost);
    add_reader(line, &nobody, NULL);
    sc_buf_printf(line, "\t%llu", (unsigned long long)lost);
    return chain_line(log, err);
}

int sc_access_log_flush(struct sc_access_log *log, struct sc_error *err)
{
    int rc = sc_access_log_write(log, err);
    if (rc < 0 || log->fd < 0 || !log->dirty)
        return rc;
    if (fdatasync(log->fd) < 0)
        return sc_fail_errno(err, "cannot flush the read log");
    log->dirty = false;
    return 0;
}

void sc_access_log_close(struct sc_access_log *log)
{
    if (log->fd >= 0) {
        SC_IGNORE(sc_access_log_flush(log, NULL));
        close(log->fd);
        free(log->path);
        free(log->pending);
        sc_buf_done(&log->line);
    }
    *log = (struct sc_access_log)SC_ACCESS_LOG_CLOSED;
}
