/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages of the agent, as either side reads them: what is taken for one is written again byte for
 * byte.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vault/agent/wire.h"

#include "core/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_equal(const struct sc_secret *again, struct sc_bytes message)
{
    struct sc_bytes bytes = sc_secret_view(again);
    if (bytes.len != message.len || memcmp(bytes.ptr, message.ptr, bytes.len) != 0)
        abort();
}

static void read_held(struct sc_bytes payload)
{
    unsigned char again[SC_AGENT_HELD_SIZE];
    struct sc_agent_held held;
    for (size_t at = 0; at + SC_AGENT_HELD_SIZE <= payload.len; at += SC_AGENT_HELD_SIZE) {
        sc_agent_held_read(payload.ptr + at, &held);
        sc_agent_held_write(again, &held);
        if (memcmp(again, payload.ptr + at, sizeof(again)) != 0)
            abort();
    }
}

static void read_wanted(struct sc_bytes payload)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret again = {0};
    struct sc_agent_wanted wanted;
    if (!sc_agent_wanted_read(payload, &wanted))
        return;
    if (sc_agent_wanted_write(&wanted, &again, NULL) < 0)
        abort();
    must_equal(&again, payload);
}

static void read_value(struct sc_bytes payload)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret again = {0};
    struct sc_agent_value value;
    if (sc_agent_value_read(payload, &value) && sc_agent_value_write(&value, &again, NULL) == 0)
        must_equal(&again, payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret again = {0};
    struct sc_bytes message = {data, size};
    struct sc_agent_request request;
    struct sc_agent_reply reply;
    if (sc_agent_request_read(message, &request)) {
        read_wanted(request.payload);
        if (sc_agent_request_write(&request, &again, NULL) == 0)
            must_equal(&again, message);
    } else if (sc_agent_reply_read(message, &reply)) {
        read_held(reply.payload);
        read_value(reply.payload);
        /* A reply may be as long as a message; what is written holds at most an identity. */
        if (sc_agent_reply_write(reply.status, reply.payload, &again, NULL) == 0)
            must_equal(&again, message);
    }
    return 0;
}
