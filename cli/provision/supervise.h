/* SPDX-License-Identifier: Apache-2.0
 *
 * The process behind the agent of a mount: starts it again when it crashes.
 *
 * It is forked before anything is unlocked and never sees a key. What opens the vault again waits
 * in a pipe, in the kernel's memory, which the agent fills and only the next agent reads: a crash
 * asks nobody for a passphrase. Under a service manager (mount --foreground) there is none: that
 * restarts the agent itself.
 */
#ifndef SC_CLI_PROVISION_SUPERVISE_H
#define SC_CLI_PROVISION_SUPERVISE_H

#include "cli/command.h"
#include "core/secret.h"

/* What an agent shares with the process behind it, and with the command that waits; -1: nobody. */
struct sc_supervised {
    int ready_fd; /* gets a byte when the mount serves */
    int key[2];   /* the pipe's ends, not blocking */
    bool again;   /* an agent was there before */
};
#define SC_SUPERVISED_NOT                                                                          \
    {                                                                                              \
        .ready_fd = -1, .key = { -1, -1 }                                                          \
    }

typedef int (*sc_supervised_fn)(void *ctx, const struct sc_supervised *io, struct sc_error *err);

/* Runs fn in a child, and again when that dies of a signal while the mount on `directory` is
 * served. Returns in this process when the child has ended for good (cli->exit_status is its
 * status), and in each child with what fn returned. Takes ready_fd. */
int sc_supervise(struct sc_cli *cli, const char *directory, int ready_fd, sc_supervised_fn fn,
                 void *ctx, struct sc_error *err) SC_NODISCARD;

/* The key that the agent before has left, which stays in the pipe; empty if there is none. */
int sc_supervised_take_key(const struct sc_supervised *io, struct sc_secret *ret,
                           struct sc_error *err) SC_NODISCARD;
/* Leaves the key (it may be empty) for the next agent, and tells that this one serves. */
int sc_supervised_leave_key(const struct sc_supervised *io, const struct sc_secret *key,
                            struct sc_error *err) SC_NODISCARD;

/* Away from the terminal, the working directory and the standard streams. */
int sc_detach(struct sc_error *err) SC_NODISCARD;

#endif
