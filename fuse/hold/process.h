/* SPDX-License-Identifier: Apache-2.0
 *
 * The processes of a mount and what they hand to each other: descriptors at fixed numbers, and
 * small messages over a socket pair.
 *
 * Every process is this program itself with a hidden command word, started by posix_spawn: no state
 * but the descriptors is inherited, so a new binary can take over from an old one. Each end of a
 * socket pair sees the other's death as end of file.
 */
#ifndef SC_FUSE_HOLD_PROCESS_H
#define SC_FUSE_HOLD_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

#include "core/error.h"

/* Where a started process finds its descriptors; what there is none of is /dev/null. */
enum sc_hold_fd {
    SC_HOLD_FUSE,
    SC_HOLD_JOURNAL,
    SC_HOLD_STORE,
    SC_HOLD_BELL,   /* an eventfd that rings the agent */
    SC_HOLD_LISTEN, /* the control socket */
    SC_HOLD_PEER,   /* to the process that started this one */
    SC_HOLD_MAX
};
#define SC_HOLD_FIRST_FD 3

struct sc_hold_fds {
    int fd[SC_HOLD_MAX]; /* -1 = none */
};
#define SC_HOLD_FDS_NONE                                                                           \
    {                                                                                              \
        {                                                                                          \
            -1, -1, -1, -1, -1, -1                                                                 \
        }                                                                                          \
    }

/* For SC_CLEANUP. */
void sc_hold_close(struct sc_hold_fds *fds);

/* In a started process: moves the inherited descriptors out of the low numbers, close-on-exec. */
int sc_hold_inherit(struct sc_hold_fds *ret, struct sc_error *err) SC_NODISCARD;

/* Starts `program` (NULL: this very binary, even when its file was replaced) as
 * "secretsctl WORD MODE" with the descriptors at their numbers and a bare environment. */
int sc_hold_spawn(const char *program, const char *word, const char *mode,
                  const struct sc_hold_fds *fds, pid_t *ret_pid, struct sc_error *err) SC_NODISCARD;

/* ---- messages ---- */

enum sc_message_kind {
    SC_MESSAGE_PING = 1, /* keeper to worker, answered by PONG */
    SC_MESSAGE_PONG,
    SC_MESSAGE_READY,   /* worker serves; keeper holds the mount */
    SC_MESSAGE_STOP,    /* to a worker: finish what you have and leave */
    SC_MESSAGE_FAILED,  /* code and text of an error */
    SC_MESSAGE_ATTACH,  /* agent to keeper, answered by READY with journal, store and bell */
    SC_MESSAGE_STORE,   /* agent to keeper, with a new store: start workers on it */
    SC_MESSAGE_UPGRADE, /* text: the program to go on with */
    SC_MESSAGE_UNMOUNT, /* value 1: even if it is in use */
    SC_MESSAGE_LOOK,    /* like ATTACH without becoming the agent: for `who` and status */
    SC_MESSAGE_DONE
};

#define SC_MESSAGE_FDS  3
#define SC_MESSAGE_TEXT 1024

struct sc_message {
    uint32_t kind;
    int32_t code, value;
    int32_t fd_count;
    char text[SC_MESSAGE_TEXT];
};

/* A connected pair of sockets that keep message borders. */
int sc_message_pair(int ret_fds[2], struct sc_error *err) SC_NODISCARD;

/* Sends without blocking; IO when the other side is gone or does not read. */
int sc_message_send(int fd, const struct sc_message *message, const int *fds,
                    struct sc_error *err) SC_NODISCARD;

/* One message; ret_fds gets SC_MESSAGE_FDS descriptors, -1 where none (NULL: close them). NOTFOUND
 * at end of file, BUSY when none came in the time. */
int sc_message_receive(int fd, int milliseconds, struct sc_message *ret, int *ret_fds,
                       struct sc_error *err) SC_NODISCARD;

/* The error in a FAILED message, passed on. */
int sc_message_error(const struct sc_message *message, struct sc_error *err) SC_NODISCARD;

/* The control socket: its path for a mount point, listening, connecting. The path lies in a private
 * directory below /run/secretsctl-mounts, rootless below $XDG_RUNTIME_DIR. */
int sc_control_path(const char *directory, char *ret_path, size_t size,
                    struct sc_error *err) SC_NODISCARD;
int sc_control_listen(const char *path, int *ret_fd, struct sc_error *err) SC_NODISCARD;
/* NOTFOUND when nobody listens. */
int sc_control_connect(const char *path, int *ret_fd, struct sc_error *err) SC_NODISCARD;
/* Whether the peer is root or this user. */
int sc_control_check_peer(int fd, struct sc_error *err) SC_NODISCARD;

#endif
