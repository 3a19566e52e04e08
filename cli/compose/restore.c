/* SPDX-License-Identifier: Apache-2.0
 *
 * compose restore: the files as they were before the last rewrite.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/compose/original.h"
#include "cli/compose/rewrite.h"
#include "cli/output.h"
#include "cli/unlock.h"
#include "core/fsutil.h"
#include "core/replace.h"

#include "core/banned.h"

struct restore {
    const struct sc_rewrite_input *input;
    const struct sc_restore_options *options;
    struct sc_vault *vault;
    struct sc_original *originals;
    struct sc_replace_file *files;
    size_t count;
    struct sc_strv names;
    int64_t since; /* when the last rewrite was */
};

static int match_entry(const struct sc_entry_info *info, void *ctx, struct sc_error *err)
{
    struct restore *r = ctx;
    r->since = SC_MAX(r->since, info->created);
    return sc_strv_add(&r->names, info->name, err);
}

static int find_rotated(const struct sc_entry_info *info, void *ctx, struct sc_error *err)
{
    struct restore *r = ctx;
    bool rotated = info->kind == SC_ENTRY_SECRET && info->version > 1 && info->created > r->since;
    return rotated ? sc_strv_add(&r->names, info->name, err) : 0;
}

/* The originals hold what was moved then; the server may want what came after. */
static int tell_rotated(const struct sc_cli *cli, struct restore *r, struct sc_error *err)
{
    sc_strv_done(&r->names);
    int rc = sc_vault_list(r->vault, r->input->scope, find_rotated, r, err);
    for (size_t i = 0; i < r->names.count && rc == 0; i++)
        sc_note(cli, "'%s' was changed after the rewrite: the files have its value of before",
                r->names.items[i]);
    return rc;
}

/* Plans to put one original back, checked against what stands there now. */
static int take(struct restore *r, struct sc_original *original, struct sc_error *err)
{
    unsigned char hash[SC_HASH_SIZE];
    SC_CLEANUP(sc_buf_done) struct sc_buf now = SC_BUF_INIT(SC_YAML_SIZE_MAX);
    int rc = sc_file_read(original->path, &now, err);
    if (rc < 0)
        return rc;
    sc_hash_sha256(hash, now.data, now.len);
    bool same = now.len == original->content.len &&
                (now.len == 0 || memcmp(now.data, original->content.ptr, now.len) == 0);
    if (now.data != NULL)
        sc_wipe(now.data, now.len);
    if (same)
        return 0;
    if (!r->options->force && memcmp(hash, original->after, sizeof(hash)) != 0)
        return sc_fail(err, SC_E_FAILED,
                       "'%s' was changed since the rewrite; use --force to lose these changes",
                       original->path);
    if (r->count == SC_REPLACE_FILES_MAX)
        return sc_fail(err, SC_E_TOOBIG, "more than %d files to restore; name some with -f",
                       SC_REPLACE_FILES_MAX);
    struct sc_replace_file *file = &r->files[r->count];
    file->path = original->path;
    memcpy(file->before, hash, sizeof(hash));
    r->originals[r->count] = *original;
    *original = (struct sc_original){0};
    file->content = r->originals[r->count++].content;
    return 0;
}

static int find_originals(struct restore *r, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep)
    char *prefix = sc_str_printf(err, SC_REWRITE_ORIGINALS "/%s", r->input->scope);
    if (prefix == NULL)
        return SC_E_NOMEM;
    int rc = sc_vault_list(r->vault, prefix, match_entry, r, err);
    size_t found = 0;
    for (size_t i = 0; i < r->names.count && rc == 0; i++) {
        struct sc_original original = {0};
        rc = sc_original_get(r->vault, r->names.items[i], &original, err);
        if (rc == 0 && sc_rewrite_input_holds(r->input, original.path)) {
            found++;
            rc = take(r, &original, err);
        }
        sc_original_done(&original);
    }
    if (rc == 0 && found == 0)
        rc = sc_fail(
            err, SC_E_NOTFOUND,
            "the vault has no original of '%s' in scope '%s'; --scope names that of the rewrite",
            r->input->files[0].display, r->input->scope);
    return rc;
}

int sc_run_compose_restore(struct sc_cli *cli, const void *options, int count, char **operands,
                           struct sc_error *err)
{
    const struct sc_restore_options *o = options;
    (void)count;
    (void)operands;
    SC_CLEANUP(sc_rewrite_input_done) struct sc_rewrite_input input = {0};
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    int rc = sc_rewrite_input_read(&o->files, o->scope, &input, err);
    if (rc == 0)
        rc = sc_cli_open_vault(cli, SC_VAULT_READ, &vault, err);
    if (rc < 0)
        return rc;
    struct restore r = {
        .input = &input,
        .options = o,
        .vault = vault,
        .originals = calloc(SC_REPLACE_FILES_MAX, sizeof(struct sc_original)),
        .files = calloc(SC_REPLACE_FILES_MAX, sizeof(struct sc_replace_file)),
    };
    rc = r.originals == NULL || r.files == NULL ? sc_fail_nomem(err) : find_originals(&r, err);
    if (rc == 0 && r.count > 0)
        rc = sc_replace_all(r.files, r.count, NULL, NULL, err);
    for (size_t i = 0; i < r.count && rc == 0; i++)
        sc_note(cli, "restored '%s'", r.files[i].path);
    if (rc == 0 && r.count == 0)
        sc_note(cli, "nothing to restore");
    else if (rc == 0)
        rc = tell_rotated(cli, &r, err);
    sc_strv_done(&r.names);
    for (size_t i = 0; i < r.count; i++)
        sc_original_done(&r.originals[i]);
    free(r.originals);
    free(r.files);
    return rc;
}
