/* SPDX-License-Identifier: Apache-2.0
 *
 * The three lists of a verification; see audit/known/ledger.h. How they are printed as JSON is in
 * audit/known/ledger_json.c.
 */
#include "audit/known/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "audit/known/redact.h"

#include "core/banned.h"

/* How many leaks back an equal one is looked for: an object full of leaks must not cost a square.
 */
#define COUNTED_TOGETHER ((size_t)256)

static void leak_done(struct sc_leak *leak)
{
    free(leak->name);
    free(leak->file);
    free(leak->service);
    free(leak->key);
    free(leak->where);
    free(leak->path);
    free(leak->layer);
    free(leak->created_by);
    free(leak->fate);
}

/* A redacted copy, NULL for NULL; a failure is noted in *ret_rc and later copies are not tried. */
static char *copy(const struct sc_ledger *ledger, const char *text, int *ret_rc,
                  struct sc_error *err)
{
    if (text == NULL || *ret_rc < 0)
        return NULL;
    char *made = ledger->searcher == NULL ? sc_str_dup(text, err)
                                          : sc_redact_text(ledger->searcher, text, err);
    if (made == NULL)
        *ret_rc = SC_E_NOMEM;
    return made;
}

static bool same_leak(const struct sc_leak *leak, const struct sc_spot *spot, const char *name,
                      const struct sc_known_hit *hit, bool token)
{
    return leak->encoding == hit->encoding && leak->token == token &&
           sc_str_equal(leak->name, name) && sc_str_equal(leak->place, spot->place) &&
           sc_str_equal(leak->file, spot->file) && sc_str_equal(leak->key, spot->key) &&
           sc_str_equal(leak->where, spot->where) && sc_str_equal(leak->path, spot->path) &&
           sc_str_equal(leak->layer, spot->layer) && leak->line == spot->line;
}

void sc_ledger_object(struct sc_ledger *ledger)
{
    ledger->since = ledger->leak_count;
}

int sc_ledger_leak(struct sc_ledger *ledger, const struct sc_spot *spot, const char *name,
                   const struct sc_known_hit *hit, bool token, struct sc_error *err)
{
    size_t since = ledger->since;
    if (ledger->leak_count > COUNTED_TOGETHER)
        since = SC_MAX(since, ledger->leak_count - COUNTED_TOGETHER);
    for (size_t i = since; i < ledger->leak_count; i++) {
        if (same_leak(&ledger->leaks[i], spot, name, hit, token)) {
            ledger->leaks[i].count++;
            return 0;
        }
    }
    if (ledger->leak_count >= SC_LEAKS_MAX) {
        ledger->leaks_dropped++;
        return 0;
    }
    struct sc_leak *leaks = sc_items_reserve(ledger->leaks, &ledger->leak_cap, ledger->leak_count,
                                             1, sizeof(*leaks), err);
    if (leaks == NULL)
        return SC_E_NOMEM;
    ledger->leaks = leaks;
    int rc = 0;
    struct sc_leak leak = {
        .name = sc_str_dup(name, err),
        .encoding = hit->encoding,
        .token = token,
        .place = spot->place,
        .file = copy(ledger, spot->file, &rc, err),
        .service = copy(ledger, spot->service, &rc, err),
        .key = copy(ledger, spot->key, &rc, err),
        .where = copy(ledger, spot->where, &rc, err),
        .path = copy(ledger, spot->path, &rc, err),
        .layer = copy(ledger, spot->layer, &rc, err),
        .line = spot->line,
        .column = spot->column,
        .count = 1,
    };
    if (rc < 0 || leak.name == NULL) {
        leak_done(&leak);
        return SC_E_NOMEM;
    }
    leaks[ledger->leak_count++] = leak;
    return 0;
}

void sc_ledger_forget(struct sc_ledger *ledger, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        leak_done(&ledger->leaks[i]);
    memmove(&ledger->leaks[from], &ledger->leaks[to],
            (ledger->leak_count - to) * sizeof(*ledger->leaks));
    ledger->leak_count -= to - from;
}

int sc_ledger_looked(struct sc_ledger *ledger, const char *surface, const char *object,
                     const char *id, uint64_t bytes, struct sc_error *err)
{
    if (ledger->looked_count >= SC_LEDGER_OBJECTS_MAX)
        return sc_fail(err, SC_E_TOOBIG, "more than %zu objects to look at", SC_LEDGER_OBJECTS_MAX);
    struct sc_looked *looked = sc_items_reserve(ledger->looked, &ledger->looked_cap,
                                                ledger->looked_count, 1, sizeof(*looked), err);
    if (looked == NULL)
        return SC_E_NOMEM;
    ledger->looked = looked;
    int rc = 0;
    struct sc_looked *slot = &looked[ledger->looked_count];
    *slot = (struct sc_looked){surface, copy(ledger, object, &rc, err), copy(ledger, id, &rc, err),
                               bytes};
    if (rc < 0) {
        free(slot->object);
        free(slot->id);
        return rc;
    }
    ledger->looked_count++;
    return 0;
}

int sc_ledger_skip(struct sc_ledger *ledger, const char *surface, const char *object,
                   const char *reason, struct sc_error *err)
{
    if (ledger->skipped_count >= SC_LEDGER_OBJECTS_MAX)
        return sc_fail(err, SC_E_TOOBIG, "more than %zu objects that cannot be read",
                       SC_LEDGER_OBJECTS_MAX);
    struct sc_unlooked *skipped = sc_items_reserve(ledger->skipped, &ledger->skipped_cap,
                                                   ledger->skipped_count, 1, sizeof(*skipped), err);
    if (skipped == NULL)
        return SC_E_NOMEM;
    ledger->skipped = skipped;
    int rc = 0;
    struct sc_unlooked *slot = &skipped[ledger->skipped_count];
    *slot = (struct sc_unlooked){surface, copy(ledger, object, &rc, err),
                                 copy(ledger, reason, &rc, err), 0, false};
    if (rc < 0) {
        free(slot->object);
        free(slot->reason);
        return rc;
    }
    ledger->skipped_count++;
    return 0;
}

int sc_ledger_set_text(const struct sc_ledger *ledger, char **text, const char *by,
                       struct sc_error *err)
{
    int rc = 0;
    char *made = copy(ledger, by, &rc, err);
    if (rc == 0) {
        free(*text);
        *text = made;
    }
    return rc;
}

int sc_ledger_note(struct sc_ledger *ledger, const char *note, struct sc_error *err)
{
    return sc_strv_contains(&ledger->notes, note) ? 0 : sc_strv_add(&ledger->notes, note, err);
}

void sc_ledger_done(struct sc_ledger *ledger)
{
    for (size_t i = 0; i < ledger->leak_count; i++)
        leak_done(&ledger->leaks[i]);
    for (size_t i = 0; i < ledger->looked_count; i++) {
        free(ledger->looked[i].object);
        free(ledger->looked[i].id);
    }
    for (size_t i = 0; i < ledger->skipped_count; i++) {
        free(ledger->skipped[i].object);
        free(ledger->skipped[i].reason);
    }
    free(ledger->leaks);
    free(ledger->looked);
    free(ledger->skipped);
    sc_strv_done(&ledger->notes);
    *ledger = (struct sc_ledger){.searcher = ledger->searcher};
}
