/* SPDX-License-Identifier: Apache-2.0
 *
 * Choosing and reading entries for run and mask; see cli/run/run.h.
 */
#include "cli/run/run.h"

#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/unlock.h"
#include "core/source.h"
#include "core/text/render.h"

#include "core/banned.h"

struct reading {
    struct sc_source source;
    const struct sc_strv *only;
    bool variables;
    struct sc_run_values *values;
};

static struct sc_run_value *grow(struct sc_run_values *values, struct sc_error *err)
{
    struct sc_run_value *grown = realloc(values->items, (values->count + 1) * sizeof(*grown));
    if (grown == NULL) {
        (void)sc_fail_nomem(err);
        return NULL;
    }
    values->items = grown;
    values->items[values->count] = (struct sc_run_value){0};
    return &values->items[values->count++];
}

static bool is_wanted(const struct sc_strv *only, const char *name)
{
    bool wanted = only->count == 0;
    for (size_t i = 0; i < only->count && !wanted; i++)
        wanted =
            sc_str_glob(only->items[i], name) || sc_str_glob(only->items[i], sc_name_leaf(name));
    return wanted;
}

static int check_variable(const struct sc_run_values *values, const struct sc_run_value *item,
                          struct sc_error *err)
{
    for (size_t i = 0; i + 1 < values->count; i++)
        if (sc_str_equal(values->items[i].variable, item->variable))
            return sc_fail(err, SC_E_USAGE,
                           "'%s' and '%s' would both be the variable %s; choose with --only or "
                           "--scope",
                           values->items[i].name, item->name, item->variable);
    return 0;
}

static int take_entry(const struct sc_source_entry *entry, void *ctx, struct sc_error *err)
{
    struct reading *reading = ctx;
    if (!is_wanted(reading->only, entry->name))
        return 0;
    struct sc_run_value *item = grow(reading->values, err);
    char variable[SC_NAME_PART_MAX + 1] = "";
    if (item == NULL)
        return SC_E_NOMEM;
    int rc = reading->variables ? sc_name_to_variable(variable, sc_name_leaf(entry->name), err) : 0;
    if (rc < 0)
        return sc_wrap(err, rc, "entry '%s'", entry->name);
    item->name = sc_str_dup(entry->name, err);
    item->variable = sc_str_dup(variable, err);
    item->config = entry->kind == SC_ENTRY_CONFIG;
    if (item->name == NULL || item->variable == NULL)
        return SC_E_NOMEM;
    rc = reading->variables ? check_variable(reading->values, item, err) : 0;
    return rc < 0
               ? rc
               : reading->source.ops->open(reading->source.ctx, entry->name, 0, &item->value, err);
}

static int fetch(const char *name, enum sc_template_kind kind, void *ctx, struct sc_secret *ret,
                 struct sc_error *err)
{
    (void)kind;
    const struct reading *reading = ctx;
    return reading->source.ops->open(reading->source.ctx, name, 0, ret, err);
}

/* --set NAME=TEMPLATE: replaces an entry's variable or adds one. */
static int take_set(struct reading *reading, const char *text, const char *scope,
                    struct sc_error *err)
{
    size_t len = strcspn(text, "=");
    char *variable = text[len] == '=' && len > 0 ? sc_str_ndup(text, len, err) : NULL;
    if (variable == NULL)
        return sc_fail(err, SC_E_USAGE, "--set needs NAME=TEMPLATE");
    struct sc_run_value *item = NULL;
    for (size_t i = 0; i < reading->values->count; i++)
        if (sc_str_equal(reading->values->items[i].variable, variable))
            item = &reading->values->items[i];
    if (item != NULL) {
        free(variable);
    } else {
        item = grow(reading->values, err);
        if (item == NULL) {
            free(variable);
            return SC_E_NOMEM;
        }
        item->variable = variable;
        item->name = sc_str_printf(err, "--set %s", variable);
        if (item->name == NULL)
            return SC_E_NOMEM;
    }
    struct sc_bytes template = {(const unsigned char *)text + len + 1, strlen(text + len + 1)};
    int rc = sc_render(template, scope, fetch, reading, &item->value, err);
    return rc < 0 ? sc_wrap(err, rc, "--set %s", item->variable) : 0;
}

int sc_run_values_read(const struct sc_cli *cli, const struct sc_run_choice *choice,
                       struct sc_run_values *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    const struct sc_strv *scopes = choice->scopes;
    const struct sc_strv *set = choice->set;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < scopes->count; i++)
        rc = sc_name_check(scopes->items[i], 1, err);
    if (rc == 0)
        rc = sc_cli_open_vault(cli, SC_VAULT_READ, &vault, err);
    if (rc < 0)
        return rc;
    struct reading reading = {sc_vault_source(vault), choice->only, choice->variables, ret};
    if (scopes->count == 0)
        rc = reading.source.ops->list(reading.source.ctx, "", take_entry, &reading, err);
    for (size_t i = 0; rc == 0 && i < scopes->count; i++)
        rc = reading.source.ops->list(reading.source.ctx, scopes->items[i], take_entry, &reading,
                                      err);
    const char *scope = scopes->count > 0 ? scopes->items[0] : NULL;
    for (size_t i = 0; rc == 0 && set != NULL && i < set->count; i++)
        rc = take_set(&reading, set->items[i], scope, err);
    return rc;
}

void sc_run_values_done(struct sc_run_values *values)
{
    for (size_t i = 0; i < values->count; i++) {
        free(values->items[i].name);
        free(values->items[i].variable);
        sc_secret_done(&values->items[i].value);
    }
    free(values->items);
    *values = (struct sc_run_values){0};
}

int sc_run_patterns(const struct sc_cli *cli, const struct sc_run_values *values,
                    struct sc_mask_patterns *ret, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < values->count; i++) {
        const struct sc_run_value *item = &values->items[i];
        /* A config may be seen; it still takes a number, so that numbers are places in the list. */
        struct sc_bytes value = item->config ? (struct sc_bytes){(const unsigned char *)"", 0}
                                             : sc_secret_view(&item->value);
        bool masked = false;
        rc = sc_mask_patterns_add(ret, value, &masked, err);
        if (rc == 0 && !masked && !item->config)
            sc_note(cli, "'%s' is too short to be masked", item->name);
    }
    return rc < 0 ? rc : sc_mask_patterns_finish(ret, err);
}
