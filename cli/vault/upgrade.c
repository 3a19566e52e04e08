/* SPDX-License-Identifier: Apache-2.0
 *
 * upgrade: from an older format of the file.
 */
#include "cli/vault/vault.h"

#include "cli/output.h"
#include "cli/unlock.h"
#include "core/str.h"
#include "vault/upkeep.h"

#include "core/banned.h"

int sc_cmd_upgrade(struct sc_cli *cli, const void *options, int count, char **operands,
                   struct sc_error *err)
{
    (void)options;
    (void)count;
    (void)operands;
    struct sc_vault_upgraded done;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    SC_CLEANUP(sc_str_freep) char *path = sc_cli_vault_path(cli, err);
    if (path == NULL)
        return err->code;
    int rc = sc_vault_open_old(path, SC_VAULT_WRITE, &vault, err);
    if (rc == 0)
        rc = sc_cli_unlock(cli, vault, err);
    if (rc == 0)
        rc = sc_vault_upgrade(vault, &done, err);
    if (rc < 0)
        return rc;
    if (done.copy == NULL)
        sc_note(cli, "the vault has format %u, the newest this program knows", (unsigned)done.to);
    else
        sc_note(cli, "brought from format %u to %u; the old one is '%s'", (unsigned)done.from,
                (unsigned)done.to, done.copy);
    sc_str_freep(&done.copy);
    return 0;
}
