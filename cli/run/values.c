/* SPDX-License-Identifier: Apache-2.0
 *
 * Choosing and reading entries for run and mask; see cli/run/run.h.
 */
#include "cli/run/run.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/envfile.h"
#include "cli/output.h"
#include "cli/unlock.h"
#include "core/source.h"
#include "core/text/render.h"

#include "core/banned.h"

#define WORD_MAX   7
#define NUMBER_MAX 5

struct reading {
    struct sc_source source;
    const struct sc_strv *only;
    const char *scope; /* of names of one part in templates; may be NULL */
    bool variables;
    size_t listed; /* entries seen, wanted or not */
    bool secret;   /* the template being rendered takes one */
    struct sc_run_values *values;
};

/* Takes over the strings, also when it fails; either may be NULL, which counts as no memory but
 * for the variable of a value that has none. */
static struct sc_run_value *grow(struct sc_run_values *values, char *name, char *variable,
                                 struct sc_error *err)
{
    struct sc_run_value *grown =
        name == NULL ? NULL : realloc(values->items, (values->count + 1) * sizeof(*grown));
    if (grown == NULL) {
        (void)sc_fail_nomem(err);
        free(name);
        free(variable);
        return NULL;
    }
    values->items = grown;
    grown[values->count] = (struct sc_run_value){.name = name, .variable = variable};
    return &grown[values->count++];
}

static bool is_wanted(const struct sc_strv *only, const char *name)
{
    bool wanted = only->count == 0;
    for (size_t i = 0; i < only->count && !wanted; i++)
        wanted =
            sc_str_glob(only->items[i], name) || sc_str_glob(only->items[i], sc_name_leaf(name));
    return wanted;
}

static int by_variable(const void *left, const void *right)
{
    const struct sc_run_value *const *a = left;
    const struct sc_run_value *const *b = right;
    int order = strcmp((*a)->variable, (*b)->variable);
    return order != 0 ? order : strcmp((*a)->name, (*b)->name);
}

/* Only entries are there yet. */
static int check_variables(const struct sc_run_values *values, struct sc_error *err)
{
    const struct sc_run_value **sorted = calloc(values->count + 1, sizeof(*sorted));
    if (sorted == NULL)
        return sc_fail_nomem(err);
    for (size_t i = 0; i < values->count; i++)
        sorted[i] = &values->items[i];
    qsort(sorted, values->count, sizeof(*sorted), by_variable);
    int rc = 0;
    for (size_t i = 1; rc == 0 && i < values->count; i++)
        if (sc_str_equal(sorted[i - 1]->variable, sorted[i]->variable))
            rc = sc_fail(err, SC_E_USAGE,
                         "'%s' and '%s' would both be the variable %s; choose with --only or "
                         "--scope",
                         sorted[i - 1]->name, sorted[i]->name, sorted[i]->variable);
    free(sorted);
    return rc;
}

static int take_entry(const struct sc_source_entry *entry, void *ctx, struct sc_error *err)
{
    struct reading *reading = ctx;
    reading->listed++;
    if (!is_wanted(reading->only, entry->name))
        return 0;
    char variable[SC_NAME_PART_MAX + 1] = "";
    int rc = reading->variables ? sc_name_to_variable(variable, sc_name_leaf(entry->name), err) : 0;
    if (rc < 0)
        return sc_wrap(err, rc, "entry '%s'", entry->name);
    struct sc_run_value *item =
        grow(reading->values, sc_str_dup(entry->name, err), sc_str_dup(variable, err), err);
    if (item == NULL || item->variable == NULL)
        return SC_E_NOMEM;
    item->open = entry->kind == SC_ENTRY_CONFIG;
    if (entry->expires != 0 && entry->expires <= time(NULL) && reading->values->due++ == 0)
        reading->values->due_first = reading->values->count - 1;
    return reading->source.ops->open(reading->source.ctx, entry->name, 0, &item->value, err);
}

static struct sc_run_value *find_entry(const struct sc_run_values *values, const char *name)
{
    for (size_t i = 0; i < values->count; i++)
        if (!values->items[i].text && sc_str_equal(values->items[i].name, name))
            return &values->items[i];
    return NULL;
}

/* What a template takes is masked, also where it is no variable itself. */
static int fetch(const char *name, enum sc_template_kind kind, void *ctx, struct sc_secret *ret,
                 struct sc_error *err)
{
    struct reading *reading = ctx;
    reading->secret = reading->secret || kind == SC_TEMPLATE_SECRET;
    struct sc_source_entry entry;
    int rc = reading->source.ops->stat(reading->source.ctx, name, &entry, err);
    if (rc == 0)
        rc = reading->source.ops->open(reading->source.ctx, name, 0, ret, err);
    if (rc < 0 || find_entry(reading->values, name) != NULL)
        return rc;
    struct sc_run_value *item = grow(reading->values, sc_str_dup(name, err), NULL, err);
    if (item == NULL)
        return SC_E_NOMEM;
    item->open = entry.kind == SC_ENTRY_CONFIG;
    struct sc_bytes value = sc_secret_view(ret);
    return sc_secret_append(&item->value, value.ptr, value.len, err);
}

/* A variable from a template; it replaces one of its name. `from` names it in messages. */
static int take_template(struct reading *reading, const char *variable, const char *from,
                         struct sc_bytes template, struct sc_error *err)
{
    struct sc_run_values *values = reading->values;
    SC_CLEANUP(sc_secret_done) struct sc_secret text = {0};
    reading->secret = false;
    int rc = sc_render(template, reading->scope, fetch, reading, &text, err);
    if (rc < 0)
        return sc_wrap(err, rc, "%s %s", from, variable);
    struct sc_run_value *item = NULL;
    for (size_t i = 0; i < values->count; i++)
        if (values->items[i].variable != NULL &&
            sc_str_equal(values->items[i].variable, variable)) {
            free(values->items[i].variable); /* an entry stays, to be masked */
            values->items[i].variable = NULL;
        }
    item =
        grow(values, sc_str_printf(err, "%s %s", from, variable), sc_str_dup(variable, err), err);
    if (item == NULL || item->variable == NULL)
        return SC_E_NOMEM;
    item->text = true;
    item->open = !reading->secret;
    sc_secret_move(&item->value, &text);
    return 0;
}

/* --set NAME=TEMPLATE */
static int take_set(struct reading *reading, const char *text, struct sc_error *err)
{
    size_t len = strcspn(text, "=");
    if (text[len] != '=' || len == 0)
        return sc_fail(err, SC_E_USAGE, "--set needs NAME=TEMPLATE");
    char *variable = sc_str_ndup(text, len, err);
    if (variable == NULL)
        return SC_E_NOMEM;
    struct sc_bytes template = {(const unsigned char *)text + len + 1, strlen(text + len + 1)};
    int rc = take_template(reading, variable, "--set", template, err);
    free(variable);
    return rc;
}

static int take_env_line(const char *name, struct sc_bytes value, void *ctx, struct sc_error *err)
{
    return take_template(ctx, name, "--env-file", value, err);
}

/* A pattern that fits nothing is a slip, which would leave a value unmasked; unless templates tell
 * what is wanted, and `--only` that no entry is. */
static int check_only(const struct reading *reading, const struct sc_run_choice *choice,
                      struct sc_error *err)
{
    const struct sc_run_values *values = reading->values;
    if ((choice->env_files != NULL && choice->env_files->count > 0) ||
        (choice->set != NULL && choice->set->count > 0))
        return 0;
    for (size_t i = 0; i < reading->only->count; i++) {
        const struct sc_strv pattern = {.items = &reading->only->items[i], .count = 1};
        bool fits = false;
        for (size_t j = 0; j < values->count && !fits; j++)
            fits = is_wanted(&pattern, values->items[j].name);
        if (!fits)
            return sc_fail(err, SC_E_NOTFOUND, "no entry fits --only '%s'",
                           reading->only->items[i]);
    }
    return 0;
}

static int read_all(struct reading *reading, const struct sc_run_choice *choice,
                    struct sc_error *err)
{
    const struct sc_strv *scopes = choice->scopes;
    const struct sc_source source = reading->source;
    int rc = 0;
    if (scopes->count == 0)
        rc = source.ops->list(source.ctx, "", take_entry, reading, err);
    for (size_t i = 0; rc == 0 && i < scopes->count; i++) {
        const struct sc_strv before = {.items = scopes->items, .count = i};
        if (sc_strv_contains(&before, scopes->items[i]))
            continue;
        reading->listed = 0;
        rc = source.ops->list(source.ctx, scopes->items[i], take_entry, reading, err);
        if (rc == 0 && reading->listed == 0)
            rc = sc_fail(err, SC_E_NOTFOUND, "scope '%s' has no entries", scopes->items[i]);
    }
    if (rc == 0)
        rc = check_only(reading, choice, err);
    if (rc == 0 && choice->variables)
        rc = check_variables(reading->values, err);
    for (size_t i = 0; rc == 0 && choice->env_files != NULL && i < choice->env_files->count; i++) {
        const char *path = choice->env_files->items[i];
        rc = sc_cli_envfile_each(path, take_env_line, reading, err);
    }
    for (size_t i = 0; rc == 0 && choice->set != NULL && i < choice->set->count; i++)
        rc = take_set(reading, choice->set->items[i], err);
    return rc;
}

int sc_run_values_read(const struct sc_cli *cli, const struct sc_run_choice *choice,
                       struct sc_run_values *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < choice->scopes->count; i++)
        rc = sc_name_check(choice->scopes->items[i], 1, err);
    if (rc == 0)
        rc = sc_cli_open_vault(cli, SC_VAULT_READ, &vault, err);
    if (rc < 0)
        return rc;
    struct reading reading = {.source = sc_vault_source(vault),
                              .only = choice->only,
                              .scope = choice->scopes->count > 0 ? choice->scopes->items[0] : NULL,
                              .variables = choice->variables,
                              .values = ret};
    return read_all(&reading, choice, err);
}

void sc_run_values_done(struct sc_run_values *values)
{
    for (size_t i = 0; i < values->count; i++) {
        free(values->items[i].name);
        free(values->items[i].variable);
        free(values->items[i].path);
        sc_secret_done(&values->items[i].value);
    }
    free(values->items);
    *values = (struct sc_run_values){0};
}

/* Short enough to stand in other text by chance: in a MB of log "true" does so 735 times, a number
 * of four digits four times, what has letters and digits hardly ever. */
static bool is_common(struct sc_bytes value)
{
    size_t len = value.len;
    size_t letters = 0, digits = 0;
    if (len > 0 && value.ptr[len - 1] == '\n')
        len--;
    for (size_t i = 0; i < len; i++) {
        letters += (value.ptr[i] | 0x20) >= 'a' && (value.ptr[i] | 0x20) <= 'z';
        digits += value.ptr[i] >= '0' && value.ptr[i] <= '9';
    }
    return (letters == len && len <= WORD_MAX) || (digits == len && len <= NUMBER_MAX);
}

int sc_run_patterns(const struct sc_cli *cli, const struct sc_run_values *values,
                    struct sc_mask_patterns *ret, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < values->count; i++) {
        const struct sc_run_value *item = &values->items[i];
        /* An open one still takes a number, so that numbers are places in the list. */
        struct sc_bytes value = item->open ? (struct sc_bytes){(const unsigned char *)"", 0}
                                           : sc_secret_view(&item->value);
        bool masked = false;
        rc = sc_mask_patterns_add(ret, value, &masked, err);
        if (rc == 0 && !masked && !item->open)
            sc_note(cli, "'%s' is too short to be masked", item->name);
        else if (rc == 0 && masked && is_common(value))
            sc_note(cli,
                    "'%s' is a word or a short number, and masked wherever that stands; what is no "
                    "secret is better kept as --kind config",
                    item->name);
    }
    return rc < 0 ? rc : sc_mask_patterns_finish(ret, err);
}
