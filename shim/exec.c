/* SPDX-License-Identifier: Apache-2.0
 *
 * Becoming the command: looked up along the child's PATH, without a shell for what the kernel does
 * not know, as the engine does it.
 */
#include "shim/shim.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/banned.h"

#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static int fail_exec(const char *path, int number)
{
    bool missing = number == ENOENT || number == ENOTDIR;
    if (missing && access(path, F_OK) == 0) {
        shim_say("cannot run '", path,
                 "': it is there, but its interpreter or dynamic loader is missing", NULL);
        return SHIM_NOT_FOUND;
    }
    if (missing)
        shim_say("cannot run '", path, "': there is no such file", NULL);
    else
        shim_say("cannot run '", path, "': ", shim_errno_text(number), NULL);
    return missing ? SHIM_NOT_FOUND : SHIM_CANNOT_EXECUTE;
}

/* One try: the status when there is no use in looking further, 0 to go on. */
static int try_path(char *path, char **command, char **environment, bool *denied)
{
    execve(path, command, environment);
    int number = errno;
    if (number == EACCES) {
        *denied = true; /* as shells do: look on, but remember */
        return 0;
    }
    if ((number == ENOENT || number == ENOTDIR) && access(path, F_OK) != 0)
        return 0;
    return fail_exec(path, number);
}

int shim_exec(char **command, char **environment)
{
    const char *name = command[0];
    size_t name_len = strlen(name);
    if (strchr(name, '/') != NULL) {
        execve(name, command, environment);
        return fail_exec(name, errno);
    }
    const char *at = shim_lookup(environment, "PATH", 4);
    if (at == NULL)
        at = PATH_DEFAULT;
    char path[SHIM_PATH_MAX];
    bool denied = false;
    for (bool more = name_len > 0; more;) {
        size_t len = strcspn(at, ":");
        const char *dir = len > 0 ? at : ".";
        size_t dir_len = len > 0 ? len : 1;
        if (dir_len + 1 + name_len < sizeof(path)) {
            memcpy(path, dir, dir_len);
            path[dir_len] = '/';
            memcpy(path + dir_len + 1, name, name_len + 1);
            int status = try_path(path, command, environment, &denied);
            if (status != 0)
                return status;
        }
        more = at[len] == ':';
        at += len + 1;
    }
    if (denied)
        return fail_exec(name, EACCES);
    shim_say("cannot run '", name, "': it is nowhere along PATH", NULL);
    return SHIM_NOT_FOUND;
}
