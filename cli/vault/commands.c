/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands of the group "Vault".
 */
#include "cli/commands.h"

#include "cli/vault/agent.h"
#include "cli/vault/vault.h"

#include "core/banned.h"

#define SLOT(field) offsetof(struct sc_slot_options, field)

static const struct sc_option init_options[] = {
    {"passphrase", 'p', NULL, "ask for a passphrase (also beside --key-file: both are needed then)",
     SC_OPTION_FLAG, SLOT(passphrase), NULL, 0},
    {"recipient", 0, "age1...", "let this age recipient open the vault", SC_OPTION_TEXT,
     SLOT(recipient), NULL, 0},
    {"label", 0, "TEXT", "what this way to open it is called", SC_OPTION_TEXT, SLOT(label), NULL,
     0},
    {"kdf", 0, "COST", "how hard the passphrase is to guess: light, default, strong, PASSESxMIB",
     SC_OPTION_TEXT, SLOT(kdf), NULL, 0},
    {"portable", 0, NULL, "for network and other odd file systems; slower", SC_OPTION_FLAG,
     SLOT(portable), NULL, 0},
    {0},
};

static const struct sc_option slot_add_options[] = {
    {"passphrase", 'p', NULL, "ask for a passphrase (also beside --key-file: both are needed then)",
     SC_OPTION_FLAG, SLOT(passphrase), NULL, 0},
    {"new-passphrase-file", 0, "FILE", "take the new passphrase from a file", SC_OPTION_TEXT,
     SLOT(new_passphrase_file), NULL, 0},
    {"key-file", 0, "FILE", "the new key file, made when it is missing", SC_OPTION_TEXT,
     SLOT(key_file), NULL, 0},
    {"recipient", 0, "age1...", "let this age recipient open the vault", SC_OPTION_TEXT,
     SLOT(recipient), NULL, 0},
    {"label", 0, "TEXT", "what this way to open it is called", SC_OPTION_TEXT, SLOT(label), NULL,
     0},
    {"kdf", 0, "COST", "how hard the passphrase is to guess: light, default, strong, PASSESxMIB",
     SC_OPTION_TEXT, SLOT(kdf), NULL, 0},
    {"reason", 0, "TEXT", "why, for the log", SC_OPTION_TEXT, SLOT(reason), NULL, 0},
    {0},
};

static const struct sc_option grant_add_options[] = {
    {"label", 0, "TEXT", "who or what this is", SC_OPTION_TEXT, SLOT(label), NULL, 0},
    {"reason", 0, "TEXT", "why, for the log", SC_OPTION_TEXT, SLOT(reason), NULL, 0},
    {0},
};

static const struct sc_option remove_options[] = {
    {"reason", 0, "TEXT", "why, for the log", SC_OPTION_TEXT,
     offsetof(struct sc_remove_options, reason), NULL, 0},
    {0},
};

static const struct sc_option rekey_options[] = {
    {"new-verify-key", 0, NULL, "also sign with a new key, which every reader has to trust",
     SC_OPTION_FLAG, offsetof(struct sc_remove_options, new_verify_key), NULL, 0},
    {"reason", 0, "TEXT", "why, for the log", SC_OPTION_TEXT,
     offsetof(struct sc_remove_options, reason), NULL, 0},
    {0},
};

static const struct sc_option check_options[] = {
    {"decrypt", 0, NULL, "also unlock, and open every record", SC_OPTION_FLAG,
     offsetof(struct sc_check_options, decrypt), NULL, 0},
    {0},
};

static const struct sc_option checkpoint_options[] = {
    {"verify", 0, "FILE", "compare the vault with a checkpoint kept there", SC_OPTION_TEXT,
     offsetof(struct sc_checkpoint_options, verify), NULL, 1},
    {"renew", 0, NULL, "sign the state anew first, for readers with --max-age", SC_OPTION_FLAG,
     offsetof(struct sc_checkpoint_options, renew), NULL, 1},
    {0},
};

static const struct sc_option trust_options[] = {
    {"accept-rollback", 0, "REASON", "accept an older state, another history or verify key",
     SC_OPTION_TEXT, offsetof(struct sc_trust_options, accept_rollback), NULL, 0},
    {"key", 0, "HEX", "the verify key the vault must have", SC_OPTION_TEXT,
     offsetof(struct sc_trust_options, key), NULL, 0},
    {0},
};

static const struct sc_option restore_options[] = {
    {"accept-rollback", 0, "REASON", "accept that newer changes are lost", SC_OPTION_TEXT,
     offsetof(struct sc_trust_options, accept_rollback), NULL, 0},
    {0},
};

static const struct sc_option log_options[] = {
    {"name", 0, "PREFIX", "only this entry or scope", SC_OPTION_TEXT,
     offsetof(struct sc_log_options, name), NULL, 0},
    {"op", 0, "OPERATION", "only this operation (add, rotate, rm, ...)", SC_OPTION_TEXT,
     offsetof(struct sc_log_options, op), NULL, 0},
    {"by", 0, "WHO", "only by this user number, host, number@host, or slot", SC_OPTION_TEXT,
     offsetof(struct sc_log_options, by), NULL, 0},
    {"since", 0, "TIME", "only from then on: 12h, 30d ago, or 2026-01-31", SC_OPTION_TEXT,
     offsetof(struct sc_log_options, since), NULL, 0},
    {"until", 0, "TIME", "only before that", SC_OPTION_TEXT, offsetof(struct sc_log_options, until),
     NULL, 0},
    {"limit", 'n', "N", "at most N lines", SC_OPTION_TEXT, offsetof(struct sc_log_options, limit),
     NULL, 0},
    {0},
};

#define COMPACT(field) offsetof(struct sc_compact_options, field)

static const struct sc_option compact_options[] = {
    {"keep", 0, "N", "delete all but the newest N versions of each entry", SC_OPTION_TEXT,
     COMPACT(keep), NULL, 0},
    {"older-than", 0, "TIME", "of those, delete only what is older than 12h, 30d, ...",
     SC_OPTION_TEXT, COMPACT(older_than), NULL, 0},
    {"storage", 0, "HOW", "portable (for network file systems) or usual: change that, too",
     SC_OPTION_TEXT, COMPACT(storage), "portable|usual", 0},
    {"dry-run", 'n', NULL, "only say what would be deleted", SC_OPTION_FLAG, COMPACT(dry_run), NULL,
     0},
    {"reason", 0, "TEXT", "why, for the log", SC_OPTION_TEXT, COMPACT(reason), NULL, 0},
    {0},
};

static const struct sc_option bundle_options[] = {
    {"scope", 's', "SCOPE", "a scope to take along, without those below it (repeatable)",
     SC_OPTION_LIST, offsetof(struct sc_bundle_options, scopes), NULL, 0},
    {"output", 'o', "FILE", "the file to write (- for standard output)", SC_OPTION_TEXT,
     offsetof(struct sc_bundle_options, output), NULL, 0},
    {"valid", 0, "TIME", "good for 12h, 30d, ... (default: without end)", SC_OPTION_TEXT,
     offsetof(struct sc_bundle_options, valid), NULL, 0},
    {"history", 0, NULL, "with old versions", SC_OPTION_FLAG,
     offsetof(struct sc_bundle_options, history), NULL, 0},
    {0},
};

static const struct sc_option agent_options[] = {
    {"time", 't', "TIME", "hold keys at most this long (default 8h)", SC_OPTION_TEXT,
     offsetof(struct sc_agent_options, time), NULL, 0},
    {"background", 0, NULL, "go to the background once it listens", SC_OPTION_FLAG,
     offsetof(struct sc_agent_options, background), NULL, 0},
    {"allow-unlocked-memory", 0, NULL, "hold keys even where they can be swapped out",
     SC_OPTION_FLAG, offsetof(struct sc_agent_options, allow_unlocked), NULL, 0},
    {0},
};

static const struct sc_option unlock_options[] = {
    {"time", 't', "TIME", "for this long (default: as long as the agent holds keys)",
     SC_OPTION_TEXT, offsetof(struct sc_unlock_options, time), NULL, 0},
    {0},
};

static const struct sc_option lock_options[] = {
    {"all", 0, NULL, "lock every vault the agent holds", SC_OPTION_FLAG,
     offsetof(struct sc_lock_options, all), NULL, 0},
    {0},
};

const struct sc_command sc_vault_commands[] = {
    {
        .name = "init",
        .operands = "",
        .summary = "make a vault",
        .description =
            "Makes an empty vault, opened by a passphrase, by a key file (which is made, mode "
            "0600, when it is missing), by both together, or by an age recipient. At a terminal "
            "an empty passphrase gets a generated one of six words. Without an option the key file "
            "that SECRETSCTL_KEY_FILE names is taken, if it does. There is no way into a vault "
            "whose passphrase and key files are lost.",
        .examples = "secretsctl init\task for a passphrase\n"
                    "secretsctl --key-file /etc/secretsctl.key init\tfor a server",
        .options = init_options,
        .options_size = sizeof(struct sc_slot_options),
        .run = sc_cmd_init,
    },
    {
        .name = "check",
        .operands = "",
        .summary = "verify the whole vault, without a key",
        .description =
            "Verifies the file's structure, the signature of its state, every record, the key "
            "slots, the grants, the log, and that the state is not older than the one seen "
            "before; and the sums of the file's pages, or says that another process kept it from "
            "that. No key is needed, so a backup server can do it. With --decrypt the vault is "
            "unlocked and every record opened too. Exit status 6: damaged or tampered with; 10: "
            "an older copy.",
        .options = check_options,
        .options_size = sizeof(struct sc_check_options),
        .run = sc_cmd_check,
    },
    {
        .name = "checkpoint",
        .operands = "",
        .summary = "print the signed state as one line",
        .description =
            "Prints a line that proves what the vault was now; keep it where the vault is not "
            "(git, a CI variable). With --verify the vault is compared with such a line: exit "
            "status 10 if it is older, or has another history. No key is needed, but for --renew, "
            "which signs the state anew with the present time, so that a vault that nobody changes "
            "is not taken for an old copy.",
        .examples = "secretsctl checkpoint > vault.checkpoint\t\n"
                    "secretsctl checkpoint --verify vault.checkpoint\t",
        .options = checkpoint_options,
        .options_size = sizeof(struct sc_checkpoint_options),
        .run = sc_cmd_checkpoint,
    },
    {
        .name = "trust",
        .operands = "",
        .summary = "remember the vault's present state as the right one",
        .description =
            "Every use of the vault remembers its state and verify key, and refuses an older or "
            "another one. This command remembers the present one: on a new machine, or, with "
            "--accept-rollback, after an older copy was put back on purpose; the reason goes into "
            "the log.",
        .options = trust_options,
        .options_size = sizeof(struct sc_trust_options),
        .run = sc_cmd_trust,
    },
    {
        .name = "backup",
        .operands = "FILE",
        .summary = "copy the vault to a new file and check the copy",
        .description = "Makes one consistent, encrypted file of the vault, also while others write "
                       "to it, and checks it. No key is needed.",
        .min_operands = 1,
        .max_operands = 1,
        .run = sc_cmd_backup,
    },
    {
        .name = "restore",
        .operands = "FILE",
        .summary = "put a backup in the place of the vault",
        .description =
            "Checks a backup and puts it where the vault is, or was. A backup older than "
            "what was seen of the vault needs --accept-rollback and a key.",
        .options = restore_options,
        .options_size = sizeof(struct sc_trust_options),
        .min_operands = 1,
        .max_operands = 1,
        .run = sc_cmd_restore,
    },
    {
        .name = "slot add",
        .operands = "",
        .summary = "add a way to open the vault",
        .description =
            "Adds a key slot: a passphrase, a key file, both together, or an age recipient. The "
            "vault is unlocked with what the environment offers or asks; --key-file here names the "
            "new key file, so the present one goes in front of the command's name or into "
            "SECRETSCTL_KEY_FILE.",
        .examples = "secretsctl slot add --label 'in the safe' --key-file /media/usb/vault.key\t\n"
                    "secretsctl slot add --recipient age1... --label alice\t",
        .options = slot_add_options,
        .options_size = sizeof(struct sc_slot_options),
        .run = sc_cmd_slot_add,
    },
    {
        .name = "slot list",
        .operands = "",
        .summary = "list the ways to open the vault",
        .description = "Lists the key slots; the one in use is marked with a star.",
        .run = sc_cmd_slot_list,
    },
    {
        .name = "slot rm",
        .operands = "ID",
        .summary = "remove a way to open the vault, and change the root key",
        .description =
            "Removes a key slot, named by its label, its recipient or the first digits of its "
            "number, and changes the root key; the other slots stay as they are. With "
            "--new-verify-key the signing key changes too, "
            "and every other machine has to trust the vault anew.",
        .options = rekey_options,
        .options_size = sizeof(struct sc_remove_options),
        .min_operands = 1,
        .max_operands = 1,
        .run = sc_cmd_slot_rm,
    },
    {
        .name = "grant add",
        .operands = "SCOPE RECIPIENT",
        .summary = "let an age recipient read one scope",
        .description =
            "Seals the key of one scope to an age recipient (age1...): a pipeline or a "
            "host then reads that scope with --identity, nothing else, and cannot write.",
        .examples = "secretsctl grant add ci/web age1... --label pipeline\t",
        .options = grant_add_options,
        .options_size = sizeof(struct sc_slot_options),
        .min_operands = 2,
        .max_operands = 2,
        .run = sc_cmd_grant_add,
    },
    {
        .name = "grant list",
        .operands = "[SCOPE]",
        .summary = "list who may read which scope",
        .description = "Lists the grants, of one scope or of all.",
        .max_operands = 1,
        .run = sc_cmd_grant_list,
    },
    {
        .name = "grant rm",
        .operands = "SCOPE ID",
        .summary = "end a grant, re-key the scope, list what to rotate",
        .description =
            "Removes a grant, named by its label, its recipient or the first digits of its "
            "number. "
            "The scope gets a new key and everything in it is sealed anew. The names of "
            "the secrets that were readable go to standard output: rotate them.",
        .options = remove_options,
        .options_size = sizeof(struct sc_remove_options),
        .min_operands = 2,
        .max_operands = 2,
        .run = sc_cmd_grant_rm,
    },
    {
        .name = "rekey",
        .operands = "[SCOPE]",
        .summary = "change the keys and seal everything anew",
        .description =
            "Changes the key of a scope, or of all scopes and the root key. Old copies of "
            "the file still open with the old keys.",
        .options = rekey_options,
        .options_size = sizeof(struct sc_remove_options),
        .max_operands = 1,
        .run = sc_cmd_rekey,
    },
    {
        .name = "compact",
        .operands = "",
        .summary = "delete old versions and give back free space",
        .description =
            "Writes the vault's file anew without free pages. With --keep all but the newest N "
            "versions of each entry are deleted first, with --older-than only those made before "
            "that; the current version always stays, and so does the number of a removed entry. "
            "What was deleted is overwritten in the file and its log; copies made before, and what "
            "a disk or a snapshot keeps, still open with the key of the scope, which 'secretsctl "
            "rekey' changes.",
        .examples = "secretsctl compact --keep 3 --older-than 90d --dry-run\t\n"
                    "secretsctl compact --keep 1 --reason 'handed over'\t",
        .options = compact_options,
        .options_size = sizeof(struct sc_compact_options),
        .run = sc_cmd_compact,
    },
    {
        .name = "bundle",
        .operands = "",
        .summary = "put scopes into a signed file for hosts and pipelines",
        .description =
            "Writes one file with the current values of some scopes, sealed to those who have a "
            "grant on them. Whoever gets the file by any way reads it in the place of a vault, "
            "with --vault FILE and --identity: get, list, export, run, provision, mount. It cannot "
            "be changed, and holds no more than it was made with. With --valid it is refused "
            "after that time, exit status 10; so is a bundle older than one seen before.",
        .examples = "secretsctl bundle --scope ci/web --valid 30d -o web.sctl\t\n"
                    "secretsctl --vault web.sctl --identity host.txt provision\ton the host",
        .options = bundle_options,
        .options_size = sizeof(struct sc_bundle_options),
        .run = sc_cmd_bundle,
    },
    {
        .name = "upgrade",
        .operands = "",
        .summary = "bring an older vault to the newest format",
        .description =
            "A vault that an older version of this program made is opened by nothing else until "
            "this was done. The whole vault is verified, copied to a file beside it that ends in "
            ".bak, changed in one transaction, signed, logged and verified again; should that "
            "fail the old one is put back. There is no way down: older programs refuse the new "
            "format, and the copy counts as an older state.",
        .run = sc_cmd_upgrade,
    },
    {
        .name = "log",
        .operands = "",
        .summary = "list what was changed, by whom and why",
        .description = "Verifies the chain of the audit log and lists it, newest change first. "
                       "Values are not in it.",
        .options = log_options,
        .options_size = sizeof(struct sc_log_options),
        .run = sc_cmd_log,
    },
    {
        .name = "unlock",
        .operands = "",
        .summary = "let the agent open the vault for a while",
        .description =
            "Opens the vault once (passphrase, key file or identity) and hands its key to the "
            "agent, which is started where none is running. Until the time is over, 'secretsctl "
            "lock' is run or the machine was suspended, commands of the same user need no "
            "passphrase.",
        .examples = "secretsctl unlock --time 1h\tfor an hour",
        .options = unlock_options,
        .options_size = sizeof(struct sc_unlock_options),
        .run = sc_cmd_unlock,
    },
    {
        .name = "lock",
        .operands = "",
        .summary = "make the agent forget the vault's key",
        .description = "Makes the agent wipe the key of this vault, or of all vaults it holds.",
        .options = lock_options,
        .options_size = sizeof(struct sc_lock_options),
        .run = sc_cmd_lock,
    },
    {
        .name = "agent",
        .operands = "",
        .summary = "hold unlocked keys in locked memory",
        .description =
            "Serves the keys of unlocked vaults to commands of the same user, at "
            "$XDG_RUNTIME_DIR/secretsctl-agent/agent.sock (root: "
            "/run/secretsctl-agent/agent.sock) or at the socket systemd passes. Keys lie in "
            "memory that is locked, not dumped and not traceable; they are forgotten when their "
            "time is over, at 'secretsctl lock', when the machine was suspended, and when the "
            "agent ends. 'secretsctl unlock' starts one by itself.",
        .examples = "secretsctl agent --background --time 4h\tfor this login",
        .options = agent_options,
        .options_size = sizeof(struct sc_agent_options),
        .run = sc_cmd_agent,
    },
    {0},
};
