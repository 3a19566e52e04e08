/* SPDX-License-Identifier: Apache-2.0
 *
 * Reader identity; see fuse/serve/identity.h.
 */
#include "fuse/serve/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/hash.h"
#include "core/parse.h"
#include "core/proc.h"
#include "core/str.h"

#include "core/banned.h"

#define STATUS_MAX 2048
#define STAT_MAX   1024

/* Where engines put a container with cgroups of their own: at the root, as "PREFIX<64 hex>". With
 * systemd it is a scope, "ENGINE-<64 hex>.scope", in any slice but the users': slices that lie in
 * slices alone are the system manager's, also those that `cgroup_parent` names. */
static const char *const places[] = {"/docker/", "/libpod_parent/libpod-"};
static const char *const engines[] = {"docker-", "libpod-", "cri-containerd-", "crio-"};

/* "PREFIX<64 hex>SUFFIX", whole. */
static bool id_between(const char *text, size_t len, const char *prefix, const char *suffix,
                       unsigned char *ret)
{
    size_t before = strlen(prefix);
    return len == before + 2 * SC_READER_ID + strlen(suffix) && memcmp(text, prefix, before) == 0 &&
           memcmp(text + len - strlen(suffix), suffix, strlen(suffix)) == 0 &&
           sc_unhex(ret, text + before, SC_READER_ID);
}

static bool is_scope(const char *part, size_t len, unsigned char *ret)
{
    for (size_t i = 0; i < SC_ARRAY_SIZE(engines); i++)
        if (id_between(part, len, engines[i], ".scope", ret))
            return true;
    return false;
}

static bool container_of(const char *path, unsigned char *ret)
{
    unsigned char id[SC_READER_ID];
    bool found = false;
    for (size_t i = 0; i < SC_ARRAY_SIZE(places) && !found; i++) {
        size_t len = strlen(places[i]) + 2 * SC_READER_ID;
        found = strnlen(path, len) == len && (path[len] == '\0' || path[len] == '/') &&
                id_between(path, len, places[i], "", id);
    }
    bool slices = !sc_str_has_prefix(path, "/user.slice/");
    for (const char *part = path; *part == '/' && slices && !found;) {
        size_t len = strcspn(++part, "/");
        found = part - 1 > path && is_scope(part, len, id);
        slices = len > 6 && memcmp(part + len - 6, ".slice", 6) == 0;
        part += len;
    }
    if (found)
        memcpy(ret, id, SC_READER_ID);
    return found;
}

/* Whether some part of the path looks as engines call a container: 64 hexadecimal digits, alone or
 * at the end of a name. Whoever makes such a directory is no container for it, but not the host. */
static bool looks_contained(const char *path)
{
    unsigned char id[SC_READER_ID];
    while (*path == '/') {
        size_t len = strcspn(++path, "/");
        size_t plain = len > 6 && memcmp(path + len - 6, ".scope", 6) == 0 ? len - 6 : len;
        if (plain >= 2 * SC_READER_ID &&
            sc_unhex(id, path + plain - 2 * SC_READER_ID, SC_READER_ID))
            return true;
        path += len;
    }
    return false;
}

void sc_reader_parse_cgroup(char *text, struct sc_fuse_reader *ret)
{
    const char *longest = "";
    bool found = false;
    ret->apart = false;
    for (char *line = text; line != NULL && *line != '\0';) {
        char *next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        /* "hierarchy:controllers:path"; under v1 a container shows in most lines, but not in all.
         */
        char *colon = strchr(line, ':');
        char *path = colon != NULL ? strchr(colon + 1, ':') : NULL;
        if (path != NULL) {
            path++;
            bool here = container_of(path, ret->container);
            if ((here && !found) || (here == found && strlen(path) > strlen(longest)))
                longest = path;
            found = found || here;
            ret->apart = ret->apart || looks_contained(path);
        }
        line = next;
    }
    ret->in_container = found;
    ret->apart = ret->apart && !found;
    snprintf(ret->cgroup, sizeof(ret->cgroup), "%s", longest);
}

/* A small file of /proc as text; its length, 0 if there is none. These files come whole in one
 * read(2) when there is room. */
static size_t read_text(int fd, char *text, size_t size)
{
    ssize_t len = fd >= 0 ? pread(fd, text, size - 1, 0) : 0;
    text[len > 0 ? len : 0] = '\0';
    return len > 0 ? (size_t)len : 0;
}

static size_t read_at(int dir, const char *name, char *text, size_t size)
{
    SC_CLEANUP(sc_fd_closep) int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    return read_text(fd, text, size);
}

static uint64_t start_time(int dir)
{
    char text[STAT_MAX];
    bool ended = false;
    return read_at(dir, "stat", text, sizeof(text)) > 0 ? sc_proc_stat_start_time(text, &ended) : 0;
}

/* The thread group of a thread. A signal 0 to "thread tid of group tid" tells in a fraction of the
 * time that /proc takes whether the two are the same, which is the usual case. */
static int32_t tgid_of(int dir, uint32_t tid)
{
    char text[STATUS_MAX];
    if (syscall(SYS_tgkill, tid, tid, 0) == 0 || errno == EPERM)
        return (int32_t)tid;
    if (read_at(dir, "status", text, sizeof(text)) == 0)
        return 0;
    char *at = strstr(text, "\nTgid:\t");
    if (at == NULL)
        return 0;
    at += 7;
    at[strcspn(at, "\n")] = '\0';
    uint64_t tgid = 0;
    return sc_parse_u64(at, INT32_MAX, "Tgid", &tgid, NULL) == 0 ? (int32_t)tgid : 0;
}

/* "KIND:[NUMBER]", 0 where it cannot be seen; cheaper than fstatat(), which makes an inode. */
static uint64_t namespace_at(int dir, const char *path)
{
    char text[64];
    uint64_t number = 0;
    ssize_t len = readlinkat(dir, path, text, sizeof(text) - 1);
    text[len > 0 ? len : 0] = '\0';
    text[strcspn(text, "]")] = '\0';
    const char *at = strchr(text, '[');
    if (at == NULL || sc_parse_u64(at + 1, UINT64_MAX, "namespace", &number, NULL) < 0)
        return 0;
    return number;
}

/* Whether a thread is in another pid namespace than this process, which it cannot leave: a
 * container of whatever engine. Without the privilege to see that: whether it has a number in a
 * second one. */
static bool in_other_pids(int dir)
{
    char text[STATUS_MAX];
    uint64_t theirs = namespace_at(dir, "ns/pid");
    if (theirs != 0)
        return theirs != namespace_at(AT_FDCWD, "/proc/self/ns/pid");
    const char *at =
        read_at(dir, "status", text, sizeof(text)) > 0 ? strstr(text, "\nNSpid:\t") : NULL;
    if (at == NULL)
        return false;
    at += sizeof("\nNSpid:\t") - 1;
    return at[strcspn(at, "\t\n")] == '\t';
}

/* Whether this process lies in a container itself: then its like is no stranger. */
static bool is_contained(void)
{
    char text[SC_CGROUP_FILE_MAX];
    struct sc_fuse_reader self = {0};
    if (read_at(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text)) > 0)
        sc_reader_parse_cgroup(text, &self);
    return self.apart || self.in_container;
}

/* Called with what the cgroup says. */
static bool is_apart(int dir, const struct sc_fuse_reader *reader)
{
    if (reader->in_container)
        return false;
    return (reader->apart && !is_contained()) || in_other_pids(dir);
}

/* What may change while a thread lives, its cgroup aside. */
static void look_at_program(int dir, struct sc_fuse_reader *ret)
{
    ssize_t len = readlinkat(dir, "exe", ret->exe, sizeof(ret->exe) - 1);
    ret->exe[len > 0 ? len : 0] = '\0';
}

static int open_thread(uint32_t tid)
{
    char path[32];
    snprintf(path, sizeof(path), "/proc/%u", tid);
    return tid == 0 ? -1 : open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

void sc_reader_identify(uint32_t tid, uint32_t uid, uint32_t gid, struct sc_fuse_reader *ret)
{
    char text[SC_CGROUP_FILE_MAX];
    *ret = (struct sc_fuse_reader){.tid = (int32_t)tid, .uid = uid, .gid = gid};
    SC_CLEANUP(sc_fd_closep) int dir = open_thread(tid);
    if (dir < 0)
        return;
    ret->tgid = tgid_of(dir, tid);
    ret->start = start_time(dir);
    if (read_at(dir, "cgroup", text, sizeof(text)) > 0)
        sc_reader_parse_cgroup(text, ret);
    ret->apart = is_apart(dir, ret);
    look_at_program(dir, ret);
}

/* ---- readers that come again ---- */

struct sc_identities *sc_identities_new(void)
{
    struct sc_identities *all = calloc(1, sizeof(*all));
    for (size_t i = 0; all != NULL && i < SC_IDENTITY_KNOWN; i++)
        all->known[i].dir = all->known[i].cgroup = -1;
    return all;
}

static void forget(struct sc_identity *known)
{
    sc_fd_closep(&known->dir);
    sc_fd_closep(&known->cgroup);
    known->dir = known->cgroup = -1;
    known->reader = (struct sc_fuse_reader){0};
}

void sc_identities_free(struct sc_identities *all)
{
    for (size_t i = 0; all != NULL && i < SC_IDENTITY_KNOWN; i++)
        forget(&all->known[i]);
    free(all);
}

/* A cgroup file of a thread that is gone cannot be read (ESRCH), whoever has its number now. */
static bool unchanged(const struct sc_identity *known)
{
    char text[SC_IDENTITY_CGROUP];
    struct sc_fuse_reader now;
    if (read_text(known->cgroup, text, sizeof(text)) != known->cgroup_len ||
        memcmp(text, known->cgroup_text, known->cgroup_len) != 0)
        return false;
    look_at_program(known->dir, &now);
    return strcmp(now.exe, known->reader.exe) == 0;
}

/* False if this reader cannot be remembered. */
static bool learn(struct sc_identity *known, uint32_t tid)
{
    char text[SC_IDENTITY_CGROUP];
    struct sc_fuse_reader *reader = &known->reader;
    forget(known);
    known->dir = open_thread(tid);
    known->cgroup =
        known->dir < 0 ? -1 : openat(known->dir, "cgroup", O_RDONLY | O_CLOEXEC | O_NOCTTY);
    known->cgroup_len = read_text(known->cgroup, known->cgroup_text, sizeof(known->cgroup_text));
    /* A full buffer may hold half a file. */
    if (known->cgroup_len == 0 || known->cgroup_len == sizeof(known->cgroup_text) - 1)
        return false;
    reader->tgid = tgid_of(known->dir, tid);
    reader->start = start_time(known->dir);
    memcpy(text, known->cgroup_text, known->cgroup_len + 1);
    sc_reader_parse_cgroup(text, reader);
    reader->apart = is_apart(known->dir, reader);
    look_at_program(known->dir, reader);
    reader->tid = (int32_t)tid;
    return reader->tgid != 0;
}

void sc_identities_find(struct sc_identities *all, uint32_t tid, uint32_t uid, uint32_t gid,
                        struct sc_fuse_reader *ret)
{
    struct sc_identity *known = all != NULL ? &all->known[tid % SC_IDENTITY_KNOWN] : NULL;
    /* In use by another serving thread: not worth waiting for. */
    if (tid == 0 || known == NULL || atomic_exchange(&known->busy, true)) {
        sc_reader_identify(tid, uid, gid, ret);
        return;
    }
    bool found = (known->reader.tid == (int32_t)tid && unchanged(known)) || learn(known, tid);
    if (found) {
        *ret = known->reader;
        ret->uid = uid;
        ret->gid = gid;
    } else {
        forget(known);
    }
    atomic_store(&known->busy, false);
    if (!found)
        sc_reader_identify(tid, uid, gid, ret);
}
