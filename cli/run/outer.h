/* SPDX-License-Identifier: Apache-2.0
 *
 * Our own terminal while the command has one in its place: raw modes, typed bytes on their way, and
 * being stopped and continued by the shell. All of it only while we are in the foreground.
 */
#ifndef SC_CLI_RUN_OUTER_H
#define SC_CLI_RUN_OUTER_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#define SC_OUTER_INPUT_MAX 4096

/* Zero value = modes untouched, nothing typed. */
struct sc_outer {
    bool raw;
    bool ended; /* nothing more is typed */
    struct termios saved;
    char typed[SC_OUTER_INPUT_MAX]; /* bytes from..to are still to be written */
    size_t from, to;
};

/* Makes the terminal raw, unless we are in the background, where that would stop us. */
void sc_outer_enter(struct sc_outer *outer);

/* Gives the terminal back as it was. */
void sc_outer_leave(struct sc_outer *outer);

/* Stops our whole group as ^Z does; returns when it is continued, or at once where no shell could
 * continue it. */
void sc_outer_stop(struct sc_outer *outer);

/* Whether there is room for typed bytes, and someone who may type. */
bool sc_outer_reads(const struct sc_outer *outer);
/* Whether typed bytes wait to be written. */
bool sc_outer_writes(const struct sc_outer *outer);

void sc_outer_read(struct sc_outer *outer);
/* Writes what the descriptor takes without waiting. */
void sc_outer_write(struct sc_outer *outer, int fd);

#endif
