/* SPDX-License-Identifier: Apache-2.0
 *
 * Walks folders; see audit/walk.h. Symbolic links below a folder are not followed: what they point
 * to is either in the tree or not part of it. Only a loop among them is reported.
 */
#include "audit/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/fsutil.h"

#include "core/banned.h"

struct walk {
    bool no_ignore;
    struct sc_ignore *ignore;
    struct sc_strv *files;
    struct sc_skips *skips;
};

static int walk_folder(const struct walk *walk, const char *path, unsigned depth,
                       struct sc_error *err);

static int skip(const struct walk *walk, const char *path, const char *reason, struct sc_error *err)
{
    return sc_skips_add(walk->skips, path, reason, 0, err);
}

/* What the folder says of an entry, as far as it does: file systems may leave it open. */
static unsigned char type_of(const struct dirent *entry, const char *path)
{
    struct stat st;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type;
    return lstat(path, &st) < 0 ? DT_UNKNOWN : (unsigned char)IFTODT(st.st_mode);
}

static int visit(const struct walk *walk, const struct dirent *entry, const char *path,
                 unsigned depth, struct sc_error *err)
{
    struct stat st;
    unsigned char type = type_of(entry, path);
    if (!walk->no_ignore && (type == DT_DIR ? sc_ignore_matches_folder(walk->ignore, path)
                                            : sc_ignore_matches(walk->ignore, path, NULL)))
        return 0;
    switch (type) {
    case DT_REG:
        if (walk->files->count >= SC_AUDIT_FILES_MAX)
            return sc_fail(err, SC_E_TOOBIG, "more than %zu files; audit a smaller part",
                           SC_AUDIT_FILES_MAX);
        return sc_strv_add(walk->files, path, err);
    case DT_DIR:
        return walk_folder(walk, path, depth + 1, err);
    case DT_LNK:
        if (stat(path, &st) < 0 && errno == ELOOP)
            return skip(walk, path, "a loop of symbolic links", err);
        return 0;
    case DT_UNKNOWN:
        return skip(walk, path, "cannot be read", err);
    default:
        return skip(walk, path, "not a regular file", err);
    }
}

static int filter_entry(const struct dirent *entry)
{
    const char *name = entry->d_name;
    return strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, ".git") != 0 &&
           strcmp(name, ".hg") != 0 && strcmp(name, ".svn") != 0;
}

static int compare_entries(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int walk_folder(const struct walk *walk, const char *path, unsigned depth,
                       struct sc_error *err)
{
    if (depth > SC_AUDIT_DEPTH_MAX)
        return skip(walk, path, "folders nested too deeply", err);
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, filter_entry, compare_entries);
    if (count < 0)
        return skip(walk, path, errno == EACCES ? "permission denied" : "cannot be read", err);
    int rc = 0;
    for (int i = 0; i < count && rc == 0 && !walk->no_ignore; i++) {
        if (strcmp(entries[i]->d_name, SC_IGNORE_FILE) == 0)
            rc = sc_ignore_load(walk->ignore, path, err);
    }
    for (int i = 0; i < count; i++) {
        if (rc == 0) {
            SC_CLEANUP(sc_str_freep)
            char *child = strcmp(path, ".") == 0 ? sc_str_dup(entries[i]->d_name, err)
                                                 : sc_path_join(path, entries[i]->d_name, err);
            rc = child == NULL ? SC_E_NOMEM : visit(walk, entries[i], child, depth, err);
        }
        free(entries[i]);
    }
    free(entries);
    return rc;
}

int sc_walk(const char *path, bool no_ignore, struct sc_ignore *ignore, struct sc_strv *files,
            struct sc_skips *skips, struct sc_error *err)
{
    struct walk walk = {no_ignore, ignore, files, skips};
    struct stat st;
    if (strcmp(path, "-") == 0)
        return sc_strv_add(files, path, err);
    if (stat(path, &st) < 0) {
        if (errno == ELOOP)
            return skip(&walk, path, "a loop of symbolic links", err);
        if (errno == EACCES)
            return skip(&walk, path, "permission denied", err);
        return sc_fail_errno(err, "cannot audit '%s'", path);
    }
    int rc = no_ignore ? 0 : sc_ignore_load_above(ignore, path, err);
    if (rc < 0)
        return rc;
    if (S_ISDIR(st.st_mode))
        return walk_folder(&walk, path, 0, err);
    return sc_strv_add(files, path, err);
}
