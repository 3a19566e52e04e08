/* SPDX-License-Identifier: Apache-2.0
 *
 * rm, mv and rollback.
 */
#include "cli/entry/entry.h"

#include "cli/output.h"
#include "cli/unlock.h"

#include "core/banned.h"

/* All or none: several names are one commit. */
int sc_cmd_rm(struct sc_cli *cli, const void *options, int count, char **operands,
              struct sc_error *err)
{
    const struct sc_reason_options *opt = options;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    int rc = 0;
    for (int i = 0; i < count && rc == 0; i++)
        rc = sc_name_check(operands[i], 2, err);
    if (rc == 0)
        rc = sc_cli_open_vault(cli, SC_VAULT_WRITE, &vault, err);
    if (rc == 0)
        rc = sc_vault_begin(vault, err);
    for (int i = 0; i < count && rc == 0; i++)
        rc = sc_vault_remove(vault, operands[i], opt->reason, err);
    if (rc == 0)
        rc = sc_vault_commit(vault, err);
    for (int i = 0; i < count && rc == 0; i++)
        sc_note(cli, "removed '%s'; its history stays: secretsctl history %s", operands[i],
                operands[i]);
    return rc;
}

int sc_cmd_mv(struct sc_cli *cli, const void *options, int count, char **operands,
              struct sc_error *err)
{
    (void)count;
    const struct sc_reason_options *opt = options;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    int rc = sc_name_check(operands[0], 2, err);
    if (rc == 0)
        rc = sc_name_check(operands[1], 2, err);
    if (rc == 0)
        rc = sc_cli_open_vault(cli, SC_VAULT_WRITE, &vault, err);
    if (rc == 0)
        rc = sc_vault_move(vault, operands[0], operands[1], opt->reason, err);
    if (rc == 0)
        sc_note(cli, "moved '%s' to '%s'", operands[0], operands[1]);
    return rc;
}

/* The newest version before the present one that has a value. */
struct previous {
    uint64_t found;
    uint64_t last;
};

static int note_version(const struct sc_entry_info *info, void *ctx, struct sc_error *err)
{
    (void)err;
    struct previous *previous = ctx;
    if (previous->last != 0)
        previous->found = previous->last;
    previous->last = info->removed ? 0 : info->version;
    return 0;
}

int sc_cmd_rollback(struct sc_cli *cli, const void *options, int count, char **operands,
                    struct sc_error *err)
{
    (void)count;
    const struct sc_rollback_options *opt = options;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    uint64_t version = 0;
    int rc = sc_name_check(operands[0], 2, err);
    if (rc == 0 && opt->to != NULL)
        rc = sc_entry_version_parse(opt->to, "--to", &version, err);
    if (rc == 0)
        rc = sc_cli_open_vault(cli, SC_VAULT_WRITE, &vault, err);
    if (rc == 0 && version == 0) {
        struct previous previous = {0};
        rc = sc_vault_history(vault, operands[0], note_version, &previous, err);
        version = previous.found;
        if (rc == 0 && version == 0)
            rc = sc_fail(err, SC_E_NOTFOUND, "'%s' has no earlier version", operands[0]);
    }
    if (rc == 0)
        rc = sc_vault_revert(vault, operands[0], version, opt->reason, err);
    if (rc == 0)
        sc_note(cli, "'%s' has the value of version %llu again", operands[0],
                (unsigned long long)version);
    return rc;
}
