/* SPDX-License-Identifier: Apache-2.0
 *
 * From a passphrase or key file to the key of a slot; see vault/slot/slot.h.
 */
#include "vault/slot/slot.h"

#include <string.h>

#include "core/hash.h"
#include "core/random.h"
#include "vault/codec.h"

#include "core/banned.h"

#define MIB            ((uint64_t)1024 * 1024)
#define OPS_FLOOR      2
#define MEM_FLOOR      (64 * MIB)
#define OPS_CEILING    10
#define MEM_CEILING    (1024 * MIB)
#define OPS_LIMIT      1000 /* with --allow-kdf */
#define MEM_LIMIT      (64 * 1024 * MIB)
#define AAD_SIZE       (6 + SC_UID_SIZE + SC_UID_SIZE + 4 + SC_KEY_SIZE + 4 + 8 + SC_KDF_SALT_SIZE)
#define KEY_LINE       "SECRETSCTL-KEY-1:"
#define CHECK_SIZE     4
#define KEY_LINE_SIZE  (sizeof(KEY_LINE) - 1 + 2 * SC_KEY_SIZE + 1 + 2 * CHECK_SIZE)
#define KEY_FILE_INTRO "# secretsctl key file: whoever can read it can open the vault\n"

struct sc_kdf_cost sc_slot_cost(const struct sc_slot_new *slot)
{
    switch (slot->kdf) {
    case SC_VAULT_KDF_CUSTOM:
        return (struct sc_kdf_cost){.ops = slot->kdf_passes, .mem = slot->kdf_mib * MIB};
    case SC_VAULT_KDF_LIGHT:
        return (struct sc_kdf_cost){.ops = 3, .mem = 64 * MIB};
    case SC_VAULT_KDF_STRONG:
        return (struct sc_kdf_cost){.ops = 4, .mem = 512 * MIB};
    case SC_VAULT_KDF_DEFAULT:
    default:
        return (struct sc_kdf_cost){.ops = 3, .mem = 256 * MIB};
    }
}

int sc_slot_check_cost(struct sc_kdf_cost cost, bool any, struct sc_error *err)
{
    bool weak = cost.ops < (any ? 1 : OPS_FLOOR) || cost.mem < (any ? MIB : MEM_FLOOR);
    bool dear =
        cost.ops > (any ? OPS_LIMIT : OPS_CEILING) || cost.mem > (any ? MEM_LIMIT : MEM_CEILING);
    if (weak)
        return sc_fail(err, SC_E_TAMPERED,
                       "a passphrase slot is weaker than this program allows: somebody changed "
                       "it, or made it so on purpose (then: --allow-kdf)");
    if (dear)
        return sc_fail(err, SC_E_TAMPERED,
                       "a passphrase slot asks for more work than this program allows: somebody "
                       "changed it, or made it so on purpose (then: --allow-kdf)");
    return 0;
}

/* The check digits find a damaged file before it is taken for a wrong one. */
static void check_digits(char out[2 * CHECK_SIZE + 1], const unsigned char key[SC_KEY_SIZE])
{
    unsigned char hash[SC_KEY_SIZE];
    struct sc_hasher hasher;
    sc_hasher_init(&hasher, "key-file-check");
    sc_hasher_add(&hasher, key, SC_KEY_SIZE);
    sc_hasher_final(&hasher, hash);
    sc_hex(out, hash, CHECK_SIZE);
}

int sc_vault_make_key_file(struct sc_secret *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret key = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret text = {0};
    unsigned char *bytes = NULL;
    unsigned char *line = NULL;
    char digits[2 * CHECK_SIZE + 1];
    size_t intro = strlen(KEY_FILE_INTRO);
    int rc = sc_secret_resize(&key, SC_KEY_SIZE, &bytes, err);
    if (rc == 0)
        rc = sc_random_bytes(bytes, SC_KEY_SIZE, err);
    if (rc == 0)
        rc = sc_secret_resize(&text, intro + KEY_LINE_SIZE + 2, &line, err);
    if (rc < 0)
        return rc;
    check_digits(digits, bytes);
    memcpy(line, KEY_FILE_INTRO, intro);
    line += intro;
    memcpy(line, KEY_LINE, strlen(KEY_LINE));
    sc_hex((char *)line + strlen(KEY_LINE), bytes, SC_KEY_SIZE);
    line[strlen(KEY_LINE) + 2 * SC_KEY_SIZE] = ':';
    memcpy(line + KEY_LINE_SIZE - 2 * CHECK_SIZE, digits, 2 * CHECK_SIZE);
    line[KEY_LINE_SIZE] = '\n';
    sc_secret_truncate(&text, intro + KEY_LINE_SIZE + 1);
    sc_secret_move(ret, &text);
    return 0;
}

static bool parse_line(const unsigned char *line, size_t len, unsigned char key[SC_KEY_SIZE])
{
    if (len != KEY_LINE_SIZE || memcmp(line, KEY_LINE, strlen(KEY_LINE)) != 0)
        return false;
    const unsigned char *at = line + strlen(KEY_LINE);
    if (!sc_unhex(key, at, SC_KEY_SIZE))
        return false;
    at += (size_t)2 * SC_KEY_SIZE;
    char digits[2 * CHECK_SIZE + 1];
    check_digits(digits, key);
    return *at == ':' && memcmp(at + 1, digits, 2 * CHECK_SIZE) == 0;
}

int sc_slot_read_key_file(const struct sc_secret *text, unsigned char key[SC_KEY_SIZE],
                          struct sc_error *err)
{
    size_t at = 0;
    while (at < text->len) {
        const unsigned char *line = text->ptr + at;
        const unsigned char *end = memchr(line, '\n', text->len - at);
        size_t len = end != NULL ? (size_t)(end - line) : text->len - at;
        if (len > 0 && line[0] != '#') {
            if (parse_line(line, len, key))
                return 0;
            break;
        }
        at += len + 1;
    }
    return sc_fail(err, SC_E_BADPASS, "the key file was not made by secretsctl, or is damaged");
}

static int derive_passphrase(const struct sc_slot *slot, const struct sc_unlock *with,
                             unsigned char out[SC_KEY_SIZE], struct sc_error *err)
{
    int rc = sc_slot_check_cost(slot->cost, with->any_kdf, err);
    return rc < 0 ? rc : sc_argon2id(out, with->passphrase, slot->salt, slot->cost, err);
}

int sc_slot_derive(const struct sc_vault *vault, const struct sc_slot *slot,
                   const struct sc_unlock *with, unsigned char kek[SC_KEY_SIZE],
                   struct sc_error *err)
{
    bool wants_passphrase = slot->kind == SC_SLOT_PASSPHRASE || slot->kind == SC_SLOT_BOTH;
    bool wants_file = slot->kind == SC_SLOT_KEY_FILE || slot->kind == SC_SLOT_BOTH;
    if ((wants_passphrase && with->passphrase == NULL) || (wants_file && with->key_file == NULL) ||
        (!wants_passphrase && !wants_file))
        return sc_fail(err, SC_E_BADPASS, "the slot needs something else");
    SC_CLEANUP(sc_secret_done) struct sc_secret work = {0};
    unsigned char *file_key = NULL;
    int rc = sc_secret_resize(&work, 2 * SC_KEY_SIZE, &file_key, err);
    unsigned char *stretched = rc == 0 ? file_key + SC_KEY_SIZE : NULL;
    if (rc == 0 && wants_file)
        rc = sc_slot_read_key_file(with->key_file, file_key, err);
    if (rc == 0 && wants_passphrase)
        rc = derive_passphrase(slot, with, stretched, err);
    if (rc < 0)
        return rc;
    if (slot->kind == SC_SLOT_PASSPHRASE)
        memcpy(kek, stretched, SC_KEY_SIZE);
    else if (slot->kind == SC_SLOT_KEY_FILE)
        sc_kdf(kek, file_key, "keyfile", (struct sc_bytes){vault->vault_id, SC_UID_SIZE});
    else
        sc_kdf(kek, stretched, "2of2", (struct sc_bytes){file_key, SC_KEY_SIZE});
    return 0;
}

static struct sc_bytes make_aad(unsigned char out[AAD_SIZE], const struct sc_vault *vault,
                                const struct sc_slot *slot)
{
    memcpy(out, "SCTLv1", 6);
    memcpy(out + 6, vault->vault_id, SC_UID_SIZE);
    memcpy(out + 22, slot->id, SC_UID_SIZE);
    sc_put_u32(out + 38, (uint32_t)slot->kind);
    memcpy(out + 42, slot->pk, SC_KEY_SIZE);
    sc_put_u32(out + 74, slot->cost.ops);
    sc_put_u64(out + 78, slot->cost.mem);
    memcpy(out + 86, slot->salt, SC_KDF_SALT_SIZE);
    return (struct sc_bytes){out, AAD_SIZE};
}

int sc_slot_wrap(const struct sc_vault *vault, const struct sc_slot *slot,
                 const unsigned char kek[SC_KEY_SIZE], const unsigned char sk[SC_KEY_SIZE],
                 struct sc_buf *ret, struct sc_error *err)
{
    unsigned char aad[AAD_SIZE];
    struct sc_seal_key key = {.key = kek, .hedge = kek, .label = "slot-key"};
    return sc_seal(&key, make_aad(aad, vault, slot), (struct sc_bytes){sk, SC_KEY_SIZE}, ret, err);
}

int sc_slot_unwrap(const struct sc_vault *vault, const struct sc_slot *slot,
                   const unsigned char kek[SC_KEY_SIZE], struct sc_bytes wrapped,
                   struct sc_secret *ret_sk, struct sc_error *err)
{
    unsigned char aad[AAD_SIZE];
    struct sc_seal_key key = {.key = kek, .label = "slot-key"};
    int rc = sc_seal_open(&key, make_aad(aad, vault, slot), wrapped, ret_sk, err);
    if (rc == 0 && ret_sk->len != SC_KEY_SIZE)
        return sc_fail(err, SC_E_TAMPERED, "the key in a slot has a wrong length");
    return rc;
}
