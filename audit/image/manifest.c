/* SPDX-License-Identifier: Apache-2.0
 *
 * Image documents; see audit/image/manifest.h.
 */
#include "audit/image/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "audit/known/json_walk.h"

#include "core/banned.h"

#define DIGEST_PREFIX "sha256:"

/* ---- pointers ---- */

/* Matches "/layers/#/digest" with a number for each '#'; *ret_last is the last number. */
static bool matches(const char *pointer, const char *pattern, size_t *ret_last)
{
    for (; *pattern != '\0'; pattern++) {
        if (*pattern != '#') {
            if (*pointer++ != *pattern)
                return false;
            continue;
        }
        size_t digits = strspn(pointer, "0123456789");
        if (digits == 0 || digits > 6)
            return false;
        *ret_last = strtoul(pointer, NULL, 10);
        pointer += digits;
    }
    return *pointer == '\0';
}

static char *text_of(const struct sc_json_scalar *scalar, struct sc_error *err)
{
    return sc_str_ndup((const char *)scalar->text.ptr,
                       strnlen((const char *)scalar->text.ptr, scalar->text.len), err);
}

/* The member that holds a blob; malloc'd. */
static char *member_of_digest(const struct sc_json_scalar *scalar, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *digest = text_of(scalar, err);
    if (digest == NULL)
        return NULL;
    const char *hex =
        sc_str_has_prefix(digest, DIGEST_PREFIX) ? digest + strlen(DIGEST_PREFIX) : "";
    return sc_str_printf(err, "blobs/sha256/%s", hex);
}

/* ---- which images there are ---- */

struct reading {
    struct sc_manifests *manifests;
    struct sc_manifest oci; /* of the document itself, if it is an OCI manifest */
    size_t saved_first;     /* of the images of manifest.json */
};

static int image_at(struct sc_manifests *manifests, size_t index, struct sc_manifest **ret,
                    struct sc_error *err)
{
    if (index >= SC_IMAGES_MAX)
        return sc_fail(err, SC_E_TOOBIG, "more than %d images in one archive", SC_IMAGES_MAX);
    while (manifests->count <= index) {
        if (manifests->count == manifests->cap) {
            size_t wanted = manifests->cap == 0 ? 8 : manifests->cap * 2;
            struct sc_manifest *grown = reallocarray(manifests->items, wanted, sizeof(*grown));
            if (grown == NULL)
                return sc_fail_nomem(err);
            manifests->items = grown;
            manifests->cap = wanted;
        }
        manifests->items[manifests->count++] = (struct sc_manifest){0};
    }
    *ret = &manifests->items[index];
    return 0;
}

static int add_layer(struct sc_manifest *manifest, char *member, struct sc_error *err)
{
    if (manifest->layers.count >= SC_IMAGE_LAYERS_MAX) {
        free(member);
        return sc_fail(err, SC_E_TOOBIG, "more than %d layers in one image", SC_IMAGE_LAYERS_MAX);
    }
    return sc_strv_take(&manifest->layers, member, err);
}

/* The manifest.json of `docker save`: "/0/Config", "/0/Layers/2". */
static int read_saved(struct reading *reading, const struct sc_json_scalar *scalar,
                      struct sc_error *err)
{
    size_t number = 0;
    size_t image = scalar->pointer[0] == '/' ? strtoul(scalar->pointer + 1, NULL, 10) : 0;
    bool config = matches(scalar->pointer, "/#/Config", &number);
    if (!config && !matches(scalar->pointer, "/#/Layers/#", &number))
        return 0;
    struct sc_manifest *manifest = NULL;
    int rc = image_at(reading->manifests, reading->saved_first + image, &manifest, err);
    if (rc < 0)
        return rc;
    if (!config)
        return add_layer(manifest, text_of(scalar, err), err);
    free(manifest->config);
    manifest->config = text_of(scalar, err);
    return manifest->config == NULL ? SC_E_NOMEM : 0;
}

static int read_scalar(const struct sc_json_scalar *scalar, void *ctx, struct sc_error *err)
{
    struct reading *reading = ctx;
    size_t number = 0;
    if (scalar->type != SC_JSON_STRING)
        return 0;
    if (strcmp(scalar->pointer, "/config/digest") == 0) {
        free(reading->oci.config);
        reading->oci.config = member_of_digest(scalar, err);
        return reading->oci.config == NULL ? SC_E_NOMEM : 0;
    }
    if (matches(scalar->pointer, "/layers/#/digest", &number))
        return add_layer(&reading->oci, member_of_digest(scalar, err), err);
    if (matches(scalar->pointer, "/manifests/#/digest", &number))
        return sc_strv_take(&reading->manifests->absent, member_of_digest(scalar, err), err);
    return read_saved(reading, scalar, err);
}

static void manifest_done(struct sc_manifest *manifest)
{
    free(manifest->config);
    sc_strv_done(&manifest->layers);
}

int sc_manifests_read(struct sc_manifests *manifests, struct sc_bytes json, struct sc_error *err)
{
    struct reading reading = {.manifests = manifests, .saved_first = manifests->count};
    int rc = sc_json_walk(json, read_scalar, &reading, err);
    struct sc_manifest *slot = NULL;
    bool is_manifest = reading.oci.config != NULL && reading.oci.layers.count > 0;
    if (rc == 0 && is_manifest)
        rc = image_at(manifests, manifests->count, &slot, err);
    if (rc == 0 && is_manifest)
        *slot = reading.oci;
    else
        manifest_done(&reading.oci);
    return rc;
}

void sc_manifests_done(struct sc_manifests *manifests)
{
    for (size_t i = 0; i < manifests->count; i++)
        manifest_done(&manifests->items[i]);
    free(manifests->items);
    sc_strv_done(&manifests->absent);
    *manifests = (struct sc_manifests){0};
}

/* ---- what made the layers ---- */

struct history_reading {
    struct sc_image_history *history;
    struct sc_strv commands; /* of all steps */
    bool empty[SC_IMAGE_LAYERS_MAX * 2];
};

static int read_step(const struct sc_json_scalar *scalar, void *ctx, struct sc_error *err)
{
    struct history_reading *reading = ctx;
    size_t number = 0;
    if (scalar->type == SC_JSON_STRING && matches(scalar->pointer, "/rootfs/diff_ids/#", &number))
        return sc_strv_take(&reading->history->diff_ids, text_of(scalar, err), err);
    bool command = matches(scalar->pointer, "/history/#/created_by", &number);
    bool empty = !command && matches(scalar->pointer, "/history/#/empty_layer", &number);
    bool created = !command && !empty && matches(scalar->pointer, "/history/#/created", &number);
    if (!command && !empty && !created)
        return 0;
    if (number >= SC_ARRAY_SIZE(reading->empty))
        return sc_fail(err, SC_E_TOOBIG, "more than %zu steps in an image's history",
                       SC_ARRAY_SIZE(reading->empty));
    int rc = 0;
    while (rc == 0 && reading->commands.count <= number)
        rc = sc_strv_add(&reading->commands, "", err);
    if (rc < 0)
        return rc;
    if (empty)
        reading->empty[number] = scalar->text.len == 4; /* true */
    if (command && scalar->type == SC_JSON_STRING) {
        char *text = text_of(scalar, err);
        if (text == NULL)
            return SC_E_NOMEM;
        free(reading->commands.items[number]);
        reading->commands.items[number] = text;
    }
    return 0;
}

int sc_image_history_read(struct sc_image_history *history, struct sc_bytes json,
                          struct sc_error *err)
{
    struct history_reading *reading = calloc(1, sizeof(*reading));
    if (reading == NULL)
        return sc_fail_nomem(err);
    reading->history = history;
    int rc = sc_json_walk(json, read_step, reading, err);
    /* The n-th step that is not empty made the n-th layer. */
    for (size_t i = 0; rc == 0 && i < reading->commands.count; i++) {
        if (!reading->empty[i])
            rc = sc_strv_add(&history->created_by, reading->commands.items[i], err);
    }
    sc_strv_done(&reading->commands);
    free(reading);
    return rc;
}

void sc_image_history_done(struct sc_image_history *history)
{
    sc_strv_done(&history->diff_ids);
    sc_strv_done(&history->created_by);
}

/* ---- kinds of documents ---- */

static int classify(const struct sc_json_scalar *scalar, void *ctx, struct sc_error *err)
{
    (void)err;
    const char **place = ctx;
    if (strcmp(scalar->pointer, "/predicateType") == 0)
        *place = "attestation";
    else if (sc_str_has_prefix(scalar->pointer, "/rootfs/") ||
             sc_str_has_prefix(scalar->pointer, "/container_config/"))
        *place = "image-config";
    return 0;
}

const char *sc_manifest_place(struct sc_bytes json)
{
    const char *place = "manifest";
    SC_IGNORE(sc_json_walk(json, classify, &place, NULL)); /* what is no JSON keeps the default */
    return place;
}
