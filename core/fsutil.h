/* SPDX-License-Identifier: Apache-2.0
 *
 * Files: atomic writes, bounded reads, checked directories.
 * Threads: any. All descriptors are close-on-exec.
 */
#ifndef SC_CORE_FSUTIL_H
#define SC_CORE_FSUTIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/secret.h"

/* How a new file shall look; applied before the first byte of content is written. */
struct sc_file_attr {
    mode_t mode;    /* permission bits, e.g. 0600 */
    bool set_owner; /* use uid and gid below; else the caller's own */
    uid_t uid;
    gid_t gid;
};

/* Opens a regular file for reading; NOTFOUND, PERM, or FAILED for a directory or a device. With
 * ret_stat (which may be NULL) its attributes. */
int sc_file_open_read(const char *path, int *ret_fd, struct stat *ret_stat,
                      struct sc_error *err) SC_NODISCARD;

/* Reads a whole regular file that is not secret; TOOBIG over buf->max. Appends. "-" is standard
 * input. Errors name the path. */
int sc_file_read(const char *path, struct sc_buf *buf, struct sc_error *err) SC_NODISCARD;

/* The same for secret content; replaces it. With `private_only` the file must not be accessible to
 * group or others (PERM, saying which chmod helps). */
int sc_file_read_secret(const char *path, size_t max, bool private_only, struct sc_secret *secret,
                        struct sc_error *err) SC_NODISCARD;

/* Replaces `path` (or creates it) so that a reader, and the disk after a crash, sees the old or the
 * new content whole: temporary file in the same directory, attributes, content, fsync, rename,
 * fsync of the directory. A symbolic link at `path` is followed, so the link stays. */
int sc_file_replace(const char *path, struct sc_bytes content, const struct sc_file_attr *attr,
                    struct sc_error *err) SC_NODISCARD;

/* Creates `path` with the content, EXISTS if there is something already; as durable as replace. */
int sc_file_create(const char *path, struct sc_bytes content, const struct sc_file_attr *attr,
                   struct sc_error *err) SC_NODISCARD;

/* Makes a directory and its missing parents with this mode. Existing ones are left as they are. */
int sc_dir_make(const char *path, mode_t mode, struct sc_error *err) SC_NODISCARD;

/* EXISTS if there is anything in the directory, which a mount would hide. */
int sc_dir_check_empty(const char *path, struct sc_error *err) SC_NODISCARD;

/* Flushes the directory that holds `path`, so that a rename there survives a crash. */
int sc_dir_sync_parent(const char *path, struct sc_error *err) SC_NODISCARD;

/* Malloc'd path of the directory of `path` ("." if it names none), or of dir/leaf; NULL with NOMEM.
 */
char *sc_path_dirname(const char *path, struct sc_error *err) SC_NODISCARD;
char *sc_path_join(const char *dir, const char *leaf, struct sc_error *err) SC_NODISCARD;

/* Malloc'd absolute path with "." and ".." and double slashes resolved by text alone (symbolic
 * links are not followed); a relative path starts at the working directory. */
char *sc_path_absolute(const char *path, struct sc_error *err) SC_NODISCARD;

#endif
