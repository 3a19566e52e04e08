/* SPDX-License-Identifier: Apache-2.0
 *
 * The messages between a command and the agent: one request and one reply for each connection, each
 * a single packet (SOCK_SEQPACKET), little-endian.
 *
 *   request  "SCQ1" | op u8 | 0 u8 x3 | seconds u32 | vault id (16) | payload: identity (PUT), or
 *            device u64, inode u64, version u64, path NUL, name NUL (READ)
 *   reply    "SCR1" | status u8 | 0 u8 x3 | payload: identity (GET), or 20 bytes for each vault
 *            held, id and seconds left u32 (STATUS), or vault id (16), verify key (32), number of
 *            the state u64, its hash (32), kind u8, value (READ)
 *
 * Buffers are locked memory: identities and values pass through. Threads: any.
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
    SC_AGENT_STATUS,
    SC_AGENT_READ
};

enum sc_agent_status {
    SC_AGENT_OK,
    SC_AGENT_ABSENT,    /* that vault is not held */
    SC_AGENT_FULL,      /* no room for one more */
    SC_AGENT_REFUSED,   /* not a request, or not from the agent's own user */
    SC_AGENT_ELSEWHERE, /* no answer from here: open the vault yourself, and say what is wrong */
    SC_AGENT_STATUS_MAX
};

struct sc_agent_request {
    enum sc_agent_op op;
    uint32_t seconds;
    unsigned char id[SC_AGENT_ID_SIZE];
    struct sc_bytes payload; /* borrowed from the message */
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

/* The payload of READ: one value of the vault at a path, which is the file with these numbers. */
struct sc_agent_wanted {
    uint64_t dev, ino;
    uint64_t version;        /* 0: the newest */
    const char *path, *name; /* borrowed from the payload */
};
/* Append to ret. */
int sc_agent_wanted_write(const struct sc_agent_wanted *wanted, struct sc_secret *ret,
                          struct sc_error *err) SC_NODISCARD;
bool sc_agent_wanted_read(struct sc_bytes payload, struct sc_agent_wanted *ret);

/* Its answer: the value, and the signed state that it was verified against. */
struct sc_agent_value {
    unsigned char id[SC_AGENT_ID_SIZE];
    unsigned char verify_key[32], state_hash[32];
    uint64_t seq;
    uint8_t kind;
    struct sc_bytes value; /* borrowed from the payload */
};
int sc_agent_value_write(const struct sc_agent_value *value, struct sc_secret *ret,
                         struct sc_error *err) SC_NODISCARD;
bool sc_agent_value_read(struct sc_bytes payload, struct sc_agent_value *ret);

#endif
