/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of formats of a program of the future: the formats there are, and one more. It is linked
 * in the place of vault/store/formats.c, so the program itself has no way in for a test.
 */
#include <string.h>

#include "tests/vault/upgrade/future.h"
#include "vault/store/db.h"
#include "vault/store/formats.h"

/* To begin with what there is, not with a copy of it. */
#define sc_formats      present_formats
#define sc_format_count present_format_count
#include "vault/store/formats.c"
#undef sc_formats
#undef sc_format_count

#include "core/banned.h"

enum future_fault future_fault;

static const struct sc_object added = {
    "mark", "CREATE TABLE mark(\n  id INTEGER PRIMARY KEY,\n  records INTEGER NOT NULL\n) STRICT",
    NULL};
static const char changed[] =
    "CREATE TABLE node(\n  scope_id INTEGER NOT NULL,\n  lvl INTEGER NOT NULL,\n"
    "  pre INTEGER NOT NULL,\n  kids BLOB NOT NULL CHECK(length(kids)=512),\n"
    "  made INTEGER NOT NULL DEFAULT 0,\n  PRIMARY KEY(scope_id, lvl, pre)\n) STRICT, WITHOUT "
    "ROWID";

static struct sc_object next_objects[SC_ARRAY_SIZE(format_1) + 1];

/* A table more, and one that is another. */
void future_prepare(void)
{
    size_t count = 0;
    for (size_t i = 0; i < SC_ARRAY_SIZE(format_1); i++) {
        if (count == i && strcmp(format_1[i].name, added.name) > 0)
            next_objects[count++] = added;
        next_objects[count] = format_1[i];
        if (strcmp(format_1[i].name, "node") == 0)
            next_objects[count].sql = changed;
        count++;
    }
}

static int to_next(struct sc_db *db, struct sc_error *err)
{
    if (future_fault == FUTURE_FAILS)
        return sc_fail(err, SC_E_NOSPACE, "no space left");
    int rc = sc_db_exec(db, "DROP TABLE node", err);
    if (rc == 0)
        rc = sc_db_exec(db, changed, err);
    if (rc == 0 && future_fault != FUTURE_FORGETS_A_TABLE)
        rc = sc_db_exec(db, added.sql, err);
    if (rc == 0 && future_fault != FUTURE_FORGETS_A_TABLE)
        rc = sc_db_exec(db, "INSERT INTO mark(records) SELECT count(*) FROM rec", err);
    if (rc == 0 && future_fault == FUTURE_LOSES_A_VALUE)
        rc = sc_db_exec(db, "DELETE FROM blob WHERE id=(SELECT min(id) FROM blob)", err);
    return rc;
}

const struct sc_format sc_formats[] = {
    {.number = 1,
     .min_reader = 1,
     .min_writer = 1,
     .objects = format_1,
     .count = SC_ARRAY_SIZE(format_1)},
    {.number = 2,
     .min_reader = 2,
     .min_writer = 2,
     .objects = next_objects,
     .count = SC_ARRAY_SIZE(next_objects),
     .migrate = to_next},
};
const size_t sc_format_count = SC_ARRAY_SIZE(sc_formats);
