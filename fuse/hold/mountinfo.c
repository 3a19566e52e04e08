/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading mountinfo; see fuse/hold/mountinfo.h.
 */
#include "fuse/hold/mountinfo.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/fd.h"
#include "core/parse.h"
#include "core/str.h"

#include "core/banned.h"

#define MOUNTINFO_MAX  ((size_t)4 * 1024 * 1024)
#define NAMESPACES_MAX 4096
#define PATH_TEXT      64

/* mountinfo writes space, tab, newline and backslash as \ooo. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; to++) {
        bool octal = from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
                     from[2] <= '7' && from[3] >= '0' && from[3] <= '7';
        if (octal) {
            *to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

static bool parse_number(const char *text, unsigned *ret)
{
    uint64_t number = 0;
    if (sc_parse_u64(text, UINT32_MAX, "number", &number, NULL) < 0)
        return false;
    *ret = (unsigned)number;
    return true;
}

/* "shared:3", "master:7" and others. */
static void parse_group(const char *text, struct sc_mountinfo *ret)
{
    const char *colon = strchr(text, ':');
    unsigned group = 0;
    if (colon == NULL || !parse_number(colon + 1, &group))
        return;
    if (sc_str_has_prefix(text, "shared:"))
        ret->shared = group;
    else if (sc_str_has_prefix(text, "master:"))
        ret->master = group;
}

/* "36 35 98:0 /root /point options optional... - type source super". */
static bool parse_line(char *text, struct sc_mountinfo *ret)
{
    char *fields[6];
    size_t count = 0;
    char *tail = strstr(text, " - ");
    if (tail == NULL)
        return false;
    *tail = '\0';
    char *save = NULL;
    struct sc_mountinfo line = {0};
    for (char *at = strtok_r(text, " ", &save); at != NULL; at = strtok_r(NULL, " ", &save)) {
        if (count < SC_ARRAY_SIZE(fields))
            fields[count++] = at;
        else
            parse_group(at, &line);
    }
    char *type = strtok_r(tail + 3, " ", &save);
    char *source = type != NULL ? strtok_r(NULL, " ", &save) : NULL;
    char *super_options = source != NULL ? strtok_r(NULL, " ", &save) : NULL;
    char *colon = count == SC_ARRAY_SIZE(fields) ? strchr(fields[2], ':') : NULL;
    if (super_options == NULL || colon == NULL || !parse_number(colon + 1, &line.minor) ||
        !parse_number(fields[0], &line.id) || !parse_number(fields[1], &line.parent))
        return false;
    unescape(fields[3]);
    unescape(fields[4]);
    line.root = fields[3];
    line.point = fields[4];
    line.options = fields[5];
    line.type = type;
    line.source = source;
    line.super_options = super_options;
    *ret = line;
    return true;
}

int sc_mountinfo_each(int pid, bool (*fn)(const struct sc_mountinfo *line, void *ctx), void *ctx,
                      struct sc_error *err)
{
    char path[PATH_TEXT] = "/proc/self/mountinfo";
    SC_CLEANUP(sc_buf_done) struct sc_buf buf = SC_BUF_INIT(MOUNTINFO_MAX);
    if (pid > 0)
        snprintf(path, sizeof(path), "/proc/%d/mountinfo", pid);
    SC_CLEANUP(sc_fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return sc_fail_errno(err, "cannot open '%s'", path);
    int rc = sc_buf_read_fd(&buf, fd, err);
    if (rc < 0 || buf.data == NULL)
        return rc;
    char *save = NULL;
    bool more = true;
    for (char *text = strtok_r(buf.data, "\n", &save); text != NULL && more;
         text = strtok_r(NULL, "\n", &save)) {
        struct sc_mountinfo line;
        more = !parse_line(text, &line) || fn(&line, ctx);
    }
    return 0;
}

/* The inode that names a mount namespace, 0 if the process is gone. */
static uint64_t namespace_of(const char *pid)
{
    char path[PATH_TEXT];
    struct stat st;
    snprintf(path, sizeof(path), "/proc/%.16s/ns/mnt", pid);
    return stat(path, &st) == 0 ? (uint64_t)st.st_ino : 0;
}

int sc_mountinfo_namespaces(void (*fn)(int pid, void *ctx), void *ctx, struct sc_error *err)
{
    uint64_t *seen = calloc(NAMESPACES_MAX, sizeof(*seen));
    DIR *proc = opendir("/proc");
    if (seen == NULL || proc == NULL) {
        int rc = seen == NULL ? sc_fail_nomem(err) : sc_fail_errno(err, "cannot open '/proc'");
        free(seen);
        if (proc != NULL)
            closedir(proc);
        return rc;
    }
    size_t count = 0;
    seen[count++] = namespace_of("self");
    for (struct dirent *entry = readdir(proc); entry != NULL; entry = readdir(proc)) {
        uint64_t pid = 0;
        if (sc_parse_u64(entry->d_name, INT32_MAX, "pid", &pid, NULL) < 0)
            continue;
        uint64_t name = namespace_of(entry->d_name);
        bool known = name == 0;
        for (size_t i = 0; i < count && !known; i++)
            known = seen[i] == name;
        if (known)
            continue;
        if (count < NAMESPACES_MAX)
            seen[count++] = name;
        fn((int)pid, ctx);
    }
    closedir(proc);
    free(seen);
    return 0;
}
