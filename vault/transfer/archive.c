/* SPDX-License-Identifier: Apache-2.0
 *
 * The archive: JSON lines inside an age file. Written and read entry by entry, so that a vault of
 * any size passes through little memory; see vault/transfer/transfer.h and docs/TRANSFER.md.
 *
 *   {"secretsctl-archive":1}
 *   {"value":"<base64>","name":"shop/db","kind":"secret","note":"...","labels":"...","expires":0,
 *    "uid":0,"gid":0,"mode":256}
 *   {"end":true}
 */
#include <string.h>

#include "core/json.h"
#include "core/str.h"
#include "vault/age/age_crypto.h"
#include "vault/transfer/transfer.h"

#include "core/banned.h"

/* A value of full size in base64, and what stands around it. */
#define LINE_MAX  (SC_VALUE_MAX / 3 * 4 + 32 * 1024)
#define ABOUT_MAX ((size_t)64 * 1024)

/* Appends the value as base64 text. */
static int append_base64(struct sc_secret *to, const struct sc_secret *value, struct sc_error *err)
{
    size_t size = sc_age_base64_size(SC_AGE_BASE64_PADDED, value->len);
    int rc = sc_secret_reserve(to, to->len + size, err);
    if (rc < 0)
        return rc;
    sc_age_base64_encode((char *)to->ptr + to->len, SC_AGE_BASE64_PADDED, sc_secret_view(value));
    to->len += size - 1; /* without the NUL */
    return 0;
}

static const char *kind_name(enum sc_entry_kind kind)
{
    return kind == SC_ENTRY_CONFIG ? "config" : kind == SC_ENTRY_TEMPLATE ? "template" : "secret";
}

int sc_transfer_line_write(const struct sc_transfer_item *item, struct sc_secret *line,
                           struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf about = SC_BUF_INIT(ABOUT_MAX);
    struct sc_json json;
    sc_json_init(&json, &about);
    sc_json_object_begin(&json);
    sc_json_pair_string(&json, "name", item->name);
    sc_json_pair_string(&json, "kind", kind_name(item->kind));
    if (item->note != NULL && item->note[0] != '\0')
        sc_json_pair_string(&json, "note", item->note);
    if (item->labels != NULL && item->labels[0] != '\0')
        sc_json_pair_string(&json, "labels", item->labels);
    if (item->expires != 0)
        sc_json_pair_int(&json, "expires", item->expires);
    if (item->has_owner) {
        sc_json_pair_int(&json, "uid", item->uid);
        sc_json_pair_int(&json, "gid", item->gid);
    }
    if (item->mode != 0)
        sc_json_pair_int(&json, "mode", item->mode);
    sc_json_object_end(&json);
    int rc = sc_buf_status(&about, err);
    if (rc == 0)
        rc = sc_secret_append(line, "{\"value\":\"", 10, err);
    if (rc == 0)
        rc = append_base64(line, item->value, err);
    if (rc == 0)
        rc = sc_secret_append(line, "\",", 2, err);
    return rc < 0 ? rc : sc_secret_append(line, about.data + 1, about.len - 1, err);
}

/* ---- writing: age pulls, so the names are listed first and the entries fetched as they go ---- */

struct puller {
    struct sc_vault *vault;
    struct sc_strv names;
    size_t next;
    bool begun, ended;
    struct sc_secret line; /* being handed out */
    size_t at;
};

static int add_name(const struct sc_entry_info *info, void *ctx, struct sc_error *err)
{
    struct puller *puller = ctx;
    return sc_strv_add(&puller->names, info->name, err);
}

static int fetch(struct puller *puller, const char *name, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    struct sc_entry_info info;
    int rc = sc_vault_get(puller->vault, name, 0, &value, &info, err);
    if (rc < 0)
        return sc_wrap(err, rc, "cannot read '%s'", name);
    const struct sc_transfer_item item = {
        .name = info.name,
        .kind = info.kind,
        .value = &value,
        .note = info.note,
        .labels = info.labels,
        .expires = info.expires,
        .has_owner = info.uid != 0 || info.gid != 0,
        .uid = info.uid,
        .gid = info.gid,
        .mode = info.mode,
    };
    return sc_transfer_line_write(&item, &puller->line, err);
}

/* The next line, with its end, into puller->line. */
static int next_line(struct puller *puller, struct sc_error *err)
{
    static const char first[] = "{\"secretsctl-archive\":1}", last[] = "{\"end\":true}";
    sc_secret_truncate(&puller->line, 0);
    puller->at = 0;
    int rc = 0;
    if (!puller->begun) {
        puller->begun = true;
        rc = sc_secret_append(&puller->line, first, sizeof(first) - 1, err);
    } else if (puller->next < puller->names.count) {
        rc = fetch(puller, puller->names.items[puller->next++], err);
    } else if (!puller->ended) {
        puller->ended = true;
        rc = sc_secret_append(&puller->line, last, sizeof(last) - 1, err);
    } else {
        return 0;
    }
    return rc < 0 ? rc : sc_secret_append(&puller->line, "\n", 1, err);
}

static int pull(void *ctx, unsigned char *out, size_t size, size_t *ret_got, struct sc_error *err)
{
    struct puller *puller = ctx;
    if (puller->at == puller->line.len) {
        int rc = next_line(puller, err);
        if (rc < 0)
            return rc;
    }
    size_t part = SC_MIN(size, puller->line.len - puller->at);
    if (part > 0)
        memcpy(out, puller->line.ptr + puller->at, part);
    puller->at += part;
    *ret_got = part;
    return 0;
}

int sc_transfer_archive_write(struct sc_vault *vault, const char *prefix,
                              const struct sc_age_recipients *to, struct sc_age_writer out,
                              size_t *ret_count, struct sc_error *err)
{
    struct puller puller = {.vault = vault};
    int rc = sc_vault_list(vault, prefix, add_name, &puller, err);
    if (rc == 0)
        rc = sc_age_encrypt(to, true, (struct sc_age_reader){pull, &puller}, out, err);
    if (rc == 0)
        *ret_count = puller.names.count;
    sc_secret_done(&puller.line);
    sc_strv_done(&puller.names);
    return rc;
}

/* ---- reading: age pushes, lines are put together again ---- */

struct pusher {
    sc_transfer_fn fn;
    void *ctx;
    struct sc_secret line;
    size_t lines;
    bool ended;
};

static int push_line(struct pusher *pusher, struct sc_error *err)
{
    static const char first[] = "{\"secretsctl-archive\":";
    struct sc_bytes line = sc_secret_view(&pusher->line);
    bool is_first =
        line.len >= sizeof(first) - 1 && memcmp(line.ptr, first, sizeof(first) - 1) == 0;
    if (pusher->ended || is_first != (pusher->lines == 0))
        return sc_fail(err, SC_E_FORMAT, "the age file does not hold an archive of secretsctl");
    if (pusher->lines++ > SC_TRANSFER_ITEMS_MAX)
        return sc_fail(err, SC_E_TOOBIG, "archive: more than %zu entries", SC_TRANSFER_ITEMS_MAX);
    int rc = sc_transfer_line_read(line, pusher->fn, pusher->ctx, &pusher->ended, err);
    sc_secret_truncate(&pusher->line, 0);
    return rc;
}

static int push(void *ctx, const void *data, size_t len, struct sc_error *err)
{
    struct pusher *pusher = ctx;
    const unsigned char *at = data;
    while (len > 0) {
        const unsigned char *end = memchr(at, '\n', len);
        size_t part = end != NULL ? (size_t)(end - at) : len;
        if (part > LINE_MAX - pusher->line.len)
            return sc_fail(err, SC_E_FORMAT, "archive: a line is too long");
        int rc = sc_secret_append(&pusher->line, at, part, err);
        if (rc == 0 && end != NULL)
            rc = push_line(pusher, err);
        if (rc < 0)
            return rc;
        part += end != NULL;
        at += part;
        len -= part;
    }
    return 0;
}

int sc_transfer_archive_read(const struct sc_age_identities *with, struct sc_age_reader in,
                             sc_transfer_fn fn, void *ctx, struct sc_error *err)
{
    struct pusher pusher = {.fn = fn, .ctx = ctx};
    int rc =
        sc_age_decrypt(with, SC_AGE_FORM_DETECT, in, (struct sc_age_writer){push, &pusher}, err);
    if (rc == 0 && !pusher.ended)
        rc = sc_fail(err, SC_E_FORMAT, "the archive has no end");
    sc_secret_done(&pusher.line);
    return rc;
}
