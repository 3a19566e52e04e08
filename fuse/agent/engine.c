/* SPDX-License-Identifier: Apache-2.0
 *
 * Container look-ups; see fuse/agent/engine.h. The one file of this module that reads JSON.
 */
#include "fuse/agent/engine.h"

#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/buf.h"
#include "core/fd.h"
#include "core/hash.h"
#include "core/str.h"
#include "fuse/shared/journal.h"

#include "core/banned.h"

#define REQUEST_MAX 512
#define NS_PER_MS   INT64_C(1000000)
/* "sha256:" and 64 digits, and room for another hash. */
#define IMAGE_SIZE 160

/* What Compose writes on the containers it makes: whose they are, and a hash of their
 * configuration. */
struct labels {
    char project[SC_CONTAINER_TEXT_MAX], service[SC_CONTAINER_TEXT_MAX];
    char made[SC_CONTAINER_TEXT_MAX];
};

static void copy_text(char *to, json_t *text)
{
    const char *from = json_string_value(text);
    snprintf(to, SC_CONTAINER_TEXT_MAX, "%s", from != NULL ? from : "");
}

static void copy_labels(struct labels *to, json_t *labels)
{
    copy_text(to->project, json_object_get(labels, "com.docker.compose.project"));
    copy_text(to->service, json_object_get(labels, "com.docker.compose.service"));
    copy_text(to->made, json_object_get(labels, "com.docker.compose.config-hash"));
}

/* The name of its own: others are what containers linked to it call it, "/web/db". */
static void copy_name(char *to, json_t *names)
{
    size_t i;
    json_t *item;
    json_array_foreach(names, i, item)
    {
        const char *name = json_string_value(item);
        if (name != NULL && strchr(name + (name[0] == '/'), '/') == NULL) {
            snprintf(to, SC_CONTAINER_TEXT_MAX, "%s", name + (name[0] == '/'));
            return;
        }
    }
}

static json_t *find_container(json_t *list, const unsigned char *id)
{
    char hex[2 * SC_CONTAINER_ID_SIZE + 1];
    size_t i;
    json_t *item;
    sc_hex(hex, id, SC_CONTAINER_ID_SIZE);
    json_array_foreach(list, i, item)
    {
        const char *own = json_string_value(json_object_get(item, "Id"));
        if (own != NULL && strcmp(own, hex) == 0)
            return item;
    }
    return NULL;
}

int sc_engine_parse(const char *body, size_t len, struct sc_engine_answer *ret,
                    struct sc_error *err)
{
    json_error_t where;
    json_t *list = json_loadb(body, len, JSON_REJECT_DUPLICATES, &where);
    if (!json_is_array(list)) {
        json_decref(list);
        return sc_fail(err, SC_E_SYNTAX, "the engine's answer is not a list of containers");
    }
    struct sc_store_container *facts = &ret->facts;
    json_t *item = find_container(list, facts->id);
    struct labels labels;
    facts->known = item != NULL;
    copy_labels(&labels, json_object_get(item, "Labels"));
    memcpy(facts->project, labels.project, sizeof(facts->project));
    memcpy(facts->service, labels.service, sizeof(facts->service));
    memcpy(ret->made, labels.made, sizeof(ret->made));
    copy_text(facts->image, json_object_get(item, "Image"));
    copy_text(ret->image_id, json_object_get(item, "ImageID"));
    copy_name(facts->name, json_object_get(item, "Names"));
    json_decref(list);
    return 0;
}

static void drop_inherited(char *text, const char *of_image)
{
    if (strcmp(text, of_image) == 0)
        text[0] = '\0';
}

int sc_engine_parse_image(const char *body, size_t len, struct sc_engine_answer *answer,
                          struct sc_error *err)
{
    json_error_t where;
    json_t *image = json_loadb(body, len, JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(image)) {
        json_decref(image);
        return sc_fail(err, SC_E_SYNTAX, "the engine's answer is not an image");
    }
    struct labels labels;
    copy_labels(&labels, json_object_get(json_object_get(image, "Config"), "Labels"));
    json_decref(image);
    if (answer->made[0] == '\0' || strcmp(answer->made, labels.made) == 0) {
        drop_inherited(answer->facts.project, labels.project);
        drop_inherited(answer->facts.service, labels.service);
    }
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

/* GET of a path: the body of the answer, which lies in `answer`. NOTFOUND if the engine says that.
 */
static int get(const struct sockaddr_un *address, const char *path, int64_t deadline,
               struct sc_buf *answer, const char **ret_body, struct sc_error *err)
{
    char request[REQUEST_MAX];
    SC_CLEANUP(sc_fd_closep)
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
        return sc_fail_errno(err, "cannot connect to the container engine");
    /* The request fits the socket's buffer, so only reading can wait. HTTP/1.0: the end of the body
     * is the end of the stream. */
    snprintf(request, sizeof(request), "GET %s HTTP/1.0\r\nHost: engine\r\n\r\n", path);
    int rc = ask(fd, request, deadline, answer, err);
    if (rc < 0)
        return rc;
    const char *text = sc_buf_text(answer);
    const char *body = strstr(text, "\r\n\r\n");
    if (sc_str_has_prefix(text, "HTTP/1.") && strstr(text, " 404 ") == text + 8)
        return sc_fail(err, SC_E_NOTFOUND, "the container engine does not know that");
    if (!sc_str_has_prefix(text, "HTTP/1.") || strstr(text, " 200 ") != text + 8 || body == NULL)
        return sc_fail(err, SC_E_IO, "the container engine refuses to answer");
    *ret_body = body + 4;
    return 0;
}

static size_t rest_of(const struct sc_buf *answer, const char *body)
{
    return answer->len - (size_t)(body - sc_buf_text(answer));
}

/* Labels that a container merely has from its image were written by whoever made the image, and are
 * what Compose says of it only where Compose made the container. */
static int check_labels(const struct sockaddr_un *address, int64_t deadline,
                        struct sc_engine_answer *about, struct sc_error *err)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789:";
    SC_CLEANUP(sc_buf_done) struct sc_buf answer = SC_BUF_INIT(SC_ENGINE_ANSWER_MAX);
    char path[REQUEST_MAX / 2];
    const char *body = NULL;
    struct sc_store_container *facts = &about->facts;
    if (facts->project[0] == '\0' && facts->service[0] == '\0')
        return 0;
    size_t len = strlen(about->image_id);
    int rc =
        len == 0 || len > IMAGE_SIZE || strspn(about->image_id, digits) != len ? SC_E_NOTFOUND : 0;
    snprintf(path, sizeof(path), "/images/%.*s/json", IMAGE_SIZE, about->image_id);
    if (rc == 0)
        rc = get(address, path, deadline, &answer, &body, err);
    if (rc == 0)
        rc = sc_engine_parse_image(body, rest_of(&answer, body), about, err);
    if (rc != SC_E_NOTFOUND)
        return rc;
    /* Nobody can tell any more: it is nobody's service. */
    sc_error_clear(err);
    facts->project[0] = facts->service[0] = '\0';
    return 0;
}

int sc_engine_container(const char *socket_path, const unsigned char *id, int budget_ms,
                        struct sc_store_container *ret, struct sc_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct sc_engine_answer about = {0};
    char hex[2 * SC_CONTAINER_ID_SIZE + 1];
    char path[REQUEST_MAX / 2];
    const char *body = NULL;
    SC_CLEANUP(sc_buf_done) struct sc_buf answer = SC_BUF_INIT(SC_ENGINE_ANSWER_MAX);
    int64_t deadline = sc_journal_now() + budget_ms * NS_PER_MS;
    if (strlen(socket_path) >= sizeof(address.sun_path))
        return sc_fail(err, SC_E_TOOBIG, "the path of the engine's socket is too long");
    memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
    memcpy(about.facts.id, id, SC_CONTAINER_ID_SIZE);
    sc_hex(hex, id, SC_CONTAINER_ID_SIZE);
    snprintf(path, sizeof(path),
             "/containers/json?all=1&filters=%%7B%%22id%%22%%3A%%5B%%22%s%%22%%5D%%7D", hex);
    int rc = get(&address, path, deadline, &answer, &body, err);
    if (rc == 0)
        rc = sc_engine_parse(body, rest_of(&answer, body), &about, err);
    if (rc == 0)
        rc = check_labels(&address, deadline, &about, err);
    if (rc == 0)
        *ret = about.facts;
    return rc;
}
