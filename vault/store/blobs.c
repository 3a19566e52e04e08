/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading in the order of the file; see vault/store/blobs.h.
 */
#include "vault/store/blobs.h"

#include "core/banned.h"

/* So many of them are stepped over before the next one is looked up. */
#define STEPS_MAX 8

int sc_blobs_begin(struct sc_db *db, struct sc_blobs *ret, struct sc_error *err)
{
    *ret = (struct sc_blobs){0};
    return sc_db_prepare(db, "SELECT id, ct FROM blob WHERE id>=? ORDER BY id", &ret->stmt, err);
}

/* Steps over what lies between where that is little, as names and values often take turns. */
int sc_blobs_read(struct sc_blobs *blobs, int64_t id, struct sc_bytes *ret, struct sc_error *err)
{
    bool row = true;
    for (int steps = 0; row && (blobs->at < id || blobs->at == 0); steps++) {
        if (blobs->at == 0 || steps == STEPS_MAX) {
            sc_blobs_done(blobs);
            sc_stmt_bind_int(blobs->stmt, 1, id);
        }
        int rc = sc_stmt_step(blobs->stmt, &row, err);
        if (rc < 0)
            return rc;
        blobs->at = row ? sc_stmt_int(blobs->stmt, 0) : INT64_MAX;
    }
    *ret = blobs->at == id ? sc_stmt_blob(blobs->stmt, 1) : (struct sc_bytes){0};
    return 0;
}

void sc_blobs_done(struct sc_blobs *blobs)
{
    struct sc_stmt *stmt = blobs->stmt;
    sc_stmt_resetp(&stmt);
}
