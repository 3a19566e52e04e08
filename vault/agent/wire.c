/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages of the agent; see vault/agent/wire.h.
 */
#include "vault/agent/wire.h"

#include <string.h>

#include "vault/codec.h"

#include "core/banned.h"

#define REQUEST_MAGIC "SCQ1"
#define REPLY_MAGIC   "SCR1"
#define MAGIC_SIZE    ((size_t)4)
#define REPLY_SIZE    ((size_t)8)
#define REQUEST_SIZE  ((size_t)(12 + SC_AGENT_ID_SIZE))

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
        return sc_fail(err, SC_E_TOOBIG, "a message to the agent holds at most %zu bytes",
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
    sc_put_u32(front + 8, request->seconds);
    memcpy(front + 12, request->id, SC_AGENT_ID_SIZE);
    return write_message(message, front, sizeof(front), request->payload, err);
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
        .seconds = sc_get_u32(message.ptr + 8),
        .payload = {message.ptr + REQUEST_SIZE, message.len - REQUEST_SIZE},
    };
    memcpy(request.id, message.ptr + 12, SC_AGENT_ID_SIZE);
    bool has_payload = request.op == SC_AGENT_PUT || request.op == SC_AGENT_READ;
    if (request.op < SC_AGENT_GET || request.op > SC_AGENT_READ ||
        (request.payload.len > 0) != has_payload || request.payload.len > SC_AGENT_IDENTITY_MAX)
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
    sc_put_u32(out + SC_AGENT_ID_SIZE, held->seconds);
}

void sc_agent_held_read(const unsigned char in[SC_AGENT_HELD_SIZE], struct sc_agent_held *ret)
{
    memcpy(ret->id, in, SC_AGENT_ID_SIZE);
    ret->seconds = sc_get_u32(in + SC_AGENT_ID_SIZE);
}

int sc_agent_wanted_write(const struct sc_agent_wanted *wanted, struct sc_secret *ret,
                          struct sc_error *err)
{
    unsigned char numbers[24];
    sc_put_u64(numbers, wanted->dev);
    sc_put_u64(numbers + 8, wanted->ino);
    sc_put_u64(numbers + 16, wanted->version);
    int rc = sc_secret_append(ret, numbers, sizeof(numbers), err);
    if (rc == 0)
        rc = sc_secret_append(ret, wanted->path, strlen(wanted->path) + 1, err);
    return rc < 0 ? rc : sc_secret_append(ret, wanted->name, strlen(wanted->name) + 1, err);
}

bool sc_agent_wanted_read(struct sc_bytes payload, struct sc_agent_wanted *ret)
{
    struct sc_reader reader = sc_reader_of(payload);
    struct sc_agent_wanted wanted = {.dev = sc_read_u64(&reader)};
    wanted.ino = sc_read_u64(&reader);
    wanted.version = sc_read_u64(&reader);
    const char *path = (const char *)reader.rest.ptr;
    size_t left = reader.rest.len;
    size_t len = reader.failed ? 0 : strnlen(path, left);
    if (len == 0 || len + 1 >= left)
        return false;
    wanted.path = path;
    wanted.name = path + len + 1;
    left -= len + 1;
    if (strnlen(wanted.name, left) != left - 1)
        return false;
    *ret = wanted;
    return true;
}

#define VALUE_HEAD ((size_t)(SC_AGENT_ID_SIZE + 32 + 8 + 32 + 1))

int sc_agent_value_write(const struct sc_agent_value *value, struct sc_secret *ret,
                         struct sc_error *err)
{
    unsigned char head[VALUE_HEAD];
    memcpy(head, value->id, SC_AGENT_ID_SIZE);
    memcpy(head + 16, value->verify_key, 32);
    sc_put_u64(head + 48, value->seq);
    memcpy(head + 56, value->state_hash, 32);
    head[88] = value->kind;
    int rc = sc_secret_append(ret, head, sizeof(head), err);
    return rc < 0 ? rc : sc_secret_append(ret, value->value.ptr, value->value.len, err);
}

bool sc_agent_value_read(struct sc_bytes payload, struct sc_agent_value *ret)
{
    struct sc_reader reader = sc_reader_of(payload);
    struct sc_agent_value value;
    sc_read_copy(&reader, value.id, SC_AGENT_ID_SIZE);
    sc_read_copy(&reader, value.verify_key, sizeof(value.verify_key));
    value.seq = sc_read_u64(&reader);
    sc_read_copy(&reader, value.state_hash, sizeof(value.state_hash));
    value.kind = sc_read_u8(&reader);
    if (reader.failed)
        return false;
    value.value = reader.rest;
    *ret = value;
    return true;
}
