/* SPDX-License-Identifier: Apache-2.0
 *
 * Building and switching generations; see provision/scope.h.
 */
#include "provision/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/parse.h"
#include "provision/sweep.h"

#include "core/banned.h"

#define NEXT_LINK   ".~next"
#define SOURCE_LINK ".~source"
/* Bytes of a source's id with its NUL. */
#define SOURCE_SIZE 80
#define DIR_MODE    0755
/* ".~" and a number. */
#define GENERATION_SIZE 32

/* The work of one prepare. */
struct builder {
    int dir_fd; /* the scope's directory */
    int old_fd; /* the current generation, or -1 */
    int new_fd; /* the one being built, -1 while nothing differs */
    struct sc_layout *layout;
    struct sc_layout_scope *scope;
};

static void builder_done(struct builder *builder)
{
    sc_fd_closep(&builder->dir_fd);
    sc_fd_closep(&builder->old_fd);
    sc_fd_closep(&builder->new_fd);
}

static void generation_name(char out[GENERATION_SIZE], uint64_t number)
{
    snprintf(out, GENERATION_SIZE, ".~%llu", (unsigned long long)number);
}

static const char *leaf_of(const struct sc_layout_entry *entry)
{
    return entry->name + entry->scope_len + 1;
}

static int open_dir_at(int at, const char *path)
{
    return openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Makes the directories of a scope one by one; our umask is tight, so the mode is set after. */
static int make_dirs(int top_fd, struct sc_layout_scope *scope, struct sc_error *err)
{
    char partial[SC_NAME_SIZE];
    size_t len = strlen(scope->path);
    for (size_t i = 1; i <= len; i++) {
        if (scope->path[i] != '/' && scope->path[i] != '\0')
            continue;
        memcpy(partial, scope->path, i);
        partial[i] = '\0';
        if (mkdirat(top_fd, partial, 0700) == 0) {
            scope->dir_made = true;
            if (fchmodat(top_fd, partial, DIR_MODE, 0) < 0)
                return sc_fail_errno(err, "cannot set the mode of '%s'", partial);
        } else if (errno != EEXIST) {
            return sc_fail_errno(err, "cannot make the directory '%s'", partial);
        }
    }
    return 0;
}

/* The number behind the current link, 0 if there is none. FAILED when it is not ours. */
static int current_number(int dir_fd, const char *path, uint64_t *ret, struct sc_error *err)
{
    char target[GENERATION_SIZE];
    ssize_t len = readlinkat(dir_fd, SC_SCOPE_CURRENT, target, sizeof(target) - 1);
    if (len < 0 && errno == ENOENT) {
        *ret = 0;
        return 0;
    }
    if (len < 0)
        return sc_fail_errno(err, "cannot read the link '%s/%s'", path, SC_SCOPE_CURRENT);
    target[len] = '\0';
    if (strncmp(target, ".~", 2) != 0 ||
        sc_parse_u64(target + 2, UINT64_MAX - 1, "generation", ret, NULL) < 0)
        return sc_fail(err, SC_E_EXISTS, "'%s/%s' was not made by secretsctl", path,
                       SC_SCOPE_CURRENT);
    return 0;
}

/* The id that a link tells; empty without one. */
static void read_source(int dir_fd, char id[SOURCE_SIZE])
{
    ssize_t len = readlinkat(dir_fd, SOURCE_LINK, id, SOURCE_SIZE - 1);
    id[len < 0 ? 0 : len] = '\0';
}

bool sc_scope_is_foreign(int top_fd, const char *path, const char *id)
{
    char present[SOURCE_SIZE] = "";
    SC_CLEANUP(sc_fd_closep) int dir_fd = open_dir_at(top_fd, path);
    if (dir_fd >= 0)
        read_source(dir_fd, present);
    return id != NULL && present[0] != '\0' && strcmp(present, id) != 0;
}

/* Whose the files are, so that another source does not take them for what it has no more. */
static int mark_source(const struct builder *builder, const char *id, struct sc_error *err)
{
    char present[SOURCE_SIZE];
    read_source(builder->dir_fd, present);
    if (id == NULL || strcmp(present, id) == 0)
        return 0;
    if ((unlinkat(builder->dir_fd, SOURCE_LINK, 0) < 0 && errno != ENOENT) ||
        symlinkat(id, builder->dir_fd, SOURCE_LINK) < 0)
        return sc_fail_errno(err, "cannot make the link '%s/%s'", builder->scope->path,
                             SOURCE_LINK);
    return 0;
}

static int open_scope(int top_fd, struct builder *builder, struct sc_error *err)
{
    struct sc_layout_scope *scope = builder->scope;
    builder->dir_fd = open_dir_at(top_fd, scope->path);
    if (builder->dir_fd < 0)
        return sc_fail_errno(err, "cannot open the directory '%s'", scope->path);
    int rc = current_number(builder->dir_fd, scope->path, &scope->old_number, err);
    if (rc < 0 || scope->old_number == 0)
        return rc;
    char name[GENERATION_SIZE];
    generation_name(name, scope->old_number);
    builder->old_fd = open_dir_at(builder->dir_fd, name);
    if (builder->old_fd < 0)
        return sc_fail_errno(err, "cannot open the directory '%s/%s'", scope->path, name);
    return 0;
}

/* Whether the current file has this owner, mode and content. */
static int same_file(int old_fd, const struct sc_layout_entry *entry, const struct sc_secret *value,
                     bool *ret, struct sc_error *err)
{
    *ret = false;
    struct stat st;
    if (old_fd < 0 || fstatat(old_fd, leaf_of(entry), &st, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    if (!S_ISREG(st.st_mode) || st.st_uid != entry->uid || st.st_gid != entry->gid ||
        (st.st_mode & 07777) != entry->mode || (size_t)st.st_size != sc_secret_view(value).len)
        return 0;
    SC_CLEANUP(sc_fd_closep)
    int fd = openat(old_fd, leaf_of(entry), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return 0; /* not readable for us, so it is written anew */
    SC_CLEANUP(sc_secret_done) struct sc_secret present = {0};
    int rc = sc_secret_read_fd(&present, fd, SC_VALUE_MAX, err);
    if (rc < 0)
        return sc_wrap(err, rc, "cannot read the present file of '%s'", entry->name);
    *ret = sc_secret_equal(&present, value);
    return 0;
}

/* Nobody can open the file before owner and mode are what they shall be. */
static int write_file(int new_fd, const struct sc_layout_entry *entry,
                      const struct sc_secret *value, struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep)
    int fd =
        openat(new_fd, leaf_of(entry), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0);
    if (fd < 0)
        return sc_fail_errno(err, "cannot make the file of '%s'", entry->name);
    if ((entry->uid != geteuid() || entry->gid != getegid()) &&
        fchown(fd, entry->uid, entry->gid) < 0)
        return sc_fail_errno(err, "cannot give '%s' to uid %u, gid %u", entry->name, entry->uid,
                             entry->gid);
    if (fchmod(fd, entry->mode) < 0)
        return sc_fail_errno(err, "cannot set the mode of '%s'", entry->name);
    int rc = sc_secret_write_fd(value, fd, err);
    return rc < 0 ? sc_wrap(err, rc, "cannot write '%s'", entry->name) : 0;
}

/* Starts the next generation with links to the first `done` files, which did not change. */
static int start_generation(struct builder *builder, size_t done, struct sc_error *err)
{
    char name[GENERATION_SIZE];
    struct sc_layout_scope *scope = builder->scope;
    scope->new_number = scope->old_number + 1;
    generation_name(name, scope->new_number);
    if (mkdirat(builder->dir_fd, name, 0700) < 0 ||
        fchmodat(builder->dir_fd, name, DIR_MODE, 0) < 0)
        return sc_fail_errno(err, "cannot make the directory '%s/%s'", scope->path, name);
    builder->new_fd = open_dir_at(builder->dir_fd, name);
    if (builder->new_fd < 0)
        return sc_fail_errno(err, "cannot open the directory '%s/%s'", scope->path, name);
    for (size_t i = 0; i < done; i++) {
        const struct sc_layout_entry *entry = &builder->layout->entries[scope->first + i];
        if (linkat(builder->old_fd, leaf_of(entry), builder->new_fd, leaf_of(entry), 0) < 0)
            return sc_fail_errno(err, "cannot link '%s'", entry->name);
    }
    return 0;
}

/* The name that people and Compose files use. */
static int link_name(const struct builder *builder, const struct sc_layout_entry *entry,
                     struct sc_error *err)
{
    char target[sizeof(SC_SCOPE_CURRENT) + 1 + SC_NAME_PART_MAX];
    char present[sizeof(target)];
    snprintf(target, sizeof(target), "%s/%s", SC_SCOPE_CURRENT, leaf_of(entry));
    if (symlinkat(target, builder->dir_fd, leaf_of(entry)) == 0)
        return 0;
    if (errno != EEXIST)
        return sc_fail_errno(err, "cannot make the name '%s'", entry->name);
    ssize_t len = readlinkat(builder->dir_fd, leaf_of(entry), present, sizeof(present) - 1);
    if (len > 0 && (size_t)len == strlen(target) && memcmp(present, target, (size_t)len) == 0)
        return 0;
    return sc_fail(err, SC_E_EXISTS,
                   "'%s' exists in the directory and was not made by secretsctl; remove it",
                   entry->name);
}

static int build_entry(struct builder *builder, const struct sc_source *source, size_t index,
                       struct sc_error *err)
{
    struct sc_layout_entry *entry = &builder->layout->entries[builder->scope->first + index];
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    int rc = source->ops->open(source->ctx, entry->name, 0, &value, err);
    bool same = false;
    if (rc == 0)
        rc = same_file(builder->old_fd, entry, &value, &same, err);
    if (rc < 0)
        return rc;
    entry->size = sc_secret_view(&value).len;
    if (!same) {
        bool known = builder->old_fd >= 0 &&
                     faccessat(builder->old_fd, leaf_of(entry), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
        entry->state = known ? SC_LAYOUT_CHANGED : SC_LAYOUT_CREATED;
    }
    bool first_difference = !same && builder->new_fd < 0;
    if (first_difference)
        rc = start_generation(builder, index, err);
    if (rc == 0 && !same)
        rc = write_file(builder->new_fd, entry, &value, err);
    else if (rc == 0 && builder->new_fd >= 0 &&
             linkat(builder->old_fd, leaf_of(entry), builder->new_fd, leaf_of(entry), 0) < 0)
        rc = sc_fail_errno(err, "cannot link '%s'", entry->name);
    return rc < 0 ? rc : link_name(builder, entry, err);
}

int sc_scope_prepare(int top_fd, const struct sc_source *source, struct sc_layout *layout,
                     struct sc_layout_scope *scope, struct sc_error *err)
{
    SC_CLEANUP(builder_done)
    struct builder builder = {-1, -1, -1, layout, scope};
    int rc = make_dirs(top_fd, scope, err);
    if (rc == 0)
        rc = open_scope(top_fd, &builder, err);
    if (rc == 0)
        rc = sc_sweep_leftovers(builder.dir_fd, scope->old_number, err);
    for (size_t i = 0; rc == 0 && i < scope->count; i++)
        rc = build_entry(&builder, source, i, err);
    if (rc < 0 || scope->count == 0)
        return rc;
    rc = mark_source(&builder, source->id, err);
    if (rc < 0)
        return rc;
    /* Equal so far, but the old generation may hold more than the layout. */
    size_t present = 0;
    if (builder.new_fd < 0 && builder.old_fd >= 0) {
        rc = sc_sweep_count(builder.old_fd, &present, err);
        if (rc == 0 && present > scope->count)
            rc = start_generation(&builder, scope->count, err);
    }
    if (rc < 0 || builder.new_fd < 0)
        return rc;
    char name[GENERATION_SIZE];
    generation_name(name, scope->new_number);
    if (symlinkat(name, builder.dir_fd, NEXT_LINK) < 0)
        return sc_fail_errno(err, "cannot make the link '%s/%s'", scope->path, NEXT_LINK);
    return 0;
}

int sc_scope_switch(int top_fd, struct sc_layout_scope *scope, struct sc_error *err)
{
    if (scope->new_number == 0)
        return 0;
    SC_CLEANUP(sc_fd_closep) int dir_fd = open_dir_at(top_fd, scope->path);
    if (dir_fd < 0 || renameat(dir_fd, NEXT_LINK, dir_fd, SC_SCOPE_CURRENT) < 0)
        return sc_fail_errno(err, "cannot switch the directory '%s'", scope->path);
    scope->switched = true;
    return 0;
}

void sc_scope_abort(int top_fd, const struct sc_layout *layout, struct sc_layout_scope *scope)
{
    SC_CLEANUP(sc_fd_closep) int dir_fd = open_dir_at(top_fd, scope->path);
    if (dir_fd < 0)
        return;
    char old[GENERATION_SIZE];
    generation_name(old, scope->old_number);
    if (scope->switched && scope->old_number != 0 && symlinkat(old, dir_fd, NEXT_LINK) == 0)
        SC_IGNORE(renameat(dir_fd, NEXT_LINK, dir_fd, SC_SCOPE_CURRENT));
    else if (scope->switched && scope->old_number == 0)
        unlinkat(dir_fd, SC_SCOPE_CURRENT, 0);
    SC_IGNORE(sc_sweep_leftovers(dir_fd, scope->old_number, NULL));
    for (size_t i = 0; i < scope->count; i++) {
        const struct sc_layout_entry *entry = &layout->entries[scope->first + i];
        struct stat st;
        /* Names that lead nowhere now are the ones prepare made. */
        if (fstatat(dir_fd, leaf_of(entry), &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode) &&
            fstatat(dir_fd, leaf_of(entry), &st, 0) < 0 && errno == ENOENT)
            unlinkat(dir_fd, leaf_of(entry), 0);
    }
    if (scope->old_number == 0)
        unlinkat(dir_fd, SOURCE_LINK, 0);
    if (scope->dir_made)
        sc_sweep_empty_dirs(top_fd, scope->path);
}

/* Wipes files of the old generation that the layout does not have any more. */
static int drop_removed(int dir_fd, int old_fd, int new_fd, struct sc_layout *layout,
                        const char *path, struct sc_error *err)
{
    SC_CLEANUP(sc_strv_done) struct sc_strv leaves = {0};
    int rc = sc_sweep_list(old_fd, &leaves, err);
    for (size_t i = 0; rc == 0 && i < leaves.count; i++) {
        const char *leaf = leaves.items[i];
        if (new_fd >= 0 && faccessat(new_fd, leaf, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            continue;
        rc = sc_sweep_wipe(old_fd, leaf, err);
        if (rc == 0 && unlinkat(dir_fd, leaf, 0) < 0 && errno != ENOENT)
            rc = sc_fail_errno(err, "cannot remove '%s/%s'", path, leaf);
        if (rc == 0)
            rc = sc_layout_note_removed(layout, path, leaf, err);
    }
    return rc;
}

int sc_scope_finish(int top_fd, struct sc_layout *layout, size_t scope_index, struct sc_error *err)
{
    struct sc_layout_scope *scope = &layout->scopes[scope_index];
    bool gone = scope->count == 0;
    if (scope->old_number == 0 || (scope->new_number == 0 && !gone))
        return 0;
    SC_CLEANUP(sc_fd_closep) int dir_fd = open_dir_at(top_fd, scope->path);
    if (dir_fd < 0)
        return sc_fail_errno(err, "cannot open the directory '%s'", scope->path);
    char name[GENERATION_SIZE];
    generation_name(name, scope->old_number);
    SC_CLEANUP(sc_fd_closep) int old_fd = open_dir_at(dir_fd, name);
    generation_name(name, scope->new_number);
    SC_CLEANUP(sc_fd_closep) int new_fd = gone ? -1 : open_dir_at(dir_fd, name);
    if (old_fd < 0 || (!gone && new_fd < 0))
        return sc_fail_errno(err, "cannot open the generations of '%s'", scope->path);
    int rc = drop_removed(dir_fd, old_fd, new_fd, layout, scope->path, err);
    if (rc == 0 && gone && unlinkat(dir_fd, SC_SCOPE_CURRENT, 0) < 0)
        rc = sc_fail_errno(err, "cannot remove '%s/%s'", scope->path, SC_SCOPE_CURRENT);
    if (rc == 0)
        rc = sc_sweep_leftovers(dir_fd, gone ? 0 : scope->new_number, err);
    if (rc == 0 && gone) {
        unlinkat(dir_fd, SOURCE_LINK, 0);
        sc_sweep_empty_dirs(top_fd, scope->path);
    }
    return rc;
}
