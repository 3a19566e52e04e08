/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is at the other end of a local socket. Threads: any.
 */
#ifndef SC_VAULT_AGENT_PEER_H
#define SC_VAULT_AGENT_PEER_H

#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

/* Whether the kernel says that the peer runs, or bound the socket, as our own user. */
static inline bool sc_agent_peer_is_us(int fd)
{
    struct ucred peer = {0};
    socklen_t len = sizeof(peer);
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && len == sizeof(peer) &&
           peer.uid == geteuid();
}

#endif
