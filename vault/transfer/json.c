/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading JSON with jansson, which is made to keep everything in locked memory while it does: plain
 * documents, and lines of the archive; see vault/transfer/transfer.h.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "vault/age/age_crypto.h"
#include "vault/transfer/transfer.h"

#include "core/banned.h"

#define SCOPE_DEPTH_MAX 8

/* jansson's own allocator, to be put back. */
struct allocator {
    json_malloc_t take;
    json_free_t release;
};

static void *take_locked(size_t size)
{
    return sc_arena_alloc(size, NULL);
}

static void lock_jansson(struct allocator *saved)
{
    json_get_alloc_funcs(&saved->take, &saved->release);
    json_set_alloc_funcs(take_locked, sc_arena_free);
}

static void unlock_jansson(const struct allocator *saved)
{
    json_set_alloc_funcs(saved->take, saved->release);
}

static int add_value(struct sc_secret *secret, const json_t *value, struct sc_error *err)
{
    char number[64];
    switch (json_typeof(value)) {
    case JSON_STRING:
        return sc_secret_append(secret, json_string_value(value), json_string_length(value), err);
    case JSON_INTEGER:
        snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        /* The shortest text that means the same number. */
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(number, sizeof(number), "%.*g", digits, json_real_value(value));
            if (strtod(number, NULL) == json_real_value(value))
                break;
        }
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        snprintf(number, sizeof(number), "%s", json_is_true(value) ? "true" : "false");
        break;
    case JSON_OBJECT:
    case JSON_ARRAY:
    case JSON_NULL:
    default:
        return sc_fail(err, SC_E_SYNTAX, "it is a list or null, not a value");
    }
    int rc = sc_secret_append(secret, number, strlen(number), err);
    sc_wipe(number, sizeof(number));
    return rc;
}

/* `prefix` grows by the keys on the way down; its room is checked. */
static int walk(json_t *object, char *prefix, size_t len, unsigned depth,
                const struct sc_transfer_target *to, struct sc_error *err)
{
    const char *key = NULL;
    json_t *value = NULL;
    if (depth == SCOPE_DEPTH_MAX)
        return sc_fail(err, SC_E_TOOBIG, "more than %d objects inside each other", SCOPE_DEPTH_MAX);
    json_object_foreach(object, key, value)
    {
        SC_CLEANUP(sc_secret_done) struct sc_secret secret = {0};
        int wanted = snprintf(prefix + len, SC_NAME_SIZE - len, "%s%s", len > 0 ? "/" : "", key);
        if (wanted < 0 || (size_t)wanted >= SC_NAME_SIZE - len)
            return sc_fail(err, SC_E_BADNAME, "a name is too long");
        if (json_is_object(value)) {
            int rc = walk(value, prefix, len + (size_t)wanted, depth + 1, to, err);
            if (rc < 0)
                return rc;
            continue;
        }
        int rc = add_value(&secret, value, err);
        if (rc == SC_E_SYNTAX && (to->loose || sc_name_check(prefix, 1, NULL) == 0))
            return sc_wrap(err, rc, "'%s'", prefix);
        if (rc == 0)
            rc = sc_transfer_give(to, prefix, &secret, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* jansson's own text quotes the file. */
static const char *text_of(const json_error_t *where)
{
    switch (json_error_code(where)) {
    case json_error_duplicate_key:
        return "a name stands twice in one object";
    case json_error_numeric_overflow:
        return "a number that is too large; put it in quotes";
    case json_error_stack_overflow:
        return "more objects inside each other than can be read";
    default:
        return "not valid JSON";
    }
}

static int read_plain(struct sc_bytes text, const char *name, const struct sc_transfer_target *to,
                      struct sc_error *err)
{
    char prefix[SC_NAME_SIZE] = "";
    json_error_t where;
    json_t *root = json_loadb((const char *)text.ptr, text.len,
                              JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &where);
    if (root == NULL)
        return sc_fail(err, SC_E_SYNTAX, "'%s' line %d, column %d: %s", name, where.line,
                       where.column, text_of(&where));
    int rc = json_is_object(root) ? walk(root, prefix, 0, 0, to, err)
                                  : sc_fail(err, SC_E_SYNTAX, "'%s' is not a JSON object", name);
    json_decref(root);
    return rc;
}

int sc_transfer_read_json(struct sc_bytes text, const char *name,
                          const struct sc_transfer_target *to, struct sc_error *err)
{
    struct allocator saved;
    lock_jansson(&saved);
    int rc = read_plain(text, name, to, err);
    unlock_jansson(&saved);
    return rc;
}

static int bad_line(const char *what, struct sc_error *err)
{
    return sc_fail(err, SC_E_FORMAT, "archive: %s", what);
}

/* False for a number outside 0 to max; a missing one is 0. */
static bool get_number(const json_t *object, const char *key, int64_t max, int64_t *ret)
{
    const json_t *value = json_object_get(object, key);
    *ret = json_integer_value(value);
    return (value == NULL || json_is_integer(value)) && *ret >= 0 && *ret <= max;
}

static int read_value(const json_t *object, struct sc_secret *ret, struct sc_error *err)
{
    const json_t *text = json_object_get(object, "value");
    unsigned char *bytes = NULL;
    if (!json_is_string(text))
        return bad_line("an entry without a value", err);
    size_t len = json_string_length(text);
    int rc = sc_secret_resize(ret, len / 4 * 3 + 3, &bytes, err);
    if (rc < 0)
        return rc;
    size_t got = 0;
    struct sc_bytes view = {(const unsigned char *)json_string_value(text), len};
    if (!sc_age_base64_decode(bytes, ret->len, SC_AGE_BASE64_PADDED, view, &got) ||
        got > SC_VALUE_MAX)
        return bad_line("a value is not base64, or too long", err);
    sc_secret_truncate(ret, got);
    return 0;
}

static bool read_kind(const json_t *object, enum sc_entry_kind *ret)
{
    static const char *const names[] = {[SC_ENTRY_SECRET] = "secret",
                                        [SC_ENTRY_CONFIG] = "config",
                                        [SC_ENTRY_TEMPLATE] = "template"};
    const char *text = json_string_value(json_object_get(object, "kind"));
    for (size_t i = SC_ENTRY_SECRET; text != NULL && i < SC_ARRAY_SIZE(names); i++) {
        if (strcmp(text, names[i]) == 0) {
            *ret = (enum sc_entry_kind)i;
            return true;
        }
    }
    return false;
}

static int read_entry(const json_t *object, sc_transfer_fn fn, void *ctx, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    int64_t uid = 0, gid = 0, mode = 0;
    struct sc_transfer_item item = {
        .name = json_string_value(json_object_get(object, "name")),
        .value = &value,
        .note = json_string_value(json_object_get(object, "note")),
        .labels = json_string_value(json_object_get(object, "labels")),
        .has_owner = json_object_get(object, "uid") != NULL,
    };
    if (item.name == NULL || !read_kind(object, &item.kind))
        return bad_line("an entry without a name or a kind", err);
    if (!get_number(object, "expires", INT64_MAX, &item.expires) ||
        !get_number(object, "uid", UINT32_MAX - 1, &uid) ||
        !get_number(object, "gid", UINT32_MAX - 1, &gid) ||
        !get_number(object, "mode", 07777, &mode))
        return bad_line("a number is out of range", err);
    if ((item.note != NULL && strlen(item.note) >= SC_VAULT_NOTE_MAX) ||
        (item.labels != NULL && strlen(item.labels) >= SC_VAULT_LABELS_MAX))
        return bad_line("a note or the labels are too long", err);
    item.uid = (uint32_t)uid;
    item.gid = (uint32_t)gid;
    item.mode = (uint32_t)mode;
    int rc = sc_name_check(item.name, 2, err);
    if (rc == 0)
        rc = read_value(object, &value, err);
    return rc < 0 ? rc : fn(&item, ctx, err);
}

static int read_line(const json_t *object, sc_transfer_fn fn, void *ctx, bool *ret_end,
                     struct sc_error *err)
{
    const json_t *version = json_object_get(object, "secretsctl-archive");
    *ret_end = json_is_true(json_object_get(object, "end"));
    if (!json_is_object(object))
        return bad_line("a line is not a JSON object", err);
    if (version != NULL && json_integer_value(version) != 1)
        return bad_line("it needs a newer version of this program", err);
    return version != NULL || *ret_end ? 0 : read_entry(object, fn, ctx, err);
}

int sc_transfer_line_read(struct sc_bytes line, sc_transfer_fn fn, void *ctx, bool *ret_end,
                          struct sc_error *err)
{
    struct allocator saved;
    json_error_t where;
    lock_jansson(&saved);
    json_t *object = json_loadb((const char *)line.ptr, line.len, JSON_REJECT_DUPLICATES, &where);
    int rc = object != NULL ? read_line(object, fn, ctx, ret_end, err)
                            : bad_line("a line is not valid JSON", err);
    json_decref(object);
    unlock_jansson(&saved);
    return rc;
}
