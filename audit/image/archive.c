/* SPDX-License-Identifier: Apache-2.0
 *
 * Searching files inside files; see audit/image/archive.h.
 *
 * One level for each file that is open at the moment: the fed file is level 0, what it unpacks to
 * or one file in it is level 1, and so on. A level's first bytes are held back until its kind is
 * known. A level's own bytes are always searched raw as well, except that a tar's and a zip's are
 * searched piece by piece, and that packed bytes are passed over where nothing but their content
 * can stand in them. In a level of no known kind a zip may stand behind other bytes, or gzip as
 * base64: they are read beside the search of the raw bytes, and may turn out to be no more.
 */
#include "audit/image/archive.h"

#include <stdlib.h>
#include <string.h>

#include "audit/image/base64.h"
#include "audit/image/unpack.h"
#include "audit/image/zip/zip.h"
#include "audit/image/zip/scan.h"

#include "core/banned.h"

#define SNIFF ((size_t)512)

enum kind { KIND_UNKNOWN, KIND_RAW, KIND_PACKED, KIND_TAR, KIND_ZIP };

struct level {
    struct sc_archive *archive;
    unsigned depth;
    enum kind kind;
    bool open;
    bool broken; /* its inside could not be read to the end: entered as skipped */
    unsigned char sniff[SNIFF];
    size_t sniff_len;
    struct sc_stream stream;
    bool has_stream;
    struct sc_unpack *unpack;
    struct sc_tar *tar;
    struct sc_zip *zip;
    struct sc_zip_scan scan;         /* for a zip behind other bytes */
    bool behind;                     /* one is being read */
    uint64_t behind_entries;         /* of the last one that was whole */
    struct sc_base64_scan base64;    /* for gzip as base64 */
    size_t header_first, header_end; /* leaks in the headers of the entry to come */
    struct sc_buf path; /* of the file this level is, inside the fed one; empty at the top */
    struct sc_spot spot;
};

struct sc_archive {
    struct sc_archive_options options;
    struct level *levels; /* SC_ARCHIVE_DEPTH_MAX */
    struct sc_spot spot;
    uint64_t bytes, fed;       /* searched, and given */
    bool exhausted;            /* too much has come out: nothing is unpacked any more */
    const struct level *outer; /* the outermost tar, once it has begun */
};

static int level_write(struct level *level, struct sc_bytes data, struct sc_error *err);
static int level_end(struct level *level, struct sc_error *err);

static int enter(const struct sc_known_hit *hit, void *ctx, struct sc_error *err)
{
    const struct level *level = ctx;
    const struct sc_archive_options *options = &level->archive->options;
    const char *name = options->searcher->name(options->searcher->set, hit->value);
    return sc_ledger_leak(options->ledger, &level->spot, name, hit, false, err);
}

struct sc_archive *sc_archive_new(const struct sc_archive_options *options, struct sc_error *err)
{
    struct sc_archive *archive = calloc(1, sizeof(*archive));
    struct level *levels = calloc(SC_ARCHIVE_DEPTH_MAX, sizeof(*levels));
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
        struct level *level = &archive->levels[i];
        sc_stream_done(&level->stream);
        sc_unpack_free(level->unpack);
        sc_tar_free(level->tar);
        sc_zip_free(level->zip);
        sc_buf_done(&level->path);
        sc_wipe(level->sniff, sizeof(level->sniff));
    }
    free(archive->levels);
    free(archive);
}

/* ---- what cannot be read ---- */

/* Failures of ours end the run; failures of the data are entered, and the search goes on. */
static bool is_ours(int rc)
{
    return rc == SC_E_NOMEM || rc == SC_E_BUG || rc == SC_E_CANCELLED;
}

static int skip(struct level *level, const char *reason, struct sc_error *err)
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

/* Turns a failure of the data into an entry. */
static int tolerate(struct level *level, int rc, const struct sc_error *why, struct sc_error *err)
{
    if (rc == 0)
        return 0;
    if (is_ours(rc))
        return sc_fail(err, rc, "%s", sc_error_message(why));
    return skip(level, sc_error_message(why), err);
}

/* ---- levels ---- */

static struct level *inner(struct level *level)
{
    return level->depth + 1 < SC_ARCHIVE_DEPTH_MAX ? level + 1 : NULL;
}

static int level_begin(struct level *level, const char *path, const char *entry,
                       struct sc_error *err)
{
    level->kind = KIND_UNKNOWN;
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
static int spend(struct level *level, size_t len, struct sc_error *err)
{
    struct sc_archive *archive = level->archive;
    archive->bytes += len;
    if (archive->exhausted || archive->bytes <= archive->options.free ||
        archive->bytes / SC_UNPACK_RATIO <= archive->fed)
        return 0;
    archive->exhausted = true;
    return skip(level, "what is packed inside is more than 2000 times its size", err);
}

static int search(struct level *level, struct sc_bytes data, struct sc_error *err)
{
    int rc = spend(level, data.len, err);
    return rc < 0 ? rc : sc_stream_write(&level->stream, data, err);
}

/* ---- packed files ---- */

static int unpacked(struct sc_bytes piece, void *ctx, struct sc_error *err)
{
    struct level *level = ctx;
    const struct sc_archive_options *options = &level->archive->options;
    if (level->depth == 0 && options->on_unpacked != NULL)
        options->on_unpacked(piece, options->ctx);
    return level_write(inner(level), piece, err);
}

static int begin_packed(struct level *level, enum sc_packing packing, struct sc_error *err)
{
    level->kind = KIND_RAW;
    if (inner(level) == NULL)
        return skip(level, "nested too deep to be unpacked", err);
    struct sc_error why = {0};
    int rc = sc_unpack_begin(&level->unpack, packing, unpacked, level, &why);
    if (rc < 0)
        return tolerate(level, rc, &why, err);
    level->kind = KIND_PACKED;
    return level_begin(inner(level), sc_buf_text(&level->path), NULL, err);
}

/* Bytes of a packed file: what came out of them has been searched, all else is as it stands. */
static int packed_bytes(struct level *level, struct sc_bytes data, struct sc_error *err)
{
    if (level->broken)
        return search(level, data, err);
    struct sc_error why = {0};
    int rc = sc_unpack_write(level->unpack, data, &why);
    bool outside = sc_unpack_outside(level->unpack);
    rc = tolerate(level, rc, &why, err);
    if (rc < 0)
        return rc;
    return outside ? search(level, data, err) : sc_stream_pass(&level->stream, data.len, err);
}

/* ---- archives ---- */

static int tar_meta(const char *what, struct sc_bytes bytes, void *ctx, struct sc_error *err)
{
    struct level *level = ctx;
    struct sc_ledger *ledger = level->archive->options.ledger;
    const char *where = level->spot.where;
    if (level->kind == KIND_RAW)
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
static int search_names(struct level *file, const struct sc_tar_entry *entry, struct sc_error *err)
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
    struct level *level = ctx;
    struct sc_archive *archive = level->archive;
    if (level == archive->outer && archive->options.on_entry != NULL) {
        int rc = archive->options.on_entry(entry, archive->options.ctx, err);
        if (rc < 0)
            return rc;
    }
    int rc = level_begin(inner(level), sc_buf_text(&level->path), entry->path, err);
    if (rc < 0)
        return rc;
    struct sc_ledger *ledger = archive->options.ledger;
    size_t before = ledger->leak_count;
    rc = search_names(inner(level), entry, err);
    /* What was seen in the header's bytes is now told better, with the path. */
    if (rc == 0 && ledger->leak_count > before && level->header_end == before)
        sc_ledger_forget(ledger, level->header_first, level->header_end);
    return rc;
}

static int tar_content(struct sc_bytes bytes, void *ctx, struct sc_error *err)
{
    return level_write(inner(ctx), bytes, err);
}

static int tar_entry_end(void *ctx, struct sc_error *err)
{
    return level_end(inner(ctx), err);
}

static int tar_unreadable(const char *reason, void *ctx, struct sc_error *err)
{
    return skip(inner(ctx), reason, err);
}

static const struct sc_tar_ops tar_ops = {tar_meta, tar_entry, tar_content, tar_entry_end,
                                          tar_unreadable};

static int begin_tar(struct level *level, struct sc_error *err)
{
    level->kind = KIND_RAW;
    if (inner(level) == NULL)
        return skip(level, "nested too deep to be unpacked", err);
    if (level->tar == NULL)
        level->tar = sc_tar_new(&tar_ops, level, err);
    if (level->tar == NULL)
        return SC_E_NOMEM;
    sc_tar_reset(level->tar);
    if (level->depth <= 1 && level->archive->outer == NULL)
        level->archive->outer = level;
    level->kind = KIND_TAR;
    return 0;
}

static int begin_zip(struct level *level, enum kind kind, struct sc_error *err)
{
    level->kind = KIND_RAW;
    if (inner(level) == NULL)
        return skip(level, "nested too deep to be unpacked", err);
    if (level->zip == NULL)
        level->zip = sc_zip_new(&tar_ops, level, err);
    if (level->zip == NULL)
        return SC_E_NOMEM;
    level->kind = kind;
    return 0;
}

/* What is open inside is not missed any more. */
static void break_inner(struct level *level)
{
    for (struct level *in = inner(level); in != NULL && in->open; in = inner(in))
        in->broken = true;
}

/* ---- gzip as base64 ---- */

static int begin_base64(void *ctx, struct sc_error *err)
{
    struct level *level = ctx;
    int rc = inner(level) == NULL
                 ? skip(level, "nested too deep to be unpacked", err)
                 : level_begin(inner(level), sc_buf_text(&level->path), "base64", err);
    return rc == 0 && level->broken ? 1 : rc;
}

static const struct sc_base64_ops base64_ops = {begin_base64, tar_content, tar_entry_end};

static int end_base64(struct level *level, struct sc_error *err)
{
    if (level->broken)
        break_inner(level);
    return sc_base64_end(&level->base64, &base64_ops, level, err);
}

/* ---- a zip behind other bytes ---- */

static int begin_behind(struct level *level, struct sc_bytes head, struct sc_error *err)
{
    int rc = begin_zip(level, KIND_RAW, err);
    if (rc < 0 || level->broken)
        return rc;
    sc_zip_guess(level->zip);
    level->behind = true;
    level->header_first = level->header_end = 0;
    return sc_zip_write(level->zip, &head, err);
}

/* What only looked like a zip leaves no trace but what was found in it. */
static int end_behind(struct level *level, struct sc_error *err)
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
    return quiet && !is_ours(rc) ? 0 : tolerate(level, rc, &why, err);
}

/* Bytes of a file of no known kind, which have been searched as they stand. */
static int look_beside(struct level *level, struct sc_bytes data, struct sc_error *err)
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
        if (rc < 0 && (is_ours(rc) || standing != SC_ZIP_GUESSED))
            return tolerate(level, rc, &why, err);
        rc = rc < 0 || standing == SC_ZIP_WHOLE ? end_behind(level, err) : 0;
    }
    return rc;
}

/* A zip that ends where the file ends, and that was not read: never silently. */
static int settle_beside(struct level *level, struct sc_error *err)
{
    int rc = level->behind ? end_behind(level, err) : end_base64(level, err);
    unsigned told = sc_zip_scan_entries(&level->scan);
    bool whole = told == UINT16_MAX ? level->behind_entries > 0 : level->behind_entries >= told;
    if (rc < 0 || whole || level->broken)
        return rc;
    return skip(level, "a zip archive at its end could not be read whole", err);
}

/* ---- bytes ---- */

/* Bytes of a level whose kind is known. */
static int level_bytes(struct level *level, struct sc_bytes data, struct sc_error *err)
{
    struct sc_error why = {0};
    int rc = 0;
    level->broken |= level->archive->exhausted;
    if (level->kind == KIND_TAR && !level->broken) {
        rc = sc_tar_write(level->tar, data, &why);
        return tolerate(level, rc, &why, err);
    }
    if (level->kind == KIND_ZIP && !level->broken) {
        size_t len = data.len;
        rc = sc_zip_write(level->zip, &data, &why);
        level->scan.at += len - data.len;
        if (rc < 0 || sc_zip_standing(level->zip) != SC_ZIP_WHOLE)
            return tolerate(level, rc, &why, err);
        /* The directory is plain bytes, and another zip may stand behind it. */
        level->kind = KIND_RAW;
        level->spot.where = "directory";
        rc = end_behind(level, err);
        if (rc < 0 || data.len == 0)
            return rc;
    }
    if (level->kind == KIND_PACKED)
        return packed_bytes(level, data, err);
    rc = search(level, data, err);
    return rc == 0 && level->kind == KIND_RAW ? look_beside(level, data, err) : rc;
}

/* Bytes to search as they are; of a packing that nothing here reads that is no pass. */
static int begin_raw(struct level *level, struct sc_error *err)
{
    const char *foreign = sc_packing_foreign(level->sniff, level->sniff_len);
    level->kind = KIND_RAW;
    if (foreign == NULL)
        return 0;
    SC_CLEANUP(sc_str_freep)
    char *reason = sc_str_printf(err, "packed as %s, which is not read", foreign);
    return reason == NULL ? SC_E_NOMEM : skip(level, reason, err);
}

/* Decides the kind by what has been held back, and lets that go. */
static int level_decide(struct level *level, struct sc_error *err)
{
    enum sc_packing packing = sc_packing_sniff(level->sniff, level->sniff_len);
    int rc = 0;
    if (sc_tar_sniff(level->sniff, level->sniff_len))
        rc = begin_tar(level, err);
    else if (packing == SC_PACKING_ZIP)
        rc = begin_zip(level, KIND_ZIP, err);
    else if (packing != SC_PACKING_NONE)
        rc = begin_packed(level, packing, err);
    else
        rc = begin_raw(level, err);
    if (rc < 0 || level->sniff_len == 0)
        return rc;
    return level_bytes(level, (struct sc_bytes){level->sniff, level->sniff_len}, err);
}

static int level_write(struct level *level, struct sc_bytes data, struct sc_error *err)
{
    if (level->kind != KIND_UNKNOWN)
        return level_bytes(level, data, err);
    size_t n = SC_MIN(SNIFF - level->sniff_len, data.len);
    memcpy(level->sniff + level->sniff_len, data.ptr, n);
    level->sniff_len += n;
    if (level->sniff_len < SNIFF)
        return 0;
    int rc = level_decide(level, err);
    data = (struct sc_bytes){data.ptr + n, data.len - n};
    return rc < 0 || data.len == 0 ? rc : level_bytes(level, data, err);
}

static int enter_token(const struct sc_known_hit *hit, void *ctx, struct sc_error *err)
{
    const struct level *level = ctx;
    const struct sc_archive_options *options = &level->archive->options;
    const char *name = options->searcher->name(options->searcher->set, hit->value);
    return sc_ledger_leak(options->ledger, &level->spot, name, hit, true, err);
}

/* A small file that is nothing but a short value. */
static int compare_whole(struct level *level, struct sc_error *err)
{
    const struct sc_searcher *searcher = level->archive->options.searcher;
    size_t len = level->sniff_len;
    while (len > 0 && (level->sniff[len - 1] == '\n' || level->sniff[len - 1] == '\r' ||
                       level->sniff[len - 1] == '\0'))
        len--; /* NUL: the padding of a tar */
    struct sc_bytes token = {level->sniff, len};
    return len == 0 ? 0 : searcher->compare(searcher->set, token, enter_token, level, err);
}

static int level_end(struct level *level, struct sc_error *err)
{
    if (!level->open)
        return 0;
    struct sc_error why = {0};
    int rc = level->kind == KIND_UNKNOWN ? level_decide(level, err) : 0;
    if (rc == 0 && level->sniff_len <= SNIFF && level->kind == KIND_RAW)
        rc = compare_whole(level, err);
    if (rc == 0 && level->kind == KIND_RAW)
        rc = settle_beside(level, err);
    if (rc == 0 && level->kind == KIND_TAR && !level->broken)
        rc = tolerate(level, sc_tar_end(level->tar, &why), &why, err);
    if (rc == 0 && level->zip != NULL && level->kind == KIND_ZIP) {
        int ended = sc_zip_end(level->zip, &why); /* makes it ready for the next file, too */
        rc = level->broken ? 0 : tolerate(level, ended, &why, err);
    }
    if (rc == 0 && level->kind == KIND_PACKED && !level->broken)
        rc = tolerate(level, sc_unpack_end(level->unpack, &why), &why, err);
    /* What had been opened inside ends with it, also where it broke off. */
    if (rc == 0 && level->kind != KIND_RAW)
        rc = level_end(inner(level), err);
    level->open = false;
    return rc < 0 ? rc : sc_stream_end(&level->stream, err);
}

void sc_archive_begin(struct sc_archive *archive, const struct sc_spot *spot)
{
    archive->spot = *spot;
    archive->bytes = archive->fed = 0;
    archive->exhausted = false;
    archive->outer = NULL;
    archive->levels[0].open = false;
}

int sc_archive_write(struct sc_archive *archive, struct sc_bytes data, struct sc_error *err)
{
    struct level *top = &archive->levels[0];
    if (!top->open) {
        int rc = level_begin(top, archive->spot.path == NULL ? "" : archive->spot.path, NULL, err);
        if (rc < 0)
            return rc;
    }
    archive->fed += data.len;
    return data.len == 0 ? 0 : level_write(top, data, err);
}

int sc_archive_zeroes(struct sc_archive *archive, uint64_t count, struct sc_error *err)
{
    static const unsigned char zeroes[64 * 1024];
    struct level *top = &archive->levels[0];
    int rc = 0;
    while (rc == 0 && count > 0) {
        /* Where only bytes matter a run this long is a gap that no form reaches across. */
        if (top->open && top->kind == KIND_RAW && !top->behind && count > sizeof(zeroes)) {
            sc_zip_scan_zeroes(&top->scan, count);
            rc = end_base64(top, err);
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
    int rc = level_end(&archive->levels[0], err);
    if (rc == 0 && ret_bytes != NULL)
        *ret_bytes = archive->bytes;
    return rc;
}
