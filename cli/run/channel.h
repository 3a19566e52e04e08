/* SPDX-License-Identifier: Apache-2.0
 *
 * One masked output of the child: a pipe or a terminal of its own, and where its bytes go.
 */
#ifndef SC_CLI_RUN_CHANNEL_H
#define SC_CLI_RUN_CHANNEL_H

#include <time.h>

#include "core/mask/stream.h"

/* How long to wait before a tick while bytes are held. */
#define SC_CHANNEL_TICK_MS 50

struct sc_channel {
    int fd;     /* our end; -1 after its end */
    int target; /* where it goes: standard output or error */
    bool terminal;
    struct sc_mask_stream stream;
    struct sc_buf out;
    struct timespec held_since;
};

struct sc_channel_options {
    int target;
    bool full; /* a terminal for input as well, with the outer one's modes */
    const struct sc_mask_patterns *patterns;
    const char *mask_text;
};

/* One that masks what comes from `fd`, which it closes in the end; `full` is without a meaning. */
int sc_channel_attach(struct sc_channel *channel, int fd, const struct sc_channel_options *options,
                      struct sc_error *err) SC_NODISCARD;

/* One to be given to a child; *ret_end is the child's end. */
int sc_channel_open(struct sc_channel *channel, const struct sc_channel_options *options,
                    int *ret_end, struct sc_error *err) SC_NODISCARD;

/* Takes what is there and puts out what is decided. */
int sc_channel_read(struct sc_channel *channel, struct sc_error *err) SC_NODISCARD;

/* Nothing came: a prompt that looks like the beginning of a value is let go after a while. */
int sc_channel_tick(struct sc_channel *channel, struct sc_error *err) SC_NODISCARD;

/* All that comes until its end. */
int sc_channel_copy(struct sc_channel *channel, struct sc_error *err) SC_NODISCARD;

int sc_channel_end(struct sc_channel *channel, struct sc_error *err) SC_NODISCARD;

/* Gives the child's terminal the size of ours. */
void sc_channel_resize(const struct sc_channel *channel);

void sc_channel_done(struct sc_channel *channel);

#endif
