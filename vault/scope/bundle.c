/* SPDX-License-Identifier: Apache-2.0
 *
 * Scope bundles; see vault/scope/bundle.h. Layout in docs/FORMAT.md.
 */
#include "vault/scope/bundle.h"

#include <string.h>

#include "vault/age/age.h"
#include "vault/codec.h"

#include "core/banned.h"

#define MAGIC     "SCTLGRNT"
#define VERSION   1
#define CAN_READ  1
#define KEY_AT    48
#define HEAD_SIZE 120 /* up to the name */

int sc_scope_bundle_seal(const struct sc_vault *vault, const struct sc_scope *scope,
                         const unsigned char pk[SC_KEY_SIZE], struct sc_buf *ret,
                         struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret bundle = {0};
    size_t name_len = strlen(scope->name);
    unsigned char *at = NULL;
    int rc = sc_secret_resize(&bundle, HEAD_SIZE + name_len, &at, err);
    if (rc < 0)
        return rc;
    memcpy(at, MAGIC, 8);
    sc_put_u32(at + 8, VERSION);
    sc_put_u32(at + 12, scope->epoch);
    memcpy(at + 16, vault->vault_id, SC_UID_SIZE);
    memcpy(at + 32, scope->uid, SC_UID_SIZE);
    memcpy(at + KEY_AT, scope->keys->scope, SC_KEY_SIZE);
    memcpy(at + 80, vault->sign_pk, SC_KEY_SIZE);
    sc_put_u32(at + 112, CAN_READ);
    sc_put_u32(at + 116, (uint32_t)name_len);
    memcpy(at + HEAD_SIZE, scope->name, name_len);
    return sc_age_seal(pk, sc_secret_view(&bundle), ret, err);
}

int sc_scope_bundle_parse(const struct sc_vault *vault, struct sc_bytes bundle,
                          struct sc_granted *ret, struct sc_error *err)
{
    struct sc_granted granted = {0};
    const unsigned char *at = bundle.ptr;
    if (bundle.len < HEAD_SIZE || memcmp(at, MAGIC, 8) != 0 || sc_get_u32(at + 8) != VERSION)
        return sc_fail(err, SC_E_FORMAT, "a grant has an unknown form");
    size_t name_len = sc_get_u32(at + 116);
    if (name_len == 0 || name_len >= sizeof(granted.name) || name_len != bundle.len - HEAD_SIZE)
        return sc_fail(err, SC_E_FORMAT, "a grant has an unknown form");
    if (memcmp(at + 16, vault->vault_id, SC_UID_SIZE) != 0 ||
        memcmp(at + 80, vault->sign_pk, SC_KEY_SIZE) != 0)
        return sc_fail(err, SC_E_TAMPERED,
                       "a grant belongs to another vault, or another verify key");
    granted.epoch = sc_get_u32(at + 12);
    memcpy(granted.uid, at + 32, SC_UID_SIZE);
    memcpy(granted.name, at + HEAD_SIZE, name_len);
    int rc = sc_name_check(granted.name, 1, err);
    if (rc == 0)
        *ret = granted;
    return rc;
}

const unsigned char *sc_scope_bundle_key(struct sc_bytes bundle)
{
    return bundle.ptr + KEY_AT;
}
