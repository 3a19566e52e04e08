/* SPDX-License-Identifier: Apache-2.0
 *
 * Searching an image; see audit/image/image.h. Folders and files are opened in audit/image/disk.c,
 * the order of layers is worked out in audit/image/resolve.c.
 */
#include "audit/image/image_private.h"

#include <stdlib.h>
#include <string.h>

#include "audit/known/inspect.h"
#include "audit/known/json_walk.h"
#include "core/hash.h"

#include "core/banned.h"

static struct sc_image_member *current(struct sc_image *image)
{
    return &image->members[image->count - 1];
}

/* A member that is called after its digest is proved by that; what it unpacks to needs no proof. Of
 * any other one only what it unpacks to does. */
static void hash_unpacked(struct sc_bytes piece, void *ctx)
{
    struct sc_image *image = ctx;
    image->packed = true;
    if (!image->named)
        sc_sha256_add(&image->unpacked, piece);
}

static void hash_stored(struct sc_image *image, struct sc_bytes data)
{
    if (image->named || !image->packed)
        sc_hasher_begin(image->hasher, &image->stored, data);
}

/* Keeps the paths of the layer that is being read. */
static int keep_path(const struct sc_tar_entry *entry, void *ctx, struct sc_error *err)
{
    struct sc_image *image = ctx;
    return sc_layer_paths_add(&current(image)->paths, entry->path, entry->type == '5', err);
}

struct sc_image *sc_image_new(struct sc_probe *probe, const char *title, struct sc_error *err)
{
    struct sc_image *image = calloc(1, sizeof(*image));
    if (image == NULL) {
        SC_IGNORE(sc_fail_nomem(err)); /* the code is in err */
        return NULL;
    }
    image->probe = probe;
    image->first_leak = probe->ledger->leak_count;
    image->first_skip = probe->ledger->skipped_count;
    image->title = sc_str_dup(title, err);
    const struct sc_archive_options options = {
        .searcher = probe->searcher,
        .ledger = probe->ledger,
        .surface = SC_IMAGE_SURFACE,
        .on_entry = keep_path,
        .on_unpacked = hash_unpacked,
        .ctx = image,
    };
    image->archive = sc_archive_new(&options, err);
    image->hasher = sc_hasher_new(err);
    if (image->title == NULL || image->archive == NULL || image->hasher == NULL) {
        sc_image_free(image);
        return NULL;
    }
    return image;
}

void sc_image_free(struct sc_image *image)
{
    if (image == NULL)
        return;
    for (size_t i = 0; i < image->count; i++) {
        free(image->members[i].name);
        free(image->members[i].target);
        sc_secret_done(&image->members[i].json);
        sc_layer_paths_done(&image->members[i].paths);
    }
    free(image->members);
    sc_archive_free(image->archive);
    sc_hasher_free(image->hasher);
    sc_unpack_free(image->outer);
    sc_tar_free(image->tar);
    free(image->title);
    free(image);
}

void sc_image_freep(struct sc_image **image)
{
    sc_image_free(*image);
}

/* ---- members ---- */

static int add_member(struct sc_image *image, const char *name, struct sc_error *err)
{
    if (image->count >= SC_IMAGE_MEMBERS_MAX)
        return sc_fail(err, SC_E_TOOBIG, "more than %zu members in an image archive",
                       SC_IMAGE_MEMBERS_MAX);
    if (image->count == image->cap) {
        size_t wanted = image->cap == 0 ? 32 : image->cap * 2;
        struct sc_image_member *grown = reallocarray(image->members, wanted, sizeof(*grown));
        if (grown == NULL)
            return sc_fail_nomem(err);
        image->members = grown;
        image->cap = wanted;
    }
    if (name[0] == '.' && name[1] == '/')
        name += 2;
    struct sc_image_member *member = &image->members[image->count];
    *member = (struct sc_image_member){.name = sc_str_dup(name, err)};
    if (member->name == NULL)
        return SC_E_NOMEM;
    image->count++;
    return 0;
}

int sc_image_member_begin(struct sc_image *image, const char *name, struct sc_error *err)
{
    int rc = add_member(image, name, err);
    if (rc < 0)
        return rc;
    sc_ledger_object(image->probe->ledger);
    image->mode = SC_MEMBER_NEW;
    image->own = UINT64_MAX;
    image->packed = false;
    image->named = sc_image_named_digest(current(image)->name) != NULL;
    sc_sha256_init(&image->stored);
    sc_sha256_init(&image->unpacked);
    image->spot =
        (struct sc_spot){.place = "layer", .file = image->title, .layer = current(image)->name};
    sc_archive_begin(image->archive, &image->spot);
    return 0;
}

/* A document that turned out to be too large for one, or none: searched as the file it is. */
static int give_up_document(struct sc_image *image, struct sc_error *err)
{
    struct sc_image_member *member = current(image);
    image->mode = SC_MEMBER_FILE;
    image->documents -= member->json.len;
    int rc = sc_archive_write(image->archive, sc_secret_view(&member->json), err);
    sc_secret_done(&member->json);
    return rc;
}

static int search_member(struct sc_image *image, struct sc_bytes data, struct sc_error *err)
{
    struct sc_image_member *member = current(image);
    if (image->mode == SC_MEMBER_NEW)
        image->mode =
            data.ptr[0] == '{' || data.ptr[0] == '[' ? SC_MEMBER_DOCUMENT : SC_MEMBER_FILE;
    if (image->mode == SC_MEMBER_DOCUMENT) {
        if (member->json.len + data.len <= SC_IMAGE_DOCUMENT_MAX &&
            image->documents + data.len <= SC_IMAGE_DOCUMENTS_MAX) {
            image->documents += data.len;
            return sc_secret_append(&member->json, data.ptr, data.len, err);
        }
        int rc = give_up_document(image, err);
        if (rc < 0)
            return rc;
    }
    return sc_archive_write(image->archive, data, err);
}

int sc_image_member_write(struct sc_image *image, struct sc_bytes data, struct sc_error *err)
{
    if (data.len == 0)
        return 0;
    size_t own = data.len < image->own ? data.len : (size_t)image->own;
    image->own -= own;
    hash_stored(image, (struct sc_bytes){data.ptr, own});
    int rc = search_member(image, data, err);
    sc_hasher_wait(image->hasher);
    return rc;
}

/* A document without the padding of the outer tar, which is no part of it. */
static struct sc_bytes document_of(const struct sc_image_member *member)
{
    struct sc_bytes json = sc_secret_view(&member->json);
    while (json.len > 0 && json.ptr[json.len - 1] == '\0')
        json.len--;
    return json;
}

static int pass_over(const struct sc_json_scalar *scalar, void *ctx, struct sc_error *err)
{
    (void)scalar;
    (void)ctx;
    (void)err;
    return 0;
}

/* A layer whose first file is called "[id].js" begins like a document. */
static int weigh_document(struct sc_image *image, struct sc_error *err)
{
    struct sc_error why = {0};
    int rc = sc_json_walk(document_of(current(image)), pass_over, NULL, &why);
    if (rc == SC_E_NOMEM)
        return sc_fail_nomem(err);
    return rc < 0 ? give_up_document(image, err) : 0;
}

static int end_document(struct sc_image *image, struct sc_error *err)
{
    struct sc_image_member *member = current(image);
    sc_secret_truncate(&member->json, document_of(member).len);
    image->bytes += member->json.len;
    struct sc_bytes json = sc_secret_view(&member->json);
    const struct sc_spot spot = {
        .place = sc_manifest_place(json), .file = image->title, .path = member->name};
    return sc_inspect_json(image->probe, &spot, json, err);
}

static void keep_digests(struct sc_image *image)
{
    struct sc_image_member *member = current(image);
    unsigned char digest[SC_SHA256_SIZE];
    if (image->named || !image->packed) {
        sc_sha256_end(&image->stored, digest);
        sc_hex(member->stored, digest, sizeof(digest));
    }
    if (!image->packed) {
        memcpy(member->unpacked, member->stored, sizeof(member->unpacked));
    } else if (!image->named) {
        sc_sha256_end(&image->unpacked, digest);
        sc_hex(member->unpacked, digest, sizeof(digest));
    }
}

int sc_image_member_end(struct sc_image *image, struct sc_error *err)
{
    uint64_t bytes = 0;
    int rc = image->mode == SC_MEMBER_DOCUMENT ? weigh_document(image, err) : 0;
    if (rc < 0)
        return rc;
    rc = image->mode == SC_MEMBER_DOCUMENT ? end_document(image, err)
                                           : sc_archive_end(image->archive, &bytes, err);
    image->bytes += bytes;
    keep_digests(image); /* a small file is unpacked at its end only */
    return rc;
}

/* ---- the outer archive ---- */

static int outer_meta(const char *what, struct sc_bytes bytes, void *ctx, struct sc_error *err)
{
    struct sc_image *image = ctx;
    image->outer_spot = (struct sc_spot){.place = "layer", .file = image->title, .where = what};
    /* Slack comes in pieces. */
    return strcmp(what, "slack") == 0
               ? sc_probe_write(image->probe, &image->outer_spot, bytes, err)
               : sc_probe_bytes(image->probe, &image->outer_spot, bytes, err);
}

static int outer_entry(const struct sc_tar_entry *entry, void *ctx, struct sc_error *err)
{
    struct sc_image *image = ctx;
    int rc = sc_image_member_begin(image, entry->path, err);
    image->own = entry->size;
    /* docker save: a layer that two images share is a link the second time. */
    if (rc == 0 && entry->link != NULL) {
        current(image)->target = sc_str_dup(entry->link, err);
        rc = current(image)->target == NULL ? SC_E_NOMEM : 0;
    }
    return rc;
}

static int outer_content(struct sc_bytes bytes, void *ctx, struct sc_error *err)
{
    return sc_image_member_write(ctx, bytes, err);
}

static int outer_entry_end(void *ctx, struct sc_error *err)
{
    return sc_image_member_end(ctx, err);
}

static const struct sc_tar_ops outer_ops = {outer_meta, outer_entry, outer_content,
                                            outer_entry_end};

static int outer_tar(struct sc_bytes piece, void *ctx, struct sc_error *err)
{
    struct sc_image *image = ctx;
    if (image->tar == NULL)
        image->tar = sc_tar_new(&outer_ops, image, err);
    return image->tar == NULL ? SC_E_NOMEM : sc_tar_write(image->tar, piece, err);
}

/* Of the outer archive as it is stored. */
static int outer_bytes(struct sc_image *image, struct sc_bytes data, struct sc_error *err)
{
    if (image->outer == NULL)
        return outer_tar(data, image, err);
    int rc = sc_unpack_write(image->outer, data, err);
    bool outside = rc == 0 && sc_unpack_outside(image->outer);
    return outside ? outer_meta("packing", data, image, err) : rc;
}

int sc_image_write(struct sc_image *image, struct sc_bytes data, struct sc_error *err)
{
    /* The packing shows in the first bytes, which a stream might bring one by one. */
    while (!image->begun && data.len > 0 && image->start_len < sizeof(image->start)) {
        image->start[image->start_len++] = data.ptr[0];
        data = (struct sc_bytes){data.ptr + 1, data.len - 1};
    }
    if (!image->begun && image->start_len < sizeof(image->start))
        return 0;
    int rc = 0;
    if (!image->begun) {
        image->begun = true;
        enum sc_packing packing = sc_packing_sniff(image->start, image->start_len);
        if (packing != SC_PACKING_NONE)
            image->outer = sc_unpack_new(packing, outer_tar, image, err);
        if (packing != SC_PACKING_NONE && image->outer == NULL)
            return SC_E_UNSUPPORTED;
        rc = outer_bytes(image, (struct sc_bytes){image->start, image->start_len}, err);
    }
    return rc < 0 || data.len == 0 ? rc : outer_bytes(image, data, err);
}

static int end_outer(struct sc_image *image, struct sc_error *err)
{
    int rc = image->outer != NULL ? sc_unpack_end(image->outer, err) : 0;
    if (rc == 0 && image->tar != NULL)
        rc = sc_tar_end(image->tar, err);
    if (rc == 0)
        rc = sc_probe_end(image->probe, err); /* of slack */
    if (rc == 0 && image->tar == NULL && image->count == 0)
        rc = sc_fail(err, SC_E_FORMAT, "it is empty");
    return rc;
}

int sc_image_end(struct sc_image *image, const char *why, struct sc_error *err)
{
    struct sc_error reason = {0};
    int rc = why == NULL ? end_outer(image, &reason) : 0;
    if (rc == SC_E_NOMEM)
        return sc_fail_nomem(err);
    if (rc < 0)
        why = sc_error_message(&reason);
    rc = sc_image_resolve(image, err);
    struct sc_ledger *ledger = image->probe->ledger;
    if (rc == 0 && why == NULL && image->images == 0)
        why = "there is no image manifest in it";
    if (rc == 0 && why != NULL)
        return sc_ledger_skip(ledger, SC_IMAGE_SURFACE, image->title, why, err);
    if (rc < 0 || ledger->skipped_count > image->first_skip)
        return rc;
    return sc_ledger_looked(ledger, SC_IMAGE_SURFACE, image->title, image->id, image->bytes, err);
}
