/* SPDX-License-Identifier: Apache-2.0
 *
 * bundle: some scopes in a file for readers who have no vault.
 */
#include "cli/vault/vault.h"

#include <time.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/unlock.h"
#include "core/fd.h"
#include "core/fsutil.h"
#include "core/parse.h"
#include "vault/upkeep.h"

#include "core/banned.h"

#define BUNDLE_MAX ((size_t)257 * 1024 * 1024)

static int prepare(const struct sc_bundle_options *opt, struct sc_vault_bundle *how,
                   struct sc_error *err)
{
    uint64_t seconds = 0;
    *how = (struct sc_vault_bundle){.scopes = &opt->scopes, .history = opt->history};
    if (opt->scopes.count == 0)
        return sc_fail(err, SC_E_USAGE, "name the scope: --scope SCOPE");
    if (opt->output == NULL)
        return sc_fail(err, SC_E_USAGE, "name the file to write: --output FILE");
    if (opt->valid == NULL)
        return 0;
    int rc = sc_parse_duration(opt->valid, "--valid", &seconds, err);
    if (rc == 0 && seconds == 0)
        rc = sc_fail(err, SC_E_USAGE, "--valid is a time from now, like 30d");
    if (rc == 0)
        how->until = time(NULL) + (int64_t)SC_MIN(seconds, (uint64_t)1 << 40);
    return rc;
}

/* What it holds is sealed: who may read the file is of no matter. Replaced as a whole, since a host
 * may read it at any time. */
static int write_out(const char *path, const struct sc_buf *bundle, struct sc_error *err)
{
    if (sc_str_equal(path, "-")) {
        int rc = sc_out_flush(err);
        return rc < 0 ? rc : sc_fd_write_all(STDOUT_FILENO, bundle->data, bundle->len, err);
    }
    const struct sc_file_attr attr = {.mode = 0644};
    return sc_file_replace(path, sc_buf_view(bundle), &attr, err);
}

int sc_cmd_bundle(struct sc_cli *cli, const void *options, int count, char **operands,
                  struct sc_error *err)
{
    (void)count;
    (void)operands;
    const struct sc_bundle_options *opt = options;
    struct sc_vault_bundle how;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    SC_CLEANUP(sc_buf_done) struct sc_buf bundle = SC_BUF_INIT(BUNDLE_MAX);
    int rc = prepare(opt, &how, err);
    if (rc == 0)
        rc = sc_cli_open_vault(cli, SC_VAULT_READ, &vault, err);
    if (rc == 0)
        rc = sc_vault_bundle(vault, &how, &bundle, err);
    if (rc == 0)
        rc = write_out(opt->output, &bundle, err);
    if (rc == 0)
        sc_note(cli, "wrote %zu bytes to '%s'", bundle.len, opt->output);
    return rc;
}
