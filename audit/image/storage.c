/* SPDX-License-Identifier: Apache-2.0
 *
 * Podman's storage; see audit/image/storage.h. It is fed to the image reader as the archive that
 * `podman save` would make of it: each layer as a tar, the settings under their digest, and a
 * manifest.json that says which layers an image has.
 */
#include "audit/image/storage.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/image/image_private.h"
#include "audit/image/pack.h"
#include "audit/known/json_walk.h"
#include "core/fd.h"
#include "core/fsutil.h"
#include "core/json.h"

#include "core/banned.h"

#define IMAGES       "overlay-images"
#define LAYERS       "overlay-layers"
#define READ_SIZE    ((size_t)64 * 1024)
#define LIST_MAX     ((size_t)3 * 1024 * 1024)
#define MANIFEST_MAX ((size_t)16 * 1024 * 1024)
#define ID_SIZE      65

/* A row of images.json or layers.json. */
struct row {
    char id[ID_SIZE];
    char layer[ID_SIZE]; /* an image's topmost layer, or a layer's parent */
};

struct rows {
    struct row *items;
    size_t count;
};

struct storage {
    struct sc_image *image;
    const char *path;
    struct rows images, layers;
};

bool sc_storage_is(const char *path)
{
    SC_CLEANUP(sc_str_freep) char *file = sc_path_join(path, IMAGES "/images.json", NULL);
    return file != NULL && access(file, F_OK) == 0;
}

static int skip(const struct storage *storage, const char *what, const char *reason,
                struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep)
    char *object = sc_str_printf(err, "%s: %s", storage->image->title, what);
    return object == NULL ? SC_E_NOMEM
                          : sc_ledger_skip(storage->image->probe->ledger, SC_IMAGE_SURFACE, object,
                                           reason, err);
}

/* ---- the lists ---- */

static bool is_id(struct sc_bytes text)
{
    return text.len == ID_SIZE - 1 &&
           strspn((const char *)text.ptr, "0123456789abcdef") >= ID_SIZE - 1;
}

/* "/3/id", "/3/layer", "/3/parent"; ids become parts of paths, so nothing else is taken for one. */
static int take_row(const struct sc_json_scalar *scalar, void *ctx, struct sc_error *err)
{
    struct rows *rows = ctx;
    char *end = NULL;
    unsigned long index = strtoul(scalar->pointer + (scalar->pointer[0] == '/'), &end, 10);
    bool id = strcmp(end, "/id") == 0;
    bool layer = strcmp(end, "/layer") == 0 || strcmp(end, "/parent") == 0;
    char text[ID_SIZE] = "";
    if (scalar->type != SC_JSON_STRING || (!id && !layer) || index > rows->count)
        return 0;
    if (scalar->text.len == sizeof(text) - 1)
        memcpy(text, scalar->text.ptr, sizeof(text) - 1);
    if (!is_id((struct sc_bytes){(const unsigned char *)text, strlen(text)}))
        return 0;
    if (index == rows->count) {
        if (rows->count >= SC_IMAGE_LAYERS_MAX)
            return sc_fail(err, SC_E_TOOBIG, "more than %d layers or images", SC_IMAGE_LAYERS_MAX);
        struct row *grown = reallocarray(rows->items, rows->count + 1, sizeof(*rows->items));
        if (grown == NULL)
            return sc_fail_nomem(err);
        rows->items = grown;
        rows->items[rows->count++] = (struct row){0};
    }
    memcpy(id ? rows->items[index].id : rows->items[index].layer, text, sizeof(text));
    return 0;
}

static int read_rows(const struct storage *storage, const char *leaf, struct rows *rows,
                     struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *path = sc_path_join(storage->path, leaf, err);
    SC_CLEANUP(sc_secret_done) struct sc_secret json = {0};
    if (path == NULL)
        return SC_E_NOMEM;
    int rc = sc_file_read_secret(path, LIST_MAX, false, &json, err);
    return rc < 0 ? rc : sc_json_walk(sc_secret_view(&json), take_row, rows, err);
}

static const struct row *find_layer(const struct storage *storage, const char *id)
{
    for (size_t i = 0; id[0] != '\0' && i < storage->layers.count; i++) {
        if (strcmp(storage->layers.items[i].id, id) == 0)
            return &storage->layers.items[i];
    }
    return NULL;
}

/* ---- members ---- */

static int feed(struct sc_bytes bytes, void *ctx, struct sc_error *err)
{
    const struct storage *storage = ctx;
    return sc_image_member_write(storage->image, bytes, err);
}

static int skip_part(const char *path, const char *reason, void *ctx, struct sc_error *err)
{
    return skip(ctx, path, reason, err);
}

static int feed_layer(struct storage *storage, const char *id, struct sc_error *err)
{
    static const struct sc_pack_ops ops = {feed, skip_part};
    SC_CLEANUP(sc_str_freep)
    char *path = sc_str_printf(err, "%s/overlay/%s/diff", storage->path, id);
    SC_CLEANUP(sc_str_freep) char *name = sc_str_printf(err, "%s/layer.tar", id);
    if (path == NULL || name == NULL)
        return SC_E_NOMEM;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return skip(storage, path, "the layer cannot be read", err);
    int rc = sc_image_member_begin(storage->image, name, err);
    if (rc < 0) {
        sc_fd_closep(&fd);
        return rc;
    }
    storage->image->members[storage->image->count - 1].made_up = true;
    rc = sc_pack_folder(fd, &ops, storage, err);
    int ended = sc_image_member_end(storage->image, err);
    return rc < 0 ? rc : ended;
}

static int feed_file(struct storage *storage, int dir, const char *leaf, const char *name,
                     struct sc_error *err)
{
    unsigned char buffer[READ_SIZE];
    struct stat st;
    SC_CLEANUP(sc_fd_closep)
    int fd = openat(dir, leaf, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return skip(storage, name, "not a file that can be read", err);
    int rc = sc_image_member_begin(storage->image, name, err);
    if (rc < 0)
        return rc;
    storage->image->members[storage->image->count - 1].foreign = true;
    struct sc_error why = {0};
    for (size_t got = 1; rc == 0 && got > 0;) {
        rc = sc_fd_read_some(fd, buffer, sizeof(buffer), &got, &why);
        if (rc < 0)
            rc = skip(storage, name, sc_error_message(&why), err);
        else if (got > 0)
            rc = sc_image_member_write(storage->image, (struct sc_bytes){buffer, got}, err);
    }
    sc_wipe(buffer, sizeof(buffer));
    int ended = sc_image_member_end(storage->image, err);
    return rc < 0 ? rc : ended;
}

/* Names that are no good as such stand as "=" and base64: the settings are called "sha256:ID". */
static bool is_settings(const char *leaf)
{
    return sc_str_has_prefix(leaf, "=c2hhMjU2O"); /* "sha256:" */
}

static int feed_folder(struct storage *storage, const char *folder, const char *id,
                       struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *path = sc_path_join(storage->path, folder, err);
    if (path == NULL)
        return SC_E_NOMEM;
    DIR *dir = opendir(path);
    if (dir == NULL)
        return skip(storage, folder, "the folder cannot be read", err);
    int rc = 0;
    for (struct dirent *entry = readdir(dir); rc == 0 && entry != NULL; entry = readdir(dir)) {
        const char *leaf = entry->d_name;
        struct stat st;
        if (fstatat(dirfd(dir), leaf, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode))
            continue;
        SC_CLEANUP(sc_str_freep)
        char *name = id != NULL && is_settings(leaf) ? sc_str_printf(err, "%s.json", id)
                                                     : sc_str_printf(err, "%s/%s", folder, leaf);
        rc = name == NULL ? SC_E_NOMEM : feed_file(storage, dirfd(dir), leaf, name, err);
    }
    closedir(dir);
    return rc;
}

/* ---- the manifest ---- */

static void add_layers(const struct storage *storage, const char *top, struct sc_json *json)
{
    const struct row *chain[SC_IMAGE_LAYERS_MAX];
    size_t count = 0;
    for (const struct row *layer = find_layer(storage, top);
         layer != NULL && count < SC_IMAGE_LAYERS_MAX; layer = find_layer(storage, layer->layer))
        chain[count++] = layer;
    sc_json_key(json, "Layers");
    sc_json_array_begin(json);
    for (; count > 0; count--) {
        SC_CLEANUP(sc_str_freep)
        char *name = sc_str_printf(NULL, "%s/layer.tar", chain[count - 1]->id);
        sc_json_string(json, name);
    }
    sc_json_array_end(json);
}

static int feed_manifest(struct storage *storage, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(MANIFEST_MAX);
    struct sc_json json;
    sc_json_init(&json, &out);
    sc_json_array_begin(&json);
    for (size_t i = 0; i < storage->images.count; i++) {
        SC_CLEANUP(sc_str_freep)
        char *config = sc_str_printf(err, "%s.json", storage->images.items[i].id);
        if (config == NULL)
            return SC_E_NOMEM;
        sc_json_object_begin(&json);
        sc_json_pair_string(&json, "Config", config);
        add_layers(storage, storage->images.items[i].layer, &json);
        sc_json_object_end(&json);
    }
    sc_json_array_end(&json);
    int rc = sc_buf_status(&out, err);
    if (rc == 0)
        rc = sc_image_member_begin(storage->image, "manifest.json", err);
    if (rc == 0)
        rc = sc_image_member_write(storage->image, sc_buf_view(&out), err);
    return rc < 0 ? rc : sc_image_member_end(storage->image, err);
}

static int feed_all(struct storage *storage, struct sc_error *err)
{
    int rc = feed_folder(storage, IMAGES, NULL, err);
    for (size_t i = 0; rc == 0 && i < storage->images.count; i++) {
        const char *id = storage->images.items[i].id;
        SC_CLEANUP(sc_str_freep) char *folder = sc_str_printf(err, IMAGES "/%s", id);
        rc = folder == NULL ? SC_E_NOMEM : feed_folder(storage, folder, id, err);
    }
    if (rc == 0)
        rc = feed_folder(storage, LAYERS, NULL, err);
    for (size_t i = 0; rc == 0 && i < storage->layers.count; i++)
        rc = feed_layer(storage, storage->layers.items[i].id, err);
    return rc < 0 ? rc : feed_manifest(storage, err);
}

int sc_storage_search(struct sc_image *image, const char *path, struct sc_error *err)
{
    struct storage storage = {.image = image, .path = path};
    struct sc_error why = {0};
    int rc = read_rows(&storage, IMAGES "/images.json", &storage.images, &why);
    if (rc == 0)
        rc = read_rows(&storage, LAYERS "/layers.json", &storage.layers, &why);
    if (rc == SC_E_NOMEM)
        rc = sc_fail_nomem(err);
    else if (rc < 0)
        rc = skip(&storage, "its lists of images and layers", sc_error_message(&why), err);
    else
        rc = feed_all(&storage, err);
    free(storage.images.items);
    free(storage.layers.items);
    return rc;
}
