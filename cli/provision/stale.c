/* SPDX-License-Identifier: Apache-2.0
 *
 * Containers that are bound to a superseded file; see cli/provision/files.h.
 *
 * A bind mount of a single file pins its inode, so a replaced file reaches the container only when
 * it is started again. Whether it has is told by comparing the inode in the container's own tree,
 * through /proc/PID/root, with the one on the host; where that may not be looked at, it counts as
 * stale.
 */
#include "cli/provision/files.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/proc.h"

#include "core/banned.h"

#define ENGINE_OUTPUT_MAX ((size_t)16 * 1024 * 1024)
#define FIELDS            5

/* One line per mount: process, container, project/service, source, destination. */
static const char format[] =
    "{{$c := .}}{{range .Mounts}}{{$c.State.Pid}}\t{{$c.Name}}\t"
    "{{index $c.Config.Labels \"com.docker.compose.project\"}}/"
    "{{index $c.Config.Labels \"com.docker.compose.service\"}}\t{{.Source}}\t{{.Destination}}\n"
    "{{end}}";

static int add(struct sc_stale_list *list, char *const fields[FIELDS], struct sc_error *err)
{
    struct sc_stale *grown = realloc(list->items, (list->count + 1) * sizeof(*grown));
    if (grown == NULL)
        return sc_fail_nomem(err);
    list->items = grown;
    struct sc_stale *item = &grown[list->count++];
    const char *name = fields[1][0] == '/' ? fields[1] + 1 : fields[1];
    bool has_service = strlen(fields[2]) > 1;
    *item = (struct sc_stale){.container = sc_str_dup(name, err)};
    item->service = has_service ? sc_str_dup(fields[2], err) : NULL;
    item->path = sc_str_dup(fields[3], err);
    bool complete =
        item->container != NULL && item->path != NULL && (!has_service || item->service != NULL);
    return complete ? 0 : SC_E_NOMEM;
}

/* Whether the container sees another file than the host has. */
static bool is_stale(const char *pid, const char *source, const char *destination)
{
    char inside[PATH_MAX];
    struct stat here;
    struct stat there;
    int len = snprintf(inside, sizeof(inside), "/proc/%s/root%s", pid, destination);
    if (len < 0 || len >= PATH_MAX || stat(source, &here) < 0)
        return false;
    if (S_ISDIR(here.st_mode))
        return false; /* a directory shows what is in it now */
    if (stat(inside, &there) < 0)
        return true;
    return here.st_ino != there.st_ino || here.st_dev != there.st_dev;
}

static int take_line(char *line, const char *dir, struct sc_stale_list *ret, struct sc_error *err)
{
    char *fields[FIELDS];
    for (size_t i = 0; i < FIELDS; i++) {
        fields[i] = line;
        line += strcspn(line, "\t");
        if (*line == '\0' && i + 1 < FIELDS)
            return 0; /* not a line of ours */
        *line++ = '\0';
    }
    size_t len = strlen(dir);
    bool below = strncmp(fields[3], dir, len) == 0 && fields[3][len] == '/';
    bool runs = !sc_str_equal(fields[0], "0"); /* else it finds the new file when it starts */
    if (!below || !runs || !is_stale(fields[0], fields[3], fields[4]))
        return 0;
    return add(ret, fields, err);
}

int sc_stale_find(const char *dir, struct sc_stale_list *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf ids = SC_BUF_INIT(ENGINE_OUTPUT_MAX);
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(ENGINE_OUTPUT_MAX);
    SC_CLEANUP(sc_strv_done) struct sc_strv argv = {0};
    char *const list[] = {"docker", "ps", "-q", "--no-trunc", NULL};
    int status = 0;
    if (sc_proc_capture(list, true, &ids, &status, NULL) < 0 || status != 0 || ids.len == 0)
        return 0;
    const char *const head[] = {"docker", "inspect", "--type", "container", "--format", format};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < SC_ARRAY_SIZE(head); i++)
        rc = sc_strv_add(&argv, head[i], err);
    for (const char *at = sc_buf_text(&ids); rc == 0 && *at != '\0';) {
        size_t len = strcspn(at, "\n");
        rc = sc_strv_take(&argv, sc_str_ndup(at, len, err), err);
        at += len + (at[len] == '\n');
    }
    char **words = rc == 0 ? calloc(argv.count + 1, sizeof(*words)) : NULL;
    if (rc == 0 && words == NULL)
        rc = sc_fail_nomem(err);
    if (rc == 0) {
        memcpy(words, argv.items, argv.count * sizeof(*words));
        /* A container that ended meanwhile makes the status 1; the others are printed all the same.
         */
        SC_IGNORE(sc_proc_capture(words, true, &text, &status, NULL));
    }
    free(words);
    for (char *at = text.data; rc == 0 && at != NULL && *at != '\0';) {
        char *end = at + strcspn(at, "\n");
        char *next = end + (*end == '\n');
        *end = '\0';
        rc = take_line(at, dir, ret, err);
        at = next;
    }
    return rc;
}

int sc_stale_restart(const struct sc_stale_list *list, struct sc_error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *name = list->items[i].container;
        bool done = false; /* a container with two stale files is started once */
        for (size_t k = 0; k < i && !done; k++)
            done = sc_str_equal(list->items[k].container, name);
        if (done)
            continue;
        SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(ENGINE_OUTPUT_MAX);
        char *const argv[] = {"docker", "restart", list->items[i].container, NULL};
        int status = 0;
        int rc = sc_proc_capture(argv, false, &out, &status, err);
        if (rc < 0)
            return rc;
        if (status != 0)
            return sc_fail(err, SC_E_FAILED, "docker could not restart '%s'", name);
    }
    return 0;
}

void sc_stale_done(struct sc_stale_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].container);
        free(list->items[i].service);
        free(list->items[i].path);
    }
    free(list->items);
    *list = (struct sc_stale_list){0};
}
