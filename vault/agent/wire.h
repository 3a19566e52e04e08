/* SPDX-License-Identifier: Apache-2.0
 *
 * The messages between a command and the agent: one request and one reply for each connection, each
 * a single packet (SOCK_SEQPACKET), little-endian.
 *
 *   request  "SCQ1" | op u8 | 0 u8 x3 | seconds u32 | vault id (16) | identity (PUT only)
 *   reply    "SCR1" | status u8 | 0 u8 x3 | payload: identity (GET), or 20 bytes for each vault
 *            held, id and seconds left u32 (STATUS)
 *
 * Buffers are locked memory: identities pass through. Threads: any.
 */
#ifndef SC_VAULT_AGENT_WIRE_H
#define SC_VAULT_AGENT_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/secret.h"

#define SC_AGENT_ID_SIZE 16
/* Bytes of an identity text, at most; as long as an identity file may be. */
#define SC_AGENT_IDENTITY_MAX ((size_t)16 * 1024)
/* Vaults one agent holds. */
#define SC_AGENT_VAULTS_MAX 32
/* Bytes of a message with room to see that one is too long. */
#define SC_AGENT_MESSAGE_MAX (SC_AGENT_IDENTITY_MAX + 64)

enum sc_agent_op {
    SC_AGENT_GET = 1,
    SC_AGENT_PUT,
    SC_AGENT_LOCK,
    SC_AGENT_LOCK_ALL,
    SC_AGENT_STATUS
};

enum sc_agent_status {
    SC_AGENT_OK,
    SC_AGENT_ABSENT,  /* that vault is not held */
    SC_AGENT_FULL,    /* no room for one more */
    SC_AGENT_REFUSED, /* not a request, or not from the agent's own user */
    SC_AGENT_STATUS_MAX
};

struct sc_agent_request {
    enum sc_agent_op op;
    uint32_t seconds;
    unsigned char id[SC_AGENT_ID_SIZE];
    struct sc_bytes identity; /* borrowed from the message */
};

struct sc_agent_reply {
    enum sc_agent_status status;
    struct sc_bytes payload; /* borrowed from the message */
};

struct sc_agent_held {
    unsigned char id[SC_AGENT_ID_SIZE];
    uint32_t seconds; /* left */
};

/* Replace the content of `message`. */
int sc_agent_request_write(const struct sc_agent_request *request, struct sc_secret *message,
                           struct sc_error *err) SC_NODISCARD;
int sc_agent_reply_write(enum sc_agent_status status, struct sc_bytes payload,
                         struct sc_secret *message, struct sc_error *err) SC_NODISCARD;

/* False for anything that is not exactly a message. */
bool sc_agent_request_read(struct sc_bytes message, struct sc_agent_request *ret);
bool sc_agent_reply_read(struct sc_bytes message, struct sc_agent_reply *ret);

/* One record of a STATUS payload, SC_AGENT_HELD_SIZE bytes. */
#define SC_AGENT_HELD_SIZE 20
void sc_agent_held_write(unsigned char out[SC_AGENT_HELD_SIZE], const struct sc_agent_held *held);
void sc_agent_held_read(const unsigned char in[SC_AGENT_HELD_SIZE], struct sc_agent_held *ret);

#endif
