/* SPDX-License-Identifier: Apache-2.0
 *
 * Channels; see cli/run/channel.h.
 */
#include "cli/run/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "core/fd.h"

#include "core/banned.h"

#define ECHO_BYTES  2 /* held ones that go at once on a terminal: the echo of typing */
#define SHORT_BYTES 4
#define SHORT_MS    50
#define LONG_BYTES  8
#define LONG_MS     1000

static int open_terminal(struct sc_channel *channel, bool full, int *ret_end, struct sc_error *err)
{
    struct termios modes;
    struct winsize size = {0};
    if (tcgetattr(channel->target, &modes) < 0)
        return sc_fail_errno(err, "cannot read the modes of the terminal");
    if (!full)
        modes.c_oflag &= ~(tcflag_t)OPOST; /* the outer terminal does it */
    SC_IGNORE(ioctl(channel->target, TIOCGWINSZ, &size) < 0);
    if (openpty(&channel->fd, ret_end, NULL, &modes, &size) < 0)
        return sc_fail_errno(err, "cannot open a terminal");
    SC_IGNORE(fcntl(channel->fd, F_SETFD, FD_CLOEXEC) < 0 ||
              fcntl(*ret_end, F_SETFD, FD_CLOEXEC) < 0);
    if (full) /* typed bytes are written to it, and shall not stop us when nobody reads them */
        SC_IGNORE(fcntl(channel->fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0);
    channel->terminal = true;
    return 0;
}

int sc_channel_attach(struct sc_channel *channel, int fd, const struct sc_channel_options *options,
                      struct sc_error *err)
{
    *channel = (struct sc_channel){
        .fd = fd, .target = options->target, .out = SC_BUF_INIT(SC_MASK_OUT_MAX)};
    return sc_mask_stream_init(&channel->stream, options->patterns, options->mask_text, err);
}

int sc_channel_open(struct sc_channel *channel, const struct sc_channel_options *options,
                    int *ret_end, struct sc_error *err)
{
    int rc = sc_channel_attach(channel, -1, options, err);
    if (rc < 0)
        return rc;
    int ends[2];
    if (isatty(options->target)) {
        rc = open_terminal(channel, options->full, ret_end, err);
    } else if (pipe2(ends, O_CLOEXEC) < 0) {
        rc = sc_fail_errno(err, "cannot make a pipe");
    } else {
        channel->fd = ends[0];
        *ret_end = ends[1];
    }
    if (rc < 0)
        sc_channel_done(channel);
    return rc;
}

static int flush(struct sc_channel *channel, struct sc_error *err)
{
    int rc = sc_buf_status(&channel->out, err);
    if (rc == 0 && channel->out.len > 0)
        rc = sc_fd_write_all(channel->target, channel->out.data, channel->out.len, err);
    sc_buf_clear(&channel->out);
    return rc;
}

int sc_channel_read(struct sc_channel *channel, struct sc_error *err)
{
    unsigned char room[SC_MASK_FEED_MAX];
    ssize_t got = read(channel->fd, room, sizeof(room));
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return 0;
    if (got < 0 && (errno != EIO || !channel->terminal))
        return sc_fail_errno(err, "cannot read");
    if (got <= 0) { /* EIO is how a terminal says that nobody has it open any more */
        sc_fd_closep(&channel->fd);
        return 0;
    }
    int rc = sc_mask_stream_feed(&channel->stream, room, (size_t)got, &channel->out, err);
    sc_wipe(room, (size_t)got);
    if (rc == 0 && channel->terminal && sc_mask_stream_held(&channel->stream) <= ECHO_BYTES)
        sc_mask_stream_release(&channel->stream, &channel->out);
    if (rc == 0 && sc_mask_stream_held(&channel->stream) > 0)
        clock_gettime(CLOCK_MONOTONIC, &channel->held_since);
    return rc < 0 ? rc : flush(channel, err);
}

int sc_channel_tick(struct sc_channel *channel, struct sc_error *err)
{
    size_t held = sc_mask_stream_held(&channel->stream);
    if (held == 0 || held >= LONG_BYTES)
        return 0;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t ms = (int64_t)(now.tv_sec - channel->held_since.tv_sec) * 1000 +
                 (now.tv_nsec - channel->held_since.tv_nsec) / 1000000;
    if (ms < (held < SHORT_BYTES ? SHORT_MS : LONG_MS))
        return 0;
    sc_mask_stream_release(&channel->stream, &channel->out);
    return flush(channel, err);
}

int sc_channel_copy(struct sc_channel *channel, struct sc_error *err)
{
    int rc = 0;
    while (rc == 0 && channel->fd >= 0) {
        struct pollfd one = {.fd = channel->fd, .events = POLLIN};
        bool held = sc_mask_stream_held(&channel->stream) > 0;
        int ready = poll(&one, 1, held ? SC_CHANNEL_TICK_MS : -1);
        rc = ready == 0 ? sc_channel_tick(channel, err) : sc_channel_read(channel, err);
    }
    return rc < 0 ? rc : sc_channel_end(channel, err);
}

int sc_channel_end(struct sc_channel *channel, struct sc_error *err)
{
    int rc = sc_mask_stream_end(&channel->stream, &channel->out, err);
    return rc < 0 ? rc : flush(channel, err);
}

void sc_channel_resize(const struct sc_channel *channel)
{
    struct winsize size;
    if (channel->terminal && ioctl(channel->target, TIOCGWINSZ, &size) == 0)
        SC_IGNORE(ioctl(channel->fd, TIOCSWINSZ, &size) < 0);
}

void sc_channel_done(struct sc_channel *channel)
{
    sc_fd_closep(&channel->fd);
    sc_mask_stream_done(&channel->stream);
    sc_buf_done(&channel->out);
}
