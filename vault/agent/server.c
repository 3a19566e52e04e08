/* SPDX-License-Identifier: Apache-2.0
 *
 * The agent; see vault/agent/server.h.
 */
#include "vault/agent/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>

#include "core/arena.h"
#include "core/fd.h"
#include "core/fsutil.h"
#include "core/parse.h"
#include "core/str.h"
#include "vault/agent/client.h"
#include "vault/agent/peer.h"
#include "vault/agent/reader.h"
#include "vault/agent/ring.h"

#include "core/banned.h"

#define BACKLOG        64
#define INHERITED_FD   3
#define CLIENT_SECONDS 2
/* More time asleep than this since the last look means that the machine was suspended. */
#define SUSPEND_NS INT64_C(100000000)
/* How often to look whether the socket can still be reached. */
#define LOOK_MS       5000
#define NS_PER_SECOND INT64_C(1000000000)

struct agent {
    int listen_fd, signal_fd, clock_fd;
    struct sc_agent_address address;
    struct sc_agent_limits limits;
    struct sc_agent_ring ring;
    struct sc_agent_reader reader;
    struct sc_secret message;
    int64_t asleep; /* nanoseconds the machine has been suspended since it started */
};

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/* Counts on while the machine sleeps, and nobody can set it. */
static int64_t now_seconds(void)
{
    return clock_ns(CLOCK_BOOTTIME) / NS_PER_SECOND;
}

static int64_t time_asleep(void)
{
    return clock_ns(CLOCK_BOOTTIME) - clock_ns(CLOCK_MONOTONIC);
}

int sc_agent_inherited_socket(int *ret_fd, struct sc_error *err)
{
    const char *pid = sc_env("LISTEN_PID"), *count = sc_env("LISTEN_FDS");
    uint64_t number = 0;
    *ret_fd = -1;
    if (pid == NULL || count == NULL || sc_parse_u64(pid, INT32_MAX, "pid", &number, NULL) < 0 ||
        (pid_t)number != getpid())
        return 0;
    int type = 0, accepts = 0;
    socklen_t len = sizeof(type);
    if (strcmp(count, "1") != 0 || getsockopt(INHERITED_FD, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ||
        type != SOCK_SEQPACKET ||
        getsockopt(INHERITED_FD, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &len) < 0 || accepts != 1)
        return sc_fail(err, SC_E_FAILED,
                       "what systemd passes must be one socket of ListenSequentialPacket=");
    if (fcntl(INHERITED_FD, F_SETFD, FD_CLOEXEC) < 0)
        return sc_fail_errno(err, "cannot take the socket of systemd");
    *ret_fd = INHERITED_FD;
    return 0;
}

static int prepare_directory(const char *path, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *dir = sc_path_dirname(path, err);
    struct stat st;
    if (dir == NULL)
        return SC_E_NOMEM;
    int rc = sc_dir_make(dir, 0700, err);
    if (rc < 0)
        return rc;
    if (lstat(dir, &st) < 0)
        return sc_fail_errno(err, "cannot stat '%s'", dir);
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
        return sc_fail(err, SC_E_PERM, "'%s' must be a directory of your own with mode 0700", dir);
    return 0;
}

int sc_agent_listen(const char *path, int *ret_fd, struct sc_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path))
        return sc_fail(err, SC_E_FAILED, "the path '%s' is too long for a socket", path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    int rc = prepare_directory(path, err);
    if (rc < 0)
        return rc;
    struct sc_agent_list held;
    rc = sc_agent_list(path, &held, NULL);
    if (rc == 0)
        return sc_fail(err, SC_E_BUSY, "an agent is running already at '%s'", path);
    if (rc == SC_E_NOTFOUND && unlink(path) < 0 && errno != ENOENT)
        return sc_fail_errno(err, "cannot replace '%s'", path);
    SC_CLEANUP(sc_fd_closep) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return sc_fail_errno(err, "cannot make a socket");
    mode_t mask = umask(0177); /* so the socket is 0600 from its first moment */
    int bound = bind(fd, (const struct sockaddr *)&address, sizeof(address));
    umask(mask);
    if (bound < 0 || listen(fd, BACKLOG) < 0)
        return sc_fail_errno(err, "cannot listen at '%s'", path);
    *ret_fd = SC_TAKE_FD(fd);
    return 0;
}

struct sc_agent_address sc_agent_address_of(int listen_fd)
{
    struct sc_agent_address address = {.path = ""};
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    socklen_t len = sizeof(name);
    struct stat st;
    _Static_assert(sizeof(address.path) >= sizeof(name.sun_path), "room for any path");
    if (getsockname(listen_fd, (struct sockaddr *)&name, &len) < 0 || name.sun_path[0] != '/' ||
        strnlen(name.sun_path, sizeof(name.sun_path)) == sizeof(name.sun_path) ||
        lstat(name.sun_path, &st) < 0)
        return address;
    memcpy(address.path, name.sun_path, sizeof(name.sun_path));
    address.dev = st.st_dev;
    address.ino = st.st_ino;
    return address;
}

bool sc_agent_address_holds(const struct sc_agent_address *address)
{
    struct stat st;
    if (address->path[0] == '\0')
        return true;
    if (lstat(address->path, &st) < 0)
        return errno != ENOENT && errno != ENOTDIR;
    return st.st_dev == address->dev && st.st_ino == address->ino;
}

int sc_agent_check_memory(const struct sc_agent_limits *limits, struct sc_error *err)
{
    if (limits->allow_unlocked)
        return 0;
    sc_arena_require_lock();
    void *probe = sc_arena_alloc(1, err);
    if (probe == NULL)
        return sc_wrap(err, SC_E_PERM, "the agent would hold keys where they can be swapped out");
    sc_arena_free(probe);
    return 0;
}

static struct sc_bytes list_held(const struct agent *agent, unsigned char *out)
{
    for (size_t i = 0; i < agent->ring.count; i++) {
        const struct sc_agent_key *key = &agent->ring.keys[i];
        struct sc_agent_held held = {.seconds = (uint32_t)(key->until - now_seconds())};
        memcpy(held.id, key->id, SC_AGENT_ID_SIZE);
        sc_agent_held_write(out + i * SC_AGENT_HELD_SIZE, &held);
    }
    return (struct sc_bytes){out, agent->ring.count * SC_AGENT_HELD_SIZE};
}

static enum sc_agent_status put(struct agent *agent, const struct sc_agent_request *request)
{
    uint32_t seconds = request->seconds == 0 ? agent->limits.seconds
                                             : SC_MIN(request->seconds, agent->limits.seconds);
    int rc = sc_agent_ring_put(&agent->ring, request->id, request->payload, now_seconds() + seconds,
                               NULL);
    sc_agent_reader_close(&agent->reader); /* it may have been opened with another identity */
    return rc == 0 ? SC_AGENT_OK : SC_AGENT_FULL;
}

static enum sc_agent_status read_value(struct agent *agent, const struct sc_agent_request *request,
                                       struct sc_secret *ret)
{
    struct sc_agent_wanted wanted;
    if (!sc_agent_wanted_read(request->payload, &wanted))
        return SC_AGENT_REFUSED;
    enum sc_agent_status status =
        sc_agent_reader_read(&agent->reader, &agent->ring, &wanted, now_seconds(), ret);
    return ret->len <= SC_AGENT_IDENTITY_MAX ? status : SC_AGENT_ELSEWHERE;
}

/* The answer, as a message in agent->message. */
static int answer(struct agent *agent, bool trusted, struct sc_error *err)
{
    unsigned char list[SC_AGENT_VAULTS_MAX * SC_AGENT_HELD_SIZE];
    struct sc_agent_request request;
    struct sc_bytes payload = {NULL, 0};
    enum sc_agent_status status = SC_AGENT_OK;
    const struct sc_agent_key *key = NULL;
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    if (!trusted || !sc_agent_request_read(sc_secret_view(&agent->message), &request))
        return sc_agent_reply_write(SC_AGENT_REFUSED, payload, &agent->message, err);
    switch (request.op) {
    case SC_AGENT_GET:
        key = sc_agent_ring_get(&agent->ring, request.id);
        status = key != NULL ? SC_AGENT_OK : SC_AGENT_ABSENT;
        payload = key != NULL ? sc_secret_view(&key->identity) : payload;
        break;
    case SC_AGENT_PUT:
        status = put(agent, &request);
        break;
    case SC_AGENT_LOCK:
        (void)sc_agent_ring_remove(&agent->ring, request.id);
        break;
    case SC_AGENT_LOCK_ALL:
        sc_agent_ring_clear(&agent->ring);
        break;
    case SC_AGENT_STATUS:
        payload = list_held(agent, list);
        break;
    case SC_AGENT_READ:
        status = read_value(agent, &request, &value);
        payload = status == SC_AGENT_OK ? sc_secret_view(&value) : payload;
        break;
    default:
        status = SC_AGENT_REFUSED;
        break;
    }
    return sc_agent_reply_write(status, payload, &agent->message, err);
}

/* A client that fails is its own problem: nothing here ends the agent. */
static void serve_client(struct agent *agent)
{
    SC_CLEANUP(sc_fd_closep) int fd = accept4(agent->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    const struct timeval wait = {.tv_sec = CLIENT_SECONDS};
    unsigned char *bytes = NULL;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) < 0 ||
        sc_secret_resize(&agent->message, SC_AGENT_MESSAGE_MAX, &bytes, NULL) < 0)
        return;
    ssize_t got = recv(fd, bytes, SC_AGENT_MESSAGE_MAX, 0);
    if (got <= 0)
        return;
    sc_secret_truncate(&agent->message, (size_t)got);
    if (answer(agent, sc_agent_peer_is_us(fd), NULL) == 0)
        SC_IGNORE(send(fd, agent->message.ptr, agent->message.len, MSG_NOSIGNAL) < 0);
    sc_wipe(agent->message.ptr, agent->message.len);
}

/* Before every request and after every wait: nothing outlives its time or a suspended machine. */
static void forget_what_is_over(struct agent *agent)
{
    int64_t asleep = time_asleep();
    if (asleep - agent->asleep > SUSPEND_NS)
        sc_agent_ring_clear(&agent->ring);
    agent->asleep = asleep;
    sc_agent_ring_expire(&agent->ring, now_seconds());
    sc_agent_reader_expire(&agent->reader, &agent->ring, now_seconds());
}

/* A timer that a resumed machine fires: setting the clock, which resuming does, cancels it. */
static int open_clock(void)
{
    int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    const struct itimerspec never = {.it_value = {.tv_sec = INT32_MAX}};
    if (fd >= 0 &&
        timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0)
        sc_fd_closep(&fd);
    return fd;
}

static int open_signals(int *ret_fd, struct sc_error *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    *ret_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return *ret_fd < 0 ? sc_fail_errno(err, "cannot wait for signals") : 0;
}

/* False when it is time to end. */
static bool take_signal(struct agent *agent)
{
    struct signalfd_siginfo info = {0};
    if (read(agent->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return true;
    if (info.ssi_signo != SIGUSR1)
        return false;
    sc_agent_ring_clear(&agent->ring);
    return true;
}

static int wait_ms(const struct agent *agent)
{
    int64_t next = sc_agent_ring_next(&agent->ring);
    if (next < 0)
        return LOOK_MS;
    if (agent->reader.vault != NULL)
        next = SC_MIN(next, agent->reader.until);
    int64_t left = (next - now_seconds()) * 1000;
    return (int)SC_MAX(INT64_C(0), SC_MIN(left, (int64_t)LOOK_MS));
}

static int serve(struct agent *agent, struct sc_error *err)
{
    for (;;) {
        struct pollfd waits[] = {{.fd = agent->listen_fd, .events = POLLIN},
                                 {.fd = agent->signal_fd, .events = POLLIN},
                                 {.fd = agent->clock_fd, .events = POLLIN}};
        if (poll(waits, SC_ARRAY_SIZE(waits), wait_ms(agent)) < 0 && errno != EINTR)
            return sc_fail_errno(err, "cannot wait for requests");
        forget_what_is_over(agent);
        if (waits[2].revents != 0) {
            sc_fd_closep(&agent->clock_fd);
            agent->clock_fd = open_clock();
        }
        if (waits[1].revents != 0 && !take_signal(agent))
            return 0;
        /* Its folder was removed, at the end of a session perhaps: nobody can lock it any more. */
        if (!sc_agent_address_holds(&agent->address))
            return 0;
        if (waits[0].revents != 0)
            serve_client(agent);
        sc_agent_reader_expire(&agent->reader, &agent->ring, now_seconds());
    }
}

/* systemd wants to hear when a service is ready (sd_notify(3)); not being heard is no failure. */
static void notify_ready(void)
{
    static const char text[] = "READY=1";
    const char *path = sc_env("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = path != NULL ? strlen(path) : 0;
    if (len == 0 || len >= sizeof(address.sun_path))
        return;
    memcpy(address.sun_path, path, len);
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    SC_CLEANUP(sc_fd_closep) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        SC_IGNORE(sendto(fd, text, sizeof(text) - 1, MSG_NOSIGNAL, (struct sockaddr *)&address,
                         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0);
}

int sc_agent_serve(int listen_fd, const struct sc_agent_limits *limits, struct sc_error *err)
{
    struct agent agent = {
        .listen_fd = listen_fd, .signal_fd = -1, .clock_fd = open_clock(), .limits = *limits};
    agent.address = sc_agent_address_of(listen_fd);
    agent.asleep = time_asleep();
    int rc = sc_agent_check_memory(limits, err);
    if (rc == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        rc = sc_fail_errno(err, "cannot give up new privileges");
    if (rc == 0)
        rc = open_signals(&agent.signal_fd, err);
    if (rc == 0) {
        notify_ready();
        rc = serve(&agent, err);
    }
    sc_agent_reader_close(&agent.reader);
    sc_agent_ring_clear(&agent.ring);
    sc_secret_done(&agent.message);
    sc_fd_closep(&agent.clock_fd);
    sc_fd_closep(&agent.signal_fd);
    return rc;
}
