/* SPDX-License-Identifier: Apache-2.0
 *
 * Searching files inside files; see audit/image/archive.h.
 *
 * One level for each file that is open at the moment: the fed file is level 0, what it unpacks to
 * or one file in it is level 1, and so on. A level's first bytes are held back until its kind is
 * known. A level's own bytes are always searched raw as well, except that a tar's and a zip's are
 * searched piece by piece, and that packed bytes are passed over where nothing but their content
 * can stand in them.
 * What may be in a level of no known kind besides: audit/image/beside.c.
 */
#include "audit/image/archive.h"

#include <stdlib.h>
#include <string.h>

#include "audit/image/git/store.h"
#include "audit/image/level.h"

#include "core/banned.h"

struct sc_archive {
    struct sc_archive_options options;
    struct sc_level *levels; /* SC_ARCHIVE_DEPTH_MAX */
    struct sc_spot spot;
    uint64_t bytes;               /* searched */
    struct sc_git_limits limits;  /* with the bytes that were given */
    bool exhausted;               /* too much has come out: nothing is unpacked any more */
    const struct sc_level *outer; /* the outermost tar, once it has begun */
};

static int enter(const struct sc_known_hit *hit, void *ctx, struct sc_error *err)
{
    const struct sc_level *level = ctx;
    const struct sc_archive_options *options = &level->archive->options;
    const char *name = options->searcher->name(options->searcher->set, hit->value);
    return sc_ledger_leak(options->ledger, &level->spot, name, hit, false, err);
}

struct sc_archive *sc_archive_new(const struct sc_archive_options *options, struct sc_error *err)
{
    struct sc_archive *archive = calloc(1, sizeof(*archive));
    struct sc_level *levels = calloc(SC_ARCHIVE_DEPTH_MAX, sizeof(*levels));
    if (archive == NULL || levels == NULL) {
        free(archive);
        free(levels);
        SC_IGNORE(sc_fail_nomem(err)); /* the code is in err */
        return NULL;
    }
    archive->options = *options;
    if (archive->options.free == 0)
        archive->options.free = SC_ARCHIVE_FREE;
    archive->levels = levels;
    for (unsigned i = 0; i < SC_ARCHIVE_DEPTH_MAX; i++) {
        levels[i].archive = archive;
        levels[i].depth = i;
        levels[i].path.max = SC_ARCHIVE_PATH_MAX;
    }
    return archive;
}

void sc_archive_free(struct sc_archive *archive)
{
    if (archive == NULL)
        return;
    for (size_t i = 0; i < SC_ARCHIVE_DEPTH_MAX; i++) {
        struct sc_level *level = &archive->levels[i];
        sc_stream_done(&level->stream);
        sc_unpack_free(level->unpack);
        sc_tar_free(level->tar);
        sc_zip_free(level->zip);
        sc_git_free(level->git);
        sc_buf_done(&level->path);
        sc_wipe(level->sniff, sizeof(level->sniff));
    }
    free(archive->levels);
    free(archive);
}

/* ---- what cannot be read ---- */

bool sc_level_is_ours(int rc)
{
    return rc == SC_E_NOMEM || rc == SC_E_BUG || rc == SC_E_CANCELLED;
}

int sc_level_skip(struct sc_level *level, const char *reason, struct sc_error *err)
{
    const struct sc_archive *archive = level->archive;
    SC_CLEANUP(sc_str_freep)
    char *object = sc_str_printf(err, "%s%s%s%s%s", archive->spot.file,
                                 archive->spot.layer == NULL ? "" : " layer ",
                                 archive->spot.layer == NULL ? "" : archive->spot.layer,
                                 level->path.len == 0 ? "" : ": ", sc_buf_text(&level->path));
    level->broken = true;
    return object == NULL ? SC_E_NOMEM
                          : sc_ledger_skip(archive->options.ledger, archive->options.surface,
                                           object, reason, err);
}

int sc_level_tolerate(struct sc_level *level, int rc, const struct sc_error *why,
                      struct sc_error *err)
{
    if (rc == 0)
        return 0;
    if (sc_level_is_ours(rc))
        return sc_fail(err, rc, "%s", sc_error_message(why));
    return sc_level_skip(level, sc_error_message(why), err);
}

/* ---- levels ---- */

struct sc_level *sc_level_inner(struct sc_level *level)
{
    return level->depth + 1 < SC_ARCHIVE_DEPTH_MAX ? level + 1 : NULL;
}

int sc_level_begin(struct sc_level *level, const char *path, const char *entry,
                   struct sc_error *err)
{
    level->kind = SC_LEVEL_UNKNOWN;
    level->open = true;
    level->broken = false;
    level->sniff_len = 0;
    level->scan = (struct sc_zip_scan){0};
    level->base64 = (struct sc_base64_scan){0};
    level->behind = false;
    level->behind_entries = 0;
    sc_buf_clear(&level->path);
    sc_buf_puts(&level->path, path);
    if (entry != NULL) {
        if (level->path.len > 0)
            sc_buf_puts(&level->path, "!");
        sc_buf_puts(&level->path, entry);
    }
    /* A path over the limit is shown cut off; the file is searched all the same. */
    if (level->path.failed == SC_E_NOMEM)
        return sc_fail_nomem(err);
    level->spot = level->archive->spot;
    level->spot.path = level->path.len > 0 ? sc_buf_text(&level->path) : NULL;
    if (level->spot.where == NULL)
        level->spot.where = "content";
    if (level->has_stream)
        return 0;
    int rc = sc_stream_init(&level->stream, level->archive->options.searcher, enter, level, err);
    level->has_stream = rc == 0;
    return rc;
}

/* A bomb of archives in archives ends here. */
static int spend(struct sc_level *level, size_t len, struct sc_error *err)
{
    struct sc_archive *archive = level->archive;
    archive->bytes += len;
    if (archive->exhausted || archive->bytes <= archive->options.free ||
        archive->bytes / SC_UNPACK_RATIO <= archive->limits.fed)
        return 0;
    archive->exhausted = true;
    return sc_level_skip(level, "what is packed inside is more than 2000 times its size", err);
}

static int search(struct sc_level *level, struct sc_bytes data, struct sc_error *err)
{
    int rc = spend(level, data.len, err);
    return rc < 0 ? rc : sc_stream_write(&level->stream, data, err);
}

/* ---- packed files ---- */

static int unpacked(struct sc_bytes piece, void *ctx, struct sc_error *err)
{
    struct sc_level *level = ctx;
    const struct sc_archive_options *options = &level->archive->options;
    if (level->depth == 0 && options->on_unpacked != NULL)
        options->on_unpacked(piece, options->ctx);
    return sc_level_write(sc_level_inner(level), piece, err);
}

static int begin_packed(struct sc_level *level, enum sc_packing packing, struct sc_error *err)
{
    level->kind = SC_LEVEL_RAW;
    if (sc_level_inner(level) == NULL)
        return sc_level_skip(level, "nested too deep to be unpacked", err);
    struct sc_error why = {0};
    int rc = sc_unpack_begin(&level->unpack, packing, unpacked, level, &why);
    if (rc < 0)
        return sc_level_tolerate(level, rc, &why, err);
    level->kind = SC_LEVEL_PACKED;
    return sc_level_begin(sc_level_inner(level), sc_buf_text(&level->path), NULL, err);
}

/* Bytes of a packed file: what came out of them has been searched, all else is as it stands. */
static int packed_bytes(struct sc_level *level, struct sc_bytes data, struct sc_error *err)
{
    if (level->broken)
        return search(level, data, err);
    struct sc_error why = {0};
    int rc = sc_unpack_write(level->unpack, data, &why);
    bool outside = sc_unpack_outside(level->unpack);
    rc = sc_level_tolerate(level, rc, &why, err);
    if (rc < 0)
        return rc;
    return outside ? search(level, data, err) : sc_stream_pass(&level->stream, data.len, err);
}

/* ---- archives ---- */

static int tar_meta(const char *what, struct sc_bytes bytes, void *ctx, struct sc_error *err)
{
    struct sc_level *level = ctx;
    struct sc_ledger *ledger = level->archive->options.ledger;
    const char *where = level->spot.where;
    if (level->kind == SC_LEVEL_RAW)
        return 0; /* a zip behind other bytes: these have been searched with them */
    if (level->header_end != ledger->leak_count)
        level->header_first = ledger->leak_count;
    level->spot.where = what;
    int rc = search(level, bytes, err);
    /* Slack comes in pieces. */
    if (rc == 0 && strcmp(what, "slack") != 0)
        rc = sc_stream_end(&level->stream, err);
    level->spot.where = where;
    level->header_end = ledger->leak_count;
    return rc;
}

/* The name and the link target of an entry as a whole: a header may hold them in two parts. */
static int search_names(struct sc_level *file, const struct sc_tar_entry *entry,
                        struct sc_error *err)
{
    const char *texts[] = {entry->path, entry->link};
    const char *wheres[] = {"name", "link target"};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < 2; i++) {
        if (texts[i] == NULL || texts[i][0] == '\0')
            continue;
        struct sc_bytes text = {(const unsigned char *)texts[i], strlen(texts[i])};
        rc = tar_meta(wheres[i], text, file, err);
    }
    return rc;
}

static int tar_entry(const struct sc_tar_entry *entry, void *ctx, struct sc_error *err)
{
    struct sc_level *level = ctx;
    struct sc_archive *archive = level->archive;
    if (level == archive->outer && archive->options.on_entry != NULL) {
        int rc = archive->options.on_entry(entry, archive->options.ctx, err);
        if (rc < 0)
            return rc;
    }
    int rc = sc_level_begin(sc_level_inner(level), sc_buf_text(&level->path), entry->path, err);
    if (rc < 0)
        return rc;
    struct sc_ledger *ledger = archive->options.ledger;
    size_t before = ledger->leak_count;
    rc = search_names(sc_level_inner(level), entry, err);
    /* What was seen in the header's bytes is now told better, with the path. */
    if (rc == 0 && ledger->leak_count > before && level->header_end == before)
        sc_ledger_forget(ledger, level->header_first, level->header_end);
    return rc;
}

int sc_level_content(struct sc_bytes bytes, void *ctx, struct sc_error *err)
{
    return sc_level_write(sc_level_inner(ctx), bytes, err);
}

int sc_level_entry_end(void *ctx, struct sc_error *err)
{
    return sc_level_end(sc_level_inner(ctx), err);
}

static int tar_unreadable(const char *reason, void *ctx, struct sc_error *err)
{
    return sc_level_skip(sc_level_inner(ctx), reason, err);
}

static const struct sc_tar_ops tar_ops = {tar_meta, tar_entry, sc_level_content, sc_level_entry_end,
                                          tar_unreadable};

static int begin_tar(struct sc_level *level, struct sc_error *err)
{
    level->kind = SC_LEVEL_RAW;
    if (sc_level_inner(level) == NULL)
        return sc_level_skip(level, "nested too deep to be unpacked", err);
    if (level->tar == NULL)
        level->tar = sc_tar_new(&tar_ops, level, err);
    if (level->tar == NULL)
        return SC_E_NOMEM;
    sc_tar_reset(level->tar);
    if (level->depth <= 1 && level->archive->outer == NULL)
        level->archive->outer = level;
    level->kind = SC_LEVEL_TAR;
    return 0;
}

int sc_level_begin_zip(struct sc_level *level, enum sc_level_kind kind, struct sc_error *err)
{
    level->kind = SC_LEVEL_RAW;
    if (sc_level_inner(level) == NULL)
        return sc_level_skip(level, "nested too deep to be unpacked", err);
    if (level->zip == NULL)
        level->zip = sc_zip_new(&tar_ops, level, err);
    if (level->zip == NULL)
        return SC_E_NOMEM;
    level->kind = kind;
    return 0;
}

static int begin_git(struct sc_level *level, struct sc_error *err)
{
    level->kind = SC_LEVEL_RAW;
    if (sc_level_inner(level) == NULL)
        return sc_level_skip(level, "nested too deep to be unpacked", err);
    level->header_first = level->header_end = 0;
    level->kind = SC_LEVEL_GIT;
    return 0;
}

/* Whether it is what git keeps its objects in. */
static int is_git(struct sc_level *level, bool *ret_is, struct sc_error *err)
{
    const struct sc_bytes start = {level->sniff, level->sniff_len};
    *ret_is = false;
    if (!sc_git_sniff(start))
        return 0;
    if (level->git == NULL)
        level->git = sc_git_new(&tar_ops, level, &level->archive->limits, err);
    if (level->git == NULL)
        return SC_E_NOMEM;
    struct sc_error why = {0};
    int rc = sc_git_begin(level->git, start, ret_is, &why);
    *ret_is = *ret_is && rc == 0;
    return sc_level_tolerate(level, rc, &why, err);
}

/* ---- bytes ---- */

/* Bytes of a level whose kind is known. */
static int level_bytes(struct sc_level *level, struct sc_bytes data, struct sc_error *err)
{
    struct sc_error why = {0};
    int rc = 0;
    level->broken |= level->archive->exhausted;
    if (level->kind == SC_LEVEL_TAR && !level->broken) {
        rc = sc_tar_write(level->tar, data, &why);
        return sc_level_tolerate(level, rc, &why, err);
    }
    if (level->kind == SC_LEVEL_GIT && !level->broken) {
        rc = sc_git_write(level->git, data, &why);
        return sc_level_tolerate(level, rc, &why, err);
    }
    if (level->kind == SC_LEVEL_ZIP && !level->broken) {
        size_t len = data.len;
        rc = sc_zip_write(level->zip, &data, &why);
        level->scan.at += len - data.len;
        if (rc < 0 || sc_zip_standing(level->zip) != SC_ZIP_WHOLE)
            return sc_level_tolerate(level, rc, &why, err);
        /* The directory is plain bytes, and another zip may stand behind it. */
        level->kind = SC_LEVEL_RAW;
        level->spot.where = "directory";
        rc = sc_beside_end_zip(level, err);
        if (rc < 0 || data.len == 0)
            return rc;
    }
    if (level->kind == SC_LEVEL_PACKED)
        return packed_bytes(level, data, err);
    rc = search(level, data, err);
    return rc == 0 && level->kind == SC_LEVEL_RAW ? sc_beside_write(level, data, err) : rc;
}

/* Bytes to search as they are; of a packing that nothing here reads that is no pass. */
static int begin_raw(struct sc_level *level, struct sc_error *err)
{
    const char *foreign = sc_packing_foreign(level->sniff, level->sniff_len);
    level->kind = SC_LEVEL_RAW;
    if (foreign == NULL)
        return 0;
    SC_CLEANUP(sc_str_freep)
    char *reason = sc_str_printf(err, "packed as %s, which is not read", foreign);
    return reason == NULL ? SC_E_NOMEM : sc_level_skip(level, reason, err);
}

/* Decides the kind by what has been held back, and lets that go. */
static int level_decide(struct sc_level *level, struct sc_error *err)
{
    enum sc_packing packing = sc_packing_sniff(level->sniff, level->sniff_len);
    bool git = false;
    int rc = is_git(level, &git, err);
    if (rc < 0)
        return rc;
    if (git)
        rc = begin_git(level, err);
    else if (sc_tar_sniff(level->sniff, level->sniff_len))
        rc = begin_tar(level, err);
    else if (packing == SC_PACKING_ZIP)
        rc = sc_level_begin_zip(level, SC_LEVEL_ZIP, err);
    else if (packing != SC_PACKING_NONE)
        rc = begin_packed(level, packing, err);
    else
        rc = begin_raw(level, err);
    if (rc < 0 || level->sniff_len == 0)
        return rc;
    return level_bytes(level, (struct sc_bytes){level->sniff, level->sniff_len}, err);
}

int sc_level_write(struct sc_level *level, struct sc_bytes data, struct sc_error *err)
{
    if (level->kind != SC_LEVEL_UNKNOWN)
        return level_bytes(level, data, err);
    size_t n = SC_MIN(SC_LEVEL_SNIFF - level->sniff_len, data.len);
    memcpy(level->sniff + level->sniff_len, data.ptr, n);
    level->sniff_len += n;
    if (level->sniff_len < SC_LEVEL_SNIFF)
        return 0;
    int rc = level_decide(level, err);
    data = (struct sc_bytes){data.ptr + n, data.len - n};
    return rc < 0 || data.len == 0 ? rc : level_bytes(level, data, err);
}

static int enter_token(const struct sc_known_hit *hit, void *ctx, struct sc_error *err)
{
    const struct sc_level *level = ctx;
    const struct sc_archive_options *options = &level->archive->options;
    const char *name = options->searcher->name(options->searcher->set, hit->value);
    return sc_ledger_leak(options->ledger, &level->spot, name, hit, true, err);
}

/* A small file that is nothing but a short value. */
static int compare_whole(struct sc_level *level, struct sc_error *err)
{
    const struct sc_searcher *searcher = level->archive->options.searcher;
    size_t len = level->sniff_len;
    while (len > 0 && (level->sniff[len - 1] == '\n' || level->sniff[len - 1] == '\r' ||
                       level->sniff[len - 1] == '\0'))
        len--; /* NUL: the padding of a tar */
    struct sc_bytes token = {level->sniff, len};
    return len == 0 ? 0 : searcher->compare(searcher->set, token, enter_token, level, err);
}

int sc_level_end(struct sc_level *level, struct sc_error *err)
{
    if (!level->open)
        return 0;
    struct sc_error why = {0};
    int rc = level->kind == SC_LEVEL_UNKNOWN ? level_decide(level, err) : 0;
    if (rc == 0 && level->sniff_len <= SC_LEVEL_SNIFF && level->kind == SC_LEVEL_RAW)
        rc = compare_whole(level, err);
    if (rc == 0 && level->kind == SC_LEVEL_RAW)
        rc = sc_beside_settle(level, err);
    if (rc == 0 && level->kind == SC_LEVEL_TAR && !level->broken)
        rc = sc_level_tolerate(level, sc_tar_end(level->tar, &why), &why, err);
    if (rc == 0 && level->zip != NULL && level->kind == SC_LEVEL_ZIP) {
        int ended = sc_zip_end(level->zip, &why); /* makes it ready for the next file, too */
        rc = level->broken ? 0 : sc_level_tolerate(level, ended, &why, err);
    }
    if (rc == 0 && level->kind == SC_LEVEL_GIT) {
        int ended = sc_git_end(level->git, &why); /* frees what it remembers of the pack, too */
        rc = level->broken ? 0 : sc_level_tolerate(level, ended, &why, err);
    }
    if (rc == 0 && level->kind == SC_LEVEL_PACKED && !level->broken)
        rc = sc_level_tolerate(level, sc_unpack_end(level->unpack, &why), &why, err);
    /* What had been opened inside ends with it, also where it broke off. */
    if (rc == 0 && level->kind != SC_LEVEL_RAW)
        rc = sc_level_end(sc_level_inner(level), err);
    level->open = false;
    return rc < 0 ? rc : sc_stream_end(&level->stream, err);
}

void sc_archive_begin(struct sc_archive *archive, const struct sc_spot *spot)
{
    archive->spot = *spot;
    archive->bytes = archive->limits.fed = archive->limits.made = 0;
    archive->exhausted = false;
    archive->outer = NULL;
    archive->levels[0].open = false;
}

int sc_archive_write(struct sc_archive *archive, struct sc_bytes data, struct sc_error *err)
{
    struct sc_level *top = &archive->levels[0];
    if (!top->open) {
        int rc =
            sc_level_begin(top, archive->spot.path == NULL ? "" : archive->spot.path, NULL, err);
        if (rc < 0)
            return rc;
    }
    archive->limits.fed += data.len;
    return data.len == 0 ? 0 : sc_level_write(top, data, err);
}

int sc_archive_zeroes(struct sc_archive *archive, uint64_t count, struct sc_error *err)
{
    static const unsigned char zeroes[64 * 1024];
    struct sc_level *top = &archive->levels[0];
    int rc = 0;
    while (rc == 0 && count > 0) {
        /* Where only bytes matter a run this long is a gap that no form reaches across. */
        if (top->open && top->kind == SC_LEVEL_RAW && !top->behind && count > sizeof(zeroes)) {
            sc_zip_scan_zeroes(&top->scan, count);
            rc = sc_beside_end_base64(top, err);
            return rc < 0 ? rc : sc_stream_end(&top->stream, err);
        }
        size_t n = count < sizeof(zeroes) ? (size_t)count : sizeof(zeroes);
        rc = sc_archive_write(archive, (struct sc_bytes){zeroes, n}, err);
        count -= n;
    }
    return rc;
}

int sc_archive_end(struct sc_archive *archive, uint64_t *ret_bytes, struct sc_error *err)
{
    int rc = sc_level_end(&archive->levels[0], err);
    if (rc == 0 && ret_bytes != NULL)
        *ret_bytes = archive->bytes;
    return rc;
}
