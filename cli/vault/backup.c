/* SPDX-License-Identifier: Apache-2.0
 *
 * backup and restore.
 */
#include "cli/vault/vault.h"

#include "cli/output.h"
#include "cli/unlock.h"
#include "core/fsutil.h"

#include "core/banned.h"

int sc_cmd_backup(struct sc_cli *cli, const void *options, int count, char **operands,
                  struct sc_error *err)
{
    (void)options;
    (void)count;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    int rc = sc_cli_open_locked(cli, SC_VAULT_READ, &vault, err);
    if (rc == 0)
        rc = sc_vault_backup(vault, operands[0], err);
    if (rc == 0)
        sc_note(cli, "copied to '%s' and checked", operands[0]);
    return rc;
}

/* The reason goes into the log of the restored vault, which takes a key. */
static int accept(const struct sc_cli *cli, const char *path, const char *reason,
                  struct sc_error *err)
{
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    int rc = sc_vault_open_unpinned(path, SC_VAULT_WRITE, &vault, err);
    if (rc == 0)
        rc = sc_cli_unlock(cli, vault, err);
    if (rc == 0)
        rc = sc_vault_trust(vault, reason, err);
    if (rc < 0)
        return sc_wrap(err, rc, "the backup is in place, but not accepted yet; run this again");
    return 0;
}

/* Whether the backup is sound, and only what was seen of the vault since speaks against it. */
static bool is_other_only(const char *backup)
{
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    return sc_vault_open_unpinned(backup, SC_VAULT_READ, &vault, NULL) == 0;
}

int sc_cmd_restore(struct sc_cli *cli, const void *options, int count, char **operands,
                   struct sc_error *err)
{
    (void)count;
    const struct sc_trust_options *opt = options;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *backup = NULL;
    SC_CLEANUP(sc_str_freep) char *path = sc_cli_vault_path(cli, err);
    SC_CLEANUP(sc_str_freep) char *dir = path != NULL ? sc_path_dirname(path, err) : NULL;
    if (dir == NULL)
        return err->code;
    const char *reason = opt->accept_rollback;
    int rc = sc_reason_check(reason, err);
    if (rc == 0)
        rc = reason != NULL ? sc_vault_open_unpinned(operands[0], SC_VAULT_READ, &backup, err)
                            : sc_vault_open(operands[0], SC_VAULT_READ, &backup, err);
    if (rc == SC_E_ROLLBACK)
        return sc_fail(err, rc,
                       "the backup is older than the vault seen last, so changes would be lost; if "
                       "that is wanted: --accept-rollback REASON");
    if (rc == SC_E_TAMPERED && reason == NULL && is_other_only(operands[0]))
        return sc_fail(err, rc,
                       "the backup does not fit the vault seen last: another verify key, or "
                       "another log. If it is from before the key was changed, and that is wanted: "
                       "--accept-rollback REASON");
    if (rc == 0 &&
        reason != NULL) /* a key that does not open it is found out before anything changes */
        rc = sc_cli_unlock(cli, backup, err);
    if (rc == 0)
        rc = sc_dir_make(dir, 0700, err);
    if (rc == 0)
        rc = sc_vault_restore(backup, path, err);
    if (rc == 0 && reason != NULL)
        rc = accept(cli, path, reason, err);
    if (rc == 0)
        sc_note(cli, "restored '%s' from '%s'", path, operands[0]);
    return rc;
}
