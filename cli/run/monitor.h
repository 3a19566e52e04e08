/* SPDX-License-Identifier: Apache-2.0
 *
 * The leader of the command's session on a terminal of its own.
 *
 * The command is its child, in the foreground group of that terminal. Without a process between,
 * the command would be the session's leader, its group an orphaned one, and the kernel would throw
 * ^Z away. The monitor tells when the command stops and how it ends, and hands on signals; when the
 * other end of its socket closes (run was killed), it hangs up on the command and ends.
 */
#ifndef SC_CLI_RUN_MONITOR_H
#define SC_CLI_RUN_MONITOR_H

#include <sys/types.h>

#include "core/error.h"

struct sc_monitor {
    pid_t pid;
    int fd; /* socket; readable when there is a report */
};

struct sc_monitor_start {
    int terminal; /* the command's end of it */
    /* Called in the command's process, which it replaces; must not return. */
    void (*become)(void *ctx);
    /* Called in the monitor once the command runs: what it does not need is forgotten. */
    void (*forget)(void *ctx);
    void *ctx;
};

int sc_monitor_start(const struct sc_monitor_start *how, struct sc_monitor *ret,
                     struct sc_error *err) SC_NODISCARD;

/* Hands a signal to the command; CONT goes to its whole group. */
void sc_monitor_signal(const struct sc_monitor *monitor, int number);

/* Takes the report that is there: a status as waitpid() has it, of a stop or the end. A monitor
 * that is gone without a word reads as a command killed by KILL. */
int sc_monitor_report(const struct sc_monitor *monitor);

/* Collects the monitor, which has ended or ends when it sees the socket close. */
void sc_monitor_done(struct sc_monitor *monitor);

#endif
