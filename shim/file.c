/* SPDX-License-Identifier: Apache-2.0
 *
 * Private files; see shim/file.h.
 */
#include "shim/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/banned.h"

#define DIR_PREFIX SHIM_FILE_ROOT "/secretsctl-shim-"
#define NOISE_SIZE 8
/* From linux/magic.h, which musl does not bring. */
#define TMPFS_MAGIC_NUMBER 0x01021994UL
#define RAMFS_MAGIC_NUMBER 0x858458f6UL

static bool fail(struct shim_asker asker, const char *what, int number)
{
    shim_say_of(asker, what, " on " SHIM_FILE_ROOT ": ", shim_errno_text(number), NULL);
    return false;
}

static bool make_dir(struct shim *shim, struct shim_asker asker)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char noise[NOISE_SIZE];
    struct statfs fs;
    if (shim->file_dir != NULL)
        return true;
    if (statfs(SHIM_FILE_ROOT, &fs) < 0 || ((unsigned long)fs.f_type != TMPFS_MAGIC_NUMBER &&
                                            (unsigned long)fs.f_type != RAMFS_MAGIC_NUMBER)) {
        shim_say_of(asker, SHIM_FILE_ROOT " is not a file system in memory", NULL);
        return false;
    }
    if (getrandom(noise, sizeof(noise), 0) != NOISE_SIZE)
        return fail(asker, "no random name for a directory", EIO);
    size_t prefix_len = strlen(DIR_PREFIX);
    char *dir = shim_alloc(&shim->text, prefix_len + 2 * sizeof(noise) + 1);
    if (dir == NULL)
        return false;
    memcpy(dir, DIR_PREFIX, prefix_len);
    for (size_t i = 0; i < sizeof(noise); i++) {
        dir[prefix_len + 2 * i] = digits[noise[i] >> 4];
        dir[prefix_len + 2 * i + 1] = digits[noise[i] & 15];
    }
    dir[prefix_len + 2 * sizeof(noise)] = '\0';
    if (mkdir(dir, 0700) < 0)
        return fail(asker, "cannot make a directory", errno);
    shim->file_dir = dir;
    if (shim->change_user && chown(dir, shim->uid, shim->gid) < 0)
        return fail(asker, "cannot give the directory to the user", errno);
    return true;
}

static bool fill(const struct shim *shim, struct shim_asker asker, int fd,
                 struct shim_bytes content)
{
    if (shim->change_user && fchown(fd, shim->uid, shim->gid) < 0)
        return fail(asker, "cannot give the file to the user", errno);
    if (fchmod(fd, 0400) < 0)
        return fail(asker, "cannot set the mode of the file", errno);
    for (size_t done = 0; done < content.len;) {
        ssize_t put = write(fd, content.ptr + done, content.len - done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return fail(asker, "cannot write the file", errno);
        done += (size_t)put;
    }
    return true;
}

/* "dir/name" plus a suffix, in the arena of texts. */
static char *path_of(struct shim *shim, const struct shim_item *item, const char *suffix)
{
    size_t dir_len = strlen(shim->file_dir);
    size_t suffix_len = strlen(suffix);
    char *path = shim_alloc(&shim->text, dir_len + 1 + item->name_len + suffix_len + 1);
    if (path == NULL)
        return NULL;
    memcpy(path, shim->file_dir, dir_len);
    path[dir_len] = '/';
    memcpy(path + dir_len + 1, item->name, item->name_len);
    memcpy(path + dir_len + 1 + item->name_len, suffix, suffix_len + 1);
    return path;
}

bool shim_write_file(struct shim *shim, const struct shim_item *item, struct shim_bytes content,
                     char **ret_string)
{
    struct shim_asker asker = {item->name, item->name_len};
    if (!make_dir(shim, asker))
        return false;
    char *path = path_of(shim, item, "");
    char *fresh = path_of(shim, item, ".new");
    if (path == NULL || fresh == NULL)
        return false;
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0);
    if (fd < 0)
        return fail(asker, "cannot make the file", errno);
    bool ok = fill(shim, asker, fd, content);
    close(fd);
    if (ok && rename(fresh, path) < 0)
        ok = fail(asker, "cannot make the file", errno);
    if (!ok) {
        unlink(fresh);
        return false;
    }
    size_t path_len = strlen(path);
    char *string = shim_alloc(&shim->text, item->name_len + 1 + path_len + 1);
    if (string == NULL)
        return false;
    memcpy(string, item->name, item->name_len);
    string[item->name_len] = '=';
    memcpy(string + item->name_len + 1, path, path_len + 1);
    *ret_string = string;
    return true;
}

void shim_remove_files(struct shim *shim)
{
    if (shim->file_dir == NULL)
        return;
    for (size_t i = 0; i < shim->options.file_count; i++) {
        char *path = path_of(shim, &shim->options.files[i], "");
        if (path != NULL)
            unlink(path);
    }
    rmdir(shim->file_dir);
    shim->file_dir = NULL;
}
