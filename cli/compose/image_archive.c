/* SPDX-License-Identifier: Apache-2.0
 *
 * What the images in archives start: `docker save`, and OCI layouts as archive or folder. Only
 * their JSON documents are kept; layers pass by.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/image/tar.h"
#include "audit/image/unpack/unpack.h"
#include "audit/known/json_walk.h"
#include "cli/compose/image_start.h"
#include "core/fd.h"
#include "core/fsutil.h"

#include "core/banned.h"

#define DOCUMENT_MAX  ((size_t)3 * 1024 * 1024)
#define DOCUMENTS_MAX 4096
#define READ_SIZE     ((size_t)128 * 1024)
/* An index may name an index. */
#define NESTING_MAX 4

struct document {
    char *name;
    size_t size;
    struct sc_buf text;
};

struct archive {
    const char *folder; /* documents are read from here; else from `items` */
    struct document *items;
    size_t count;
    bool open; /* the last one is being read */
};

static void archive_done(struct archive *archive)
{
    for (size_t i = 0; i < archive->count; i++) {
        free(archive->items[i].name);
        sc_buf_done(&archive->items[i].text);
    }
    free(archive->items);
}

/* ---- reading ---- */

static int on_meta(const char *what, struct sc_bytes bytes, void *ctx, struct sc_error *err)
{
    (void)what, (void)bytes, (void)ctx, (void)err;
    return 0;
}

static int on_entry(const struct sc_tar_entry *entry, void *ctx, struct sc_error *err)
{
    struct archive *archive = ctx;
    archive->open = false;
    if ((entry->type != '0' && entry->type != '\0') || entry->size > DOCUMENT_MAX ||
        entry->size < 2 || archive->count == DOCUMENTS_MAX)
        return 0;
    if (archive->items == NULL)
        archive->items = calloc(DOCUMENTS_MAX, sizeof(*archive->items));
    if (archive->items == NULL)
        return sc_fail_nomem(err);
    const char *name = sc_str_has_prefix(entry->path, "./") ? entry->path + 2 : entry->path;
    struct document *d = &archive->items[archive->count];
    d->size = (size_t)entry->size;
    d->text = (struct sc_buf)SC_BUF_INIT(DOCUMENT_MAX);
    d->name = sc_str_dup(name, err);
    if (d->name == NULL)
        return SC_E_NOMEM;
    archive->count++;
    archive->open = true;
    return 0;
}

static int on_content(struct sc_bytes bytes, void *ctx, struct sc_error *err)
{
    struct archive *archive = ctx;
    (void)err;
    if (!archive->open)
        return 0;
    struct document *d = &archive->items[archive->count - 1];
    if (d->text.len == 0 && bytes.len > 0 && bytes.ptr[0] != '{' && bytes.ptr[0] != '[') {
        archive->open = false; /* a layer */
        return 0;
    }
    /* what follows the content is padding */
    sc_buf_append(&d->text, bytes.ptr, SC_MIN(bytes.len, d->size - d->text.len));
    return 0;
}

static int on_end(void *ctx, struct sc_error *err)
{
    struct archive *archive = ctx;
    archive->open = false;
    (void)err;
    return 0;
}

static int on_unpacked(struct sc_bytes piece, void *ctx, struct sc_error *err)
{
    return sc_tar_write(ctx, piece, err);
}

static int feed(int fd, struct sc_tar *tar, struct sc_error *err)
{
    unsigned char *buffer = malloc(READ_SIZE);
    struct sc_unpack *unpack = NULL;
    int rc = buffer == NULL ? sc_fail_nomem(err) : 0;
    for (bool first = true; rc == 0; first = false) {
        ssize_t n = read(fd, buffer, READ_SIZE);
        if (n < 0)
            rc = sc_fail_errno(err, "cannot read it");
        if (n <= 0)
            break;
        struct sc_bytes piece = {buffer, (size_t)n};
        enum sc_packing packing = first ? sc_packing_sniff(buffer, (size_t)n) : SC_PACKING_NONE;
        if (packing != SC_PACKING_NONE) {
            unpack = sc_unpack_new(packing, on_unpacked, tar, err);
            rc = unpack == NULL ? err->code : 0;
        }
        if (rc == 0)
            rc = unpack != NULL ? sc_unpack_write(unpack, piece, err)
                                : sc_tar_write(tar, piece, err);
    }
    sc_unpack_free(unpack);
    free(buffer);
    return rc;
}

static int read_archive(const char *path, struct archive *archive, struct sc_error *err)
{
    static const struct sc_tar_ops ops = {on_meta, on_entry, on_content, on_end};
    SC_CLEANUP(sc_fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return sc_fail_errno(err, "cannot open '%s'", path);
    if (S_ISDIR(st.st_mode)) {
        archive->folder = path;
        return 0;
    }
    struct sc_tar *tar = sc_tar_new(&ops, archive, err);
    int rc = tar == NULL ? SC_E_NOMEM : feed(fd, tar, err);
    sc_tar_free(tar);
    return rc < 0 ? sc_wrap(err, rc, "'%s' is no image archive", path) : 0;
}

/* ---- documents ---- */

static int document(const struct archive *archive, const char *name, struct sc_buf *copy,
                    struct sc_bytes *ret)
{
    if (archive->folder != NULL) {
        if (name[0] == '/' || strstr(name, "..") != NULL)
            return SC_E_NOTFOUND; /* what the archive says leads nowhere else */
        SC_CLEANUP(sc_str_freep) char *path = sc_str_printf(NULL, "%s/%s", archive->folder, name);
        sc_buf_clear(copy);
        if (path == NULL || sc_file_read(path, copy, NULL) < 0)
            return SC_E_NOTFOUND;
        *ret = sc_buf_view(copy);
        return 0;
    }
    for (size_t i = archive->count; i-- > 0;) {
        if (strcmp(archive->items[i].name, name) == 0) {
            *ret = sc_buf_view(&archive->items[i].text);
            return 0;
        }
    }
    return SC_E_NOTFOUND;
}

/* "postgres" and "docker.io/library/postgres:latest" are one. */
static bool same_image(const char *a, size_t n, const char *b)
{
    char names[2][512];
    const char *from[] = {a, b};
    size_t lengths[] = {n, strlen(b)};
    for (size_t i = 0; i < 2; i++) {
        static const char *const drop[] = {"docker.io/", "index.docker.io/", "library/"};
        const char *text = from[i];
        size_t len = lengths[i];
        for (size_t k = 0; k < SC_ARRAY_SIZE(drop); k++) {
            size_t d = strlen(drop[k]);
            if (len > d && memcmp(text, drop[k], d) == 0) {
                text += d;
                len -= d;
            }
        }
        if (len + 8 >= sizeof(names[i]))
            return false;
        memcpy(names[i], text, len);
        names[i][len] = '\0';
        const char *slash = strrchr(names[i], '/');
        if (strchr(slash != NULL ? slash : names[i], ':') == NULL && strchr(names[i], '@') == NULL)
            memcpy(names[i] + len, ":latest", 8);
    }
    return strcmp(names[0], names[1]) == 0;
}

/* Looks for an image in manifest.json or in an index. */
struct search {
    const char *image; /* NULL: the first one will do */
    long entry;        /* the list's entry that is it; -1: not found yet */
    long at;           /* the one that `blob` is of */
    char blob[160];    /* settings (manifest.json) or manifest (index), of the entry */
    char last[160];
};

static long entry_of(const char *pointer)
{
    const char *digits = strpbrk(pointer, "0123456789");
    return digits != NULL ? strtol(digits, NULL, 10) : -1;
}

static void keep(char out[160], const struct sc_json_scalar *scalar)
{
    size_t n = SC_MIN(scalar->text.len, (size_t)159);
    memcpy(out, scalar->text.ptr, n);
    out[n] = '\0';
}

static int on_list(const struct sc_json_scalar *scalar, void *ctx, struct sc_error *err)
{
    struct search *s = ctx;
    const char *p = scalar->pointer, *text = (const char *)scalar->text.ptr;
    (void)err;
    if (scalar->type != SC_JSON_STRING)
        return 0;
    long entry = entry_of(p);
    bool blob = sc_str_has_suffix(p, "/Config") || sc_str_has_suffix(p, "/digest");
    bool name = strstr(p, "/RepoTags/") != NULL || sc_str_has_suffix(p, "image.name") ||
                sc_str_has_suffix(p, "image.ref.name");
    if (blob && entry != s->at) {
        keep(s->last, scalar);
        s->at = entry;
    }
    if (name && s->entry < 0 && s->image != NULL && same_image(text, scalar->text.len, s->image))
        s->entry = entry;
    if (blob && s->image == NULL && s->entry < 0)
        s->entry = entry;
    if (s->entry >= 0 && s->at == s->entry && s->blob[0] == '\0')
        memcpy(s->blob, s->last, sizeof(s->blob));
    return 0;
}

/* "sha256:HEX" as a member. */
static void blob_name(const char *digest, char out[192])
{
    if (sc_str_has_prefix(digest, "sha256:"))
        snprintf(out, 192, "blobs/sha256/%.160s", digest + 7);
    else
        snprintf(out, 192, "%.190s", digest);
}

static int on_manifest(const struct sc_json_scalar *scalar, void *ctx, struct sc_error *err)
{
    (void)err;
    if (scalar->type == SC_JSON_STRING && strcmp(scalar->pointer, "/config/digest") == 0)
        keep(ctx, scalar);
    return 0;
}

/* The settings of the image; NOTFOUND when it is not in the archive. */
static int settings_of(const struct archive *archive, const char *image, struct sc_buf *copy,
                       struct sc_bytes *ret)
{
    static const char *const lists[] = {"manifest.json", "index.json"};
    char name[192] = "";
    for (size_t i = 0; i < SC_ARRAY_SIZE(lists) && name[0] == '\0'; i++) {
        struct search s = {.image = image, .entry = -1, .at = -1};
        if (document(archive, lists[i], copy, ret) == 0 &&
            sc_json_walk(*ret, on_list, &s, NULL) == 0)
            blob_name(s.blob, name);
    }
    for (int depth = 0; depth < NESTING_MAX && name[0] != '\0'; depth++) {
        char config[160] = "";
        if (document(archive, name, copy, ret) < 0)
            return SC_E_NOTFOUND;
        if (sc_json_walk(*ret, on_manifest, config, NULL) < 0)
            return SC_E_FORMAT;
        if (config[0] != '\0') {
            blob_name(config, name);
            return document(archive, name, copy, ret);
        }
        struct search s = {.entry = -1, .at = -1};
        if (sc_json_walk(*ret, on_list, &s, NULL) < 0 || s.blob[0] == '\0' ||
            !sc_str_has_prefix(s.blob, "sha256:"))
            return 0; /* the settings themselves */
        blob_name(s.blob, name);
    }
    return SC_E_NOTFOUND;
}

int sc_image_archive_start(const char *given, const char *image, struct sc_image_start *ret,
                           struct sc_error *err)
{
    SC_CLEANUP(archive_done) struct archive archive = {0};
    SC_CLEANUP(sc_buf_done) struct sc_buf copy = SC_BUF_INIT(DOCUMENT_MAX);
    struct sc_bytes settings = {0};
    const char *equal = strchr(given, '='), *path = given, *wanted = image;
    if (equal != NULL) { /* NAME=FILE: whatever the archive calls it */
        if (!same_image(given, (size_t)(equal - given), image))
            return SC_E_NOTFOUND;
        path = equal + 1;
        wanted = NULL;
    }
    int rc = read_archive(path, &archive, err);
    if (rc < 0)
        return rc;
    if (settings_of(&archive, wanted, &copy, &settings) < 0)
        return sc_fail(err, SC_E_NOTFOUND, "'%s' is not in '%s'", image, path);
    return sc_json_walk(settings, sc_image_start_take, ret, err);
}
