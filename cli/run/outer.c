/* SPDX-License-Identifier: Apache-2.0
 *
 * See cli/run/outer.h.
 */
#include "cli/run/outer.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "core/macros.h"
#include "core/secret.h"

#include "core/banned.h"

static bool is_foreground(void)
{
    return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

void sc_outer_enter(struct sc_outer *outer)
{
    if (outer->raw || !is_foreground() || tcgetattr(STDIN_FILENO, &outer->saved) < 0)
        return;
    struct termios raw = outer->saved;
    cfmakeraw(&raw);
    outer->raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

void sc_outer_leave(struct sc_outer *outer)
{
    if (outer->raw)
        SC_IGNORE(tcsetattr(STDIN_FILENO, TCSADRAIN, &outer->saved) < 0);
    outer->raw = false;
    sc_wipe(outer->typed, sizeof(outer->typed)); /* a person may have typed a password */
    outer->from = outer->to = 0;
}

void sc_outer_stop(struct sc_outer *outer)
{
    struct sigaction plain = {.sa_handler = SIG_DFL};
    struct sigaction before;
    sigset_t stop;
    sigset_t mask;
    sc_outer_leave(outer);
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    sigaction(SIGTSTP, &plain, &before);
    kill(0, SIGTSTP); /* the kernel drops it for a group that nobody could continue */
    sigprocmask(SIG_UNBLOCK, &stop, &mask);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    sigaction(SIGTSTP, &before, NULL);
}

bool sc_outer_reads(const struct sc_outer *outer)
{
    return outer->raw && !outer->ended && outer->to == 0;
}

bool sc_outer_writes(const struct sc_outer *outer)
{
    return outer->from < outer->to;
}

void sc_outer_read(struct sc_outer *outer)
{
    ssize_t got = read(STDIN_FILENO, outer->typed, sizeof(outer->typed));
    if (got > 0)
        outer->to = (size_t)got;
    else
        outer->ended = got == 0 || (errno != EINTR && errno != EAGAIN);
}

void sc_outer_write(struct sc_outer *outer, int fd)
{
    ssize_t put = write(fd, outer->typed + outer->from, outer->to - outer->from);
    if (put < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    outer->from = put < 0 ? outer->to : outer->from + (size_t)put; /* gone: nobody reads it */
    if (outer->from < outer->to)
        return;
    sc_wipe(outer->typed, outer->to);
    outer->from = outer->to = 0;
}
