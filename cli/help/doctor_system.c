/* SPDX-License-Identifier: Apache-2.0
 *
 * doctor: what the kernel and the container engine offer.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/help/doctor.h"
#include "core/fd.h"
#include "core/fsutil.h"
#include "core/parse.h"

#include "core/banned.h"

#define SYSCTL_MAX     ((size_t)256)
#define DEFAULT_SOCKET "/var/run/docker.sock"

static void check_fuse(struct sc_doctor *doctor)
{
    SC_CLEANUP(sc_fd_closep) int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (fd >= 0)
        sc_doctor_add(doctor, "fuse", SC_DOCTOR_OK, NULL, "/dev/fuse can be opened");
    else if (errno == ENOENT || errno == ENODEV)
        sc_doctor_add(doctor, "fuse", SC_DOCTOR_NOTE, "modprobe fuse, or use provision --tmpfs",
                      "there is no /dev/fuse: 'mount' is not possible here");
    else
        sc_doctor_add(doctor, "fuse", SC_DOCTOR_WARN, "give this user access to /dev/fuse",
                      "/dev/fuse cannot be opened by this user");
}

/* A request that takes longer than this makes the kernel abort the whole connection. */
static void check_fuse_timeout(struct sc_doctor *doctor, const char *path)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(SYSCTL_MAX);
    if (sc_file_read(path, &text, NULL) < 0) /* kernels before 6.16 have none */
        return;
    char *end = strchr(text.data != NULL ? text.data : "", '\n');
    uint64_t seconds = 0;
    if (end != NULL)
        *end = '\0';
    if (sc_parse_u64(sc_buf_text(&text), UINT32_MAX, "timeout", &seconds, NULL) < 0)
        return;
    if (seconds == 0)
        sc_doctor_add(doctor, "fuse-timeout", SC_DOCTOR_OK, NULL, "no time limit in %s",
                      strrchr(path, '/') + 1);
    else
        sc_doctor_add(doctor, "fuse-timeout", SC_DOCTOR_WARN, "set it to 0, or to 60 and more",
                      "%s is %llu: a mount that waits longer (a locked vault) is cut off",
                      strrchr(path, '/') + 1, (unsigned long long)seconds);
}

static void check_noswap(struct sc_doctor *doctor)
{
    struct utsname kernel;
    unsigned major = 0, minor = 0;
    if (uname(&kernel) < 0 || sscanf(kernel.release, "%u.%u", &major, &minor) != 2)
        return;
    bool has = major > 6 || (major == 6 && minor >= 4);
    sc_doctor_add(doctor, "tmpfs-noswap", has ? SC_DOCTOR_OK : SC_DOCTOR_NOTE,
                  "nothing to do: a ramfs is used instead",
                  has ? "the kernel (%u.%u) has tmpfs that does not swap"
                      : "the kernel (%u.%u) has no noswap for tmpfs (6.4)",
                  major, minor);
}

static void check_socket(struct sc_doctor *doctor, const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0) {
        sc_doctor_add(doctor, "engine", SC_DOCTOR_NOTE, "set DOCKER_HOST if it is elsewhere",
                      "there is no container engine at '%s'", path);
        return;
    }
    if ((st.st_mode & S_IWOTH) != 0)
        sc_doctor_add(doctor, "engine", SC_DOCTOR_FAIL, "chmod 660 it: who reaches it is root",
                      "everybody may use the engine's socket '%s'", path);
    else if (access(path, R_OK | W_OK) < 0)
        sc_doctor_add(doctor, "engine", SC_DOCTOR_NOTE,
                      "'verify' and 'audit' of containers need it",
                      "this user may not use the engine's socket '%s'", path);
    else
        sc_doctor_add(doctor, "engine", SC_DOCTOR_OK, NULL, "the engine's socket is '%s'", path);
}

static void check_engine(struct sc_doctor *doctor)
{
    const char *host = sc_env("DOCKER_HOST");
    if (host == NULL)
        check_socket(doctor, DEFAULT_SOCKET);
    else if (sc_str_has_prefix(host, "unix://"))
        check_socket(doctor, host + strlen("unix://"));
    else if (sc_str_has_prefix(host, "tcp://") && sc_env("DOCKER_TLS_VERIFY") == NULL)
        sc_doctor_add(doctor, "engine", SC_DOCTOR_WARN, "use a unix socket, ssh or TLS",
                      "the engine is reached over TCP without TLS: who can connect is root there");
    else
        sc_doctor_add(doctor, "engine", SC_DOCTOR_NOTE, NULL, "the engine is on another machine");
}

void sc_doctor_check_system(struct sc_doctor *doctor)
{
    check_fuse(doctor);
    check_fuse_timeout(doctor, "/proc/sys/fs/fuse/default_request_timeout");
    check_fuse_timeout(doctor, "/proc/sys/fs/fuse/max_request_timeout");
    check_noswap(doctor);
    check_engine(doctor);
}
