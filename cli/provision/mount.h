/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands around a FUSE mount: mount, umount, who, and the hidden words under which the
 * program starts itself.
 */
#ifndef SC_CLI_PROVISION_MOUNT_H
#define SC_CLI_PROVISION_MOUNT_H

#include "cli/command.h"

struct sc_mount_options {
    bool foreground;
    bool allow_other, only_me;
    bool upgrade;
    bool repair;
    bool allow_unlocked;
    bool no_resend;
    bool compose_here; /* set by provision --fuse: the project of the working directory, if any */
    struct sc_strv compose;
    const char *policy;
    const char *log_full;
    const char *memory;
    const char *engine;
    struct sc_option_number threads;
};

struct sc_umount_options {
    bool force;
};

struct sc_who_options {
    const char *directory;
    bool all;
    bool anchor, check, trim;
};

int sc_cmd_mount(struct sc_cli *cli, const void *options, int count, char **operands,
                 struct sc_error *err);
int sc_cmd_umount(struct sc_cli *cli, const void *options, int count, char **operands,
                  struct sc_error *err);
int sc_cmd_who(struct sc_cli *cli, const void *options, int count, char **operands,
               struct sc_error *err);

/* Ends what is mounted on the directory, whatever kind of ours it is. BUSY if it is still in use
 * half a second later, unless `force`. */
int sc_cli_unmount(const char *directory, bool force, struct sc_error *err) SC_NODISCARD;

/* Where values stand at run time: /run/secretsctl, rootless $XDG_RUNTIME_DIR/secretsctl. Malloc'd.
 */
char *sc_cli_mount_directory(const char *given, struct sc_error *err) SC_NODISCARD;

/* The folder of the read logs of a vault. Malloc'd. */
char *sc_cli_access_folder(const struct sc_cli *cli, struct sc_error *err) SC_NODISCARD;

#endif
