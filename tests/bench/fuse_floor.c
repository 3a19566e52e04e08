/* SPDX-License-Identifier: Apache-2.0
 *
 * The yardstick of the FUSE benchmark: the least a libfuse (3, low level) server of one file must
 * do, with our settings: direct I/O, no caching of names and attributes, no identity, no policy, no
 * log.
 */
#define FUSE_USE_VERSION 34
#include <errno.h>
#include <fuse_lowlevel.h>
#include <string.h>
#include <sys/stat.h>

static const char value[] = "value-of-the-yardstick";

static void fill(fuse_ino_t ino, struct stat *st)
{
    *st = (struct stat){.st_ino = ino, .st_mode = S_IFDIR | 0755, .st_nlink = 2};
    if (ino == 2)
        *st = (struct stat){
            .st_ino = ino, .st_mode = S_IFREG | 0444, .st_nlink = 1, .st_size = sizeof(value) - 1};
}

static void on_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    struct fuse_entry_param entry = {.ino = 2};
    if (parent != 1 || strcmp(name, "file") != 0) {
        fuse_reply_err(req, ENOENT);
        return;
    }
    fill(2, &entry.attr);
    fuse_reply_entry(req, &entry);
}

static void on_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
    struct stat st;
    (void)info;
    fill(ino, &st);
    fuse_reply_attr(req, &st, 0);
}

static void on_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
    (void)ino;
    info->direct_io = 1;
    fuse_reply_open(req, info);
}

static void on_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
                    struct fuse_file_info *info)
{
    (void)ino;
    (void)info;
    size_t len = (size_t)offset < sizeof(value) - 1 ? sizeof(value) - 1 - (size_t)offset : 0;
    fuse_reply_buf(req, value + (len > 0 ? offset : 0), len < size ? len : size);
}

int main(int argc, char **argv)
{
    static const struct fuse_lowlevel_ops ops = {
        .lookup = on_lookup, .getattr = on_getattr, .open = on_open, .read = on_read};
    char program[] = "libfuse_floor";
    char option[] = "-oallow_other,default_permissions";
    char *arguments[] = {program, option, NULL};
    struct fuse_args args = FUSE_ARGS_INIT(2, arguments);
    if (argc != 2)
        return 2;
    struct fuse_session *session = fuse_session_new(&args, &ops, sizeof(ops), NULL);
    struct fuse_loop_config config = {.clone_fd = 0, .max_idle_threads = 4};
    if (session == NULL || fuse_set_signal_handlers(session) != 0 ||
        fuse_session_mount(session, argv[1]) != 0)
        return 1;
    int status = fuse_session_loop_mt(session, &config);
    fuse_session_unmount(session);
    return status != 0;
}
