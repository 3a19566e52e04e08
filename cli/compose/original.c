/* SPDX-License-Identifier: Apache-2.0
 *
 * Originals of rewritten files in the vault; see cli/compose/original.h.
 */
#include "cli/compose/original.h"

#include <stdio.h>
#include <string.h>

#include "cli/compose/rewrite.h"

#include "core/banned.h"

#define FORMAT "secretsctl-original 1"

static int entry_name(char out[SC_NAME_SIZE], const char *scope, const char *path,
                      struct sc_error *err)
{
    unsigned char hash[SC_HASH_SIZE];
    char leaf[17];
    sc_hash_sha256(hash, path, strlen(path));
    sc_hex(leaf, hash, 8);
    char full[SC_NAME_SIZE + 32];
    snprintf(full, sizeof(full), SC_REWRITE_ORIGINALS "/%s", scope);
    return sc_name_join(out, full, leaf, err);
}

int sc_original_check(const char *path, size_t len, struct sc_error *err)
{
    size_t head = sizeof(FORMAT) + strlen(path) + 1 + 2 * SC_HASH_SIZE + 1;
    return len <= SC_VALUE_MAX - SC_MIN(head, (size_t)SC_VALUE_MAX)
               ? 0
               : sc_fail(err, SC_E_TOOBIG, "'%s' is too large to keep a copy of in the vault",
                         path);
}

int sc_original_put(struct sc_vault *vault, const char *scope, const char *path,
                    struct sc_bytes content, struct sc_bytes after, struct sc_error *err)
{
    char name[SC_NAME_SIZE], hex[2 * SC_HASH_SIZE + 1];
    unsigned char hash[SC_HASH_SIZE];
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    sc_hash_sha256(hash, after.ptr, after.len);
    sc_hex(hex, hash, sizeof(hash));
    int rc = sc_original_check(path, content.len, err);
    if (rc == 0)
        rc = entry_name(name, scope, path, err);
    if (rc == 0)
        rc = sc_secret_append(&value, FORMAT, sizeof(FORMAT), err);
    if (rc == 0)
        rc = sc_secret_append(&value, path, strlen(path) + 1, err);
    if (rc == 0)
        rc = sc_secret_append(&value, hex, sizeof(hex), err);
    if (rc == 0)
        rc = sc_secret_append(&value, content.ptr, content.len, err);
    if (rc < 0)
        return rc;
    struct sc_entry_put put = {
        .name = name,
        .kind = SC_ENTRY_SECRET,
        .value = &value,
        .note = "original of a rewritten Compose file; see: secretsctl compose restore",
        .reason = "compose rewrite",
    };
    return sc_vault_put(vault, &put, err);
}

/* The next NUL-ended field, or NULL. */
static const char *field(struct sc_bytes *rest)
{
    const unsigned char *end = memchr(rest->ptr, '\0', rest->len);
    const char *text = (const char *)rest->ptr;
    if (end == NULL)
        return NULL;
    rest->len -= (size_t)(end + 1 - rest->ptr);
    rest->ptr = end + 1;
    return text;
}

static bool read_hash(const char *hex, unsigned char out[SC_HASH_SIZE])
{
    if (hex == NULL || strlen(hex) != (size_t)2 * SC_HASH_SIZE)
        return false;
    for (size_t i = 0; i < SC_HASH_SIZE; i++) {
        unsigned byte = 0;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            return false;
        out[i] = (unsigned char)byte;
    }
    return true;
}

int sc_original_get(struct sc_vault *vault, const char *name, struct sc_original *ret,
                    struct sc_error *err)
{
    struct sc_original original = {0};
    int rc = sc_vault_get(vault, name, 0, &original.value, NULL, err);
    if (rc < 0)
        return rc;
    struct sc_bytes rest = sc_secret_view(&original.value);
    const char *format = field(&rest);
    original.path = format != NULL ? field(&rest) : NULL;
    const char *hex = original.path != NULL ? field(&rest) : NULL;
    if (format == NULL || strcmp(format, FORMAT) != 0 || !read_hash(hex, original.after)) {
        sc_original_done(&original);
        return sc_fail(err, SC_E_FORMAT, "'%s' is no original of a rewritten file", name);
    }
    original.content = rest;
    *ret = original;
    return 0;
}

void sc_original_done(struct sc_original *original)
{
    sc_secret_done(&original->value);
    *original = (struct sc_original){0};
}
