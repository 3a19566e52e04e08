/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands on the vault as a whole: handlers and their options.
 */
#ifndef SC_CLI_VAULT_VAULT_H
#define SC_CLI_VAULT_VAULT_H

#include "cli/command.h"
#include "vault/vault.h"

/* A new way to open the vault: init and slot add. */
struct sc_slot_options {
    bool passphrase;
    const char *key_file; /* of slot add; init takes the global option */
    const char *new_passphrase_file;
    const char *recipient;
    const char *label;
    const char *reason; /* not of init */
    const char *kdf;
    bool portable; /* init */
};

struct sc_check_options {
    bool decrypt;
};

struct sc_checkpoint_options {
    const char *verify;
    bool renew;
};

struct sc_trust_options { /* and restore */
    const char *accept_rollback;
    const char *key;
};

struct sc_log_options {
    const char *name;
    const char *op;
    const char *by;
    const char *since;
    const char *until;
    const char *limit;
};

/* Hexadecimal digits of a slot's number that are shown and enough to name it. */
#define SC_SLOT_ID_SHOWN 8

struct sc_bundle_options {
    struct sc_strv scopes;
    const char *output;
    const char *valid;
    bool history;
};

struct sc_compact_options {
    const char *keep;
    const char *older_than;
    const char *storage;
    bool dry_run;
    const char *reason;
};

struct sc_remove_options { /* slot rm, grant rm, rekey */
    bool new_verify_key;
    const char *reason;
};

int sc_cmd_slot_list(struct sc_cli *cli, const void *options, int count, char **operands,
                     struct sc_error *err) SC_NODISCARD;
int sc_cmd_slot_add(struct sc_cli *cli, const void *options, int count, char **operands,
                    struct sc_error *err) SC_NODISCARD;
int sc_cmd_slot_rm(struct sc_cli *cli, const void *options, int count, char **operands,
                   struct sc_error *err) SC_NODISCARD;
int sc_cmd_grant_list(struct sc_cli *cli, const void *options, int count, char **operands,
                      struct sc_error *err) SC_NODISCARD;
int sc_cmd_grant_add(struct sc_cli *cli, const void *options, int count, char **operands,
                     struct sc_error *err) SC_NODISCARD;
int sc_cmd_grant_rm(struct sc_cli *cli, const void *options, int count, char **operands,
                    struct sc_error *err) SC_NODISCARD;
int sc_cmd_rekey(struct sc_cli *cli, const void *options, int count, char **operands,
                 struct sc_error *err) SC_NODISCARD;
int sc_cmd_check(struct sc_cli *cli, const void *options, int count, char **operands,
                 struct sc_error *err) SC_NODISCARD;
int sc_cmd_checkpoint(struct sc_cli *cli, const void *options, int count, char **operands,
                      struct sc_error *err) SC_NODISCARD;
int sc_cmd_trust(struct sc_cli *cli, const void *options, int count, char **operands,
                 struct sc_error *err) SC_NODISCARD;
int sc_cmd_backup(struct sc_cli *cli, const void *options, int count, char **operands,
                  struct sc_error *err) SC_NODISCARD;
int sc_cmd_restore(struct sc_cli *cli, const void *options, int count, char **operands,
                   struct sc_error *err) SC_NODISCARD;
int sc_cmd_log(struct sc_cli *cli, const void *options, int count, char **operands,
               struct sc_error *err) SC_NODISCARD;
int sc_cmd_upgrade(struct sc_cli *cli, const void *options, int count, char **operands,
                   struct sc_error *err) SC_NODISCARD;
int sc_cmd_bundle(struct sc_cli *cli, const void *options, int count, char **operands,
                  struct sc_error *err) SC_NODISCARD;
int sc_cmd_compact(struct sc_cli *cli, const void *options, int count, char **operands,
                   struct sc_error *err) SC_NODISCARD;
int sc_cmd_init(struct sc_cli *cli, const void *options, int count, char **operands,
                struct sc_error *err) SC_NODISCARD;

/* ---- shared by init and slot add (cli/vault/slot_new.c) ---- */

/* Secrets that a struct sc_slot_new points to. */
struct sc_slot_secrets {
    struct sc_secret passphrase, key_file;
    bool key_file_made; /* a new key file was written */
};
void sc_slot_secrets_done(struct sc_slot_secrets *secrets);

/* Reads the key file, or makes one (0600) where there is none. */
int sc_slot_take_key_file(const char *path, struct sc_slot_secrets *secrets,
                          struct sc_error *err) SC_NODISCARD;
/* Tells of a key file that was made. */
void sc_slot_note_key_file(const struct sc_cli *cli, const struct sc_slot_secrets *secrets,
                           const char *path);
/* Asks for a new passphrase; an empty answer gets a generated one, shown once. `instead`: the
 * options that give one where nobody can be asked. */
int sc_slot_ask_passphrase(const struct sc_cli *cli, const char *instead,
                           struct sc_slot_secrets *secrets, struct sc_error *err) SC_NODISCARD;
/* Fills `ret` from the options and the secrets. */
int sc_slot_describe(const struct sc_cli *cli, const struct sc_slot_options *options,
                     const struct sc_slot_secrets *secrets, struct sc_slot_new *ret,
                     struct sc_error *err) SC_NODISCARD;

/* USAGE where a reason is asked for and empty; NULL is none asked for. */
int sc_reason_check(const char *reason, struct sc_error *err) SC_NODISCARD;

#endif
