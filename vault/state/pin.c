/* SPDX-License-Identifier: Apache-2.0
 *
 * Pins; see vault/state/pin.h.
 */
#include "vault/state/pin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/fsutil.h"
#include "core/hash.h"
#include "core/parse.h"
#include "core/str.h"
#include "vault/handle.h"
#include "vault/state/audit.h"

#include "core/banned.h"

#define PIN_MAX    1024
#define PIN_FIRST  "secretsctl-pin 1\n"
#define SYSTEM_DIR "/var/lib/secretsctl"

/* Root has one place for all its pins, as for its vault: a unit has no HOME, and sudo may keep a
 * user's. Not in a user namespace, where it is somebody else's. */
static bool has_system_place(void)
{
    if (geteuid() != 0)
        return false;
    return access(SYSTEM_DIR, W_OK) == 0 || (errno == ENOENT && access("/var/lib", W_OK) == 0);
}

static char *pin_path(const unsigned char vault_id[SC_UID_SIZE], struct sc_error *err)
{
    char id[2 * SC_UID_SIZE + 1];
    sc_hex(id, vault_id, SC_UID_SIZE);
    const char *state = sc_env_directory("XDG_STATE_HOME");
    const char *home = sc_env_directory("HOME");
    if (state != NULL)
        return sc_str_printf(err, "%s/secretsctl/pins/%s", state, id);
    if (home != NULL && !has_system_place())
        return sc_str_printf(err, "%s/.local/state/secretsctl/pins/%s", home, id);
    return sc_str_printf(err, SYSTEM_DIR "/state/pins/%s", id);
}

static bool copy_word(const char *text, const char *label, char *out, size_t size)
{
    const char *at = strstr(text, label);
    if (at == NULL)
        return false;
    at += strlen(label);
    size_t len = strcspn(at, "\n");
    if (len >= size)
        return false;
    memcpy(out, at, len);
    out[len] = '\0';
    return true;
}

int sc_pin_parse(const char *text, struct sc_pin *ret)
{
    char seq[24];
    struct sc_pin pin = {.known = true};
    if (!sc_str_has_prefix(text, PIN_FIRST) ||
        !copy_word(text, "\nkey ", pin.key, sizeof(pin.key)) ||
        !copy_word(text, "\nstate ", pin.hash, sizeof(pin.hash)) ||
        !copy_word(text, "\nseq ", seq, sizeof(seq)) ||
        sc_parse_u64(seq, INT64_MAX, "seq", &pin.seq, NULL) < 0)
        return SC_E_FORMAT;
    *ret = pin;
    return 0;
}

static int read_pin(const unsigned char vault_id[SC_UID_SIZE], struct sc_pin *ret,
                    struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *path = pin_path(vault_id, err);
    if (path == NULL)
        return SC_E_NOMEM;
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(PIN_MAX);
    int rc = sc_file_read(path, &text, err);
    if (rc == SC_E_NOTFOUND) {
        *ret = (struct sc_pin){0};
        return 0;
    }
    if (rc < 0)
        return sc_wrap(err, rc, "cannot read what is pinned of the vault");
    if (sc_pin_parse(sc_buf_text(&text), ret) < 0)
        return sc_fail(err, SC_E_FORMAT, "the pin '%s' cannot be read; look at it, then: trust",
                       path);
    return 0;
}

bool sc_pin_is_at(const unsigned char vault_id[SC_STATE_ID_SIZE],
                  const unsigned char verify_key[SC_KEY_SIZE], uint64_t seq,
                  const unsigned char hash[SC_KEY_SIZE])
{
    struct sc_pin pin;
    char key_text[SC_PIN_HEX_SIZE], hash_text[SC_PIN_HEX_SIZE];
    sc_hex(key_text, verify_key, SC_KEY_SIZE);
    sc_hex(hash_text, hash, SC_KEY_SIZE);
    return read_pin(vault_id, &pin, NULL) == 0 && pin.known && pin.seq == seq &&
           sc_str_equal(pin.key, key_text) && sc_str_equal(pin.hash, hash_text);
}

bool sc_pin_is_given(void)
{
    return sc_env_demand("SECRETSCTL_VAULT_KEY") != NULL ||
           sc_env_demand("SECRETSCTL_MIN_SEQ") != NULL;
}

/* What a pipeline demands that keeps no pins. */
static int check_environment(const struct sc_vault *vault, struct sc_error *err)
{
    char key[SC_PIN_HEX_SIZE];
    sc_hex(key, vault->sign_pk, SC_KEY_SIZE);
    const char *wanted = sc_env_demand("SECRETSCTL_VAULT_KEY");
    if (wanted != NULL && wanted[0] == '\0')
        return sc_fail(err, SC_E_TAMPERED,
                       "SECRETSCTL_VAULT_KEY is set and empty: it tells no verify key to believe");
    if (wanted != NULL && !sc_str_equal_nocase(wanted, key))
        return sc_fail(err, SC_E_TAMPERED,
                       "the vault's verify key is not the one in SECRETSCTL_VAULT_KEY");
    return 0;
}

static int check_history(struct sc_vault *vault, const struct sc_state *state,
                         const struct sc_pin *pin, struct sc_error *err)
{
    char hash[SC_PIN_HEX_SIZE];
    if (state->seq < pin->seq)
        return sc_fail(
            err, SC_E_ROLLBACK,
            "this vault is at state %llu, but %llu was seen before: an older copy was put "
            "back. If you did that yourself: secretsctl trust --accept-rollback REASON",
            (unsigned long long)state->seq, (unsigned long long)pin->seq);
    if (vault->bundle.yes && state->seq > pin->seq)
        return 0; /* the log that would prove it stays with the vault; the signature has to do */
    if (state->seq == pin->seq) {
        sc_hex(hash, state->hash, SC_KEY_SIZE);
    } else {
        unsigned char before[SC_KEY_SIZE];
        int rc = sc_audit_verify(vault, state, pin->seq + 1, before, err);
        if (rc < 0)
            return rc;
        sc_hex(hash, before, SC_KEY_SIZE);
    }
    if (!sc_str_equal(hash, pin->hash))
        return sc_fail(
            err, SC_E_ROLLBACK,
            "this vault has another history than the one seen before (they part at or "
            "before state %llu). If you know why: secretsctl trust --accept-rollback REASON",
            (unsigned long long)pin->seq);
    return 0;
}

/* What this handle has seen is as good as a pin, and mostly newer: the log is walked from there.
 * But a pin that was taken back says that somebody accepts an older copy. */
static void prefer_seen(const struct sc_vault *vault, struct sc_pin *pin)
{
    bool taken_back = pin->known && pin->seq < vault->pinned_seq;
    if (vault->seen.seq <= pin->seq || taken_back)
        return;
    pin->known = true;
    pin->seq = vault->seen.seq;
    sc_hex(pin->hash, vault->seen.hash, SC_KEY_SIZE);
}

int sc_pin_check(struct sc_vault *vault, const struct sc_state *state, struct sc_error *err)
{
    int rc = check_environment(vault, err);
    if (rc < 0 || vault->ignore_pin)
        return rc;
    struct sc_pin pin;
    rc = read_pin(vault->vault_id, &pin, err);
    if (rc < 0)
        return rc;
    char key[SC_PIN_HEX_SIZE];
    sc_hex(key, vault->sign_pk, SC_KEY_SIZE);
    if (pin.known && !sc_str_equal(key, pin.key))
        return sc_fail(err, SC_E_TAMPERED,
                       "the vault's verify key is not the one seen before. If it was changed on "
                       "purpose: secretsctl trust --accept-rollback REASON");
    uint64_t pinned = pin.known ? pin.seq : vault->pinned_seq;
    prefer_seen(vault, &pin);
    rc = pin.known ? check_history(vault, state, &pin, err) : 0;
    if (rc == 0)
        vault->pinned_seq = pinned;
    return rc;
}

int sc_pin_update(struct sc_vault *vault, bool force, struct sc_error *err)
{
    const struct sc_state *state = &vault->state;
    if (state->seq == 0 || (!force && state->seq <= vault->pinned_seq))
        return 0;
    SC_CLEANUP(sc_str_freep) char *path = pin_path(vault->vault_id, err);
    SC_CLEANUP(sc_str_freep) char *dir = path != NULL ? sc_path_dirname(path, err) : NULL;
    if (dir == NULL)
        return SC_E_NOMEM;
    char key[SC_PIN_HEX_SIZE], hash[SC_PIN_HEX_SIZE], text[PIN_MAX];
    sc_hex(key, vault->sign_pk, SC_KEY_SIZE);
    sc_hex(hash, state->hash, SC_KEY_SIZE);
    int len = snprintf(text, sizeof(text), PIN_FIRST "key %s\nseq %llu\nstate %s\ntime %lld\n", key,
                       (unsigned long long)state->seq, hash, (long long)state->time);
    const struct sc_file_attr attr = {.mode = 0600};
    int rc = sc_dir_make(dir, 0700, err);
    if (rc == 0)
        rc = sc_file_replace(path, (struct sc_bytes){(unsigned char *)text, (size_t)len}, &attr,
                             err);
    if (rc == 0)
        vault->pinned_seq = state->seq;
    return rc;
}
