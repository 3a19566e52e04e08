/* SPDX-License-Identifier: Apache-2.0
 *
 * Container look-ups; see fuse/agent/engine.h. The one file of this module that reads JSON.
 */
#include "fuse/agent/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/fd.h"
#include "core/hash.h"
#include "core/str.h"
#include "fuse/shared/journal.h"

#include "core/banned.h"

#define REQUEST_MAX 512
#define NS_PER_MS   INT64_C(1000000)

static void copy_text(char *to, json_t *text)
{
    const char *from = json_string_value(text);
    snprintf(to, SC_CONTAINER_TEXT_MAX, "%s", from != NULL ? from : "");
}

int sc_engine_parse(const char *body, size_t len, struct sc_store_container *ret,
                    struct sc_error *err)
{
    json_error_t where;
    json_t *list = json_loadb(body, len, JSON_REJECT_DUPLICATES, &where);
    if (!json_is_array(list)) {
        json_decref(list);
        return sc_fail(err, SC_E_SYNTAX, "the engine's answer is not a list of containers");
    }
    json_t *item = json_array_get(list, 0);
    ret->known = item != NULL;
    json_t *labels = json_object_get(item, "Labels");
    copy_text(ret->project, json_object_get(labels, "com.docker.compose.project"));
    copy_text(ret->service, json_object_get(labels, "com.docker.compose.service"));
    copy_text(ret->image, json_object_get(item, "Image"));
    json_t *name = json_array_get(json_object_get(item, "Names"), 0);
    copy_text(ret->name, name);
    if (ret->name[0] == '/')
        memmove(ret->name, ret->name + 1, strlen(ret->name));
    json_decref(list);
    return 0;
}

/* Milliseconds left, 0 when the time is over. */
static int left(int64_t deadline)
{
    int64_t rest = (deadline - sc_journal_now()) / NS_PER_MS;
    return rest > 0 ? (int)rest : 0;
}

static int ask(int fd, const char *request, int64_t deadline, struct sc_buf *answer,
               struct sc_error *err)
{
    int rc = sc_fd_write_all(fd, request, strlen(request), err);
    while (rc == 0) {
        char block[8192];
        struct pollfd waiting = {.fd = fd, .events = POLLIN};
        int rest = left(deadline);
        if (rest == 0 || poll(&waiting, 1, rest) <= 0)
            return sc_fail(err, SC_E_IO, "the container engine does not answer");
        size_t got = 0;
        rc = sc_fd_read_some(fd, block, sizeof(block), &got, err);
        if (rc == 0 && got == 0)
            return sc_buf_status(answer, err);
        sc_buf_append(answer, block, got);
    }
    return rc;
}

int sc_engine_container(const char *socket_path, const unsigned char *id, int budget_ms,
                        struct sc_store_container *ret, struct sc_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char hex[2 * SC_CONTAINER_ID_SIZE + 1];
    char request[REQUEST_MAX];
    SC_CLEANUP(sc_buf_done) struct sc_buf answer = SC_BUF_INIT(SC_ENGINE_ANSWER_MAX);
    int64_t deadline = sc_journal_now() + budget_ms * NS_PER_MS;
    if (strlen(socket_path) >= sizeof(address.sun_path))
        return sc_fail(err, SC_E_TOOBIG, "the path of the engine's socket is too long");
    memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
    SC_CLEANUP(sc_fd_closep)
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return sc_fail_errno(err, "cannot connect to the container engine");
    /* The request fits the socket's buffer, so only reading can wait. HTTP/1.0: the end of the body
     * is the end of the stream. */
    sc_hex(hex, id, SC_CONTAINER_ID_SIZE);
    snprintf(
        request, sizeof(request),
        "GET /containers/json?all=1&filters=%%7B%%22id%%22%%3A%%5B%%22%s%%22%%5D%%7D HTTP/1.0\r\n"
        "Host: engine\r\n\r\n",
        hex);
    int rc = ask(fd, request, deadline, &answer, err);
    if (rc < 0)
        return rc;
    const char *text = sc_buf_text(&answer);
    const char *body = strstr(text, "\r\n\r\n");
    if (!sc_str_has_prefix(text, "HTTP/1.") || strstr(text, " 200 ") != text + 8 || body == NULL)
        return sc_fail(err, SC_E_IO, "the container engine refuses to list containers");
    body += 4;
    return sc_engine_parse(body, answer.len - (size_t)(body - text), ret, err);
}
