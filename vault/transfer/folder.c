/* SPDX-License-Identifier: Apache-2.0
 *
 * A folder of files as entries, and a store of pass(1); see vault/transfer/transfer.h.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/fsutil.h"
#include "core/proc.h"
#include "core/str.h"
#include "vault/transfer/transfer.h"

#include "core/banned.h"

#define GPG_SUFFIX ".gpg"

/* One walk: `file` is called with the path and the name that belongs to it. */
struct walk {
    const struct sc_transfer_target *to;
    int (*file)(const struct walk *walk, const char *path, const char *name, struct sc_error *err);
    bool hidden; /* whether names beginning with one dot count */
};

static int walk_folder(const struct walk *walk, const char *path, const char *name, unsigned depth,
                       struct sc_error *err);

static int visit(const struct walk *walk, const char *dir, const char *scope, const char *leaf,
                 unsigned depth, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *path = sc_path_join(dir, leaf, err);
    SC_CLEANUP(sc_str_freep) char *name = sc_path_join(scope, leaf, err);
    struct stat st, target;
    if (path == NULL || name == NULL)
        return SC_E_NOMEM;
    if (lstat(path, &st) < 0 || stat(path, &target) < 0)
        return sc_fail_errno(err, "cannot stat '%s'", path);
    if (S_ISDIR(st.st_mode))
        return walk_folder(walk, path, name, depth + 1, err);
    /* Links to files count (mounted secrets are such), links to folders may lead in circles. */
    if (S_ISDIR(target.st_mode))
        return sc_fail(err, SC_E_SYNTAX, "'%s' is a link to a folder; import that one by its name",
                       path);
    if (!S_ISREG(target.st_mode))
        return sc_fail(err, SC_E_SYNTAX, "'%s' is neither a file nor a folder", path);
    return walk->file(walk, path, name, err);
}

static bool is_left_out(const struct walk *walk, const char *leaf)
{
    if (leaf[0] != '.')
        return false;
    return leaf[1] == '\0' || leaf[1] == '.' || !walk->hidden;
}

static int walk_folder(const struct walk *walk, const char *path, const char *name, unsigned depth,
                       struct sc_error *err)
{
    struct dirent **entries = NULL;
    if (depth > SC_NAME_PARTS_MAX)
        return sc_fail(err, SC_E_TOOBIG, "'%s' lies deeper than %d folders", path,
                       SC_NAME_PARTS_MAX);
    int count = scandir(path, &entries, NULL, alphasort); /* an order that does not change */
    if (count < 0)
        return sc_fail_errno(err, "cannot read the folder '%s'", path);
    int rc = 0;
    for (int i = 0; i < count; i++) {
        if (rc == 0 && !is_left_out(walk, entries[i]->d_name))
            rc = visit(walk, path, name, entries[i]->d_name, depth, err);
        free(entries[i]);
    }
    free(entries);
    return rc;
}

static int give(const struct walk *walk, const char *path, const char *name,
                const struct sc_secret *value, struct sc_error *err)
{
    int rc = sc_transfer_give(walk->to, name, value, err);
    return rc == SC_E_BADNAME ? sc_wrap(err, rc, "'%s'", path) : rc;
}

static int take_file(const struct walk *walk, const char *path, const char *name,
                     struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    int rc = sc_file_read_secret(path, SC_VALUE_MAX, false, &value, err);
    return rc < 0 ? rc : give(walk, path, name, &value, err);
}

int sc_transfer_read_folder(const char *path, const struct sc_transfer_target *to,
                            struct sc_error *err)
{
    const struct walk walk = {.to = to, .file = take_file, .hidden = true};
    return walk_folder(&walk, path, "", 0, err);
}

static int decrypt(const char *path, struct sc_secret *ret, struct sc_error *err)
{
    char gpg[] = "gpg", quiet[] = "--quiet", no_tty[] = "--yes", what[] = "--decrypt", end[] = "--";
    SC_CLEANUP(sc_str_freep) char *file = sc_str_dup(path, err);
    int status = 0;
    if (file == NULL)
        return SC_E_NOMEM;
    char *const argv[] = {gpg, quiet, no_tty, what, end, file, NULL};
    int rc = sc_proc_capture_secret(argv, false, SC_VALUE_MAX, ret, &status, err);
    if (rc == SC_E_NOTFOUND)
        return sc_fail(err, SC_E_UNSUPPORTED, "there is no gpg to decrypt the store of pass with");
    if (rc == 0 && status != 0)
        return sc_fail(err, SC_E_BADPASS, "gpg cannot decrypt '%s'", path);
    return rc;
}

/* First line and the rest, as users of pass keep them. */
static int take_pass_file(const struct walk *walk, const char *path, const char *name,
                          struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret content = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret more = {0};
    if (!sc_str_has_suffix(name, GPG_SUFFIX))
        return 0;
    SC_CLEANUP(sc_str_freep) char *leaf = sc_str_ndup(name, strlen(name) - strlen(GPG_SUFFIX), err);
    SC_CLEANUP(sc_str_freep)
    char *second = leaf != NULL ? sc_str_printf(err, "%s.more", leaf) : NULL;
    if (second == NULL)
        return SC_E_NOMEM;
    int rc = decrypt(path, &content, err);
    if (rc < 0)
        return rc;
    const unsigned char *end = content.len > 0 ? memchr(content.ptr, '\n', content.len) : NULL;
    size_t line = end != NULL ? (size_t)(end - content.ptr) : content.len;
    if (end != NULL && line + 1 < content.len)
        rc = sc_secret_append(&more, end + 1, content.len - line - 1, err);
    sc_secret_truncate(&content, line);
    if (rc == 0)
        rc = give(walk, path, leaf, &content, err);
    if (rc == 0 && more.len > 0)
        rc = give(walk, path, second, &more, err);
    return rc;
}

int sc_transfer_read_pass(const char *path, const struct sc_transfer_target *to,
                          struct sc_error *err)
{
    const struct walk walk = {.to = to, .file = take_pass_file};
    return walk_folder(&walk, path, "", 0, err);
}
