/* SPDX-License-Identifier: Apache-2.0
 *
 * Environments and command lines of processes, from proc(5).
 *
 * What is read is the state at execve(2), which is what a person or `docker top` can see; what a
 * program put into its environment later is its own memory. A process that ends meanwhile is no
 * hole.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/surface/delivery.h"
#include "audit/surface/surface.h"
#include "core/fd.h"

#include "core/banned.h"

/* Bytes of one environment or command line. */
#define BLOCK_MAX ((size_t)3 * 1024 * 1024)
/* The kernel's own limit for a process name. */
#define COMM_SIZE 32
#define PATH_SIZE 64

struct process {
    int fd; /* of its folder in /proc */
    const char *pid;
    char title[PATH_SIZE]; /* "process 12 (postgres)" */
};

static void read_title(struct process *process)
{
    char comm[COMM_SIZE] = "?";
    SC_CLEANUP(sc_fd_closep) int fd = openat(process->fd, "comm", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, comm, sizeof(comm) - 1);
    if (got > 0)
        comm[comm[got - 1] == '\n' ? got - 1 : got] = '\0';
    (void)snprintf(process->title, sizeof(process->title), "process %s (%.16s)", process->pid,
                   comm);
}

/* Whether the process has ended: then there is nothing left to look at. */
static bool has_ended(int error)
{
    return error == ENOENT || error == ESRCH;
}

/* Reads one of its files; *ret_present is false if the process has ended. */
static int read_block(const struct process *process, const char *name, struct sc_secret *block,
                      bool *ret_present, struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int fd = openat(process->fd, name, O_RDONLY | O_CLOEXEC);
    int rc = fd < 0 ? sc_fail_errno(err, "cannot read %s", name)
                    : sc_secret_read_fd(block, fd, BLOCK_MAX, err);
    *ret_present = rc == 0 || !has_ended(err->saved_errno);
    return rc;
}

/* Each NUL-separated string of a block. */
static int search_block(struct sc_probe *probe, const struct sc_spot *spot,
                        const struct sc_secret *block, bool variables, struct sc_error *err)
{
    struct sc_bytes all = sc_secret_view(block);
    const size_t before = probe->ledger->leak_count;
    int rc = 0;
    for (size_t at = 0; rc == 0 && at < all.len;) {
        const unsigned char *start = all.ptr + at;
        const unsigned char *nul = memchr(start, '\0', all.len - at);
        size_t n = nul == NULL ? all.len - at : (size_t)(nul - start);
        struct sc_bytes item = {start, n};
        rc = variables ? sc_probe_variable(probe, spot, item, err)
                       : sc_probe_token(probe, spot, item, err);
        at += n + 1;
    }
    /* A value that holds a NUL spans two strings: all of it once more, as one. */
    if (rc == 0 && probe->ledger->leak_count == before)
        rc = sc_probe_bytes(probe, spot, all, err);
    return rc;
}

static int search_file(struct sc_probe *probe, const struct process *process, bool variables,
                       uint64_t *bytes, struct sc_error *err)
{
    const char *name = variables ? "environ" : "cmdline";
    SC_CLEANUP(sc_secret_done) struct sc_secret block = {0};
    struct sc_error why = {0};
    bool present = true;
    if (read_block(process, name, &block, &present, &why) < 0) {
        if (why.code == SC_E_NOMEM)
            return sc_fail_nomem(err);
        return present ? sc_ledger_skip(probe->ledger, "env", process->title,
                                        sc_error_message(&why), err)
                       : 0;
    }
    const struct sc_spot spot = {
        .place = variables ? "env" : "cmdline",
        .file = process->title,
        .where = variables ? "environment" : "command line",
    };
    *bytes += block.len;
    return search_block(probe, &spot, &block, variables, err);
}

/* What the container's configuration asks to be put there is no leak: it becomes a note. */
static int set_delivered_apart(struct sc_ledger *ledger, const struct process *process,
                               const struct sc_delivery *delivery, size_t first,
                               struct sc_error *err)
{
    for (size_t i = first; i < ledger->leak_count;) {
        const struct sc_leak *leak = &ledger->leaks[i];
        enum sc_delivered by =
            leak->key == NULL ? SC_DELIVERED_NOT : sc_delivery_of(delivery, process->fd, leak->key);
        if (by == SC_DELIVERED_NOT) {
            i++;
            continue;
        }
        SC_CLEANUP(sc_str_freep)
        char *note = sc_str_printf(
            err, "%s has %s in %s, where %s", process->title, leak->name, leak->key,
            by == SC_DELIVERED_BY_SHIM ? "the shim put it as configured"
                                       : "its image put it out of the file as configured");
        int rc = note == NULL ? SC_E_NOMEM : sc_ledger_note(ledger, note, err);
        if (rc < 0)
            return rc;
        sc_ledger_forget(ledger, i, i + 1);
    }
    return 0;
}

static int search_process(struct sc_probe *probe, const struct sc_delivery *delivery, int proc_fd,
                          const char *pid, struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep)
    int fd = openat(proc_fd, pid, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return has_ended(errno) ? 0 : sc_ledger_skip(probe->ledger, "env", pid, "cannot open", err);
    struct process process = {.fd = fd, .pid = pid};
    read_title(&process);
    sc_ledger_object(probe->ledger);
    uint64_t bytes = 0;
    size_t skipped = probe->ledger->skipped_count;
    size_t leaks = probe->ledger->leak_count;
    int rc = search_file(probe, &process, true, &bytes, err);
    if (rc == 0)
        rc = set_delivered_apart(probe->ledger, &process, delivery, leaks, err);
    if (rc == 0)
        rc = search_file(probe, &process, false, &bytes, err);
    /* A process of which a part could not be read stands under skipped only. */
    if (rc < 0 || probe->ledger->skipped_count > skipped)
        return rc;
    return sc_ledger_looked(probe->ledger, "env", process.title, NULL, bytes, err);
}

static void close_dir(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}

int sc_surface_processes(struct sc_probe *probe, const char *proc,
                         const struct sc_delivery *delivery, struct sc_error *err)
{
    SC_CLEANUP(close_dir) DIR *dir = opendir(proc);
    if (dir == NULL)
        return sc_ledger_skip(probe->ledger, "env", proc, "cannot open", err);
    int rc = 0;
    for (struct dirent *entry = readdir(dir); rc == 0 && entry != NULL; entry = readdir(dir)) {
        size_t digits = strspn(entry->d_name, "0123456789");
        if (digits > 0 && entry->d_name[digits] == '\0')
            rc = search_process(probe, delivery, dirfd(dir), entry->d_name, err);
    }
    return rc;
}
