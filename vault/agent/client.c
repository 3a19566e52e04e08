/* SPDX-License-Identifier: Apache-2.0
 *
 * Asking the agent; see vault/agent/client.h.
 */
#include "vault/agent/client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/parse.h"
#include "core/str.h"
#include "vault/agent/peer.h"

#include "core/banned.h"

#define LEAF         "secretsctl-agent/agent.sock"
#define WAIT_SECONDS 5

char *sc_agent_path(struct sc_error *err)
{
    const char *runtime = sc_env_directory("XDG_RUNTIME_DIR");
    if (runtime == NULL && geteuid() == 0)
        runtime = "/run";
    if (runtime == NULL) {
        (void)sc_fail(err, SC_E_UNSUPPORTED,
                      "there is no place for an agent: XDG_RUNTIME_DIR is not set");
        return NULL;
    }
    return sc_str_printf(err, "%s/" LEAF, runtime);
}

static int connect_to(const char *path, int *ret_fd, struct sc_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path))
        return sc_fail(err, SC_E_FAILED, "the path '%s' is too long for a socket", path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    SC_CLEANUP(sc_fd_closep) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    const struct timeval wait = {.tv_sec = WAIT_SECONDS};
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) < 0)
        return sc_fail_errno(err, "cannot make a socket");
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        if (errno == ENOENT || errno == ENOTDIR || errno == ECONNREFUSED)
            return sc_fail(err, SC_E_NOTFOUND, "no agent is running");
        return sc_fail_errno(err, "cannot reach the agent at '%s'", path);
    }
    if (!sc_agent_peer_is_us(fd))
        return sc_fail(err, SC_E_PERM, "the agent at '%s' belongs to another user", path);
    *ret_fd = SC_TAKE_FD(fd);
    return 0;
}

static int status_to_error(enum sc_agent_status status, struct sc_error *err)
{
    switch (status) {
    case SC_AGENT_OK:
        return 0;
    case SC_AGENT_ABSENT:
        return sc_fail(err, SC_E_NOTFOUND, "the agent does not hold this vault");
    case SC_AGENT_FULL:
        return sc_fail(err, SC_E_FAILED, "the agent can hold no more vaults");
    case SC_AGENT_ELSEWHERE:
        return sc_fail(err, SC_E_UNSUPPORTED, "the agent does not read this");
    case SC_AGENT_REFUSED:
    case SC_AGENT_STATUS_MAX:
    default:
        return sc_fail(err, SC_E_PERM, "the agent refused the request");
    }
}

/* Sends the request and reads the reply into `message`, from which *ret borrows. */
static int ask(const char *path, const struct sc_agent_request *request, struct sc_secret *message,
               struct sc_agent_reply *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int fd = -1;
    unsigned char *bytes = NULL;
    int rc = connect_to(path, &fd, err);
    if (rc == 0)
        rc = sc_agent_request_write(request, message, err);
    if (rc == 0 && send(fd, message->ptr, message->len, MSG_NOSIGNAL) != (ssize_t)message->len)
        rc = sc_fail_errno(err, "cannot write to the agent");
    if (rc == 0)
        rc = sc_secret_resize(message, SC_AGENT_MESSAGE_MAX, &bytes, err);
    if (rc < 0)
        return rc;
    ssize_t got = recv(fd, bytes, SC_AGENT_MESSAGE_MAX, 0);
    if (got < 0)
        return sc_fail_errno(err, "cannot read from the agent");
    sc_secret_truncate(message, (size_t)got);
    if (!sc_agent_reply_read(sc_secret_view(message), ret))
        return sc_fail(err, SC_E_FAILED, "what answers at '%s' is no agent", path);
    return status_to_error(ret->status, err);
}

int sc_agent_get(const char *path, const unsigned char id[SC_AGENT_ID_SIZE], struct sc_secret *ret,
                 struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret message = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret identity = {0};
    struct sc_agent_request request = {.op = SC_AGENT_GET};
    struct sc_agent_reply reply;
    memcpy(request.id, id, SC_AGENT_ID_SIZE);
    int rc = ask(path, &request, &message, &reply, err);
    if (rc == 0)
        rc = sc_secret_append(&identity, reply.payload.ptr, reply.payload.len, err);
    if (rc == 0)
        sc_secret_move(ret, &identity);
    return rc;
}

int sc_agent_put(const char *path, const unsigned char id[SC_AGENT_ID_SIZE],
                 const struct sc_secret *identity, uint32_t seconds, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret message = {0};
    struct sc_agent_request request = {
        .op = SC_AGENT_PUT, .seconds = seconds, .payload = sc_secret_view(identity)};
    struct sc_agent_reply reply;
    memcpy(request.id, id, SC_AGENT_ID_SIZE);
    return ask(path, &request, &message, &reply, err);
}

int sc_agent_lock(const char *path, const unsigned char *id, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret message = {0};
    struct sc_agent_request request = {.op = id != NULL ? SC_AGENT_LOCK : SC_AGENT_LOCK_ALL};
    struct sc_agent_reply reply;
    if (id != NULL)
        memcpy(request.id, id, SC_AGENT_ID_SIZE);
    return ask(path, &request, &message, &reply, err);
}

int sc_agent_read(const char *path, const struct sc_agent_wanted *wanted, struct sc_secret *message,
                  struct sc_agent_value *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret payload = {0};
    struct sc_agent_reply reply;
    int rc = sc_agent_wanted_write(wanted, &payload, err);
    const struct sc_agent_request request = {.op = SC_AGENT_READ,
                                             .payload = sc_secret_view(&payload)};
    if (rc == 0)
        rc = ask(path, &request, message, &reply, err);
    if (rc == 0 && !sc_agent_value_read(reply.payload, ret))
        rc = sc_fail(err, SC_E_FAILED, "what answers at '%s' is no agent", path);
    return rc;
}

int sc_agent_list(const char *path, struct sc_agent_list *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret message = {0};
    const struct sc_agent_request request = {.op = SC_AGENT_STATUS};
    struct sc_agent_reply reply;
    int rc = ask(path, &request, &message, &reply, err);
    if (rc < 0)
        return rc;
    size_t count = reply.payload.len / SC_AGENT_HELD_SIZE;
    if (reply.payload.len % SC_AGENT_HELD_SIZE != 0 || count > SC_AGENT_VAULTS_MAX)
        return sc_fail(err, SC_E_FAILED, "what answers at '%s' is no agent", path);
    ret->count = count;
    for (size_t i = 0; i < count; i++)
        sc_agent_held_read(reply.payload.ptr + i * SC_AGENT_HELD_SIZE, &ret->items[i]);
    return 0;
}
