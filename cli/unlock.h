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

/* Malloc'd path of the vault to use; NULL with err set. */
char *sc_cli_vault_path(const struct sc_cli *cli, struct sc_error *err) SC_NODISCARD;

/* Opens and unlocks. The caller closes. NOTFOUND with "run: secretsctl init" when there is none. */
int sc_cli_open_vault(const struct sc_cli *cli, enum sc_vault_access access, struct sc_vault **ret,
                      struct sc_error *err) SC_NODISCARD;

#endif
