/* SPDX-License-Identifier: Apache-2.0
 *
 * slot add, list and rm; grant add, list and rm; rekey.
 */
#include "cli/vault/vault.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/unlock.h"
#include "core/json.h"
#include "core/parse.h"

#include "core/banned.h"

#define DOCUMENT_MAX ((size_t)64 * 1024 * 1024)

/* ---- lists ---- */

struct sink {
    bool grants;
    struct sc_table *table;
    struct sc_json json;
};

static void write_json(struct sink *sink, const struct sc_key_info *info, const char *when)
{
    struct sc_json *json = &sink->json;
    sc_json_object_begin(json);
    sc_json_pair_string(json, "id", info->id);
    if (sink->grants)
        sc_json_pair_string(json, "scope", info->scope);
    else
        sc_json_pair_string(json, "kind", info->kind);
    sc_json_pair_string(json, "recipient", info->recipient[0] != '\0' ? info->recipient : NULL);
    sc_json_pair_string(json, "label", info->label[0] != '\0' ? info->label : NULL);
    sc_json_pair_string(json, "created", when);
    if (!sink->grants)
        sc_json_pair_bool(json, "current", info->current);
    sc_json_object_end(json);
}

static int take_key(const struct sc_key_info *info, void *ctx, struct sc_error *err)
{
    struct sink *sink = ctx;
    char when[SC_TIME_TEXT_SIZE], id[SC_KEY_ID_SIZE];
    sc_time_text(when, info->created);
    if (sink->table == NULL) {
        write_json(sink, info, when);
        return 0;
    }
    snprintf(id, sizeof(id), "%.*s%s", SC_SLOT_ID_SHOWN, info->id, info->current ? " *" : "");
    const char *label = info->label[0] != '\0' ? info->label : "-";
    const char *recipient = info->recipient[0] != '\0' ? info->recipient : "-";
    const char *cells[] = {id, sink->grants ? info->scope : info->kind, label, when, recipient};
    return sc_table_add(sink->table, cells, err);
}

static int list_keys(struct sc_cli *cli, bool grants, const char *scope, struct sc_error *err)
{
    static const char *const slot_headers[] = {"SLOT", "KIND", "LABEL", "CREATED", "RECIPIENT"};
    static const char *const grant_headers[] = {"GRANT", "SCOPE", "LABEL", "CREATED", "RECIPIENT"};
    struct sink sink = {.grants = grants};
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(DOCUMENT_MAX);
    SC_CLEANUP(sc_table_freep) struct sc_table *table = NULL;
    int rc = sc_cli_open_vault(cli, SC_VAULT_READ, &vault, err);
    if (rc < 0)
        return rc;
    if (!cli->globals.json) {
        table = sc_table_new(grants ? grant_headers : slot_headers, 5, err);
        if (table == NULL)
            return SC_E_NOMEM;
        sink.table = table;
    }
    sc_json_init(&sink.json, &out);
    sc_json_array_begin(&sink.json);
    rc = grants ? sc_vault_grants(vault, scope, take_key, &sink, err)
                : sc_vault_slots(vault, take_key, &sink, err);
    if (rc < 0)
        return rc;
    if (table != NULL) {
        sc_table_print(table, cli);
        return 0;
    }
    sc_json_array_end(&sink.json);
    return sc_out_json(&out, err);
}

int sc_cmd_slot_list(struct sc_cli *cli, const void *options, int count, char **operands,
                     struct sc_error *err)
{
    (void)options;
    (void)count;
    (void)operands;
    return list_keys(cli, false, NULL, err);
}

int sc_cmd_grant_list(struct sc_cli *cli, const void *options, int count, char **operands,
                      struct sc_error *err)
{
    (void)options;
    return list_keys(cli, true, count > 0 ? operands[0] : NULL, err);
}

/* ---- which one is meant ---- */

struct named {
    const char *word; /* a recipient, a label, or the first digits of a number */
    size_t found;
    char id[SC_KEY_ID_SIZE];
};

static int take_named(const struct sc_key_info *info, void *ctx, struct sc_error *err)
{
    struct named *named = ctx;
    (void)err;
    size_t len = strlen(named->word);
    bool by_number = len >= 4 && strncmp(info->id, named->word, len) == 0;
    if (!by_number && (len == 0 || (!sc_str_equal(info->recipient, named->word) &&
                                    !sc_str_equal(info->label, named->word))))
        return 0;
    named->found++;
    memcpy(named->id, info->id, sizeof(named->id));
    return 0;
}

/* *ret: the number of the one that the word names; or the word itself when there is none, which
 * who removes it says in its own words. Borrowed from `named`. */
static int find_named(struct sc_vault *vault, const char *scope, struct named *named,
                      const char **ret, struct sc_error *err)
{
    int rc = scope != NULL ? sc_vault_grants(vault, scope, take_named, named, err)
                           : sc_vault_slots(vault, take_named, named, err);
    if (rc == 0 && named->found > 1)
        rc = sc_fail(err, SC_E_USAGE,
                     "several are called so or begin like this; give more digits of the number");
    if (rc == 0)
        *ret = named->found == 1 ? named->id : named->word;
    return rc;
}

/* ---- slots ---- */

static int gather(const struct sc_cli *cli, const struct sc_slot_options *opt,
                  struct sc_slot_secrets *secrets, struct sc_error *err)
{
    int rc = 0;
    if (opt->new_passphrase_file != NULL) {
        rc = sc_cli_read_key("--new-passphrase-file", opt->new_passphrase_file,
                             &secrets->passphrase, err);
        sc_secret_strip_newline(&secrets->passphrase);
    } else if (opt->passphrase || (opt->key_file == NULL && opt->recipient == NULL)) {
        rc = sc_slot_ask_passphrase(cli, "--new-passphrase-file", secrets, err);
    }
    if (rc == 0 && opt->key_file != NULL)
        rc = sc_slot_take_key_file(opt->key_file, secrets, err);
    return rc;
}

int sc_cmd_slot_add(struct sc_cli *cli, const void *options, int count, char **operands,
                    struct sc_error *err)
{
    (void)count;
    (void)operands;
    const struct sc_slot_options *opt = options;
    SC_CLEANUP(sc_slot_secrets_done) struct sc_slot_secrets secrets = {0};
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    struct sc_slot_new slot;
    char id[SC_KEY_ID_SIZE];
    int rc = sc_cli_open_vault(cli, SC_VAULT_WRITE, &vault, err);
    if (rc == 0)
        rc = gather(cli, opt, &secrets, err);
    if (rc == 0)
        rc = sc_slot_describe(cli, opt, &secrets, &slot, err);
    if (rc == 0)
        rc = sc_vault_slot_add(vault, &slot, id, err);
    if (rc < 0) {
        if (secrets.key_file_made)
            unlink(opt->key_file);
        return rc;
    }
    sc_slot_note_key_file(cli, &secrets, opt->key_file);
    sc_note(cli, "added slot %.*s", SC_SLOT_ID_SHOWN, id);
    return 0;
}

int sc_cmd_slot_rm(struct sc_cli *cli, const void *options, int count, char **operands,
                   struct sc_error *err)
{
    (void)count;
    const struct sc_remove_options *opt = options;
    struct named named = {.word = operands[0]};
    const char *id = NULL;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    int rc = sc_cli_open_vault(cli, SC_VAULT_WRITE, &vault, err);
    if (rc == 0)
        rc = find_named(vault, NULL, &named, &id, err);
    if (rc == 0)
        rc = sc_vault_slot_remove(vault, id, opt->new_verify_key, opt->reason, err);
    if (rc < 0)
        return rc;
    sc_note(cli,
            "removed slot %.*s and changed the root key; who had it knows the values up to now: "
            "rotate them",
            SC_SLOT_ID_SHOWN, id);
    if (!opt->new_verify_key)
        sc_note(cli,
                "who kept the old signing key can still forge states; to end that too, and have "
                "every reader trust a new key: secretsctl rekey --new-verify-key");
    return 0;
}

/* ---- grants ---- */

int sc_cmd_grant_add(struct sc_cli *cli, const void *options, int count, char **operands,
                     struct sc_error *err)
{
    (void)count;
    const struct sc_slot_options *opt = options;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    int rc = sc_cli_open_vault(cli, SC_VAULT_WRITE, &vault, err);
    if (rc == 0)
        rc = sc_vault_grant_add(vault, operands[0], operands[1], opt->label, opt->reason, err);
    if (rc == 0)
        sc_note(cli, "granted '%s' for reading", operands[0]);
    return rc;
}

/* ctx: where the names go as JSON; or NULL */
static int print_exposed(const struct sc_entry_info *info, void *ctx, struct sc_error *err)
{
    (void)err;
    if (info->exposed && ctx != NULL)
        sc_json_string(ctx, info->name);
    else if (info->exposed)
        sc_out("%s\n", info->name);
    return 0;
}

static int list_exposed(const struct sc_cli *cli, struct sc_vault *vault, const char *scope,
                        struct sc_error *err)
{
    if (!cli->globals.json)
        return sc_vault_list(vault, scope, print_exposed, NULL, err);
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(DOCUMENT_MAX);
    struct sc_json json;
    sc_json_init(&json, &out);
    sc_json_array_begin(&json);
    int rc = sc_vault_list(vault, scope, print_exposed, &json, err);
    sc_json_array_end(&json);
    return rc < 0 ? rc : sc_out_json(&out, err);
}

int sc_cmd_grant_rm(struct sc_cli *cli, const void *options, int count, char **operands,
                    struct sc_error *err)
{
    (void)count;
    const struct sc_remove_options *opt = options;
    struct named named = {.word = operands[1]};
    const char *id = NULL;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    int rc = sc_cli_open_vault(cli, SC_VAULT_WRITE, &vault, err);
    if (rc == 0)
        rc = find_named(vault, operands[0], &named, &id, err);
    if (rc == 0)
        rc = sc_vault_grant_remove(vault, operands[0], id, opt->reason, err);
    if (rc < 0)
        return rc;
    sc_note(cli, "removed the grant and re-keyed '%s'; these values were readable: rotate them",
            operands[0]);
    rc = list_exposed(cli, vault, operands[0], err);
    if (rc < 0)
        return sc_wrap(err, rc, "the grant is removed, but what to rotate cannot be listed");
    return 0;
}

/* ---- rekey ---- */

static int rekey_all(const struct sc_cli *cli, struct sc_vault *vault,
                     const struct sc_remove_options *opt, struct sc_error *err)
{
    SC_CLEANUP(sc_strv_done) struct sc_strv scopes = {0};
    int rc = sc_vault_scopes(vault, &scopes, err);
    if (rc == 0)
        rc = sc_vault_rekey_all(vault, opt->new_verify_key, opt->reason, err);
    if (rc == 0)
        sc_note(cli, "changed the root key and the keys of %zu scope%s", scopes.count,
                scopes.count == 1 ? "" : "s");
    return rc;
}

int sc_cmd_rekey(struct sc_cli *cli, const void *options, int count, char **operands,
                 struct sc_error *err)
{
    const struct sc_remove_options *opt = options;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    int rc = sc_cli_open_vault(cli, SC_VAULT_WRITE, &vault, err);
    if (rc < 0)
        return rc;
    if (count == 0)
        return rekey_all(cli, vault, opt, err);
    if (opt->new_verify_key)
        return sc_fail(err, SC_E_USAGE, "--new-verify-key concerns the whole vault, not one scope");
    rc = sc_vault_rekey_scope(vault, operands[0], opt->reason, err);
    if (rc == 0)
        sc_note(cli, "changed the key of scope '%s'", operands[0]);
    return rc;
}
