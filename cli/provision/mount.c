/* SPDX-License-Identifier: Apache-2.0
 *
 * mount.
 */
#include "cli/provision/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/place.h"
#include "cli/provision/grants.h"
#include "cli/provision/supervise.h"
#include "cli/unlock.h"
#include "core/fd.h"
#include "core/fsutil.h"
#include "core/hash.h"
#include "core/parse.h"
#include "fuse/agent/agent.h"
#include "fuse/agent/policy_file.h"
#include "fuse/hold/notify.h"
#include "fuse/hold/mount.h"
#include "fuse/hold/repair.h"

#include "core/banned.h"

#define DEFAULT_ENGINE "/run/docker.sock"
#define HASH_BYTES     8
#define THREADS_MIN    2
#define THREADS_MAX    8

/* ---- places ---- */

char *sc_cli_mount_directory(const char *given, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *path = sc_cli_directory(given, err);
    if (path == NULL)
        return NULL;
    /* Links in the directories above are resolved; the last part may not exist yet, or be a dead
     * mount that must not be touched. */
    SC_CLEANUP(sc_str_freep) char *parent = sc_path_dirname(path, err);
    if (parent == NULL)
        return NULL;
    char *real = realpath(parent, NULL);
    if (real == NULL)
        return SC_TAKE(path); /* parents to be made have no links */
    const char *slash = strrchr(path, '/');
    char *joined = sc_path_join(real, slash + 1, err);
    free(real);
    return joined;
}

char *sc_cli_access_folder(const struct sc_cli *cli, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *vault = sc_cli_vault_path(cli, err);
    return vault == NULL ? NULL : sc_str_printf(err, "%s.access", vault);
}

/* The log of the mount on a directory. Malloc'd. */
static char *access_log(const struct sc_cli *cli, const char *directory, struct sc_error *err)
{
    unsigned char hash[SC_HASH_SIZE];
    char hex[2 * HASH_BYTES + 1];
    SC_CLEANUP(sc_str_freep) char *folder = sc_cli_access_folder(cli, err);
    if (folder == NULL)
        return NULL;
    sc_hash_blake2b(hash, directory, strlen(directory), NULL, 0);
    sc_hex(hex, hash, HASH_BYTES);
    return sc_str_printf(err, "%s/%s.log", folder, hex);
}

/* ---- into the background ---- */

/* In the parent: waits until the child serves or has failed, and ends as the child would have. The
 * child goes on from here before anything is unlocked: locked memory does not pass a fork. */
static int wait_for_child(struct sc_cli *cli, pid_t child, int ready_fd, struct sc_error *err)
{
    char byte = 0;
    size_t got = 0;
    int status = 0;
    int rc = sc_fd_read_some(ready_fd, &byte, 1, &got, err);
    if (rc < 0 || got == 1)
        return rc;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return sc_fail_errno(err, "cannot wait for the mount");
    }
    cli->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return 0;
}

/* ---- mount ---- */

/* All that a mount needs while it runs. */
struct session {
    struct sc_vault *vault;
    struct sc_source entries, source; /* the vault's, and with the project's owners */
    struct sc_owners owners;
    struct sc_agent *agent;
    char *directory, *vault_path, *log, *engine;
    struct sc_buf policy;
    unsigned rules;
};

static void session_done(struct session *session)
{
    sc_agent_free(session->agent);
    sc_vault_close(session->vault);
    free(session->directory);
    free(session->vault_path);
    free(session->log);
    free(session->engine);
    sc_buf_done(&session->policy);
    sc_owners_done(&session->owners);
}

static char *engine_socket(const char *given, struct sc_error *err)
{
    const char *host = sc_env("DOCKER_HOST");
    if (given != NULL)
        return sc_str_dup(given, err);
    if (host != NULL && sc_str_has_prefix(host, "unix://"))
        return sc_str_dup(host + strlen("unix://"), err);
    return sc_str_dup(DEFAULT_ENGINE, err);
}

static int read_policy(struct session *session, const char *path, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(SC_POLICY_BYTES_MAX);
    int rc = sc_file_read(path, &text, err);
    if (rc == 0 && strlen(sc_buf_text(&text)) != text.len)
        rc = sc_fail(err, SC_E_SYNTAX, "'%s' is not text", path);
    if (rc == 0)
        rc = sc_policy_parse(sc_buf_text(&text), path, &session->policy, &session->rules, err);
    return rc;
}

/* As the options say; after a crash, with what opened it for the agent before. */
static int open_vault(struct session *session, const struct sc_cli *cli,
                      const struct sc_supervised *io, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret key = {0};
    int rc = io->again ? sc_supervised_take_key(io, &key, err) : 0;
    if (rc < 0 || key.len == 0)
        return rc < 0 ? rc : sc_cli_open_vault(cli, SC_VAULT_READ, &session->vault, err);
    const struct sc_unlock with = {.identity = &key};
    rc = sc_cli_open_locked(cli, SC_VAULT_READ, &session->vault, err);
    return rc < 0 ? rc : sc_vault_unlock(session->vault, &with, err);
}

/* A vault that is locked has no key to leave. */
static int leave_key(const struct session *session, const struct sc_supervised *io,
                     struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret key = {0};
    int rc = sc_vault_reopener(session->vault, &key, err);
    if (rc == SC_E_LOCKED)
        sc_error_clear(err);
    return rc < 0 && rc != SC_E_LOCKED ? rc : sc_supervised_leave_key(io, &key, err);
}

static int prepare(struct session *session, const struct sc_cli *cli,
                   const struct sc_mount_options *opt, const struct sc_supervised *io,
                   struct sc_error *err)
{
    session->vault_path = sc_cli_vault_path(cli, err);
    session->log = access_log(cli, session->directory, err);
    session->engine = engine_socket(opt->engine, err);
    if (session->vault_path == NULL || session->log == NULL || session->engine == NULL)
        return err->code;
    SC_CLEANUP(sc_str_freep) char *folder = sc_path_dirname(session->log, err);
    if (folder == NULL)
        return err->code;
    int rc = opt->policy != NULL ? read_policy(session, opt->policy, err) : 0;
    struct sc_granted_rules granted = {&session->policy, &session->rules, &session->owners};
    if (rc == 0 && (opt->compose_here || opt->compose.count > 0))
        rc = sc_grants_policy(&opt->compose, opt->compose_here, session->directory, &granted, err);
    if (rc == 0)
        rc = open_vault(session, cli, io, err);
    if (rc == 0)
        rc = sc_dir_make(folder, 0700, err);
    session->entries = sc_vault_source(session->vault);
    session->source = sc_owners_source(&session->owners, &session->entries);
    return rc;
}

static int start(struct session *session, const struct sc_mount_options *opt, struct sc_error *err)
{
    uint64_t memory = 0;
    int rc = opt->memory != NULL ? sc_parse_size(opt->memory, "--memory", &memory, err) : 0;
    if (rc < 0)
        return rc;
    const struct sc_fuse_agent_options options = {
        .directory = session->directory,
        .allow_other = opt->allow_other || (geteuid() == 0 && !opt->only_me),
        .log_deny = sc_str_equal(opt->log_full, "deny"),
        .no_resend = opt->no_resend,
        .threads = (unsigned)opt->threads.value,
        .store_size = (size_t)memory,
        .require_lock = !opt->allow_unlocked,
        .watch = session->vault_path,
        .access_log = session->log,
        .engine = sc_str_equal(session->engine, "none") ? NULL : session->engine,
        .policy = sc_buf_view(&session->policy),
        .policy_rules = session->rules,
    };
    return sc_agent_start(&options, &session->source, &session->agent, err);
}

static int block_signals(const struct sc_supervised *io, int *ret_fd, struct sc_error *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    /* Where a process behind it starts the next agent, terminals are no concern of this one. */
    if (io->ready_fd < 0 && !io->again)
        sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return sc_fail_errno(err, "cannot block signals");
    *ret_fd = signalfd(-1, &set, SFD_CLOEXEC);
    /* Keepers and workers whose starter died are reaped here, not left to whoever is process 1. */
    SC_IGNORE(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
    const struct sigaction children = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
    sigaction(SIGCHLD, &children, NULL);
    return *ret_fd < 0 ? sc_fail_errno(err, "cannot make a signalfd") : 0;
}

/* Until a signal says stop; then the mount ends, unless somebody still uses it. From a service
 * manager, which is about to start the next agent, SIGHUP leaves those who serve; from a terminal
 * that is closed it is as any other. */
static int work(struct session *session, int signal_fd, struct sc_error *err)
{
    bool managed = sc_env("NOTIFY_SOCKET") != NULL;
    int rc = sc_agent_run(session->agent, signal_fd, err);
    struct signalfd_siginfo info;
    if (rc < 0 || fcntl(signal_fd, F_SETFL, O_NONBLOCK) < 0 ||
        read(signal_fd, &info, sizeof(info)) <= 0 || (info.ssi_signo == SIGHUP && managed))
        return rc;
    return sc_cli_unmount(session->directory, false, err);
}

static int repair(const struct sc_cli *cli, const char *directory, struct sc_error *err)
{
    struct sc_repair_counts counts = {0};
    int rc = sc_mount_repair(directory, &counts, err);
    if (rc < 0)
        return rc;
    sc_note(cli, "replaced %u dead mount%s in containers", counts.healed,
            counts.healed == 1 ? "" : "s");
    if (counts.failed > 0)
        sc_warn("%u dead mount%s could not be replaced: restart the containers", counts.failed,
                counts.failed == 1 ? "" : "s");
    return 0;
}

/* After a crash containers still have the dead mount: nothing heals them unasked. */
static void warn_of_dead(const char *directory)
{
    unsigned count = 0;
    struct sc_error err = {0};
    if (geteuid() == 0 && sc_mount_dead(directory, &count, &err) == 0 && count > 0)
        sc_warn("%u dead mount%s in containers; to replace: secretsctl mount --repair '%s'", count,
                count == 1 ? "" : "s", directory);
}

/* What it takes to serve, for one agent after another. */
struct service {
    struct sc_cli *cli;
    const struct sc_mount_options *opt;
    const char *directory;
};

static int serve(void *ctx, const struct sc_supervised *io, struct sc_error *err)
{
    const struct service *service = ctx;
    struct sc_cli *cli = service->cli;
    SC_CLEANUP(session_done)
    struct session session = {.policy = SC_BUF_INIT(SC_POLICY_BYTES_MAX)};
    SC_CLEANUP(sc_fd_closep) int signal_fd = -1;
    session.directory = sc_str_dup(service->directory, err);
    int rc = session.directory == NULL ? SC_E_NOMEM : prepare(&session, cli, service->opt, io, err);
    if (rc == 0)
        rc = block_signals(io, &signal_fd, err);
    if (rc == 0)
        rc = start(&session, service->opt, err);
    if (rc < 0)
        return rc;
    sc_note(cli, "serving on '%s'", service->directory);
    if (service->opt->repair && !io->again)
        rc = repair(cli, service->directory, err);
    else if (!io->again)
        warn_of_dead(service->directory);
    if (rc < 0)
        return rc;
    sc_notify("READY=1");
    if (io->ready_fd >= 0) {
        rc = leave_key(&session, io, err);
        if (rc == 0)
            rc = sc_detach(err);
        if (rc == 0)
            rc = sc_fd_write_all(io->ready_fd, "R", 1, err);
    }
    /* The working directory is not ours to keep busy. */
    if (rc == 0 && io->again && chdir("/") < 0)
        rc = sc_fail_errno(err, "cannot go to the background");
    return rc < 0 ? rc : work(&session, signal_fd, err);
}

static bool is_served(const char *directory)
{
    struct sc_mount_found found;
    return sc_mount_look(directory, &found, NULL) == 0 && found.state == SC_MOUNT_LIVE &&
           !sc_mount_lost(directory);
}

static int upgrade(const char *directory, struct sc_error *err)
{
    char program[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
    if (len <= 0)
        return sc_fail_errno(err, "cannot tell the path of this program");
    program[len] = '\0';
    /* Whether it can, before those who serve are asked to start it. */
    struct sc_mount_status status;
    int rc = sc_mount_status(directory, &status, err);
    return rc < 0 ? rc : sc_mount_upgrade(directory, program, err);
}

int sc_cmd_mount(struct sc_cli *cli, const void *options, int count, char **operands,
                 struct sc_error *err)
{
    const struct sc_mount_options *opt = options;
    SC_CLEANUP(sc_str_freep)
    char *directory = sc_cli_mount_directory(count > 0 ? operands[0] : NULL, err);
    if (directory == NULL)
        return err->code;
    if (opt->threads.given &&
        (opt->threads.value < THREADS_MIN || opt->threads.value > THREADS_MAX))
        return sc_fail(err, SC_E_USAGE, "--threads must be from %d to %d", THREADS_MIN,
                       THREADS_MAX);
    if (opt->upgrade)
        return upgrade(directory, err);
    /* Of a mount that is served, by whatever user, only what is bound elsewhere needs healing. */
    if (opt->repair && (geteuid() != 0 || is_served(directory)))
        return repair(cli, directory, err);
    struct service service = {cli, opt, directory};
    if (opt->foreground) {
        const struct sc_supervised alone = SC_SUPERVISED_NOT;
        return serve(&service, &alone, err);
    }
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return sc_fail_errno(err, "cannot make a pipe");
    SC_CLEANUP(sc_fd_closep) int read_end = ends[0];
    SC_CLEANUP(sc_fd_closep) int write_end = ends[1];
    pid_t child = fork();
    if (child < 0)
        return sc_fail_errno(err, "cannot go to the background");
    if (child == 0)
        return sc_supervise(cli, directory, SC_TAKE_FD(write_end), serve, &service, err);
    sc_fd_closep(&write_end);
    write_end = -1;
    return wait_for_child(cli, child, read_end, err);
}
