/* SPDX-License-Identifier: Apache-2.0
 *
 * What a file of no known kind may hold besides: a zip behind other bytes, gzip as base64. They are
 * read beside the search of the raw bytes, and may turn out to be no more. See audit/image/level.h.
 */
#include "audit/image/level.h"

#include "core/banned.h"

/* What is open inside is not missed any more. */
static void break_inner(struct sc_level *level)
{
    for (struct sc_level *in = sc_level_inner(level); in != NULL && in->open;
         in = sc_level_inner(in))
        in->broken = true;
}

/* ---- gzip as base64 ---- */

static int begin_base64(void *ctx, struct sc_error *err)
{
    struct sc_level *level = ctx;
    int rc = sc_level_inner(level) == NULL
                 ? sc_level_skip(level, "nested too deep to be unpacked", err)
                 : sc_level_begin(sc_level_inner(level), sc_buf_text(&level->path), "base64", err);
    return rc == 0 && level->broken ? 1 : rc;
}

static const struct sc_base64_ops base64_ops = {begin_base64, sc_level_content, sc_level_entry_end};

int sc_beside_end_base64(struct sc_level *level, struct sc_error *err)
{
    if (level->broken)
        break_inner(level);
    return sc_base64_end(&level->base64, &base64_ops, level, err);
}

/* ---- a zip behind other bytes ---- */

static int begin_behind(struct sc_level *level, struct sc_bytes head, struct sc_error *err)
{
    int rc = sc_level_begin_zip(level, SC_LEVEL_RAW, err);
    if (rc < 0 || level->broken)
        return rc;
    sc_zip_guess(level->zip);
    level->behind = true;
    level->header_first = level->header_end = 0;
    return sc_zip_write(level->zip, &head, err);
}

int sc_beside_end_zip(struct sc_level *level, struct sc_error *err)
{
    enum sc_zip_standing standing = sc_zip_standing(level->zip);
    bool quiet = level->broken || standing == SC_ZIP_GUESSED;
    if (standing == SC_ZIP_WHOLE)
        level->behind_entries = sc_zip_entries(level->zip);
    if (quiet)
        break_inner(level);
    level->behind = false;
    struct sc_error why = {0};
    int rc = sc_zip_end(level->zip, &why);
    return quiet && !sc_level_is_ours(rc) ? 0 : sc_level_tolerate(level, rc, &why, err);
}

int sc_beside_write(struct sc_level *level, struct sc_bytes data, struct sc_error *err)
{
    int rc = 0;
    unsigned char head[SC_ZIP_HEADER_SIZE];
    while (rc == 0 && data.len > 0 && !level->broken) {
        if (!level->behind) {
            struct sc_bytes before = data;
            bool found = sc_zip_scan_header(&level->scan, &data, head);
            before.len -= data.len;
            rc = sc_base64_write(&level->base64, before, &base64_ops, level, err);
            if (rc == 0 && found)
                rc = begin_behind(level, (struct sc_bytes){head, sizeof(head)}, err);
            continue;
        }
        struct sc_error why = {0};
        struct sc_bytes rest = data;
        rc = sc_zip_write(level->zip, &rest, &why);
        sc_zip_scan_pass(&level->scan, (struct sc_bytes){data.ptr, data.len - rest.len});
        data = rest;
        enum sc_zip_standing standing = sc_zip_standing(level->zip);
        if (rc < 0 && (sc_level_is_ours(rc) || standing != SC_ZIP_GUESSED))
            return sc_level_tolerate(level, rc, &why, err);
        rc = rc < 0 || standing == SC_ZIP_WHOLE ? sc_beside_end_zip(level, err) : 0;
    }
    return rc;
}

int sc_beside_settle(struct sc_level *level, struct sc_error *err)
{
    int rc = level->behind ? sc_beside_end_zip(level, err) : sc_beside_end_base64(level, err);
    unsigned told = sc_zip_scan_entries(&level->scan);
    bool whole = told == UINT16_MAX ? level->behind_entries > 0 : level->behind_entries >= told;
    if (rc < 0 || whole || level->broken)
        return rc;
    return sc_level_skip(level, "a zip archive at its end could not be read whole", err);
}
