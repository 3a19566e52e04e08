/* SPDX-License-Identifier: Apache-2.0
 *
 * From the global options and the environment to an open, unlocked vault.
 *
 * Path: --vault, else SECRETSCTL_VAULT, else $XDG_DATA_HOME/secretsctl/vault.db (root:
 * /var/lib/secretsctl/vault.db). Keys: explicit option, SECRETSCTL_IDENTITY / SECRETSCTL_KEY_FILE,
 * $CREDENTIALS_DIRECTORY, the running agent, a prompt on the terminal, in this order.
 */
#ifndef SC_CLI_UNLOCK_H
#define SC_CLI_UNLOCK_H

#include "cli/command.h"
#include "vault/vault.h"

/* Bytes of a key file, identity file or passphrase, at most. */
#define SC_CLI_KEY_MAX ((size_t)16 * 1024)

/* Malloc'd path of the vault to use; NULL with err set. */
char *sc_cli_vault_path(const struct sc_cli *cli, struct sc_error *err) SC_NODISCARD;

/* Opens without unlocking: enough for what needs no key (check, backup). NOTFOUND with
 * "run: secretsctl init, or restore BACKUP" when there is none. */
int sc_cli_open_locked(const struct sc_cli *cli, enum sc_vault_access access, struct sc_vault **ret,
                       struct sc_error *err) SC_NODISCARD;

/* Unlocks with what is offered, or asks on the terminal. */
int sc_cli_unlock(const struct sc_cli *cli, struct sc_vault *vault,
                  struct sc_error *err) SC_NODISCARD;

/* Opens and unlocks. The caller closes. */
int sc_cli_open_vault(const struct sc_cli *cli, enum sc_vault_access access, struct sc_vault **ret,
                      struct sc_error *err) SC_NODISCARD;

/* The same without the agent, for what makes a person prove again that the vault is theirs. */
int sc_cli_open_afresh(const struct sc_cli *cli, enum sc_vault_access access, struct sc_vault **ret,
                       struct sc_error *err) SC_NODISCARD;

/* A value as the agent reads it, without opening the vault: where no other key is offered, and the
 * state that it was verified against is the one that this user has pinned. False otherwise, also
 * where the vault has to be opened to say what is wrong. */
bool sc_cli_read_by_agent(const struct sc_cli *cli, const char *name, uint64_t version,
                          struct sc_secret *ret_value, enum sc_entry_kind *ret_kind);

/* The content of the file at `path`, which the option or variable `what` names: a key, or a
 * passphrase. NOTFOUND and the like without the path, since somebody may have given the key itself.
 */
int sc_cli_read_key(const char *what, const char *path, struct sc_secret *ret,
                    struct sc_error *err) SC_NODISCARD;

/* The passphrase of --passphrase-fd or --passphrase-file, one line; *ret stays empty without them.
 */
int sc_cli_read_passphrase(const struct sc_cli *cli, struct sc_secret *ret,
                           struct sc_error *err) SC_NODISCARD;

#endif
