/* SPDX-License-Identifier: Apache-2.0
 *
 * check, checkpoint and trust: whether the vault is what it was.
 */
#include "cli/vault/vault.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/unlock.h"
#include "core/fsutil.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/parse.h"
#include "vault/upkeep.h"

#include "core/banned.h"

#define DOCUMENT_MAX   ((size_t)64 * 1024)
#define CHECKPOINT_MAX ((size_t)8192)

static void show_progress(uint64_t done, uint64_t total, void *ctx)
{
    (void)ctx;
    fprintf(stderr, "\rchecking %llu of %llu records%s", (unsigned long long)done,
            (unsigned long long)total, done == total ? "\n" : "");
    fflush(stderr);
}

static const char *pages_text(const struct sc_vault_status *status)
{
    if (status->pages == SC_PAGES_INTACT)
        return "intact";
    return status->pages == SC_PAGES_NOT_CHECKED ? "not checked" : "without sums";
}

/* A key of some scopes opens their records only. */
static void print_result(const struct sc_vault_status *status, bool deep)
{
    if (!deep)
        sc_out("result\tintact\n");
    else if (status->opened == status->scopes)
        sc_out("result\tintact, and every record opens\n");
    else
        sc_out("result\tintact, and every record opens in %llu of %llu scopes, which is what this "
               "key is for\n",
               (unsigned long long)status->opened, (unsigned long long)status->scopes);
}

static void write_json(const struct sc_vault_status *status, bool deep, struct sc_buf *out)
{
    char text[65];
    struct sc_json json;
    sc_json_init(&json, out);
    sc_json_object_begin(&json);
    sc_json_pair_bool(&json, "ok", true);
    sc_json_pair_bool(&json, "decrypted", deep && status->opened == status->scopes);
    sc_json_pair_int(&json, "scopes_opened", deep ? (int64_t)status->opened : 0);
    sc_json_pair_string(&json, "pages", status->bundle ? NULL : pages_text(status));
    sc_hex(text, status->vault_id, sizeof(status->vault_id));
    sc_json_pair_string(&json, "vault", text);
    sc_hex(text, status->verify_key, sizeof(status->verify_key));
    sc_json_pair_string(&json, "verify_key", text);
    sc_json_pair_int(&json, "state", (int64_t)status->seq);
    sc_json_pair_int(&json, "pinned", (int64_t)status->pinned_seq);
    sc_json_pair_int(&json, "scopes", (int64_t)status->scopes);
    sc_json_pair_int(&json, "records", (int64_t)status->rows);
    sc_json_pair_int(&json, "slots", (int64_t)status->slots);
    sc_json_pair_int(&json, "grants", (int64_t)status->grants);
    sc_json_object_end(&json);
}

static int print_status(const struct sc_cli *cli, const struct sc_vault_status *status, bool deep,
                        struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(DOCUMENT_MAX);
    if (cli->globals.json) {
        write_json(status, deep, &out);
        return sc_out_json(&out, err);
    }
    char key[65], when[SC_TIME_TEXT_SIZE];
    sc_hex(key, status->verify_key, sizeof(status->verify_key));
    sc_time_text(when, status->time);
    sc_out("state\t%llu of %s\n", (unsigned long long)status->seq, when);
    sc_out("records\t%llu in %llu scope%s\n", (unsigned long long)status->rows,
           (unsigned long long)status->scopes, status->scopes == 1 ? "" : "s");
    sc_out("slots\t%llu\ngrants\t%llu\n", (unsigned long long)status->slots,
           (unsigned long long)status->grants);
    sc_out("verify key\t%s\n", key);
    if (status->bundle) {
        sc_time_text(when, status->current);
        sc_out("bundle\tmade at %s", when);
        sc_time_text(when, status->until);
        sc_out(status->until != 0 ? ", good until %s\n" : "\n", when);
    }
    if (status->pinned_seq > 0)
        sc_out("seen before\tstate %llu\n", (unsigned long long)status->pinned_seq);
    else
        sc_out(
            "seen before\tnever: only a key or SECRETSCTL_VAULT_KEY proves whose vault this is\n");
    if (!status->bundle)
        sc_out(
            "pages\t%s%s\n", pages_text(status),
            status->pages == SC_PAGES_NOT_CHECKED
                ? ": changes wait beside the file, as another process uses it or the disk is full"
                : "");
    print_result(status, deep);
    return 0;
}

int sc_cmd_check(struct sc_cli *cli, const void *options, int count, char **operands,
                 struct sc_error *err)
{
    (void)count;
    (void)operands;
    const struct sc_check_options *opt = options;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    struct sc_vault_status status;
    int rc = opt->decrypt ? sc_cli_open_vault(cli, SC_VAULT_READ, &vault, err)
                          : sc_cli_open_locked(cli, SC_VAULT_READ, &vault, err);
    bool progress = isatty(STDERR_FILENO) == 1 && !cli->globals.quiet;
    if (rc == 0)
        rc = sc_vault_check(vault, progress ? show_progress : NULL, NULL, err);
    if (rc == 0)
        rc = sc_vault_status(vault, &status, err);
    return rc < 0 ? rc : print_status(cli, &status, opt->decrypt, err);
}

/* The vault's own, or one that the vault was compared with and follows. */
static int checkpoint_json(const char *line, bool verified, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(2 * CHECKPOINT_MAX);
    struct sc_json json;
    sc_json_init(&json, &out);
    sc_json_object_begin(&json);
    sc_json_pair_string(&json, "checkpoint", line);
    if (verified)
        sc_json_pair_bool(&json, "verified", true);
    sc_json_object_end(&json);
    return sc_out_json(&out, err);
}

int sc_cmd_checkpoint(struct sc_cli *cli, const void *options, int count, char **operands,
                      struct sc_error *err)
{
    (void)count;
    (void)operands;
    const struct sc_checkpoint_options *opt = options;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    SC_CLEANUP(sc_buf_done) struct sc_buf line = SC_BUF_INIT(CHECKPOINT_MAX);
    int rc = opt->renew ? sc_cli_open_vault(cli, SC_VAULT_WRITE, &vault, err)
                        : sc_cli_open_locked(cli, SC_VAULT_READ, &vault, err);
    if (rc == 0 && opt->renew)
        rc = sc_vault_renew(vault, err);
    if (rc < 0)
        return rc;
    if (opt->verify == NULL) {
        rc = sc_vault_checkpoint(vault, &line, err);
        if (rc == 0 && cli->globals.json)
            return checkpoint_json(sc_buf_text(&line), false, err);
        if (rc == 0)
            sc_out("%s\n", sc_buf_text(&line));
        return rc;
    }
    rc = sc_file_read(opt->verify, &line, err);
    if (rc < 0)
        return rc;
    SC_CLEANUP(sc_str_freep)
    char *text = sc_str_ndup(sc_buf_text(&line), strcspn(sc_buf_text(&line), "\r\n"), err);
    if (text == NULL)
        return SC_E_NOMEM;
    rc = sc_vault_checkpoint_verify(vault, text, err);
    if (rc == 0 && cli->globals.json)
        return checkpoint_json(text, true, err);
    if (rc == 0)
        sc_note(cli, "the vault holds the history of the checkpoint");
    return rc;
}

/* Opened without the pin, which is what is about to change. */
static int open_unpinned(const struct sc_cli *cli, bool write, struct sc_vault **ret,
                         struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *path = sc_cli_vault_path(cli, err);
    if (path == NULL)
        return err->code;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    /* A bundle has no log for the reason. */
    write = write && !sc_vault_is_bundle(path);
    int rc = sc_vault_open_unpinned(path, write ? SC_VAULT_WRITE : SC_VAULT_READ, &vault, err);
    if (rc == 0)
        rc = sc_cli_unlock(cli, vault, err);
    if (rc == 0)
        *ret = SC_TAKE(vault);
    return rc;
}

int sc_reason_check(const char *reason, struct sc_error *err)
{
    if (reason != NULL && reason[0] == '\0')
        return sc_fail(err, SC_E_USAGE, "--accept-rollback needs a reason, for the log");
    return 0;
}

int sc_cmd_trust(struct sc_cli *cli, const void *options, int count, char **operands,
                 struct sc_error *err)
{
    (void)count;
    (void)operands;
    const struct sc_trust_options *opt = options;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    struct sc_vault_status status;
    char key[65];
    bool accept = opt->accept_rollback != NULL;
    int rc = sc_reason_check(opt->accept_rollback, err);
    if (rc == 0)
        rc = accept ? open_unpinned(cli, true, &vault, err)
                    : sc_cli_open_vault(cli, SC_VAULT_READ, &vault, err);
    if (rc == 0)
        rc = sc_vault_status(vault, &status, err);
    if (rc == 0) {
        sc_hex(key, status.verify_key, sizeof(status.verify_key));
        if (opt->key != NULL && !sc_str_equal_nocase(opt->key, key))
            rc = sc_fail(err, SC_E_TAMPERED, "the vault's verify key is another one: %s", key);
    }
    if (rc == 0)
        rc = sc_vault_trust(vault, opt->accept_rollback, err);
    if (rc == 0)
        rc = sc_vault_status(vault, &status, err);
    if (rc == 0)
        sc_note(cli, "state %llu of the vault with verify key %s is what later states must follow",
                (unsigned long long)status.seq, key);
    return rc;
}
