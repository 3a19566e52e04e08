/* SPDX-License-Identifier: Apache-2.0
 *
 * The HTTP client; see audit/surface/http.h.
 *
 * The response is read through one window of WINDOW bytes: header lines, chunk sizes and body
 * pieces are taken from it, and it is filled again when it is empty.
 */
#include "audit/surface/http.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/hash.h"
#include "core/parse.h"
#include "core/str.h"

#include "core/banned.h"

#define WINDOW         ((size_t)256 * 1024)
#define LINE_MAX_BYTES ((size_t)8192)
#define DEFAULT_HOST   "unix:///var/run/docker.sock"

enum body_kind { BODY_TO_END, BODY_LENGTH, BODY_CHUNKED };

struct response {
    int fd; /* -1: everything is in the window already */
    int timeout_ms;
    int waited_ms; /* for the bytes that came since it was 0 */
    size_t came;
    unsigned char *window;
    size_t at, end;
    size_t header_bytes;
    unsigned status;
    enum body_kind kind;
    uint64_t length;
    sc_http_fn fn;
    void *ctx;
};

struct sc_engine sc_engine_default(void)
{
    const char *host = sc_env("DOCKER_HOST");
    return (struct sc_engine){host != NULL ? host : DEFAULT_HOST, SC_HTTP_TIMEOUT};
}

/* ---- connecting ---- */

static int wait_for(int fd, short events, int timeout_ms, struct sc_error *err)
{
    struct pollfd poller = {.fd = fd, .events = events};
    int got = 0;
    do {
        got = poll(&poller, 1, timeout_ms);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return sc_fail_errno(err, "cannot wait for the engine");
    if (got == 0)
        return sc_fail(err, SC_E_BUSY, "the engine did not answer within %d seconds",
                       timeout_ms / 1000);
    return 0;
}

static int connect_within(int fd, const struct sockaddr *address, socklen_t size, int timeout_ms,
                          struct sc_error *err)
{
    if (connect(fd, address, size) == 0)
        return 0;
    /* EAGAIN: the queue of a unix socket is full, the engine does not accept. */
    if (errno == EAGAIN)
        return sc_fail(err, SC_E_BUSY, "the engine does not accept connections");
    if (errno != EINPROGRESS)
        return sc_fail_errno(err, "cannot connect to the engine");
    int rc = wait_for(fd, POLLOUT, timeout_ms, err);
    if (rc < 0)
        return rc;
    int failure = 0;
    socklen_t len = sizeof(failure);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &len) < 0)
        failure = errno;
    errno = failure;
    return failure == 0 ? 0 : sc_fail_errno(err, "cannot connect to the engine");
}

static int connect_unix(const char *path, int timeout_ms, int *ret, struct sc_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof(address.sun_path))
        return sc_fail(err, SC_E_USAGE, "the engine's socket path is empty or too long");
    memcpy(address.sun_path, path, len);
    SC_CLEANUP(sc_fd_closep)
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return sc_fail_errno(err, "cannot make a socket");
    int rc =
        connect_within(fd, (const struct sockaddr *)&address, sizeof(address), timeout_ms, err);
    if (rc == 0)
        *ret = SC_TAKE_FD(fd);
    return rc;
}

static int connect_tcp(const char *authority, int timeout_ms, int *ret, struct sc_error *err)
{
    const char *colon = strrchr(authority, ':');
    if (colon == NULL)
        return sc_fail(err, SC_E_USAGE, "the engine's address has no port");
    SC_CLEANUP(sc_str_freep) char *host = sc_str_ndup(authority, (size_t)(colon - authority), err);
    SC_CLEANUP(sc_str_freep) char *port = sc_str_ndup(colon + 1, strcspn(colon + 1, "/"), err);
    if (host == NULL || port == NULL)
        return SC_E_NOMEM;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return sc_fail(err, SC_E_NOTFOUND, "the engine's host is not known");
    int rc = sc_fail(err, SC_E_NOTFOUND, "the engine's host has no address");
    for (const struct addrinfo *each = found; each != NULL && rc < 0; each = each->ai_next) {
        SC_CLEANUP(sc_fd_closep)
        int fd = socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        rc = fd < 0 ? sc_fail_errno(err, "cannot make a socket")
                    : connect_within(fd, each->ai_addr, each->ai_addrlen, timeout_ms, err);
        if (rc == 0)
            *ret = SC_TAKE_FD(fd);
    }
    freeaddrinfo(found);
    return rc;
}

static int connect_engine(const struct sc_engine *engine, int *ret, struct sc_error *err)
{
    int timeout_ms = engine->timeout * 1000;
    if (sc_str_has_prefix(engine->host, "unix://"))
        return connect_unix(engine->host + strlen("unix://"), timeout_ms, ret, err);
    if (!sc_str_has_prefix(engine->host, "tcp://"))
        return sc_fail(err, SC_E_UNSUPPORTED,
                       "DOCKER_HOST must begin with unix:// or tcp:// to be searched");
    if (sc_env("DOCKER_TLS_VERIFY") != NULL)
        return sc_fail(err, SC_E_UNSUPPORTED,
                       "an engine behind TLS cannot be searched; use its unix socket");
    return connect_tcp(engine->host + strlen("tcp://"), timeout_ms, ret, err);
}

/* ---- reading ---- */

static int64_t now_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits for more. An engine that lets its answer drip is as bad as a silent one: a byte now and
 * then would keep us for ever. Only the time spent waiting counts, not what we do meanwhile. */
static int wait_for_more(struct response *in, struct sc_error *err)
{
    if (in->waited_ms >= in->timeout_ms) {
        if (in->came < SC_HTTP_SLOWEST)
            return sc_fail(err, SC_E_BUSY, "the engine answers too slowly: %zu bytes in %d seconds",
                           in->came, in->timeout_ms / 1000);
        in->waited_ms = 0;
        in->came = 0;
    }
    int64_t start = now_ms();
    int rc = wait_for(in->fd, POLLIN, in->timeout_ms, err);
    in->waited_ms += (int)SC_MIN(now_ms() - start, (int64_t)in->timeout_ms);
    return rc;
}

static int fill(struct response *in, struct sc_error *err)
{
    in->at = in->end = 0;
    while (in->fd >= 0) {
        ssize_t got = recv(in->fd, in->window, WINDOW, 0);
        if (got >= 0) {
            in->end = (size_t)got;
            in->came += (size_t)got;
            return 0;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            int rc = wait_for_more(in, err);
            if (rc < 0)
                return rc;
        } else if (errno != EINTR) {
            return sc_fail_errno(err, "cannot read from the engine");
        }
    }
    return 0;
}

static int ends_early(struct sc_error *err)
{
    return sc_fail(err, SC_E_IO, "the engine's answer ended early");
}

/* The next line without its CR LF. */
static int read_line(struct response *in, char line[LINE_MAX_BYTES], struct sc_error *err)
{
    for (size_t len = 0;;) {
        if (in->at == in->end) {
            int rc = fill(in, err);
            if (rc < 0)
                return rc;
            if (in->end == 0)
                return ends_early(err);
        }
        char c = (char)in->window[in->at++];
        if (c == '\n') {
            line[len > 0 && line[len - 1] == '\r' ? len - 1 : len] = '\0';
            return 0;
        }
        if (len + 1 == LINE_MAX_BYTES || c == '\0' || ++in->header_bytes > SC_HTTP_HEADER_MAX)
            return sc_fail(err, SC_E_FORMAT, "the engine's answer is not HTTP");
        line[len++] = c;
    }
}

static int read_status(struct response *in, const char *line, struct sc_error *err)
{
    bool http = sc_str_has_prefix(line, "HTTP/1.") && strlen(line) >= 12 && line[8] == ' ';
    for (int i = 9; http && i < 12; i++) {
        http = line[i] >= '0' && line[i] <= '9';
        in->status = in->status * 10 + (unsigned)(line[i] - '0');
    }
    return http ? 0 : sc_fail(err, SC_E_FORMAT, "the engine's answer is not HTTP");
}

/* The value of a header if the line is that header, else NULL. */
static const char *header_value(const char *line, const char *name)
{
    size_t n = strlen(name);
    if (strncasecmp(line, name, n) != 0 || line[n] != ':')
        return NULL;
    return line + n + 1 + strspn(line + n + 1, " \t");
}

static int read_header(struct response *in, struct sc_error *err)
{
    char line[LINE_MAX_BYTES];
    int rc = read_line(in, line, err);
    if (rc == 0)
        rc = read_status(in, line, err);
    for (; rc == 0;) {
        rc = read_line(in, line, err);
        if (rc < 0 || line[0] == '\0')
            break;
        const char *value = header_value(line, "Transfer-Encoding");
        if (value != NULL && strcasecmp(value, "chunked") == 0)
            in->kind = BODY_CHUNKED;
        value = header_value(line, "Content-Length");
        if (value != NULL && in->kind != BODY_CHUNKED) {
            in->kind = BODY_LENGTH;
            rc = sc_parse_u64(value, UINT64_MAX, "the length of the engine's answer", &in->length,
                              err);
            rc = rc < 0 ? SC_E_FORMAT : 0;
        }
    }
    return rc;
}

/* Hands on `left` bytes, or all up to the end. */
static int read_bytes(struct response *in, uint64_t left, bool to_end, struct sc_error *err)
{
    while (to_end || left > 0) {
        if (in->at == in->end) {
            int rc = fill(in, err);
            if (rc < 0)
                return rc;
            if (in->end == 0)
                return to_end ? 0 : ends_early(err);
        }
        size_t n = in->end - in->at;
        if (!to_end && n > left)
            n = (size_t)left;
        struct sc_bytes piece = {in->window + in->at, n};
        in->at += n;
        left -= to_end ? 0 : n;
        int rc = in->fn(piece, in->ctx, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int parse_chunk_size(const char *line, uint64_t *ret, struct sc_error *err)
{
    uint64_t size = 0;
    size_t digits = strspn(line, "0123456789abcdefABCDEF");
    if (digits == 0 || digits > 15)
        return sc_fail(err, SC_E_FORMAT, "the engine's answer is not HTTP");
    for (size_t i = 0; i < digits; i++)
        size = size << 4 | (unsigned)sc_hex_digit((unsigned char)line[i]);
    *ret = size;
    return 0;
}

static int read_chunks(struct response *in, struct sc_error *err)
{
    char line[LINE_MAX_BYTES];
    for (;;) {
        uint64_t size = 0;
        in->header_bytes = 0;
        int rc = read_line(in, line, err);
        if (rc == 0)
            rc = parse_chunk_size(line, &size, err);
        if (rc < 0 || size == 0)
            return rc;
        rc = read_bytes(in, size, false, err);
        if (rc == 0)
            rc = read_line(in, line, err);
        if (rc < 0)
            return rc;
    }
}

static int read_body(struct response *in, struct sc_error *err)
{
    if (in->kind == BODY_CHUNKED)
        return read_chunks(in, err);
    return read_bytes(in, in->length, in->kind == BODY_TO_END, err);
}

static int status_error(const struct response *in, struct sc_error *err)
{
    if (in->status == 404)
        return sc_fail(err, SC_E_NOTFOUND, "the engine does not have it");
    if (in->status == 401 || in->status == 403)
        return sc_fail(err, SC_E_PERM, "the engine refuses (status %u)", in->status);
    return sc_fail(err, SC_E_FAILED, "the engine answers with status %u", in->status);
}

static int read_response(struct response *in, struct sc_error *err)
{
    int rc = read_header(in, err);
    if (rc < 0)
        return rc;
    return in->status == 200 ? read_body(in, err) : status_error(in, err);
}

/* ---- requests ---- */

static int send_request(int fd, const char *path, int timeout_ms, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep)
    char *request = sc_str_printf(err,
                                  "GET %s HTTP/1.1\r\nHost: docker\r\nUser-Agent: secretsctl\r\n"
                                  "Accept: */*\r\nConnection: close\r\n\r\n",
                                  path);
    if (request == NULL)
        return SC_E_NOMEM;
    size_t len = strlen(request);
    for (size_t done = 0; done < len;) {
        ssize_t sent = send(fd, request + done, len - done, MSG_NOSIGNAL);
        if (sent >= 0) {
            done += (size_t)sent;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            int rc = wait_for(fd, POLLOUT, timeout_ms, err);
            if (rc < 0)
                return rc;
        } else if (errno != EINTR) {
            return sc_fail_errno(err, "cannot write to the engine");
        }
    }
    return 0;
}

int sc_engine_get(const struct sc_engine *engine, const char *path, sc_http_fn fn, void *ctx,
                  struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int fd = -1;
    int timeout_ms = engine->timeout * 1000;
    int rc = connect_engine(engine, &fd, err);
    if (rc == 0)
        rc = send_request(fd, path, timeout_ms, err);
    if (rc < 0)
        return rc;
    struct response in = {.fd = fd, .timeout_ms = timeout_ms, .fn = fn, .ctx = ctx};
    in.window = malloc(WINDOW);
    if (in.window == NULL)
        return sc_fail_nomem(err);
    rc = read_response(&in, err);
    sc_wipe(in.window, WINDOW); /* an engine's answers hold what we look for */
    free(in.window);
    return rc;
}

struct collector {
    struct sc_secret *secret;
    size_t max;
};

static int collect(struct sc_bytes piece, void *ctx, struct sc_error *err)
{
    const struct collector *into = ctx;
    if (piece.len > into->max - into->secret->len)
        return sc_fail(err, SC_E_TOOBIG, "the engine's answer is over %zu bytes", into->max);
    return sc_secret_append(into->secret, piece.ptr, piece.len, err);
}

int sc_engine_get_secret(const struct sc_engine *engine, const char *path, size_t max,
                         struct sc_secret *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret body = {0};
    struct collector into = {&body, max};
    int rc = sc_engine_get(engine, path, collect, &into, err);
    if (rc == 0)
        sc_secret_move(ret, &body);
    return rc;
}

int sc_http_parse(struct sc_bytes response, sc_http_fn fn, void *ctx, struct sc_error *err)
{
    unsigned char *copy = malloc(SC_MAX(response.len, (size_t)1));
    if (copy == NULL)
        return sc_fail_nomem(err);
    if (response.len > 0)
        memcpy(copy, response.ptr, response.len);
    struct response in = {.fd = -1, .window = copy, .end = response.len, .fn = fn, .ctx = ctx};
    int rc = read_response(&in, err);
    free(copy);
    return rc;
}
