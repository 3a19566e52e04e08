/* SPDX-License-Identifier: Apache-2.0
 *
 * Which layer is which: from the documents of an archive to numbers, commands and fates of
 * findings.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/image/image_private.h"

#include "core/banned.h"

/* Links that lead to links. */
#define LINKS_MAX 8

static struct sc_image_member *find_member(struct sc_image *image, const char *name)
{
    /* The last one of a name counts, as it does for whoever unpacks the archive. */
    for (size_t i = image->count; i > 0; i--) {
        if (strcmp(image->members[i - 1].name, name) == 0)
            return &image->members[i - 1];
    }
    return NULL;
}

/* The member behind links: "../ID/layer.tar" is meant from the folder of the link. */
static struct sc_image_member *find_layer(struct sc_image *image, const char *name,
                                          struct sc_error *err)
{
    struct sc_image_member *member = find_member(image, name);
    for (int i = 0; i < LINKS_MAX && member != NULL && member->target != NULL; i++) {
        const char *target = member->target;
        while (sc_str_has_prefix(target, "../"))
            target += 3;
        struct sc_image_member *next = find_member(image, target);
        if (next == NULL) {
            const char *slash = strrchr(member->name, '/');
            int dir = slash == NULL ? 0 : (int)(slash - member->name) + 1;
            SC_CLEANUP(sc_str_freep)
            char *beside = sc_str_printf(err, "%.*s%s", dir, member->name, target);
            next = beside == NULL ? NULL : find_member(image, beside);
        }
        member = next;
    }
    return member;
}

/* An image's layers as members (NULL where one is missing), with what made them. */
struct layout {
    struct sc_image_member **layers;
    size_t count;
    struct sc_image_history history;
};

static void layout_done(struct layout *layout)
{
    free(layout->layers);
    sc_image_history_done(&layout->history);
}

static int skip_missing(const struct sc_image *image, const char *name, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *object = sc_str_printf(err, "%s layer %s", image->title, name);
    return object == NULL ? SC_E_NOMEM
                          : sc_ledger_skip(image->probe->ledger, SC_IMAGE_SURFACE, object,
                                           "its bytes are not in the archive", err);
}

static int skip_false(const struct sc_image *image, const struct sc_image_member *member,
                      const char *wanted, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep)
    char *object = sc_str_printf(err, "%s: %s", image->title, member->name);
    SC_CLEANUP(sc_str_freep)
    char *reason = sc_str_printf(
        err, "searched, but its bytes are not the ones that the image names (%s)", wanted);
    return object == NULL || reason == NULL
               ? SC_E_NOMEM
               : sc_ledger_skip(image->probe->ledger, SC_IMAGE_SURFACE, object, reason, err);
}

const char *sc_image_named_digest(const char *name)
{
    if (sc_str_has_prefix(name, SC_IMAGE_BLOBS))
        name += strlen(SC_IMAGE_BLOBS);
    else if (!sc_str_has_suffix(name, ".json"))
        return NULL;
    bool digest = strspn(name, "0123456789abcdef") == SC_SHA256_HEX_SIZE - 1 &&
                  (name[SC_SHA256_HEX_SIZE - 1] == '\0' ||
                   strcmp(name + SC_SHA256_HEX_SIZE - 1, ".json") == 0);
    return digest ? name : NULL;
}

/* A member that is called after its digest has it: blobs of OCI, settings of docker save. */
static int prove_name(const struct sc_image *image, const struct sc_image_member *member,
                      struct sc_error *err)
{
    const char *name = sc_image_named_digest(member->name);
    if (name == NULL || member->made_up || member->target != NULL ||
        strncmp(name, member->stored, SC_SHA256_HEX_SIZE - 1) == 0)
        return 0;
    return skip_false(image, member, name, err);
}

/* Each layer is the one that the settings name by the digest of what it unpacks to. */
static int prove_layers(struct sc_image *image, const struct layout *layout, struct sc_error *err)
{
    const struct sc_strv *wanted = &layout->history.diff_ids;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < layout->count; i++) {
        const struct sc_image_member *layer = layout->layers[i];
        if (layer == NULL || layer->made_up || layer->json.len > 0)
            continue; /* missing; or an attestation, which is no layer */
        const char *hex = i < wanted->count ? strchr(wanted->items[i], ':') : NULL;
        if (layer->unpacked[0] == '\0') /* packed, and proved by its name */
            image->proved++;
        else if (hex != NULL && strcmp(hex + 1, layer->unpacked) == 0)
            image->proved++;
        else
            rc = skip_false(image, layer, hex == NULL ? "none" : wanted->items[i], err);
    }
    return rc;
}

static int note_proved(const struct sc_image *image, struct sc_error *err)
{
    if (image->proved == 0)
        return 0;
    SC_CLEANUP(sc_str_freep)
    char *note = sc_str_printf(err, "%s: %zu %s proved by digest", image->title, image->proved,
                               image->proved == 1 ? "layer" : "layers");
    return note == NULL ? SC_E_NOMEM : sc_ledger_note(image->probe->ledger, note, err);
}

static int lay_out(struct sc_image *image, const struct sc_manifest *manifest,
                   struct layout *layout, struct sc_error *err)
{
    layout->layers = calloc(SC_MAX(manifest->layers.count, (size_t)1), sizeof(*layout->layers));
    if (layout->layers == NULL)
        return sc_fail_nomem(err);
    layout->count = manifest->layers.count;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < layout->count; i++) {
        layout->layers[i] = find_layer(image, manifest->layers.items[i], err);
        if (layout->layers[i] == NULL)
            rc = skip_missing(image, manifest->layers.items[i], err);
    }
    const struct sc_image_member *config =
        manifest->config == NULL ? NULL : find_member(image, manifest->config);
    if (rc == 0 && config != NULL && config->json.len > 0)
        rc = sc_image_history_read(&layout->history, sc_secret_view(&config->json), err);
    return rc;
}

static const char *item_or_null(const struct sc_strv *list, size_t index)
{
    return index < list->count && list->items[index][0] != '\0' ? list->items[index] : NULL;
}

/* What higher layers did to the leak's file. */
static int find_fate(const struct layout *layout, size_t index, const char *path, char *text,
                     size_t size)
{
    for (size_t above = index + 1; above < layout->count; above++) {
        if (layout->layers[above] == NULL)
            continue;
        enum sc_fate fate = sc_layer_paths_fate(&layout->layers[above]->paths, path);
        if (fate == SC_FATE_UNKNOWN)
            return snprintf(text, size, "unknown");
        if (fate != SC_FATE_UNTOUCHED)
            return snprintf(text, size, "%s by layer %zu",
                            fate == SC_FATE_DELETED ? "deleted" : "overwritten", above + 1);
    }
    return snprintf(text, size, "live");
}

/* The path of the file in the layer: what stands before "!" is the outermost archive's entry. */
static char *outer_path(const char *path, struct sc_error *err)
{
    return sc_str_ndup(path, strcspn(path, "!"), err);
}

static int complete_leak(struct sc_image *image, struct sc_leak *leak, const struct layout *layout,
                         size_t index, struct sc_error *err)
{
    struct sc_ledger *ledger = image->probe->ledger;
    leak->layer_index = (int)index + 1;
    int rc = 0;
    const char *command = item_or_null(&layout->history.created_by, index);
    if (command != NULL)
        rc = sc_ledger_set_text(ledger, &leak->created_by, command, err);
    if (rc == 0 && leak->path != NULL) {
        SC_CLEANUP(sc_str_freep) char *path = outer_path(leak->path, err);
        if (path == NULL)
            return SC_E_NOMEM;
        char fate[48];
        (void)find_fate(layout, index, path, fate, sizeof(fate));
        rc = sc_ledger_set_text(ledger, &leak->fate, fate, err);
    }
    /* The member's name has done its work: people know layers by their digest. */
    const char *digest = item_or_null(&layout->history.diff_ids, index);
    if (rc == 0 && digest != NULL)
        rc = sc_ledger_set_text(ledger, &leak->layer, digest, err);
    return rc;
}

static int complete_leaks(struct sc_image *image, const struct layout *layout, struct sc_error *err)
{
    const struct sc_ledger *ledger = image->probe->ledger;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < layout->count; i++) {
        const struct sc_image_member *layer = layout->layers[i];
        for (size_t j = image->first_leak; rc == 0 && layer != NULL && j < ledger->leak_count;
             j++) {
            struct sc_leak *leak = &ledger->leaks[j];
            if (leak->layer != NULL && leak->layer_index == 0 &&
                strcmp(leak->layer, layer->name) == 0)
                rc = complete_leak(image, leak, layout, i, err);
        }
    }
    return rc;
}

static void take_id(struct sc_image *image, const char *config)
{
    const char *slash = strrchr(config, '/');
    const char *hex = slash == NULL ? config : slash + 1;
    if (image->id[0] == '\0')
        (void)snprintf(image->id, sizeof(image->id), "sha256:%.64s", hex);
    char *dot = strchr(image->id, '.');
    if (dot != NULL)
        *dot = '\0';
}

static int note_absent(struct sc_image *image, const struct sc_manifests *manifests,
                       struct sc_error *err)
{
    size_t absent = 0;
    for (size_t i = 0; i < manifests->absent.count; i++)
        absent += find_member(image, manifests->absent.items[i]) == NULL ? 1 : 0;
    if (absent == 0)
        return 0;
    SC_CLEANUP(sc_str_freep)
    char *note = sc_str_printf(err, "%s: its index names %zu more images that are not in this copy",
                               image->title, absent);
    return note == NULL ? SC_E_NOMEM : sc_ledger_note(image->probe->ledger, note, err);
}

static int resolve_all(struct sc_image *image, struct sc_manifests *manifests, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < image->count; i++) {
        const struct sc_image_member *member = &image->members[i];
        rc = prove_name(image, member, err);
        if (rc == 0 && member->json.len > 0 && !member->foreign)
            rc = sc_manifests_read(manifests, sc_secret_view(&member->json), err);
    }
    for (size_t i = 0; rc == 0 && i < manifests->count; i++) {
        const struct sc_manifest *manifest = &manifests->items[i];
        if (manifest->config == NULL)
            continue;
        image->images++;
        take_id(image, manifest->config);
        SC_CLEANUP(layout_done) struct layout layout = {0};
        rc = lay_out(image, manifest, &layout, err);
        if (rc == 0)
            rc = prove_layers(image, &layout, err);
        if (rc == 0)
            rc = complete_leaks(image, &layout, err);
    }
    if (rc == 0)
        rc = note_proved(image, err);
    return rc < 0 ? rc : note_absent(image, manifests, err);
}

int sc_image_resolve(struct sc_image *image, struct sc_error *err)
{
    struct sc_manifests manifests = {0};
    struct sc_error why = {0};
    int rc = resolve_all(image, &manifests, &why);
    sc_manifests_done(&manifests);
    if (rc == SC_E_NOMEM)
        return sc_fail_nomem(err);
    if (rc == 0)
        return 0;
    return sc_ledger_skip(image->probe->ledger, SC_IMAGE_SURFACE, image->title,
                          sc_error_message(&why), err);
}
