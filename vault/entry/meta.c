/* SPDX-License-Identifier: Apache-2.0
 *
 * Records of an entry; see vault/entry/meta.h.
 */
#include "vault/entry/meta.h"

#include <string.h>

#include "vault/codec.h"

#include "core/banned.h"

/* Tags of the fields; docs/FORMAT.md lists them. */
enum {
    TAG_LEAF = 1,
    TAG_KIND = 2,
    TAG_VERSION = 3,
    TAG_SIZE = 4,
    TAG_CREATED = 5,
    TAG_EXPIRES = 6,
    TAG_UID = 7,
    TAG_GID = 8,
    TAG_MODE = 9,
    TAG_REMOVED = 10,
    TAG_NOTE = 11,
    TAG_LABELS = 12,
    TAG_AUTHOR = 13,
    TAG_EXPOSED = 14
};

struct number {
    uint8_t tag;
    uint64_t value;
};

/* Zero is what a reader assumes, so it is not written. */
static int put_numbers(struct sc_secret *record, const struct number *list, size_t count,
                       struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        if (list[i].value != 0)
            rc = sc_record_u64(record, list[i].tag, list[i].value, err);
    }
    return rc;
}

int sc_meta_encode(const struct sc_entry_info *info, struct sc_secret *ret, struct sc_error *err)
{
    const struct number list[] = {
        {TAG_KIND, info->kind},
        {TAG_VERSION, info->version},
        {TAG_SIZE, info->size},
        {TAG_CREATED, (uint64_t)info->created},
        {TAG_EXPIRES, (uint64_t)info->expires},
        {TAG_UID, info->uid},
        {TAG_GID, info->gid},
        {TAG_MODE, info->mode},
        {TAG_REMOVED, info->removed},
        {TAG_EXPOSED, info->exposed},
    };
    int rc = sc_record_begin(ret, err);
    if (rc == 0)
        rc = sc_record_text(ret, TAG_LEAF, sc_name_leaf(info->name), err);
    if (rc == 0)
        rc = put_numbers(ret, list, SC_ARRAY_SIZE(list), err);
    if (rc == 0 && info->note[0] != '\0')
        rc = sc_record_text(ret, TAG_NOTE, info->note, err);
    if (rc == 0 && info->labels[0] != '\0')
        rc = sc_record_text(ret, TAG_LABELS, info->labels, err);
    return rc < 0 ? rc : sc_record_value(ret, (struct sc_bytes){0}, err);
}

static void copy_text(char *out, size_t size, struct sc_bytes bytes)
{
    size_t len = SC_MIN(bytes.len, size - 1);
    memcpy(out, bytes.ptr, len);
    out[len] = '\0';
}

static void take_number(struct sc_entry_info *info, uint8_t tag, uint64_t value)
{
    switch (tag) {
    case TAG_KIND:
        info->kind = (enum sc_entry_kind)value;
        break;
    case TAG_VERSION:
        info->version = value;
        break;
    case TAG_SIZE:
        info->size = value;
        break;
    case TAG_CREATED:
        info->created = (int64_t)value;
        break;
    case TAG_EXPIRES:
        info->expires = (int64_t)value;
        break;
    case TAG_UID:
        info->uid = (uint32_t)value;
        break;
    case TAG_GID:
        info->gid = (uint32_t)value;
        break;
    case TAG_MODE:
        info->mode = (uint32_t)value;
        break;
    case TAG_REMOVED:
        info->removed = value != 0;
        break;
    case TAG_EXPOSED:
        info->exposed = value != 0;
        break;
    default: /* of a later version, and not critical */
        break;
    }
}

/* Sets everything but the long texts to zero: a listing decodes tens of thousands of these. */
static void clear(struct sc_entry_info *info)
{
    size_t numbers = offsetof(struct sc_entry_info, kind);
    memset((unsigned char *)info + numbers, 0, offsetof(struct sc_entry_info, note) - numbers);
    info->name[0] = info->note[0] = info->labels[0] = '\0';
}

int sc_meta_decode(const struct sc_scope *scope, struct sc_bytes content,
                   struct sc_entry_info *info, struct sc_error *err)
{
    struct sc_record_view view;
    int rc = sc_record_parse(content, &view, err);
    if (rc < 0)
        return rc;
    clear(info);
    char leaf[SC_NAME_PART_MAX + 1] = "";
    uint8_t tag;
    struct sc_bytes bytes;
    while (sc_record_next(&view.fields, &tag, &bytes)) {
        if (tag == TAG_LEAF)
            copy_text(leaf, sizeof(leaf), bytes);
        else if (tag == TAG_NOTE)
            copy_text(info->note, sizeof(info->note), bytes);
        else if (tag == TAG_LABELS)
            copy_text(info->labels, sizeof(info->labels), bytes);
        else
            take_number(info, tag, sc_field_u64(bytes));
    }
    return sc_name_join(info->name, scope->name, leaf, err);
}

int sc_value_encode(const struct sc_vault *vault, const struct sc_entry_info *info,
                    struct sc_bytes value, struct sc_secret *ret, struct sc_error *err)
{
    const struct number list[] = {
        {TAG_KIND, info->kind},
        {TAG_CREATED, (uint64_t)info->created},
    };
    int rc = sc_secret_reserve(ret, value.len + 256, err);
    if (rc == 0)
        rc = sc_record_begin(ret, err);
    if (rc == 0)
        rc = put_numbers(ret, list, SC_ARRAY_SIZE(list), err);
    if (rc == 0)
        rc = sc_record_bytes(ret, TAG_AUTHOR, (struct sc_bytes){vault->slot_id, SC_UID_SIZE}, err);
    return rc < 0 ? rc : sc_record_value(ret, value, err);
}

int sc_value_decode(struct sc_bytes content, struct sc_entry_info *info, struct sc_bytes *ret_value,
                    struct sc_error *err)
{
    struct sc_record_view view;
    int rc = sc_record_parse(content, &view, err);
    if (rc < 0)
        return rc;
    uint8_t tag;
    struct sc_bytes bytes;
    while (sc_record_next(&view.fields, &tag, &bytes)) {
        if (tag == TAG_KIND || tag == TAG_CREATED)
            take_number(info, tag, sc_field_u64(bytes));
    }
    info->size = view.value.len;
    *ret_value = view.value;
    return 0;
}

int sc_meta_read(struct sc_vault *vault, struct sc_scope *scope, const char *name,
                 struct sc_entry_info *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret record = {0};
    struct sc_place place = sc_place_of(scope, sc_name_leaf(name), 0, SC_RECORD_NAME);
    int rc = sc_record_read(vault, &place, &record, err);
    if (rc == SC_E_NOTFOUND)
        return sc_fail(err, rc, "there is no entry '%s'", name);
    if (rc == 0)
        rc = sc_meta_decode(scope, sc_secret_view(&record), ret, err);
    return rc < 0 ? sc_wrap(err, rc, "entry '%s'", name) : 0;
}

int sc_meta_write(struct sc_vault *vault, struct sc_scope *scope, const struct sc_entry_info *info,
                  struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret record = {0};
    struct sc_place place = sc_place_of(scope, sc_name_leaf(info->name), 0, SC_RECORD_NAME);
    int rc = sc_meta_encode(info, &record, err);
    return rc < 0 ? rc : sc_record_write(vault, &place, sc_secret_view(&record), err);
}
