/* SPDX-License-Identifier: Apache-2.0
 *
 * agent: holds unlocked keys for the other commands; see vault/agent/server.h.
 */
#include "cli/vault/agent.h"

#include <fcntl.h>
#include <unistd.h>

#include "cli/output.h"
#include "core/fd.h"
#include "core/parse.h"
#include "core/str.h"
#include "vault/agent/client.h"
#include "vault/agent/server.h"

#include "core/banned.h"

#define SECONDS_MAX ((uint64_t)30 * 24 * 3600)

/* Off the terminal and out of every folder, as a service is. */
static int detach(struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (setsid() < 0 || chdir("/") < 0 || null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
        dup2(null, 2) < 0)
        return sc_fail_errno(err, "cannot go to the background");
    return 0;
}

/* The parent is done when the child exists: the socket listens already. */
static int serve_in_background(int fd, const struct sc_agent_limits *limits, struct sc_error *err)
{
    pid_t pid = fork();
    if (pid < 0)
        return sc_fail_errno(err, "cannot go to the background");
    if (pid > 0)
        return 0;
    int rc = detach(err);
    if (rc == 0)
        rc = sc_agent_serve(fd, limits, err);
    _exit(sc_error_exit_status(rc));
}

static int get_socket(const char *path, int *ret_fd, bool *ret_inherited, struct sc_error *err)
{
    int rc = sc_agent_inherited_socket(ret_fd, err);
    *ret_inherited = *ret_fd >= 0;
    if (rc == 0 && *ret_fd < 0)
        rc = sc_agent_listen(path, ret_fd, err);
    return rc;
}

int sc_cmd_agent(struct sc_cli *cli, const void *options, int count, char **operands,
                 struct sc_error *err)
{
    (void)count;
    (void)operands;
    const struct sc_agent_options *given = options;
    uint64_t seconds = SC_AGENT_SECONDS_DEFAULT;
    int rc = given->time != NULL ? sc_parse_duration(given->time, "--time", &seconds, err) : 0;
    if (rc == 0 && (seconds == 0 || seconds > SECONDS_MAX))
        rc = sc_fail(err, SC_E_USAGE, "--time must be between 1s and 30d");
    if (rc < 0)
        return rc;
    const struct sc_agent_limits limits = {.seconds = (uint32_t)seconds,
                                           .allow_unlocked = given->allow_unlocked};
    SC_CLEANUP(sc_str_freep) char *path = sc_agent_path(err);
    SC_CLEANUP(sc_fd_closep) int fd = -1;
    bool inherited = false;
    if (path == NULL)
        return err->code;
    rc = sc_agent_check_memory(&limits, err);
    if (rc == 0)
        rc = get_socket(path, &fd, &inherited, err);
    if (rc < 0)
        return rc;
    sc_note(cli, "the agent listens at '%s'", inherited ? "the socket of systemd" : path);
    if (given->background)
        return serve_in_background(fd, &limits, err);
    const struct sc_agent_address address = sc_agent_address_of(fd);
    rc = sc_out_flush(err);
    if (rc == 0)
        rc = sc_agent_serve(fd, &limits, err);
    if (rc == 0 && !inherited && sc_agent_address_holds(&address)) /* not that of the next agent */
        unlink(path);
    return rc;
}
