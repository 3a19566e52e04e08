/* SPDX-License-Identifier: Apache-2.0
 *
 * The vault as a source of entries for fuse/ and provision/; see core/source.h.
 */
#include "vault/vault.h"

#include <string.h>

#include "core/str.h"
#include "core/text/render.h"
#include "vault/state/audit.h"

#include "core/banned.h"

#define DEFAULT_MODE 0400

/* A template on its way to its text, and how young what it names is. */
struct rendering {
    struct sc_vault *vault;
    uint64_t versions; /* their sum */
    int64_t changed;   /* the last change of them */
};

/* A template in a template is refused: taken as text its placeholders would come out, and rendered
 * a chain of them could run away. */
static int fetch_for_template(const char *name, enum sc_template_kind kind, void *ctx,
                              struct sc_secret *ret, struct sc_error *err)
{
    struct rendering *rendering = ctx;
    struct sc_entry_info info;
    int rc = sc_vault_get(rendering->vault, name, 0, ret, &info, err);
    if (rc == 0 && kind == SC_TEMPLATE_CONFIG && info.kind != SC_ENTRY_CONFIG)
        return sc_fail(err, SC_E_FAILED, "'%s' is not a config entry", name);
    if (rc == 0 && info.kind == SC_ENTRY_TEMPLATE)
        return sc_fail(err, SC_E_FAILED,
                       "'%s' is a template itself; name the entries that it names", name);
    if (rc == 0) {
        rendering->versions += info.version;
        rendering->changed = SC_MAX(rendering->changed, info.created);
    }
    return rc;
}

static int render(struct sc_bytes template, const char *name, struct rendering *rendering,
                  struct sc_secret *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *scope = sc_str_ndup(name, sc_name_scope_len(name), err);
    if (scope == NULL)
        return SC_E_NOMEM;
    int rc = sc_render(template, scope, fetch_for_template, rendering, ret, err);
    return rc < 0 ? sc_wrap(err, rc, "template '%s'", name) : 0;
}

/* A version as a source counts it: of a template only the part that counts its texts is in the
 * vault. */
static int get_version(struct sc_vault *vault, const char *name, uint64_t version,
                       struct sc_secret *ret, struct sc_entry_info *info, struct sc_error *err)
{
    int rc = sc_vault_get(vault, name, version, ret, info, err);
    if (rc == SC_E_NOTFOUND && version >= SC_SOURCE_TEMPLATE_STEP)
        rc = sc_vault_get(vault, name, version / SC_SOURCE_TEMPLATE_STEP, ret, info, err);
    return rc;
}

static void convert(const struct sc_entry_info *info, struct sc_source_entry *out)
{
    bool template = info->kind == SC_ENTRY_TEMPLATE;
    *out = (struct sc_source_entry){
        .kind = info->kind,
        .size = info->size,
        .version = template ? info->version * SC_SOURCE_TEMPLATE_STEP : info->version,
        .mtime = info->created,
        .uid = info->uid,
        .gid = info->gid,
        .mode = info->mode != 0 ? info->mode : DEFAULT_MODE,
        .expires = info->expires,
    };
    memcpy(out->name, info->name, sizeof(out->name));
}

/* Size, version and time of a template are those of its rendered text. */
static int convert_rendered(struct sc_vault *vault, const struct sc_entry_info *info,
                            struct sc_source_entry *out, struct sc_error *err)
{
    convert(info, out);
    if (info->kind != SC_ENTRY_TEMPLATE)
        return 0;
    SC_CLEANUP(sc_secret_done) struct sc_secret template = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret rendered = {0};
    struct rendering rendering = {.vault = vault, .changed = info->created};
    int rc = sc_vault_get(vault, info->name, info->version, &template, NULL, err);
    if (rc == 0)
        rc = render(sc_secret_view(&template), info->name, &rendering, &rendered, err);
    if (rc < 0)
        return rc;
    out->size = rendered.len;
    out->version += SC_MIN(rendering.versions, SC_SOURCE_TEMPLATE_STEP - 1);
    out->mtime = rendering.changed;
    return 0;
}

struct forward {
    struct sc_vault *vault;
    sc_source_entry_fn fn;
    void *ctx;
};

static int forward_entry(const struct sc_entry_info *info, void *ctx, struct sc_error *err)
{
    const struct forward *to = ctx;
    struct sc_source_entry entry;
    /* One template that cannot be rendered does not hide the other entries; opening it tells why.
     */
    if (convert_rendered(to->vault, info, &entry, NULL) < 0)
        convert(info, &entry);
    return to->fn(&entry, to->ctx, err);
}

static int source_list(void *source, const char *prefix, sc_source_entry_fn fn, void *ctx,
                       struct sc_error *err)
{
    struct forward to = {.vault = source, .fn = fn, .ctx = ctx};
    return sc_vault_list(source, prefix, forward_entry, &to, err);
}

static int source_stat(void *source, const char *name, struct sc_source_entry *ret,
                       struct sc_error *err)
{
    struct sc_entry_info info;
    int rc = sc_vault_get(source, name, 0, NULL, &info, err);
    struct sc_source_entry entry;
    if (rc == 0)
        rc = convert_rendered(source, &info, &entry, err);
    if (rc == 0)
        *ret = entry;
    return rc;
}

/* The value of an entry as a reader gets it: a template comes rendered. */
static int source_open(void *source, const char *name, uint64_t version, struct sc_secret *ret,
                       struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    struct rendering rendering = {.vault = source};
    struct sc_entry_info info;
    int rc = get_version(source, name, version, &value, &info, err);
    if (rc < 0)
        return rc;
    if (info.kind == SC_ENTRY_TEMPLATE)
        return render(sc_secret_view(&value), name, &rendering, ret, err);
    sc_secret_move(ret, &value);
    return 0;
}

/* ---- what changed ---- */

/* Operations of the log that change the entry they name, and nothing else that a source tells. */
static const char *const of_one_entry[] = {"add", "rotate", "edit",  "rm",
                                           "mv",  "mv-to",  "purge", "rollback"};

struct changes {
    sc_source_name_fn fn;
    void *ctx;
    bool all;
};

static int take_change(const struct sc_log_entry *entry, void *ctx, struct sc_error *err)
{
    struct changes *changes = ctx;
    for (size_t i = 0; i < SC_ARRAY_SIZE(of_one_entry); i++) {
        if (sc_str_equal(entry->op, of_one_entry[i]))
            return changes->fn(entry->name, changes->ctx, err);
    }
    /* "reads" is what `rotate` notes of the read logs. */
    changes->all = changes->all || !sc_str_equal(entry->op, "reads");
    return 0;
}

static int source_changes(void *source, struct sc_source_mark *mark, bool *ret_all,
                          sc_source_name_fn fn, void *ctx, struct sc_error *err)
{
    struct changes changes = {.fn = fn, .ctx = ctx};
    struct sc_audit_mark at = {.seq = mark->number};
    bool known = false;
    memcpy(at.state, mark->id, sizeof(at.state));
    int rc = sc_audit_since(source, &at, &known, take_change, &changes, err);
    if (rc < 0)
        return rc;
    mark->number = at.seq;
    memcpy(mark->id, at.state, sizeof(mark->id));
    *ret_all = !known || changes.all;
    return 0;
}

struct sc_source sc_vault_source(struct sc_vault *vault)
{
    static const struct sc_source_ops ops = {
        .list = source_list, .stat = source_stat, .open = source_open, .changes = source_changes};
    return (struct sc_source){.ops = &ops, .ctx = vault};
}
