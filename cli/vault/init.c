/* SPDX-License-Identifier: Apache-2.0
 *
 * init: makes the vault.
 */
#include "cli/vault/vault.h"

#include <unistd.h>

#include "cli/output.h"
#include "cli/unlock.h"
#include "core/fsutil.h"
#include "core/parse.h"
#include "vault/upkeep.h"

#include "core/banned.h"

/* What the options say. Without any it is the key file that every other command would offer, if the
 * environment names one: it is not made here, since the variable may hold the key itself.
 * *ret_offered: that file. */
static int gather(const struct sc_cli *cli, const struct sc_slot_options *opt,
                  struct sc_slot_secrets *secrets, const char **ret_offered, struct sc_error *err)
{
    const char *key_file = cli->globals.key_file;
    int rc = sc_cli_read_passphrase(cli, &secrets->passphrase, err);
    if (rc < 0)
        return rc;
    bool told = secrets->passphrase.len > 0 || key_file != NULL || opt->recipient != NULL;
    if (!told && !opt->passphrase)
        *ret_offered = sc_env("SECRETSCTL_KEY_FILE");
    if (*ret_offered != NULL) {
        rc = sc_cli_read_key("SECRETSCTL_KEY_FILE", *ret_offered, &secrets->key_file, err);
        return rc == SC_E_NOTFOUND
                   ? sc_fail(err, rc,
                             "the key file that SECRETSCTL_KEY_FILE names is not there; to have "
                             "it made: --key-file FILE")
                   : rc;
    }
    if (secrets->passphrase.len == 0 && (opt->passphrase || !told))
        rc = sc_slot_ask_passphrase(cli, "--passphrase-file, --passphrase-fd", secrets, err);
    if (rc == 0 && key_file != NULL)
        rc = sc_slot_take_key_file(key_file, secrets, err);
    return rc;
}

static int make_directory(const char *path, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *dir = sc_path_dirname(path, err);
    return dir == NULL ? SC_E_NOMEM : sc_dir_make(dir, 0700, err);
}

int sc_cmd_init(struct sc_cli *cli, const void *options, int count, char **operands,
                struct sc_error *err)
{
    (void)count;
    (void)operands;
    const struct sc_slot_options *opt = options;
    SC_CLEANUP(sc_slot_secrets_done) struct sc_slot_secrets secrets = {0};
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    SC_CLEANUP(sc_str_freep) char *path = sc_cli_vault_path(cli, err);
    if (path == NULL)
        return err->code;
    if (access(path, F_OK) == 0)
        return sc_fail(err, SC_E_EXISTS, "there is a file '%s' already", path);
    struct sc_slot_new slot;
    const char *offered = NULL;
    int rc = gather(cli, opt, &secrets, &offered, err);
    if (rc == 0)
        rc = sc_slot_describe(cli, opt, &secrets, &slot, err);
    if (rc == 0)
        rc = make_directory(path, err);
    if (rc == 0)
        rc = opt->portable ? sc_vault_create_portable(path, &slot, &vault, err)
                           : sc_vault_create(path, &slot, &vault, err);
    if (rc < 0) {
        if (secrets.key_file_made)
            unlink(cli->globals.key_file);
        return rc;
    }
    sc_slot_note_key_file(cli, &secrets, cli->globals.key_file);
    if (offered != NULL)
        sc_note(cli, "made the vault '%s', which the key file '%s' opens", path, offered);
    else
        sc_note(cli, "made the vault '%s'", path);
    return 0;
}
