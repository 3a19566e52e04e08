/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands of the group "Mount".
 */
#include "cli/commands.h"

#include "cli/output.h"
#include "cli/provision/mount.h"
#include "fuse/agent/agent.h"
#include "fuse/agent/nudge.h"
#include "fuse/hold/hold.h"

#include "core/banned.h"

#define MOUNT(field) offsetof(struct sc_mount_options, field)

static const struct sc_option mount_options[] = {
    {"foreground", 'f', NULL, "stay in the foreground until stopped", SC_OPTION_FLAG,
     MOUNT(foreground), NULL, 0},
    {"only-me", 0, NULL, "only this user may read (without root: always so)", SC_OPTION_FLAG,
     MOUNT(only_me), NULL, 1},
    {"allow-other", 0, NULL, "other users may read too (as root: always so)", SC_OPTION_FLAG,
     MOUNT(allow_other), NULL, 1},
    {"policy", 0, "FILE", "rules on who may open what", SC_OPTION_TEXT, MOUNT(policy), NULL, 0},
    {"compose", 0, "FILE", "each service of this project may open what it was granted",
     SC_OPTION_LIST, MOUNT(compose), NULL, 0},
    {"log-full", 0, "WHAT", "when opens cannot be logged: count (default) or deny them",
     SC_OPTION_TEXT, MOUNT(log_full), "count|deny", 0},
    {"memory", 0, "SIZE", "locked memory for values, to begin with (64M)", SC_OPTION_TEXT,
     MOUNT(memory), NULL, 0},
    {"engine", 0, "SOCKET", "socket of the container engine, or none", SC_OPTION_TEXT,
     MOUNT(engine), NULL, 0},
    {"threads", 0, "N", "serving threads, 2 to 8 (as many as processors, 4 at most)",
     SC_OPTION_NUMBER, MOUNT(threads), NULL, 0},
    {"upgrade", 0, NULL, "let a running mount go on with this program", SC_OPTION_FLAG,
     MOUNT(upgrade), NULL, 2},
    {"repair", 0, NULL, "mount anew and heal running containers after a crash", SC_OPTION_FLAG,
     MOUNT(repair), NULL, 2},
    {"no-resend", 0, NULL, "rely on the journal alone, as on kernels before 6.9", SC_OPTION_FLAG,
     MOUNT(no_resend), NULL, 0},
    {"allow-unlocked-memory", 0, NULL, "go on where memory cannot be kept from swap",
     SC_OPTION_FLAG, MOUNT(allow_unlocked), NULL, 0},
    {0},
};

static const struct sc_option umount_options[] = {
    {"force", 0, NULL, "even if it is in use: its readers get errors", SC_OPTION_FLAG,
     offsetof(struct sc_umount_options, force), NULL, 0},
    {0},
};

static const struct sc_option who_options[] = {
    {"mount", 0, "DIR", "where it is mounted (/run/secretsctl)", SC_OPTION_TEXT,
     offsetof(struct sc_who_options, directory), NULL, 0},
    {"all", 0, NULL, "refused opens too", SC_OPTION_FLAG, offsetof(struct sc_who_options, all),
     NULL, 0},
    {"anchor", 0, NULL, "note the heads of the read logs in the vault", SC_OPTION_FLAG,
     offsetof(struct sc_who_options, anchor), NULL, 0},
    {"check", 0, NULL, "compare the read logs with what the vault has noted", SC_OPTION_FLAG,
     offsetof(struct sc_who_options, check), NULL, 0},
    {"trim", 0, NULL, "end the read logs; they are left to be archived or deleted", SC_OPTION_FLAG,
     offsetof(struct sc_who_options, trim), NULL, 0},
    {0},
};

static int run_keeper(struct sc_cli *cli, const void *options, int count, char **operands,
                      struct sc_error *err)
{
    (void)cli;
    (void)options;
    (void)count;
    return sc_keeper_main(operands[0], err);
}

static int run_worker(struct sc_cli *cli, const void *options, int count, char **operands,
                      struct sc_error *err)
{
    (void)cli;
    (void)options;
    (void)count;
    (void)operands;
    return sc_worker_main(err);
}

static int run_nudge(struct sc_cli *cli, const void *options, int count, char **operands,
                     struct sc_error *err)
{
    (void)cli;
    (void)options;
    (void)count;
    return sc_nudge_main(operands[0], err);
}

static int run_status(struct sc_cli *cli, const void *options, int count, char **operands,
                      struct sc_error *err)
{
    (void)cli;
    (void)options;
    (void)count;
    struct sc_mount_status status;
    SC_CLEANUP(sc_str_freep) char *directory = sc_cli_mount_directory(operands[0], err);
    if (directory == NULL)
        return err->code;
    int rc = sc_mount_status(directory, &status, err);
    if (rc == 0)
        sc_out("keeper\t%d\nworker\t%d\nagent\t%d\ngeneration\t%llu\nrequests\t%llu\n"
               "replayed\t%llu\nrestarts\t%llu\nlost\t%llu\n",
               status.keeper, status.worker, status.agent, (unsigned long long)status.generation,
               (unsigned long long)status.requests, (unsigned long long)status.replayed,
               (unsigned long long)status.restarts, (unsigned long long)status.lost);
    return rc;
}

static int run_upgrade(struct sc_cli *cli, const void *options, int count, char **operands,
                       struct sc_error *err)
{
    (void)cli;
    (void)options;
    (void)count;
    SC_CLEANUP(sc_str_freep) char *directory = sc_cli_mount_directory(operands[0], err);
    return directory == NULL ? err->code : sc_mount_upgrade(directory, operands[1], err);
}

const struct sc_command sc_mount_commands[] = {
    {
        .name = "mount",
        .operands = "[DIR]",
        .summary = "show values as files that survive their server",
        .description =
            "Mounts a file system with one file for each entry, DIR/SCOPE/NAME (DIR is "
            "/run/secretsctl unless given), and goes to the background when it serves. Containers "
            "take the files by bind mounts; a rotated value is there at their next open.\n\n"
            "Reads go on while the server is killed, stopped or upgraded. Every open is decided by "
            "the policy and written to the read log; see: secretsctl help who.\n\n"
            "A policy file has one rule a line: allow or deny, a pattern of names, then, as "
            "needed, "
            "'to' with conditions (project=, service=, image=, container=, exe=, unit=, uid=, "
            "gid=, "
            "host), 'between HH:MM-HH:MM' (UTC) and 'opens N'. A scope that a rule speaks about is "
            "closed to everybody no rule allows. --compose makes such rules of a project.",
        .examples = "secretsctl mount\tall entries below /run/secretsctl\n"
                    "secretsctl mount --foreground --policy /etc/secretsctl/policy\tin a unit\n"
                    "secretsctl mount --upgrade\tafter a new version was installed",
        .options = mount_options,
        .options_size = sizeof(struct sc_mount_options),
        .max_operands = 1,
        .run = sc_cmd_mount,
    },
    {
        .name = "umount",
        .operands = "[DIR]",
        .summary = "end a mount",
        .description = "Ends what 'mount' or 'provision' has mounted. Refused while files are open "
                       "or containers hold it, unless --force: reads from a server fail from then "
                       "on; of files in memory, containers keep what they have.",
        .options = umount_options,
        .options_size = sizeof(struct sc_umount_options),
        .max_operands = 1,
        .run = sc_cmd_umount,
    },
    {
        .name = "who",
        .operands = "[NAME]",
        .summary = "list who has read which version of an entry, or of all",
        .description =
            "Lists, for each reader and version, how often and when it was last opened, from the "
            "read log, and how many handles are open on that version now: an old version that no "
            "reader holds any more can be revoked where it is used. handed-on is a process that "
            "read what another had opened. Without NAME all entries are listed that have been "
            "read.\n\n"
            "The read log is chained by hashes. Each rotation, and --anchor, notes its head in the "
            "vault's signed log, so that --check finds it cut or rewritten up to there even when "
            "the chain was made anew. --trim checks each log, notes its last line as its end, and "
            "leaves it as FILE.old; a mount that is served begins a new one.",
        .examples = "secretsctl who shop/db_password\twho holds which version\n"
                    "secretsctl who --json\tall readers of all entries\n"
                    "secretsctl who shop/db_password --all --json\twith refused opens\n"
                    "secretsctl who --check\tis the read log the one that was written?",
        .options = who_options,
        .options_size = sizeof(struct sc_who_options),
        .max_operands = 1,
        .run = sc_cmd_who,
    },
    {
        .name = SC_HOLD_KEEPER,
        .operands = "MODE",
        .summary = "hold a mount",
        .description = "Started by mount; not for use by hand.",
        .min_operands = 1,
        .max_operands = 1,
        .flags = SC_COMMAND_HIDDEN,
        .run = run_keeper,
    },
    {
        .name = SC_HOLD_WORKER,
        .operands = "MODE",
        .summary = "serve a mount",
        .description = "Started by mount; not for use by hand.",
        .min_operands = 1,
        .max_operands = 1,
        .flags = SC_COMMAND_HIDDEN,
        .run = run_worker,
    },
    {
        .name = SC_HOLD_NUDGE,
        .operands = "DIR",
        .summary = "tell watchers of a rotation",
        .description = "Started by mount; not for use by hand.",
        .min_operands = 1,
        .max_operands = 1,
        .flags = SC_COMMAND_HIDDEN,
        .run = run_nudge,
    },
    {
        .name = "__fuse-upgrade",
        .operands = "DIR PROGRAM",
        .summary = "let a mount go on with another program file",
        .description = "What mount --upgrade does with the program it is part of.",
        .min_operands = 2,
        .max_operands = 2,
        .flags = SC_COMMAND_HIDDEN,
        .run = run_upgrade,
    },
    {
        .name = "__fuse-status",
        .operands = "DIR",
        .summary = "print what the processes of a mount say",
        .description = "For tests and for a look behind the scenes.",
        .min_operands = 1,
        .max_operands = 1,
        .flags = SC_COMMAND_HIDDEN,
        .run = run_status,
    },
    {0},
};
