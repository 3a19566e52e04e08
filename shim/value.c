/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a value's file: limits, waiting, and the one line that says what is wrong and what helps.
 */
#include "shim/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/macros.h"

#include "core/banned.h"

#define FIRST_PAUSE_MS 50
#define LAST_PAUSE_MS  1000
#define SAY_AFTER_MS   2000

enum outcome { OUTCOME_OK, OUTCOME_EMPTY, OUTCOME_TOO_LONG, OUTCOME_ERRNO };

/* One attempt. */
struct attempt {
    enum outcome outcome;
    int number; /* errno */
    struct stat st;
    struct shim_bytes value;
};

/* Not cryptographic: it tells equal from different, and its start differs with each process. */
static uint64_t hash_start(void)
{
    static const char anchor;
    return 0xcbf29ce484222325u ^ (uint64_t)(uintptr_t)&anchor;
}

static uint64_t hash_more(uint64_t hash, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3u;
    return hash;
}

/* Reads to the end whatever stat says: some file systems do not know the size. */
static void read_all(int fd, char *room, struct attempt *ret)
{
    size_t len = 0;
    for (;;) {
        ssize_t got = read(fd, room + len, SHIM_VALUE_MAX + 1 - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            ret->outcome = OUTCOME_ERRNO;
            ret->number = errno;
            return;
        }
        if (got == 0)
            break;
        len += (size_t)got;
        if (len > SHIM_VALUE_MAX) {
            ret->outcome = OUTCOME_TOO_LONG;
            return;
        }
    }
    ret->value = (struct shim_bytes){room, len};
    ret->outcome = len == 0 ? OUTCOME_EMPTY : OUTCOME_OK;
}

static void attempt_read(const char *path, char *room, struct attempt *ret)
{
    *ret = (struct attempt){.outcome = OUTCOME_ERRNO};
    /* A pipe that nobody writes to is empty, not waited for. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        ret->number = errno;
        SC_IGNORE(stat(path, &ret->st)); /* for the message */
        return;
    }
    if (fcntl(fd, F_SETFL, 0) < 0 || fstat(fd, &ret->st) < 0)
        ret->number = errno;
    else if (S_ISDIR(ret->st.st_mode))
        ret->number = EISDIR;
    else
        read_all(fd, room, ret);
    close(fd);
}

static bool worth_waiting(const struct attempt *attempt, bool allow_empty)
{
    if (attempt->outcome == OUTCOME_EMPTY)
        return !allow_empty;
    if (attempt->outcome != OUTCOME_ERRNO)
        return false;
    int n = attempt->number;
    return n == ENOENT || n == EACCES || n == ENOTCONN || n == EIO || n == ESTALE || n == EISDIR;
}

static void explain_errno(struct shim_asker asker, const char *path, const struct attempt *attempt)
{
    char uid[24];
    char owner[24];
    char mode[24];
    switch (attempt->number) {
    case ENOENT:
        shim_say_of(asker, "there is no file '", path, "'; is it in the service's `secrets:` list?",
                    NULL);
        break;
    case EACCES:
        if (attempt->st.st_mode == 0)
            shim_say_of(asker, "uid ", shim_number(uid, geteuid(), 10), " may not look at '", path,
                        "'", NULL);
        else
            shim_say_of(asker, "uid ", shim_number(uid, geteuid(), 10), " cannot read '", path,
                        "': owner ", shim_number(owner, attempt->st.st_uid, 10), ", mode 0",
                        shim_number(mode, attempt->st.st_mode & 07777, 8),
                        "; start as root with --user, or set the entry's uid, gid or mode", NULL);
        break;
    case EISDIR:
        shim_say_of(asker, "'", path,
                    "' is a directory: the engine makes one when the source is missing as the "
                    "container is created; re-create the container once the file is there",
                    NULL);
        break;
    case ENOTCONN:
    case EIO:
    case ESTALE:
        shim_say_of(asker, "'", path,
                    "' cannot be read: the FUSE daemon is not running; restart the container once "
                    "it is",
                    NULL);
        break;
    default:
        shim_say_of(asker, "cannot read '", path, "': ", shim_errno_text(attempt->number), NULL);
        break;
    }
}

static void explain(struct shim_asker asker, const char *path, const struct attempt *attempt)
{
    if (attempt->outcome == OUTCOME_EMPTY)
        shim_say_of(asker, "'", path, "' is empty; --allow-empty takes it", NULL);
    else if (attempt->outcome == OUTCOME_TOO_LONG)
        shim_say_of(asker, "'", path, "' is longer than 1 MiB; let the program read the file",
                    NULL);
    else
        explain_errno(asker, path, attempt);
}

/* Sleeps; false when TERM or INT came, which *ret_signal tells. As process 1 we would ignore them.
 */
static bool pause_ms(long ms, const sigset_t *ends, int *ret_signal)
{
    const struct timespec span = {ms / 1000, ms % 1000 * 1000000};
    int got = sigtimedwait(ends, NULL, &span);
    if (got > 0)
        *ret_signal = got;
    return got <= 0;
}

/* Repeats the attempt until it succeeds or the time is up. */
static void keep_trying(const struct shim *shim, struct shim_asker asker, const char *path,
                        char *room, struct attempt *attempt)
{
    sigset_t ends;
    sigset_t before;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, &before);
    long left = (long)shim->options.wait * 1000;
    long waited = 0;
    bool said = false;
    int ended_by = 0;
    for (long pause = FIRST_PAUSE_MS; left > 0; pause = SC_MIN(pause * 2, (long)LAST_PAUSE_MS)) {
        pause = SC_MIN(pause, left);
        if (!pause_ms(pause, &ends, &ended_by))
            _exit(SHIM_SIGNAL_BASE + ended_by);
        left -= pause;
        waited += pause;
        attempt_read(path, room, attempt);
        if (!worth_waiting(attempt, shim->options.allow_empty))
            break;
        if (waited >= SAY_AFTER_MS && !said) {
            shim_say_of(asker, "waiting for '", path, "'", NULL);
            said = true;
        }
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
}

static void remember(struct shim_source *source, const struct stat *st)
{
    source->dev = st->st_dev;
    source->ino = st->st_ino;
    source->size = st->st_size;
    source->mtime = st->st_mtim;
    source->links = st->st_nlink;
}

static bool note_source(struct shim *shim, const char *path, const struct attempt *attempt)
{
    struct shim_source *source = NULL;
    for (size_t i = 0; i < shim->source_count; i++)
        if (strcmp(shim->sources[i].path, path) == 0)
            source = &shim->sources[i];
    if (source == NULL) {
        if (shim->source_count == SHIM_SOURCES_MAX) {
            shim_say("more than 256 different values", NULL);
            return false;
        }
        source = &shim->sources[shim->source_count];
        source->path = shim_copy(&shim->text, path, strlen(path));
        if (source->path == NULL)
            return false;
        shim->source_count++;
    }
    remember(source, &attempt->st);
    source->hash = hash_more(hash_start(), attempt->value.ptr, attempt->value.len);
    return true;
}

bool shim_read_value(struct shim *shim, struct shim_asker asker, const char *path,
                     struct shim_bytes *ret)
{
    struct attempt attempt;
    char *room = shim_alloc(&shim->values, SHIM_VALUE_MAX + 1);
    if (room == NULL)
        return false;
    attempt_read(path, room, &attempt);
    if (worth_waiting(&attempt, shim->options.allow_empty) && shim->options.wait > 0)
        keep_trying(shim, asker, path, room, &attempt);
    bool usable = attempt.outcome == OUTCOME_OK ||
                  (attempt.outcome == OUTCOME_EMPTY && shim->options.allow_empty);
    if (!usable) {
        explain(asker, path, &attempt);
        return false;
    }
    size_t len = attempt.value.len;
    shim_shrink(&shim->values, room, len);
    if (!note_source(shim, path, &attempt))
        return false;
    if (shim->options.strip_newline && len > 0 && room[len - 1] == '\n')
        len -= len > 1 && room[len - 2] == '\r' ? 2 : 1;
    *ret = (struct shim_bytes){room, len};
    return true;
}

/* In steps through a small buffer, so that the parent stays small. False if it cannot be read now.
 */
static bool hash_file(const char *path, uint64_t *ret)
{
    char room[2048];
    /* Whatever it is by now: whoever waits here forwards no signal. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return false;
    uint64_t hash = hash_start();
    ssize_t got = 0;
    for (size_t total = 0; total <= SHIM_VALUE_MAX && (got = read(fd, room, sizeof(room))) > 0;) {
        hash = hash_more(hash, room, (size_t)got);
        total += (size_t)got;
    }
    close(fd);
    explicit_bzero(room, sizeof(room));
    *ret = hash;
    return got >= 0;
}

enum shim_news shim_source_news(struct shim_source *source)
{
    struct stat st;
    if (stat(source->path, &st) < 0)
        return SHIM_NEWS_NONE; /* away for now; what comes back is compared */
    bool same = st.st_dev == source->dev && st.st_ino == source->ino &&
                st.st_size == source->size && st.st_mtim.tv_sec == source->mtime.tv_sec &&
                st.st_mtim.tv_nsec == source->mtime.tv_nsec && st.st_nlink == source->links;
    uint64_t hash = 0;
    if (same || !hash_file(source->path, &hash))
        return SHIM_NEWS_NONE;
    bool detached = st.st_nlink == 0 && source->links != 0;
    bool changed = hash != source->hash;
    remember(source, &st);
    source->hash = hash;
    return changed ? SHIM_NEWS_CHANGED : detached ? SHIM_NEWS_DETACHED : SHIM_NEWS_NONE;
}
