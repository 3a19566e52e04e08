/* SPDX-License-Identifier: Apache-2.0
 *
 * render: a config file made of entries.
 */
#include "core/text/render.h"

#include <string.h>
#include <unistd.h>

#include "cli/provision/files.h"
#include "cli/unlock.h"
#include "core/fsutil.h"
#include "core/parse.h"

#include "core/banned.h"

static int fetch(const char *name, enum sc_template_kind kind, void *ctx, struct sc_secret *ret,
                 struct sc_error *err)
{
    struct sc_vault *vault = ctx;
    struct sc_source source = sc_vault_source(vault);
    struct sc_source_entry entry;
    int rc = source.ops->stat(source.ctx, name, &entry, err);
    if (rc == 0 && kind == SC_TEMPLATE_CONFIG && entry.kind == SC_ENTRY_SECRET)
        rc = sc_fail(err, SC_E_FAILED, "'%s' is a secret; write {{secret:...}}", name);
    return rc < 0 ? rc : source.ops->open(source.ctx, name, 0, ret, err);
}

static int read_template(const char *path, struct sc_secret *ret, struct sc_error *err)
{
    if (strcmp(path, "-") != 0)
        return sc_file_read_secret(path, SC_RENDER_MAX, false, ret, err);
    int rc = sc_secret_read_fd(ret, STDIN_FILENO, SC_RENDER_MAX, err);
    return rc < 0 ? sc_wrap(err, rc, "standard input") : 0;
}

static int deliver(const struct sc_render_options *opt, const struct sc_secret *result,
                   struct sc_error *err)
{
    if (opt->output != NULL) {
        uint32_t mode = 0600;
        int rc = opt->mode != NULL ? sc_parse_mode(opt->mode, "--mode", &mode, err) : 0;
        const struct sc_file_attr attr = {.mode = (mode_t)mode};
        return rc < 0 ? rc : sc_file_replace(opt->output, sc_secret_view(result), &attr, err);
    }
    if (isatty(STDOUT_FILENO) && !opt->reveal)
        return sc_fail(err, SC_E_USAGE,
                       "the result holds secrets; give --reveal to print it on the terminal, or "
                       "--output FILE");
    return sc_secret_write_fd(result, STDOUT_FILENO, err);
}

int sc_cmd_render(struct sc_cli *cli, const void *options, int count, char **operands,
                  struct sc_error *err)
{
    (void)count;
    const struct sc_render_options *opt = options;
    const char *path = operands[0];
    SC_CLEANUP(sc_secret_done) struct sc_secret template = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret result = {0};
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    int rc = opt->scope != NULL ? sc_name_check(opt->scope, 1, err) : 0;
    if (rc == 0)
        rc = read_template(path, &template, err);
    if (rc == 0)
        rc = sc_cli_open_vault(cli, SC_VAULT_READ, &vault, err);
    if (rc < 0)
        return rc;
    rc = sc_render(sc_secret_view(&template), opt->scope, fetch, vault, &result, err);
    if (rc < 0)
        return sc_wrap(err, rc, "template '%s'", path);
    return deliver(opt, &result, err);
}
