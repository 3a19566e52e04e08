/* SPDX-License-Identifier: Apache-2.0
 *
 * Searching JSON; see audit/known/inspect.h.
 */
#include "audit/known/inspect.h"

#include <string.h>

#include "audit/known/json_walk.h"
#include "core/str.h"

#include "core/banned.h"

struct inspection {
    struct sc_probe *probe;
    const struct sc_spot *spot;
};

/* Which kind of place a pointer of an image's or container's settings is: "label", "history", or
 * `other`. */
static const char *place_of(const char *pointer, const char *other)
{
    if (strstr(pointer, "/Labels/") != NULL || strstr(pointer, "/annotations/") != NULL)
        return "label";
    if (sc_str_has_prefix(pointer, "/history/"))
        return "history";
    return other;
}

static int search_scalar(const struct sc_json_scalar *scalar, void *ctx, struct sc_error *err)
{
    const struct inspection *inspection = ctx;
    struct sc_spot spot = *inspection->spot;
    const char *last = strrchr(scalar->pointer, '/');
    spot.place = place_of(scalar->pointer, spot.place);
    spot.where = scalar->pointer[0] == '\0' ? "/" : scalar->pointer;
    /* An index is no name; what an item is called stands in front of its '='. */
    bool item = last != NULL && last[1 + strspn(last + 1, "0123456789")] == '\0';
    spot.key = last == NULL || item ? NULL : last + 1;
    if (item && scalar->type == SC_JSON_STRING && strstr(scalar->pointer, "/Env/") != NULL)
        return sc_probe_variable(inspection->probe, &spot, scalar->text, err);
    return sc_probe_token(inspection->probe, &spot, scalar->text, err);
}

int sc_inspect_json(struct sc_probe *probe, const struct sc_spot *spot, struct sc_bytes json,
                    struct sc_error *err)
{
    struct inspection inspection = {probe, spot};
    size_t before = probe->ledger->leak_count;
    int rc = sc_json_walk(json, search_scalar, &inspection, err);
    if (rc < 0 && rc != SC_E_SYNTAX && rc != SC_E_TOOBIG)
        return rc;
    /* What stands in decoded strings stands in the raw text too: looked at again only if that found
     * nothing, for bytes that are in no string, and where it came to no end. */
    if (rc < 0 || probe->ledger->leak_count == before) {
        struct sc_spot raw = *spot;
        raw.where = raw.where == NULL ? "raw text" : raw.where;
        int raw_rc = sc_probe_bytes(probe, &raw, json, rc == 0 ? err : NULL);
        rc = rc < 0 ? rc : raw_rc;
    }
    return rc;
}
