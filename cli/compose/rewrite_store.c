/* SPDX-License-Identifier: Apache-2.0
 *
 * Carries a plan out: values and originals into the vault, in one commit, then the files.
 *
 * Order: the new files are staged; the vault commits; the files are put in place under a journal. A
 * crash before the journal leaves the files as they were (the vault may then know values that are
 * still in the files: harmless, and the next run finds them equal).
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/compose/original.h"
#include "cli/compose/rewrite.h"
#include "cli/unlock.h"
#include "core/fsutil.h"
#include "core/replace.h"
#include "core/str.h"
#include "vault/vault.h"

#include "core/banned.h"

#define REASON "compose rewrite"

struct store {
    struct sc_vault *vault;
    const struct sc_plan *plan;
};

/* Puts one value, unless the same one is there. Another one there was set by somebody: it stays. */
static int put_secret(struct store *s, const struct sc_plan_secret *secret, struct sc_error *err)
{
    char name[SC_NAME_SIZE];
    SC_CLEANUP(sc_secret_done) struct sc_secret present = {0};
    int rc = sc_name_join(name, s->plan->scope, secret->name, err);
    if (rc < 0)
        return rc;
    struct sc_error none = {0};
    rc = sc_vault_get(s->vault, name, 0, &present, NULL, &none);
    if (rc == 0 && sc_secret_equal(&present, &secret->value))
        return 0;
    if (rc == 0)
        return sc_fail(
            err, SC_E_EXISTS,
            "'%s' has another value in the vault than in the files: bring the old one of the two "
            "up to date ('secretsctl rotate', or the file), or give another --scope",
            name);
    if (rc != SC_E_NOTFOUND) {
        *err = none;
        return rc;
    }
    struct sc_entry_put put = {
        .name = name,
        .kind = secret->is_template ? SC_ENTRY_TEMPLATE : SC_ENTRY_SECRET,
        .value = &secret->value,
        .reason = REASON,
        .set_owner = secret->set_owner,
        .uid = secret->uid,
        .gid = secret->gid,
        .mode = secret->mode,
        .must_be_new = true,
    };
    return sc_vault_put(s->vault, &put, err);
}

static int put_all(struct store *s, struct sc_error *err)
{
    const struct sc_plan *plan = s->plan;
    int rc = 0;
    for (size_t i = 0; i < plan->secret_count && rc == 0; i++)
        rc = put_secret(s, &plan->secrets[i], err);
    for (size_t i = 0; i < plan->file_count && rc == 0; i++) {
        const struct sc_plan_file *file = &plan->files[i];
        if (file->changed)
            rc = sc_original_put(s->vault, plan->scope, file->path, file->before,
                                 sc_buf_view(&file->after), err);
    }
    return rc;
}

static int commit(void *ctx, struct sc_error *err)
{
    struct store *s = ctx;
    int rc = sc_vault_begin(s->vault, err);
    if (rc < 0)
        return rc;
    rc = put_all(s, err);
    if (rc < 0) {
        sc_vault_rollback(s->vault);
        return rc;
    }
    return sc_vault_commit(s->vault, err);
}

static int check_file(const struct sc_plan_file *file, struct sc_error *err)
{
    struct stat st;
    int rc = sc_original_check(file->path, file->before.len, err);
    if (rc < 0)
        return rc;
    SC_CLEANUP(sc_str_freep) char *folder = sc_path_dirname(file->path, err);
    if (folder == NULL)
        return SC_E_NOMEM;
    if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) < 0)
        return sc_fail_errno(err, "cannot put a new file into '%s'", folder);
    if (stat(file->path, &st) < 0)
        return sc_fail_errno(err, "cannot look at '%s'", file->path);
    if (geteuid() != 0 && st.st_uid != geteuid())
        return sc_fail(
            err, SC_E_PERM,
            "'%s' belongs to another user, and would not any more; run this as that user",
            file->path);
    return 0;
}

int sc_rewrite_check(const struct sc_plan *plan, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < plan->file_count && rc == 0; i++) {
        if (plan->files[i].changed)
            rc = check_file(&plan->files[i], err);
    }
    return rc;
}

int sc_rewrite_store(struct sc_cli *cli, const struct sc_plan *plan, struct sc_error *err)
{
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    struct sc_replace_file *files = calloc(plan->file_count, sizeof(*files));
    size_t count = 0;
    if (files == NULL)
        return sc_fail_nomem(err);
    for (size_t i = 0; i < plan->file_count; i++) {
        const struct sc_plan_file *file = &plan->files[i];
        if (!file->changed)
            continue;
        struct sc_bytes before = file->before;
        files[count].path = file->path;
        files[count].content = sc_buf_view(&file->after);
        sc_hash_sha256(files[count++].before, before.ptr, before.len);
    }
    int rc = sc_cli_open_vault(cli, SC_VAULT_WRITE, &vault, err);
    struct store store = {.vault = vault, .plan = plan};
    if (rc == 0)
        rc = sc_replace_all(files, count, commit, &store, err);
    free(files);
    return rc;
}
