/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages of the agent; see vault/agent/wire.h.
 */
#include "vault/agent/wire.h"

#include <string.h>

#include "core/banned.h"

#define REQUEST_MAGIC "SCQ1"
#define REPLY_MAGIC   "SCR1"
#define MAGIC_SIZE    ((size_t)4)
#define REPLY_SIZE    ((size_t)8)
#define REQUEST_SIZE  ((size_t)(12 + SC_AGENT_ID_SIZE))

static void put_u32(unsigned char *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> 8 * i);
}

static uint32_t get_u32(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Magic, code and three zero bytes: what both kinds begin with. */
static bool has_front(struct sc_bytes message, size_t size, const char *magic)
{
    static const unsigned char zero[3];
    return message.len >= size && message.len < SC_AGENT_MESSAGE_MAX &&
           memcmp(message.ptr, magic, MAGIC_SIZE) == 0 &&
           memcmp(message.ptr + 5, zero, sizeof(zero)) == 0;
}

static int write_message(struct sc_secret *message, const unsigned char *front, size_t size,
                         struct sc_bytes rest, struct sc_error *err)
{
    if (rest.len > SC_AGENT_IDENTITY_MAX)
        return sc_fail(err, SC_E_TOOBIG, "the identity is longer than %zu bytes",
                       SC_AGENT_IDENTITY_MAX);
    sc_secret_truncate(message, 0);
    int rc = sc_secret_append(message, front, size, err);
    return rc < 0 ? rc : sc_secret_append(message, rest.ptr, rest.len, err);
}

int sc_agent_request_write(const struct sc_agent_request *request, struct sc_secret *message,
                           struct sc_error *err)
{
    unsigned char front[REQUEST_SIZE] = REQUEST_MAGIC;
    front[4] = (unsigned char)request->op;
    put_u32(front + 8, request->seconds);
    memcpy(front + 12, request->id, SC_AGENT_ID_SIZE);
    return write_message(message, front, sizeof(front), request->identity, err);
}

int sc_agent_reply_write(enum sc_agent_status status, struct sc_bytes payload,
                         struct sc_secret *message, struct sc_error *err)
{
    unsigned char front[REPLY_SIZE] = REPLY_MAGIC;
    front[4] = (unsigned char)status;
    return write_message(message, front, sizeof(front), payload, err);
}

bool sc_agent_request_read(struct sc_bytes message, struct sc_agent_request *ret)
{
    if (!has_front(message, REQUEST_SIZE, REQUEST_MAGIC))
        return false;
    struct sc_agent_request request = {
        .op = (enum sc_agent_op)message.ptr[4],
        .seconds = get_u32(message.ptr + 8),
        .identity = {message.ptr + REQUEST_SIZE, message.len - REQUEST_SIZE},
    };
    memcpy(request.id, message.ptr + 12, SC_AGENT_ID_SIZE);
    bool has_identity = request.identity.len > 0;
    if (request.op < SC_AGENT_GET || request.op > SC_AGENT_STATUS ||
        has_identity != (request.op == SC_AGENT_PUT) ||
        request.identity.len > SC_AGENT_IDENTITY_MAX)
        return false;
    *ret = request;
    return true;
}

bool sc_agent_reply_read(struct sc_bytes message, struct sc_agent_reply *ret)
{
    if (!has_front(message, REPLY_SIZE, REPLY_MAGIC) || message.ptr[4] >= SC_AGENT_STATUS_MAX)
        return false;
    *ret = (struct sc_agent_reply){
        .status = (enum sc_agent_status)message.ptr[4],
        .payload = {message.ptr + REPLY_SIZE, message.len - REPLY_SIZE},
    };
    return true;
}

void sc_agent_held_write(unsigned char out[SC_AGENT_HELD_SIZE], const struct sc_agent_held *held)
{
    memcpy(out, held->id, SC_AGENT_ID_SIZE);
    put_u32(out + SC_AGENT_ID_SIZE, held->seconds);
}

void sc_agent_held_read(const unsigned char in[SC_AGENT_HELD_SIZE], struct sc_agent_held *ret)
{
    memcpy(ret->id, in, SC_AGENT_ID_SIZE);
    ret->seconds = get_u32(in + SC_AGENT_ID_SIZE);
}
