/* SPDX-License-Identifier: Apache-2.0
 *
 * The shape of a bundle; see vault/bundle/bundle.h.
 */
#include <string.h>

#include "vault/bundle/bundle.h"
#include "vault/codec.h"
#include "vault/scope/scope.h"
#include "vault/state/tree.h"

#include "core/banned.h"

#define VERSION     1
#define SIGN_PREFIX "secretsctl/v1/bundle" /* with its NUL */

enum form { FORM_HASH = 0, FORM_SEALED = 1 };

static int malformed(const char *what, struct sc_error *err)
{
    return sc_fail(err, SC_E_FORMAT, "the bundle is damaged: %s", what);
}

static bool read_grant(struct sc_reader *reader, struct sc_bundle_grant *ret)
{
    sc_read_copy(reader, ret->hint, sizeof(ret->hint));
    uint32_t len = sc_read_u32(reader);
    if (len == 0 || len > SC_GRANT_BLOB_MAX)
        return false;
    ret->sealed = sc_read_view(reader, len);
    return !reader->failed;
}

static bool read_row(struct sc_reader *reader, struct sc_bundle_row *ret)
{
    *ret = (struct sc_bundle_row){0};
    sc_read_copy(reader, ret->idx, sizeof(ret->idx));
    ret->version = sc_read_u64(reader);
    ret->kind = (enum sc_record_kind)sc_read_u8(reader);
    uint8_t form = sc_read_u8(reader);
    if (ret->version > INT64_MAX)
        return false;
    if (form == FORM_HASH) {
        sc_read_copy(reader, ret->hash, sizeof(ret->hash));
        return !reader->failed;
    }
    uint32_t len = sc_read_u32(reader);
    if (form != FORM_SEALED || len == 0 || len > SC_RECORD_SEALED_MAX)
        return false;
    ret->sealed = sc_read_view(reader, len);
    return !reader->failed;
}

bool sc_bundle_next_grant(struct sc_bytes *rest, struct sc_bundle_grant *ret)
{
    struct sc_reader reader = sc_reader_of(*rest);
    if (rest->len == 0 || !read_grant(&reader, ret))
        return false;
    *rest = reader.rest;
    return true;
}

bool sc_bundle_next_row(struct sc_bytes *rest, struct sc_bundle_row *ret)
{
    struct sc_reader reader = sc_reader_of(*rest);
    if (rest->len == 0 || !read_row(&reader, ret))
        return false;
    *rest = reader.rest;
    return true;
}

/* By (idx, ver, kind), strictly, as the hash tree counts them. */
static bool in_order(const struct sc_bundle_row *a, const struct sc_bundle_row *b)
{
    int order = memcmp(a->idx, b->idx, sizeof(a->idx));
    if (order != 0)
        return order < 0;
    return a->version != b->version ? a->version < b->version : a->kind < b->kind;
}

static struct sc_bytes between(const unsigned char *begin, const struct sc_reader *reader)
{
    return (struct sc_bytes){begin, (size_t)(reader->rest.ptr - begin)};
}

static int parse_part(struct sc_reader *reader, struct sc_bundle_part *part, struct sc_error *err)
{
    struct sc_bundle_grant grant;
    struct sc_bundle_row row, last = {0};
    part->grant_count = sc_read_u32(reader);
    if (reader->failed || part->grant_count == 0 || part->grant_count > SC_BUNDLE_GRANTS_MAX)
        return malformed("its number of grants", err);
    const unsigned char *begin = reader->rest.ptr;
    for (uint32_t i = 0; i < part->grant_count; i++) {
        if (!read_grant(reader, &grant))
            return malformed("a grant", err);
    }
    part->grants = between(begin, reader);
    begin = reader->rest.ptr;
    for (uint64_t i = 0; i < part->row_count; i++) {
        if (!read_row(reader, &row))
            return malformed("a row", err);
        if (i > 0 && !in_order(&last, &row))
            return malformed("the order of its rows", err);
        last = row;
    }
    part->rows = between(begin, reader);
    return 0;
}

/* Fills the part from the list of all scopes, which is in order of uid like the parts. */
static bool find_scope(struct sc_bytes *scopes, struct sc_bundle_part *part)
{
    while (scopes->len > 0) {
        struct sc_reader reader = sc_reader_of(*scopes);
        unsigned char uid[SC_UID_SIZE], bound[SC_KEY_SIZE];
        sc_read_copy(&reader, uid, sizeof(uid));
        part->epoch = sc_read_u32(&reader);
        part->depth = sc_read_u32(&reader);
        part->row_count = sc_read_u64(&reader);
        sc_read_copy(&reader, part->root, sizeof(part->root));
        sc_read_copy(&reader, bound, sizeof(bound));
        *scopes = reader.rest;
        if (memcmp(uid, part->uid, sizeof(uid)) == 0)
            return part->depth <= SC_TREE_DEPTH_MAX;
    }
    return false;
}

static int parse_parts(struct sc_reader *reader, struct sc_bundle *bundle, struct sc_error *err)
{
    struct sc_bytes scopes = bundle->scopes;
    uint32_t count = sc_read_u32(reader);
    if (reader->failed || count == 0 || count > SC_BUNDLE_PARTS_MAX)
        return malformed("its number of scopes", err);
    for (uint32_t i = 0; i < count; i++) {
        struct sc_bundle_part *part = &bundle->parts[i];
        sc_read_copy(reader, part->uid, sizeof(part->uid));
        if (reader->failed || !find_scope(&scopes, part))
            return malformed("a scope that the vault does not have", err);
        int rc = parse_part(reader, part, err);
        if (rc < 0)
            return rc;
    }
    bundle->part_count = count;
    return 0;
}

static int parse_head(struct sc_reader *reader, struct sc_bundle *bundle, struct sc_error *err)
{
    struct sc_bytes magic = sc_read_view(reader, SC_BUNDLE_MAGIC_SIZE);
    uint32_t version = sc_read_u32(reader);
    if (reader->failed || memcmp(magic.ptr, SC_BUNDLE_MAGIC, SC_BUNDLE_MAGIC_SIZE) != 0)
        return sc_fail(err, SC_E_FORMAT, "this file is not a bundle");
    if (version != VERSION)
        return sc_fail(err, SC_E_FORMAT, "this bundle needs another version of this program");
    sc_read_copy(reader, bundle->verify_key, sizeof(bundle->verify_key));
    uint64_t made = sc_read_u64(reader), until = sc_read_u64(reader);
    bundle->state = sc_read_view(reader, SC_STATE_SIZE);
    bundle->state_sig = sc_read_view(reader, SC_SIGNATURE_SIZE).ptr;
    uint32_t scopes = sc_read_u32(reader);
    if (reader->failed || made > INT64_MAX || until > INT64_MAX || scopes > SC_SCOPES_MAX)
        return malformed("its head", err);
    bundle->made = (int64_t)made;
    bundle->until = (int64_t)until;
    bundle->scopes = sc_read_view(reader, scopes * SC_BUNDLE_SCOPE_SIZE);
    return reader->failed ? malformed("its list of scopes", err) : 0;
}

int sc_bundle_parse(struct sc_bytes file, struct sc_bundle *ret, struct sc_error *err)
{
    struct sc_reader reader = sc_reader_of(file);
    *ret = (struct sc_bundle){0};
    int rc = parse_head(&reader, ret, err);
    if (rc == 0)
        rc = parse_parts(&reader, ret, err);
    if (rc < 0)
        return rc;
    ret->covered = between(file.ptr, &reader);
    ret->sig = sc_read_view(&reader, SC_SIGNATURE_SIZE).ptr;
    if (reader.failed || reader.rest.len != 0)
        return malformed("its end", err);
    return 0;
}

void sc_bundle_signed(struct sc_bytes covered, unsigned char out[SC_BUNDLE_SIGNED_SIZE])
{
    struct sc_hasher hasher;
    sc_hasher_init(&hasher, "bundle");
    sc_hasher_add(&hasher, covered.ptr, covered.len);
    memcpy(out, SIGN_PREFIX, sizeof(SIGN_PREFIX));
    sc_hasher_final(&hasher, out + sizeof(SIGN_PREFIX));
}
