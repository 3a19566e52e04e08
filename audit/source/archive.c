/* SPDX-License-Identifier: Apache-2.0
 *
 * Archives through libarchive; see audit/source/archive.h.
 */
#include "audit/source/archive.h"

#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "core/proc.h"
#include "core/str.h"

#include "core/banned.h"

/* The functions used, loaded on the first call: see core/proc.h. */
/* clang-format off */
#define ARCHIVE_FUNCTIONS(X) \
    X(entry_filetype) X(entry_is_encrypted) X(entry_pathname) X(error_string) X(read_data) \
    X(read_free) X(read_new) X(read_next_header) X(read_open_filename) X(read_open_memory) \
    X(read_support_filter_all) X(read_support_format_all) X(read_support_format_raw)
/* clang-format on */

struct archive_api {
#define X(name) __typeof__(archive_##name) *name;
    ARCHIVE_FUNCTIONS(X)
#undef X
};

static int load(struct archive_api *api, struct sc_error *err)
{
    const struct sc_symbol symbols[] = {
#define X(name) {"archive_" #name, (void **)(void *)&api->name},
        ARCHIVE_FUNCTIONS(X)
#undef X
    };
    return sc_proc_load_library("libarchive.so.13", symbols, SC_ARRAY_SIZE(symbols), err);
}

#define READ_BLOCK ((size_t)65536)

struct reading {
    const struct archive_api *api;
    struct sc_worker *worker;
    const char *name;
    unsigned depth;
    size_t entries;
    uint64_t bytes;
};

static int read_members(struct reading *r, struct archive *archive, struct sc_error *err);

bool sc_archive_is(struct sc_bytes text)
{
    static const struct {
        size_t offset, len;
        const char *magic;
    } kinds[] = {
        {0, 4, "PK\003\004"},    {0, 2, "\x1f\x8b"}, {0, 4, "\x28\xb5\x2f\xfd"},
        {0, 6, "\xfd\x37zXZ\0"}, {0, 3, "BZh"},      {0, 6, "7z\xbc\xaf\x27\x1c"},
        {257, 5, "ustar"},       {0, 6, "070701"},   {0, 8, "!<arch>\n"},
    };
    for (size_t i = 0; i < SC_ARRAY_SIZE(kinds); i++) {
        if (text.len >= kinds[i].offset + kinds[i].len &&
            memcmp(text.ptr + kinds[i].offset, kinds[i].magic, kinds[i].len) == 0)
            return true;
    }
    return false;
}

static struct archive *open_reader(const struct reading *r)
{
    struct archive *archive = r->api->read_new();
    if (archive == NULL)
        return NULL;
    r->api->read_support_filter_all(archive);
    r->api->read_support_format_all(archive);
    r->api->read_support_format_raw(archive); /* a compressed file that is no archive */
    return archive;
}

static int skip_rest(struct reading *r, struct archive *archive, struct sc_error *err)
{
    const char *cause = r->api->error_string(archive);
    SC_CLEANUP(sc_str_freep)
    char *reason = sc_str_printf(err, "the archive cannot be read to its end: %s",
                                 cause == NULL ? "unknown error" : cause);
    return reason == NULL ? SC_E_NOMEM : sc_worker_skip(r->worker, r->name, reason, err);
}

/* 1 with the member's bytes in the buffer, 0 if it was skipped. */
static int read_member(struct reading *r, struct archive *archive, const char *name,
                       struct sc_buf *out, struct sc_error *err)
{
    char block[READ_BLOCK];
    for (;;) {
        la_ssize_t got = r->api->read_data(archive, block, sizeof(block));
        if (got == 0)
            return 1;
        if (got < 0) {
            int rc = sc_worker_skip(r->worker, name, "the member cannot be read", err);
            return rc < 0 ? rc : 0;
        }
        r->bytes += (uint64_t)got;
        sc_buf_append(out, block, (size_t)got);
        if (sc_buf_status(out, NULL) == SC_E_TOOBIG || r->bytes > SC_AUDIT_ARCHIVE_BYTES_MAX) {
            int rc = sc_worker_skip(r->worker, name, "a member of more than 16 MiB", err);
            return rc < 0 ? rc : 0;
        }
        int rc = sc_buf_status(out, err);
        if (rc < 0)
            return rc;
    }
}

static int look_at_member(struct reading *r, struct archive *archive, const char *member,
                          struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *name = sc_str_printf(err, "%s!%s", r->name, member);
    SC_CLEANUP(sc_buf_done) struct sc_buf content = SC_BUF_INIT(SC_AUDIT_WHOLE_MAX);
    if (name == NULL)
        return SC_E_NOMEM;
    int rc = read_member(r, archive, name, &content, err);
    if (rc <= 0)
        return rc;
    struct sc_bytes text = sc_buf_view(&content);
    if (!sc_archive_is(text))
        return sc_worker_bytes(r->worker, name, NULL, text, err);
    if (r->depth >= SC_AUDIT_ARCHIVE_DEPTH_MAX)
        return sc_worker_skip(r->worker, name, "archives nested too deeply", err);
    struct archive *inner = open_reader(r);
    if (inner == NULL)
        return sc_fail_nomem(err);
    struct reading nested = *r;
    nested.name = name;
    nested.depth++;
    rc = r->api->read_open_memory(inner, text.ptr, text.len) == ARCHIVE_OK
             ? read_members(&nested, inner, err)
             : skip_rest(&nested, inner, err);
    r->entries = nested.entries;
    r->bytes = nested.bytes;
    r->api->read_free(inner);
    return rc;
}

static int read_members(struct reading *r, struct archive *archive, struct sc_error *err)
{
    for (;;) {
        struct archive_entry *entry = NULL;
        int status = r->api->read_next_header(archive, &entry);
        if (status == ARCHIVE_EOF)
            return 0;
        if (status < ARCHIVE_WARN)
            return skip_rest(r, archive, err);
        if (++r->entries > SC_AUDIT_ARCHIVE_ENTRIES_MAX || r->bytes > SC_AUDIT_ARCHIVE_BYTES_MAX)
            return sc_worker_skip(r->worker, r->name, "an archive over the limits", err);
        const char *path = r->api->entry_pathname(entry);
        mode_t type = r->api->entry_filetype(entry);
        if (type != AE_IFREG && type != 0)
            continue;
        if (r->api->entry_is_encrypted(entry)) {
            int rc = sc_worker_skip(r->worker, r->name, "an encrypted member", err);
            if (rc < 0)
                return rc;
            continue;
        }
        int rc = look_at_member(r, archive, path == NULL ? "?" : path, err);
        if (rc < 0)
            return rc;
    }
}

/* With the library loaded: an archive in memory, or the file of that name when text.ptr is NULL. */
static int audit(struct reading *r, struct sc_bytes text, struct sc_error *err)
{
    struct archive *archive = open_reader(r);
    if (archive == NULL)
        return sc_fail_nomem(err);
    int status = text.ptr != NULL ? r->api->read_open_memory(archive, text.ptr, text.len)
                                  : r->api->read_open_filename(archive, r->name, READ_BLOCK);
    int rc = status == ARCHIVE_OK ? read_members(r, archive, err) : skip_rest(r, archive, err);
    r->api->read_free(archive);
    return rc;
}

int sc_archive_audit(struct sc_worker *worker, const char *name, struct sc_bytes text,
                     struct sc_error *err)
{
    struct archive_api api;
    int rc = load(&api, err);
    if (rc < 0)
        return rc;
    struct reading r = {.api = &api, .worker = worker, .name = name};
    return audit(&r, text, err);
}

int sc_archive_audit_file(struct sc_worker *worker, const char *path, struct sc_error *err)
{
    return sc_archive_audit(worker, path, (struct sc_bytes){NULL, 0}, err);
}
