/* SPDX-License-Identifier: Apache-2.0
 *
 * The root bundle; see vault/slot/slot.h.
 */
#include "vault/slot/slot.h"

#include <string.h>

#include "core/arena.h"
#include "vault/age/age.h"
#include "vault/codec.h"

#include "core/banned.h"

#define MAGIC   "SCTLROOT"
#define VERSION 1

void sc_root_derive(struct sc_vault *vault, struct sc_root_keys *keys)
{
    struct sc_bytes bound = {vault->vault_id, SC_UID_SIZE};
    sc_kdf(keys->meta, keys->root, "meta", bound);
    sc_kdf(keys->wrap, keys->root, "wrap", bound);
    sc_kdf(keys->audit, keys->root, "audit", bound);
    sc_kdf(keys->hedge, keys->root, "hedge", bound);
}

int sc_root_seal(const struct sc_vault *vault, const unsigned char pk[SC_KEY_SIZE],
                 struct sc_buf *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret bundle = {0};
    unsigned char *at = NULL;
    int rc = sc_secret_resize(&bundle, SC_ROOT_BUNDLE_SIZE, &at, err);
    if (rc < 0)
        return rc;
    memcpy(at, MAGIC, 8);
    sc_put_u32(at + 8, VERSION);
    sc_put_u32(at + 12, vault->root_epoch);
    memcpy(at + 16, vault->vault_id, SC_UID_SIZE);
    memcpy(at + 32, vault->root->root, SC_KEY_SIZE);
    memcpy(at + 64, vault->root->sign.seed, SC_KEY_SIZE);
    return sc_age_seal(pk, sc_secret_view(&bundle), ret, err);
}

static int check_bundle(const struct sc_vault *vault, const struct sc_secret *bundle,
                        struct sc_error *err)
{
    const unsigned char *at = bundle->ptr;
    if (bundle->len != SC_ROOT_BUNDLE_SIZE || memcmp(at, MAGIC, 8) != 0)
        return sc_fail(err, SC_E_TAMPERED, "a key slot holds something else than the root keys");
    if (sc_get_u32(at + 8) != VERSION)
        return sc_fail(err, SC_E_FORMAT, "a key slot needs a newer version of this program");
    if (memcmp(at + 16, vault->vault_id, SC_UID_SIZE) != 0)
        return sc_fail(err, SC_E_TAMPERED, "a key slot belongs to another vault");
    return 0;
}

/* The verify key in the file is only as good as this comparison: the bundle came from a writer. */
static int take_keys(struct sc_vault *vault, struct sc_root_keys *keys, const unsigned char *bundle,
                     struct sc_error *err)
{
    sc_sign_key_make(&keys->sign, bundle + 64);
    if (memcmp(keys->sign.pk, vault->sign_pk, SC_KEY_SIZE) != 0)
        return sc_fail(err, SC_E_TAMPERED,
                       "the vault's verify key is not the one of its key slots");
    memcpy(keys->root, bundle + 32, SC_KEY_SIZE);
    sc_root_derive(vault, keys);
    return 0;
}

int sc_root_open(struct sc_vault *vault, const unsigned char sk[SC_KEY_SIZE],
                 struct sc_bytes sealed, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret bundle = {0};
    int rc = sc_age_open(sk, sealed, SC_ROOT_BUNDLE_SIZE, &bundle, err);
    if (rc == 0)
        rc = check_bundle(vault, &bundle, err);
    if (rc < 0)
        return rc;
    struct sc_root_keys *keys = sc_arena_alloc(sizeof(*keys), err);
    if (keys == NULL)
        return SC_E_NOMEM;
    rc = take_keys(vault, keys, bundle.ptr, err);
    if (rc < 0) {
        sc_arena_free(keys);
        return rc;
    }
    sc_arena_free(vault->root);
    vault->root = keys;
    vault->root_epoch = sc_get_u32(bundle.ptr + 12);
    return 0;
}
