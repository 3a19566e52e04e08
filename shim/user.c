/* SPDX-License-Identifier: Apache-2.0
 *
 * --user UID[:GID]: numbers, or names from the image's /etc/passwd and /etc/group. Without GID it
 * is the one in /etc/passwd, else the same number as the UID. Supplementary groups are dropped.
 */
#include "shim/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/banned.h"

#define ACCOUNTS_MAX ((size_t)256 * 1024)

static bool parse_id(const char *text, size_t len, unsigned *ret)
{
    unsigned long value = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9' || i > 9)
            return false;
        value = value * 10 + (unsigned long)(text[i] - '0');
    }
    if (len == 0 || value > 0xfffffffeu)
        return false;
    *ret = (unsigned)value;
    return true;
}

/* The text of a file, terminated; "" when it cannot be read, as in an image from scratch. */
static const char *read_accounts(struct shim *shim, const char *path)
{
    char *text = shim_alloc(&shim->values, ACCOUNTS_MAX);
    int fd = text == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    size_t len = 0;
    ssize_t got = fd < 0 ? 0 : 1;
    while (got > 0 && len < ACCOUNTS_MAX - 1) {
        got = read(fd, text + len, ACCOUNTS_MAX - 1 - len);
        len += got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0)
        close(fd);
    if (text == NULL)
        return "";
    text[len] = '\0';
    shim_shrink(&shim->values, text, len + 1);
    return text;
}

/* Field `index` of a line "a:b:c"; its length, with *ret_field at its start. */
static size_t field_of(const char *line, unsigned index, const char **ret_field)
{
    for (; index > 0; index--) {
        line += strcspn(line, ":\n");
        line += *line == ':';
    }
    *ret_field = line;
    return strcspn(line, ":\n");
}

/* The line whose field `index` is this text, or NULL. */
static const char *find_line(const char *accounts, unsigned index, const char *text, size_t len)
{
    while (*accounts != '\0') {
        const char *field = NULL;
        size_t n = field_of(accounts, index, &field);
        if (n == len && memcmp(field, text, len) == 0)
            return accounts;
        accounts += strcspn(accounts, "\n");
        accounts += *accounts == '\n';
    }
    return NULL;
}

static bool number_in(const char *line, unsigned index, unsigned *ret)
{
    const char *field = NULL;
    size_t len = line == NULL ? 0 : field_of(line, index, &field);
    return parse_id(field, len, ret);
}

bool shim_find_user(struct shim *shim)
{
    const char *given = shim->options.user;
    if (given == NULL)
        return true;
    size_t user_len = strcspn(given, ":");
    const char *group = given[user_len] == ':' ? given + user_len + 1 : NULL;
    unsigned uid = 0;
    unsigned gid = 0;
    bool number = parse_id(given, user_len, &uid);
    const char *passwd = read_accounts(shim, "/etc/passwd");
    const char *line = find_line(passwd, number ? 2 : 0, given, user_len);
    if (!number && !number_in(line, 2, &uid)) {
        shim_say("--user: there is no such user in the image's /etc/passwd; give a number", NULL);
        return false;
    }
    if (group == NULL) {
        if (!number_in(line, 3, &gid))
            gid = uid;
    } else if (!parse_id(group, strlen(group), &gid)) {
        const char *groups = read_accounts(shim, "/etc/group");
        if (!number_in(find_line(groups, 0, group, strlen(group)), 2, &gid)) {
            shim_say("--user: there is no such group in the image's /etc/group; give a number",
                     NULL);
            return false;
        }
    }
    shim->uid = uid;
    shim->gid = gid;
    shim->change_user = uid != geteuid() || gid != getegid();
    return true;
}

bool shim_become_user(const struct shim *shim)
{
    if (!shim->change_user)
        return true;
    /* Bare system calls: the library's wrappers bring 3 kB that keep threads in step. */
    if (syscall(SYS_setgroups, 0, NULL) < 0 || syscall(SYS_setgid, shim->gid) < 0 ||
        syscall(SYS_setuid, shim->uid) < 0) {
        shim_say("--user: cannot change the user: ", shim_errno_text(errno),
                 "; it needs root with the capabilities SETUID and SETGID", NULL);
        return false;
    }
    return true;
}
