/* SPDX-License-Identifier: Apache-2.0
 *
 * doctor: the vault's file, key files, the agent, and the place where values lie.
 */
#include <errno.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "cli/help/doctor.h"
#include "cli/place.h"
#include "cli/unlock.h"
#include "core/fsutil.h"
#include "core/parse.h"
#include "vault/agent/client.h"

#include "core/banned.h"

/* File systems by the numbers of statfs(2). */
#define MAGIC_TMPFS 0x01021994U
#define MAGIC_RAMFS 0x858458f6U
#define MAGIC_FUSE  0x65735546U
#define MAGIC_NFS   0x6969U
#define MAGIC_SMB2  0xfe534d42U
#define MAGIC_CIFS  0xff534d42U

static unsigned magic_of(const char *path)
{
    struct statfs st;
    return statfs(path, &st) == 0 ? (unsigned)st.f_type : 0;
}

static void check_directory(struct sc_doctor *doctor, const char *path)
{
    SC_CLEANUP(sc_str_freep) char *dir = sc_path_dirname(path, NULL);
    struct stat st;
    if (dir == NULL || stat(dir, &st) < 0)
        return;
    bool open = (st.st_mode & 022) != 0 && (st.st_mode & S_ISVTX) == 0;
    sc_doctor_add(doctor, "vault-folder", open ? SC_DOCTOR_FAIL : SC_DOCTOR_OK, "chmod go-w it",
                  open ? "others may replace files in '%s'" : "nobody else writes in '%s'", dir);
    unsigned magic = magic_of(dir);
    if (magic == MAGIC_NFS || magic == MAGIC_SMB2 || magic == MAGIC_CIFS)
        sc_doctor_add(doctor, "vault-disk", SC_DOCTOR_FAIL,
                      "keep it on a local disk; use 'backup' to copy it elsewhere",
                      "the vault lies on a network file system, where locks do not hold");
}

static void check_vault(struct sc_doctor *doctor)
{
    SC_CLEANUP(sc_str_freep) char *path = sc_cli_vault_path(doctor->cli, NULL);
    struct stat st;
    if (path == NULL)
        return;
    if (stat(path, &st) < 0) {
        sc_doctor_add(
            doctor, "vault", SC_DOCTOR_NOTE, errno == ENOENT ? "run: secretsctl init" : NULL,
            errno == ENOENT ? "there is no vault at '%s'" : "'%s' cannot be reached", path);
        return;
    }
    if ((st.st_mode & 077) != 0)
        sc_doctor_add(doctor, "vault", SC_DOCTOR_FAIL, "chmod 600 it",
                      "others have access to '%s' (mode %04o)", path,
                      (unsigned)(st.st_mode & 07777));
    else if (st.st_uid != geteuid())
        sc_doctor_add(doctor, "vault", SC_DOCTOR_WARN, "run as its owner",
                      "'%s' belongs to another user (%u)", path, (unsigned)st.st_uid);
    else
        sc_doctor_add(doctor, "vault", SC_DOCTOR_OK, NULL, "'%s' is yours alone", path);
    check_directory(doctor, path);
}

static void check_key_file(struct sc_doctor *doctor, const char *what, const char *path)
{
    struct stat st;
    if (path == NULL)
        return;
    if (stat(path, &st) < 0)
        sc_doctor_add(doctor, what, SC_DOCTOR_FAIL, "give the name of a file, not the key itself",
                      "there is no such file");
    else if (S_ISREG(st.st_mode) && st.st_size == 0)
        sc_doctor_add(doctor, what, SC_DOCTOR_FAIL, "put a copy of it here", "'%s' is empty", path);
    else
        sc_doctor_add(
            doctor, what, (st.st_mode & 077) != 0 ? SC_DOCTOR_FAIL : SC_DOCTOR_OK, "chmod 600 it",
            (st.st_mode & 077) != 0 ? "'%s' can be read by others" : "'%s' is private", path);
}

static void check_agent(struct sc_doctor *doctor)
{
    SC_CLEANUP(sc_str_freep) char *path = sc_agent_path(NULL);
    struct sc_agent_list held;
    struct sc_error err = {0};
    if (path == NULL) {
        sc_doctor_add(doctor, "agent", SC_DOCTOR_NOTE, "set XDG_RUNTIME_DIR",
                      "there is no place for an agent");
        return;
    }
    int rc = sc_agent_list(path, &held, &err);
    if (rc == SC_E_NOTFOUND)
        sc_doctor_add(doctor, "agent", SC_DOCTOR_NOTE, NULL,
                      "no agent is running ('secretsctl unlock' starts one)");
    else if (rc < 0)
        sc_doctor_add(doctor, "agent", SC_DOCTOR_FAIL, "find out who runs it", "%s",
                      sc_error_message(&err));
    else
        sc_doctor_add(doctor, "agent", SC_DOCTOR_OK, NULL, "the agent holds %zu vault%s",
                      held.count, held.count == 1 ? "" : "s");
}

static void check_place(struct sc_doctor *doctor)
{
    SC_CLEANUP(sc_str_freep) char *dir = sc_cli_run_dir(NULL);
    struct stat st;
    if (dir != NULL && stat(dir, &st) < 0 && errno == ENOTCONN) {
        sc_doctor_add(doctor, "values", SC_DOCTOR_FAIL, "run 'secretsctl mount --repair'",
                      "'%s' is a mount whose server is gone", dir);
        return;
    }
    if (dir == NULL || access(dir, F_OK) != 0 || sc_dir_check_empty(dir, NULL) == 0) {
        sc_doctor_add(doctor, "values", SC_DOCTOR_NOTE, NULL, "nothing is provisioned here");
        return;
    }
    unsigned magic = magic_of(dir);
    bool memory = magic == MAGIC_TMPFS || magic == MAGIC_RAMFS || magic == MAGIC_FUSE;
    sc_doctor_add(doctor, "values", memory ? SC_DOCTOR_OK : SC_DOCTOR_FAIL,
                  "unmount what is there and provision again",
                  memory ? "'%s' lies in memory" : "'%s' lies on a disk", dir);
}

void sc_doctor_check_files(struct sc_doctor *doctor)
{
    const struct sc_globals *globals = &doctor->cli->globals;
    check_vault(doctor);
    check_key_file(doctor, "key-file",
                   globals->key_file != NULL ? globals->key_file : sc_env("SECRETSCTL_KEY_FILE"));
    check_key_file(doctor, "identity",
                   globals->identity != NULL ? globals->identity : sc_env("SECRETSCTL_IDENTITY"));
    check_agent(doctor);
    check_place(doctor);
}
