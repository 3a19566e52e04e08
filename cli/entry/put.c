/* SPDX-License-Identifier: Apache-2.0
 *
 * add and rotate.
 */
#include "cli/entry/entry.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/output.h"
#include "cli/provision/reads.h"
#include "cli/unlock.h"
#include "core/parse.h"
#include "core/text/render.h"

#include "core/banned.h"

/* "never", or a time from now. */
static int parse_expires(const char *text, int64_t *ret, struct sc_error *err)
{
    if (sc_str_equal(text, "never")) {
        *ret = -1;
        return 0;
    }
    uint64_t seconds = 0;
    int rc = sc_parse_duration(text, "--expires", &seconds, err);
    if (rc == 0)
        *ret = time(NULL) + (int64_t)SC_MIN(seconds, (uint64_t)1 << 40);
    return rc;
}

static int parse_owner(const char *text, struct sc_entry_put *put, struct sc_error *err)
{
    const char *colon = strchr(text, ':');
    if (colon == NULL)
        return sc_fail(err, SC_E_USAGE, "--owner wants numbers: UID:GID");
    SC_CLEANUP(sc_str_freep) char *user = sc_str_ndup(text, (size_t)(colon - text), err);
    if (user == NULL)
        return SC_E_NOMEM;
    uint64_t uid = 0, gid = 0;
    int rc = sc_parse_u64(user, UINT32_MAX - 1, "the user of --owner", &uid, err);
    if (rc == 0)
        rc = sc_parse_u64(colon + 1, UINT32_MAX - 1, "the group of --owner", &gid, err);
    if (rc < 0)
        return rc;
    put->set_owner = true;
    put->uid = (uint32_t)uid;
    put->gid = (uint32_t)gid;
    return 0;
}

/* Sorted lines of key=value. */
static int join_labels(const struct sc_strv *given, struct sc_buf *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_strv_done) struct sc_strv sorted = {0};
    for (size_t i = 0; i < given->count; i++) {
        const char *label = given->items[i];
        const char *equal = strchr(label, '=');
        if (equal == NULL || !sc_name_part_valid(label, (size_t)(equal - label)) ||
            strchr(label, '\n') != NULL)
            return sc_fail(err, SC_E_USAGE, "--label wants KEY=VALUE on one line");
        int rc = sc_strv_add(&sorted, label, err);
        if (rc < 0)
            return rc;
    }
    sc_strv_sort(&sorted);
    for (size_t i = 0; i < sorted.count; i++)
        sc_buf_printf(ret, "%s%s", i > 0 ? "\n" : "", sorted.items[i]);
    return sc_buf_status(ret, err);
}

static int fill(const struct sc_entry_options *opt, struct sc_buf *labels, struct sc_entry_put *put,
                struct sc_error *err)
{
    put->note = opt->note;
    put->reason = opt->reason;
    int rc = 0;
    if (opt->kind != NULL)
        rc = sc_entry_kind_parse(opt->kind, &put->kind, err);
    if (rc == 0 && opt->expires != NULL)
        rc = parse_expires(opt->expires, &put->expires, err);
    if (rc == 0 && opt->owner != NULL)
        rc = parse_owner(opt->owner, put, err);
    if (rc == 0 && opt->mode != NULL)
        rc = sc_parse_mode(opt->mode, "--mode", &put->mode, err);
    if (rc == 0 && opt->labels.count > 0) {
        rc = join_labels(&opt->labels, labels, err);
        put->labels = sc_buf_text(labels);
    }
    return rc;
}

/* With a rotation goes the head of the read log: who had the old version stays on record. */
static int put_and_anchor(const struct sc_cli *cli, struct sc_vault *vault,
                          const struct sc_entry_put *put, struct sc_error *err)
{
    unsigned anchors = 0;
    int rc = sc_vault_begin(vault, err);
    if (rc < 0)
        return rc;
    rc = sc_vault_put(vault, put, err);
    if (rc == 0)
        rc = sc_reads_anchor(cli, vault, &anchors, err);
    if (rc == 0)
        return sc_vault_commit(vault, err);
    sc_vault_rollback(vault);
    return rc;
}

static int take_name(const char *name, void *ctx, struct sc_error *err)
{
    (void)name;
    (void)ctx;
    (void)err;
    return 0;
}

/* A template that does not parse is found now, and not when everything is provisioned. */
static int check_template(struct sc_vault *vault, const struct sc_entry_put *put, bool *ret_is_one,
                          struct sc_error *err)
{
    enum sc_entry_kind kind = put->kind;
    struct sc_entry_info info;
    if (kind == 0 && put->must_exist && sc_vault_get(vault, put->name, 0, NULL, &info, NULL) == 0)
        kind = info.kind;
    *ret_is_one = kind == SC_ENTRY_TEMPLATE;
    if (!*ret_is_one)
        return 0;
    char scope[SC_NAME_SIZE];
    snprintf(scope, sizeof(scope), "%.*s", (int)sc_name_scope_len(put->name), put->name);
    int rc = sc_render_names(sc_secret_view(put->value), scope, take_name, NULL, err);
    return rc < 0 ? sc_wrap(err, rc, "template '%s'", put->name) : 0;
}

static int note_missing(const struct sc_entry_info *info, void *ctx, struct sc_error *err)
{
    (void)err;
    if (info->version == 0)
        sc_note(ctx, "it names '%s', which is not there yet", info->name);
    return 0;
}

/* The vault opens before the value is asked for: nobody types a value to learn that the key is
 * wrong. */
static int run_put(struct sc_cli *cli, const struct sc_entry_options *opt, int count,
                   struct sc_entry_put *put, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    SC_CLEANUP(sc_buf_done) struct sc_buf labels = SC_BUF_INIT(SC_VAULT_LABELS_MAX);
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    bool is_template = false;
    int rc = sc_name_check(put->name, 2, err);
    if (rc == 0 && opt->keep_value && opt->kind != NULL)
        rc = sc_fail(err, SC_E_USAGE, "--kind goes with a new value, not with --keep-value");
    if (rc == 0 && sc_name_is_internal(put->name))
        rc = sc_fail(err, SC_E_BADNAME, "names that begin with '.' are the program's own");
    if (rc == 0)
        rc = fill(opt, &labels, put, err);
    if (rc == 0 && count > 1)
        return sc_entry_read_value(cli, opt, count, &value, err);
    if (rc == 0)
        rc = sc_cli_open_vault(cli, SC_VAULT_WRITE, &vault, err);
    if (rc == 0 && !opt->keep_value) {
        rc = sc_entry_read_value(cli, opt, count, &value, err);
        put->value = &value;
        /* Seldom meant; more often a pipe whose command failed. */
        if (rc == 0 && value.len == 0 && !opt->allow_empty)
            rc = sc_fail(err, SC_E_FAILED,
                         "the value is empty, so nothing was stored; if that is meant: "
                         "--allow-empty");
        if (rc == 0)
            rc = check_template(vault, put, &is_template, err);
    }
    if (rc == 0)
        rc = put->must_exist ? put_and_anchor(cli, vault, put, err) : sc_vault_put(vault, put, err);
    if (rc < 0)
        return rc;
    sc_note(cli,
            !put->must_exist  ? "added '%s'"
            : opt->keep_value ? "changed '%s', not its value"
                              : "rotated '%s'",
            put->name);
    if (is_template)
        SC_IGNORE(sc_vault_template_names(vault, put->name, note_missing, cli, NULL));
    return 0;
}

int sc_cmd_add(struct sc_cli *cli, const void *options, int count, char **operands,
               struct sc_error *err)
{
    struct sc_entry_put put = {.name = operands[0], .must_be_new = true};
    return run_put(cli, options, count, &put, err);
}

int sc_cmd_rotate(struct sc_cli *cli, const void *options, int count, char **operands,
                  struct sc_error *err)
{
    struct sc_entry_put put = {.name = operands[0], .must_exist = true};
    return run_put(cli, options, count, &put, err);
}
