/* SPDX-License-Identifier: Apache-2.0
 *
 * Looks at one file after the other; see audit/worker.h.
 */
#include "audit/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/detect/region.h"
#include "audit/source/archive.h"
#include "audit/wide.h"
#include "core/fd.h"
#include "core/str.h"

#include "core/banned.h"

/* A NUL byte this early means no text. */
#define BINARY_SNIFF ((size_t)8000)
/* How much of a large file of no known kind is read at once as long as no token is met: it stays in
 * the second level cache from the read until it has been looked at. */
#define WINDOW        ((size_t)512 * 1024)
#define WINDOW_SHARED (SC_SCANNER_BEFORE + SC_SCANNER_BEHIND)
/* Bytes that two pieces of a large file share, so that a token on the seam is whole in one. */
#define PIECE_OVERLAP ((size_t)4096)

int sc_worker_init(struct sc_worker *worker, const struct sc_audit_options *options,
                   const struct sc_ignore *ignore, struct sc_error *err)
{
    *worker = (struct sc_worker){
        .options = options, .ignore = ignore, .buffer = SC_BUF_INIT(SC_AUDIT_WHOLE_MAX)};
    return sc_scanner_open(&worker->scanner, err);
}

void sc_worker_done(struct sc_worker *worker)
{
    sc_scanner_freep(&worker->scanner);
    sc_audit_result_done(&worker->result);
    sc_references_done(&worker->references);
    sc_buf_done(&worker->buffer);
}

int sc_worker_skip(struct sc_worker *worker, const char *name, const char *reason,
                   struct sc_error *err)
{
    return sc_skips_add(&worker->result.skips, name, reason, 0, err);
}

static bool is_binary(struct sc_bytes text)
{
    return memchr(text.ptr, '\0', SC_MIN(text.len, BINARY_SNIFF)) != NULL;
}

static bool overlap(const struct sc_span *a, const struct sc_span *b)
{
    return a->offset < b->offset + b->length && b->offset < a->offset + a->length;
}

static bool is_suppressed(struct sc_worker *worker, const struct sc_finding *finding,
                          struct sc_bytes text)
{
    return !worker->options->no_ignore &&
           (sc_ignore_marked(text, finding) ||
            sc_ignore_matches(worker->ignore, finding->file, finding->rule));
}

/* Of two findings at one place the earlier detector's stays, which knows key and service. Leaves
 * the list in the order of the text. */
static void drop_doubles(struct sc_findings *found)
{
    for (size_t i = 0; i < found->count; i++)
        found->items[i].rank = i;
    sc_findings_sort(found);
    size_t kept = 0;
    for (size_t i = 0; i < found->count; i++) {
        struct sc_finding *finding = &found->items[i];
        struct sc_finding *last = kept > 0 ? &found->items[kept - 1] : NULL;
        if (last != NULL && overlap(&last->span, &finding->span)) {
            if (finding->rank < last->rank) {
                struct sc_finding better = *finding;
                *finding = *last;
                *last = better;
            }
            sc_finding_done(finding);
        } else {
            if (kept != i) {
                found->items[kept] = *finding;
                *finding = (struct sc_finding){0};
            }
            kept++;
        }
    }
    found->count = kept;
}

/* Takes out what a mark allows and what an ignore file names. */
static void drop_suppressed(struct sc_worker *worker, struct sc_findings *found,
                            struct sc_bytes text)
{
    size_t kept = 0;
    for (size_t i = 0; i < found->count; i++) {
        struct sc_finding finding = found->items[i];
        if (is_suppressed(worker, &finding, text)) {
            worker->result.suppressed++;
            sc_finding_done(&finding);
        } else {
            found->items[kept++] = finding;
        }
    }
    found->count = kept;
}

int sc_worker_keep(struct sc_worker *worker, struct sc_detect *detect, struct sc_bytes text,
                   struct sc_error *err)
{
    int rc = 0;
    if (detect->findings.count > 0) {
        drop_doubles(&detect->findings);
        /* Before the suppressed ones go, so that their values are masked in others' excerpts. */
        rc = sc_findings_add_excerpts(&detect->findings, text, err);
        drop_suppressed(worker, &detect->findings, text);
    }
    if (rc == 0)
        rc = sc_findings_move(&worker->result.findings, &detect->findings, err);
    if (rc == 0)
        rc = sc_skips_move(&worker->result.skips, &detect->skips, err);
    return rc == 0 ? sc_references_move(&worker->references, &detect->references, err) : rc;
}

/* What is looked at in one go. */
struct look {
    const char *name, *commit;
    enum sc_text_kind kind;
    bool tokens_only;
    bool follow; /* a file on disk, whose neighbours can be looked at */
};

static int look_and_keep(struct sc_worker *worker, const struct look *look, struct sc_bytes text,
                         struct sc_error *err)
{
    struct sc_detect detect;
    SC_CLEANUP(sc_buf_done) struct sc_buf narrow = SC_BUF_INIT(2 * SC_AUDIT_WHOLE_MAX);
    struct sc_wide wide;
    if (!look->tokens_only && sc_wide_is(text, &wide)) {
        sc_wide_narrow(text, wide, &narrow);
        int room = sc_buf_status(&narrow, err);
        if (room < 0 || narrow.len == 0)
            return room;
        text = sc_buf_view(&narrow);
    }
    sc_detect_init(&detect, look->name, text, &worker->options->key);
    detect.commit = look->commit;
    detect.follow = look->follow;
    int rc = 0;
    if (!look->tokens_only && !is_binary(text))
        rc = sc_detect_region(&detect, (struct sc_region){0, text.len}, look->kind, err);
    if (rc == 0)
        rc = sc_scanner_scan(worker->scanner, &detect, err);
    if (rc == 0)
        rc = sc_worker_keep(worker, &detect, text, err);
    sc_detect_done(&detect);
    return rc;
}

static int look_at_text(struct sc_worker *worker, const struct look *look, struct sc_bytes text,
                        struct sc_error *err)
{
    worker->result.files++;
    worker->result.bytes += text.len;
    return text.len == 0 ? 0 : look_and_keep(worker, look, text, err);
}

int sc_worker_bytes(struct sc_worker *worker, const char *name, const char *commit,
                    struct sc_bytes text, struct sc_error *err)
{
    struct look look = {.name = name, .commit = commit, .kind = sc_text_kind(name, text)};
    return look_at_text(worker, &look, text, err);
}

/* A file too large to hold: pieces that overlap, for the token rules. Line numbers are not known
 * there without reading everything, so they count from the piece's own start line. */
static int look_at_pieces(struct sc_worker *worker, const char *path, int fd, bool was_binary,
                          struct sc_error *err)
{
    size_t lines = 0;
    for (;;) {
        struct sc_buf *buffer = &worker->buffer;
        struct sc_bytes text = sc_buf_view(buffer);
        size_t first = worker->result.findings.count;
        const struct look look = {.name = path, .tokens_only = true};
        int rc = look_and_keep(worker, &look, text, err);
        if (rc < 0)
            return rc;
        for (size_t i = first; i < worker->result.findings.count; i++) {
            worker->result.findings.items[i].span.line += lines;
            worker->result.findings.items[i].span.end_line += lines;
        }
        size_t kept = SC_MIN(PIECE_OVERLAP, text.len);
        for (size_t at = 0; at < text.len - kept; at++)
            lines += text.ptr[at] == '\n';
        char tail[PIECE_OVERLAP];
        memcpy(tail, text.ptr + text.len - kept, kept);
        sc_buf_clear(buffer);
        sc_buf_append(buffer, tail, kept);
        bool full = false;
        rc = sc_buf_fill_fd(buffer, fd, &full, err);
        if (rc < 0)
            return rc;
        worker->result.bytes += buffer->len - kept;
        if (buffer->len <= kept)
            break;
    }
    return was_binary
               ? 0
               : sc_worker_skip(worker, path, "larger than 16 MiB: looked at for tokens only", err);
}

static int fill(struct sc_worker *worker, int fd, size_t max, bool *ret_more, struct sc_error *err)
{
    worker->buffer.max = max;
    int rc = sc_buf_fill_fd(&worker->buffer, fd, ret_more, err);
    worker->buffer.max = SC_AUDIT_WHOLE_MAX;
    return rc;
}

/* Of the files on disk: stdin is read only once. */
static bool is_large_source(const struct sc_worker *worker, const struct look *look, size_t size,
                            struct sc_bytes start)
{
    bool tokens_only = look->kind == SC_TEXT_OTHER ||
                       (look->kind == SC_TEXT_PROGRAM && !sc_program_is_read(look->name, size));
    return size > WINDOW && size <= SC_AUDIT_WHOLE_MAX && tokens_only && !sc_wide_may_be(start) &&
           !(worker->options->archives && sc_archive_is(start));
}

/* Most large sources hold no token, and need not be held as a whole to find that out. The buffer
 * has the first window. False: to be looked at as a whole, from its beginning. */
static bool holds_no_token(struct sc_worker *worker, int fd)
{
    struct sc_buf *buffer = &worker->buffer;
    struct sc_error ignored = {0}; /* a failure comes again */
    bool meets = false, more = true;
    size_t passed = 0; /* bytes that are no more in the buffer */
    while (sc_scanner_meets(worker->scanner, sc_buf_view(buffer), &meets, &ignored) == 0 &&
           !meets && passed + buffer->len <= SC_AUDIT_WHOLE_MAX) {
        if (!more) {
            worker->result.files++;
            worker->result.bytes += passed + buffer->len;
            return true;
        }
        passed += buffer->len - WINDOW_SHARED;
        memmove(buffer->data, buffer->data + buffer->len - WINDOW_SHARED, WINDOW_SHARED);
        buffer->len = WINDOW_SHARED;
        if (fill(worker, fd, WINDOW, &more, &ignored) < 0)
            return false;
    }
    return false;
}

/* The buffer is the worker's own: members are read into others. */
static int look_at_archive(struct sc_worker *worker, const char *path, struct sc_bytes text,
                           struct sc_error *err)
{
    worker->result.files++;
    worker->result.bytes += text.len;
    return sc_archive_audit(worker, path, text, err);
}

static int look_at_whole(struct sc_worker *worker, const struct look *look, int fd, bool more,
                         struct sc_error *err)
{
    struct sc_bytes text = sc_buf_view(&worker->buffer);
    if (worker->options->archives && sc_archive_is(text))
        return more ? sc_archive_audit_file(worker, look->name, err)
                    : look_at_archive(worker, look->name, text, err);
    if (!more)
        return look_at_text(worker, look, text, err);
    worker->result.files++;
    worker->result.bytes += text.len;
    return look_at_pieces(worker, look->name, fd, is_binary(text), err);
}

/* What a file is looked at as. */
enum guise {
    GUISE_OWN,       /* what name and content tell */
    GUISE_ENV,       /* a file of variables */
    GUISE_ENV_AGAIN, /* the same of one that was looked at as its own */
};

/* A kind whose reader finds what the one of variables does. */
static bool has_variables(enum sc_text_kind kind)
{
    return kind == SC_TEXT_DOTENV || kind == SC_TEXT_SHELL || kind == SC_TEXT_CONFIG;
}

/* `size`: of a regular file, else 0. */
static int look_at_open_file(struct sc_worker *worker, const char *path, int fd, size_t size,
                             enum guise guise, struct sc_error *err)
{
    bool more = false;
    struct sc_error cause = {0};
    struct look look = {.name = path, .follow = true};
    sc_buf_clear(&worker->buffer);
    int rc = fill(worker, fd, WINDOW, &more, &cause);
    if (rc == 0) {
        struct sc_bytes start = sc_buf_view(&worker->buffer);
        look.kind = sc_text_kind(path, start);
        if (guise == GUISE_ENV_AGAIN && has_variables(look.kind))
            return 0;
        look.kind = guise == GUISE_OWN ? look.kind : SC_TEXT_DOTENV;
        if (more && is_large_source(worker, &look, size, start)) {
            if (holds_no_token(worker, fd))
                return 0;
            sc_buf_clear(&worker->buffer);
            if (lseek(fd, 0, SEEK_SET) < 0)
                rc = sc_fail_errno(&cause, "cannot read");
        }
    }
    if (rc == 0 && more)
        rc = fill(worker, fd, SC_AUDIT_WHOLE_MAX, &more, &cause);
    if (rc == 0)
        return look_at_whole(worker, &look, fd, more, err);
    return rc == SC_E_NOMEM ? sc_fail_nomem(err)
                            : sc_worker_skip(worker, path, sc_error_message(&cause), err);
}

static int look_at_path(struct sc_worker *worker, const char *path, enum guise guise,
                        struct sc_error *err)
{
    if (strcmp(path, "-") == 0)
        return look_at_open_file(worker, "-", STDIN_FILENO, 0, guise, err);
    /* O_NONBLOCK: a FIFO that took the file's place must not block the run. */
    SC_CLEANUP(sc_fd_closep)
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        int cause = errno;
        const char *reason = cause == EACCES   ? "permission denied"
                             : cause == ELOOP  ? "a loop of symbolic links"
                             : cause == ENOENT ? "no such file"
                                               : "cannot be opened";
        return sc_worker_skip(worker, path, reason, err);
    }
    struct stat st;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return sc_worker_skip(worker, path, "not a regular file", err);
    return look_at_open_file(worker, path, fd, (size_t)st.st_size, guise, err);
}

int sc_worker_file(struct sc_worker *worker, const char *path, struct sc_error *err)
{
    return look_at_path(worker, path, GUISE_OWN, err);
}

int sc_worker_env_file(struct sc_worker *worker, const char *path, bool again, struct sc_error *err)
{
    return look_at_path(worker, path, again ? GUISE_ENV_AGAIN : GUISE_ENV, err);
}
