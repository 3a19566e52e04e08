/* SPDX-License-Identifier: Apache-2.0
 *
 * Checkpoints: the signed state as one line of text, to be kept where the vault is not (git, a CI
 * variable, a colleague's mailbox). Whoever has the line can prove later that a vault is older than
 * it, or has another history.
 *
 *   secretsctl-checkpoint-1:<seq>:<verify key>:<state record>:<signature>      (hexadecimal)
 */
#include <stdio.h>
#include <string.h>

#include "core/hash.h"
#include "vault/handle.h"
#include "vault/state/audit.h"
#include "vault/state/note.h"

#include "core/banned.h"

#define NOTE_WORD "secretsctl-checkpoint-1"

int sc_vault_checkpoint(struct sc_vault *vault, struct sc_buf *ret, struct sc_error *err)
{
    int rc = sc_view_begin(vault, err);
    if (rc < 0)
        return rc;
    unsigned char body[SC_STATE_SIZE];
    char text[2 * SC_STATE_SIZE + 1];
    sc_state_encode(&vault->state, vault->vault_id, body);
    sc_buf_printf(ret, NOTE_WORD ":%llu:", (unsigned long long)vault->state.seq);
    sc_hex(text, vault->sign_pk, SC_KEY_SIZE);
    sc_buf_printf(ret, "%s:", text);
    sc_hex(text, body, sizeof(body));
    sc_buf_printf(ret, "%s:", text);
    sc_hex(text, vault->state.sig, SC_SIGNATURE_SIZE);
    sc_buf_puts(ret, text);
    sc_view_end(vault);
    return sc_buf_status(ret, err);
}

/* Reads len bytes and the byte behind them, which must be `end` (':' or NUL). */
static bool read_hex(const char **text, unsigned char *out, size_t len, char end)
{
    if (!sc_unhex(out, *text, len))
        return false;
    const char *at = *text + 2 * len;
    if (*at != end)
        return false;
    *text = end != '\0' ? at + 1 : at;
    return true;
}

bool sc_note_parse(const char *text, struct sc_note *ret)
{
    size_t word = strlen(NOTE_WORD);
    if (strncmp(text, NOTE_WORD ":", word + 1) != 0)
        return false;
    text += word + 1;
    text += strspn(text, "0123456789"); /* for people; the record has it too */
    if (*text++ != ':')
        return false;
    return read_hex(&text, ret->key, sizeof(ret->key), ':') &&
           read_hex(&text, ret->body, sizeof(ret->body), ':') &&
           read_hex(&text, ret->sig, sizeof(ret->sig), '\0');
}

/* The record and its signature, made by this vault's key. */
static int open_note(const struct sc_vault *vault, const char *text, struct sc_state *ret,
                     struct sc_error *err)
{
    struct sc_note note;
    if (!sc_note_parse(text, &note))
        return sc_fail(err, SC_E_FORMAT, "this is not a checkpoint");
    if (memcmp(note.key, vault->sign_pk, SC_KEY_SIZE) != 0)
        return sc_fail(err, SC_E_TAMPERED, "the checkpoint was signed by another vault's key");
    int rc =
        sc_state_decode((struct sc_bytes){note.body, sizeof(note.body)}, vault->vault_id, ret, err);
    if (rc == 0)
        rc = sc_state_verify(vault, (struct sc_bytes){note.body, sizeof(note.body)}, note.sig, err);
    return rc;
}

int sc_vault_checkpoint_verify(struct sc_vault *vault, const char *text, struct sc_error *err)
{
    struct sc_state noted;
    unsigned char before[SC_KEY_SIZE];
    int rc = sc_view_begin(vault, err);
    if (rc < 0)
        return rc;
    rc = open_note(vault, text, &noted, err);
    if (rc == 0 && vault->state.seq < noted.seq)
        rc = sc_fail(err, SC_E_ROLLBACK,
                     "the vault is at state %llu, older than the checkpoint's %llu",
                     (unsigned long long)vault->state.seq, (unsigned long long)noted.seq);
    if (rc == 0 && vault->state.seq == noted.seq)
        memcpy(before, vault->state.hash, sizeof(before));
    else if (rc == 0 && vault->bundle.yes)
        rc = sc_fail(err, SC_E_UNSUPPORTED,
                     "a bundle has no log, so only a checkpoint of its own state can be compared");
    else if (rc == 0)
        rc = sc_audit_verify(vault, &vault->state, noted.seq + 1, before, err);
    if (rc == 0 && memcmp(before, noted.hash, sizeof(before)) != 0)
        rc = sc_fail(err, SC_E_ROLLBACK,
                     "the vault has another history than the one of the checkpoint");
    sc_view_end(vault);
    return rc;
}
