/* SPDX-License-Identifier: Apache-2.0
 *
 * compact: old versions and free space.
 */
#include "cli/vault/vault.h"

#include <time.h>

#include "cli/output.h"
#include "cli/unlock.h"
#include "core/json.h"
#include "core/parse.h"
#include "vault/upkeep.h"

#include "core/banned.h"

#define DOCUMENT_MAX ((size_t)4096)
#define KEEP_MAX     1000000

static int prepare(const struct sc_compact_options *opt, struct sc_vault_compact *how,
                   struct sc_error *err)
{
    uint64_t seconds = 0;
    *how = (struct sc_vault_compact){.dry_run = opt->dry_run, .reason = opt->reason};
    if (opt->storage != NULL)
        how->storage = sc_str_equal(opt->storage, "portable") ? SC_VAULT_STORAGE_PORTABLE
                                                              : SC_VAULT_STORAGE_USUAL;
    int rc = 0;
    if (opt->keep != NULL)
        rc = sc_parse_u64(opt->keep, KEEP_MAX, "--keep", &how->keep, err);
    if (rc == 0 && opt->keep != NULL && how->keep == 0)
        rc = sc_fail(err, SC_E_USAGE, "--keep is 1 or more: the current version always stays");
    if (rc < 0 || opt->older_than == NULL)
        return rc;
    rc = sc_parse_duration(opt->older_than, "--older-than", &seconds, err);
    if (rc == 0)
        how->made_before = SC_MAX(time(NULL) - (int64_t)SC_MIN(seconds, (uint64_t)1 << 40), 1);
    return rc;
}

static int print_json(const struct sc_vault_compacted *done, bool dry_run, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(DOCUMENT_MAX);
    struct sc_json json;
    sc_json_init(&json, &out);
    sc_json_object_begin(&json);
    sc_json_pair_bool(&json, "dry_run", dry_run);
    sc_json_pair_int(&json, "versions", (int64_t)done->versions);
    sc_json_pair_int(&json, "entries", (int64_t)done->entries);
    sc_json_pair_int(&json, "bytes_before", (int64_t)done->bytes_before);
    sc_json_pair_int(&json, "bytes_after", (int64_t)done->bytes_after);
    sc_json_object_end(&json);
    return sc_out_json(&out, err);
}

int sc_cmd_compact(struct sc_cli *cli, const void *options, int count, char **operands,
                   struct sc_error *err)
{
    (void)count;
    (void)operands;
    const struct sc_compact_options *opt = options;
    struct sc_vault_compact how;
    struct sc_vault_compacted done;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    int rc = prepare(opt, &how, err);
    if (rc == 0)
        rc = sc_cli_open_vault(cli, SC_VAULT_WRITE, &vault, err);
    if (rc == 0)
        rc = sc_vault_compact(vault, &how, &done, err);
    if (rc < 0)
        return rc;
    if (cli->globals.json)
        return print_json(&done, opt->dry_run, err);
    const char *versions = done.versions == 1 ? "" : "s";
    const char *entries = done.entries == 1 ? "y" : "ies";
    if (opt->dry_run)
        sc_note(cli, "would delete %llu old version%s of %llu entr%s",
                (unsigned long long)done.versions, versions, (unsigned long long)done.entries,
                entries);
    else
        sc_note(cli, "deleted %llu old version%s of %llu entr%s; the file has %llu bytes, had %llu",
                (unsigned long long)done.versions, versions, (unsigned long long)done.entries,
                entries, (unsigned long long)done.bytes_after,
                (unsigned long long)done.bytes_before);
    return 0;
}
