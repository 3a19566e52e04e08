/* SPDX-License-Identifier: Apache-2.0
 *
 * The agent itself: serves requests (vault/agent/wire.h) of its own user until it is told to end.
 *
 * It forgets each identity when its time is over, all of them when the machine was suspended, and
 * all when it ends. It refuses to hold them in memory that is not locked. One request at a time,
 * each of a connection of its own with a short limit of time, so a silent client delays the others
 * but little.
 */
#ifndef SC_VAULT_AGENT_SERVER_H
#define SC_VAULT_AGENT_SERVER_H

#include "vault/agent/wire.h"

/* How long an identity is held where nobody says otherwise: a working day. */
#define SC_AGENT_SECONDS_DEFAULT ((uint32_t)8 * 3600)

struct sc_agent_limits {
    uint32_t seconds;    /* longest time an identity is held */
    bool allow_unlocked; /* hold them even in memory that may be swapped */
};

/* The listening socket handed over by systemd (LISTEN_FDS), -1 in *ret_fd if there is none. */
int sc_agent_inherited_socket(int *ret_fd, struct sc_error *err) SC_NODISCARD;

/* Makes the directory (0700, must be ours) and the socket (0600). BUSY when an agent answers there
 * already; a dead one's socket is replaced. */
int sc_agent_listen(const char *path, int *ret_fd, struct sc_error *err) SC_NODISCARD;

/* PERM unless memory for secrets can be locked (or limits allow what cannot). Call before a fork.
 */
int sc_agent_check_memory(const struct sc_agent_limits *limits, struct sc_error *err) SC_NODISCARD;

/* Serves until SIGTERM, SIGINT or SIGHUP; 0 then. SIGUSR1 locks. */
int sc_agent_serve(int listen_fd, const struct sc_agent_limits *limits,
                   struct sc_error *err) SC_NODISCARD;

/* Where a listening socket can be reached. */
struct sc_agent_address {
    char path[108]; /* of struct sockaddr_un; "" where it cannot be told */
    uint64_t dev, ino;
};

struct sc_agent_address sc_agent_address_of(int listen_fd);
/* Whether that socket still is what is found at its path; true where it cannot be told. */
bool sc_agent_address_holds(const struct sc_agent_address *address);

#endif
