/* SPDX-License-Identifier: Apache-2.0
 *
 * What init and slot add have in common: getting the secrets of a new slot.
 */
#include "cli/vault/vault.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/entry/entry.h"
#include "cli/output.h"
#include "cli/unlock.h"
#include "core/fd.h"
#include "core/fsutil.h"
#include "core/parse.h"
#include "core/term.h"

#include "core/banned.h"

#define PASSPHRASE_WORDS 6
#define PASSPHRASE_MIN   8

void sc_slot_secrets_done(struct sc_slot_secrets *secrets)
{
    sc_secret_done(&secrets->passphrase);
    sc_secret_done(&secrets->key_file);
}

int sc_slot_take_key_file(const char *path, struct sc_slot_secrets *secrets, struct sc_error *err)
{
    if (access(path, F_OK) == 0)
        return sc_cli_read_key("--key-file", path, &secrets->key_file, err);
    int rc = sc_vault_make_key_file(&secrets->key_file, err);
    if (rc == 0) {
        const struct sc_file_attr attr = {.mode = 0600};
        rc = sc_file_create(path, sc_secret_view(&secrets->key_file), &attr, err);
    }
    secrets->key_file_made = rc == 0;
    return rc;
}

void sc_slot_note_key_file(const struct sc_cli *cli, const struct sc_slot_secrets *secrets,
                           const char *path)
{
    if (secrets->key_file_made)
        sc_note(cli, "made the key file '%s'; keep a copy where the vault is not", path);
}

/* Shown on the terminal only, never on standard output, which may be a log. */
static int show_generated(const struct sc_secret *passphrase, struct sc_error *err)
{
    static const char before[] = "\nYour new passphrase, shown only now; write it down:\n\n    ";
    SC_CLEANUP(sc_fd_closep) int tty = open("/dev/tty", O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (tty < 0)
        return sc_fail_errno(err, "cannot open the terminal");
    int rc = sc_fd_write_all(tty, before, strlen(before), err);
    if (rc == 0)
        rc = sc_secret_write_fd(passphrase, tty, err);
    return rc < 0 ? rc : sc_fd_write_all(tty, "\n\n", 2, err);
}

int sc_slot_ask_passphrase(const struct sc_cli *cli, const char *instead,
                           struct sc_slot_secrets *secrets, struct sc_error *err)
{
    if (cli->globals.no_input || !sc_term_available())
        return sc_fail(
            err, SC_E_USAGE,
            cli->globals.no_input
                ? "--no-input forbids to ask for a passphrase; give %s or --key-file"
                : "there is no terminal to ask for a passphrase on; give %s or --key-file",
            instead);
    int rc = sc_term_read_secret(
        "New passphrase (empty: one is made for you): ", &secrets->passphrase, err);
    if (rc < 0)
        return rc;
    if (secrets->passphrase.len == 0) {
        rc = sc_generate_words(PASSPHRASE_WORDS, &secrets->passphrase, err);
        return rc < 0 ? rc : show_generated(&secrets->passphrase, err);
    }
    SC_CLEANUP(sc_secret_done) struct sc_secret again = {0};
    rc = sc_term_read_secret("Once more: ", &again, err);
    if (rc < 0)
        return rc;
    if (!sc_secret_equal(&again, &secrets->passphrase))
        return sc_fail(err, SC_E_FAILED, "the two entries differ");
    return 0;
}

/* "light", "default", "strong", or passes and MiB: "6x512". */
static int parse_kdf(const char *text, struct sc_slot_new *slot, struct sc_error *err)
{
    uint64_t passes = 0, mib = 0;
    const char *cross = text != NULL ? strchr(text, 'x') : NULL;
    if (text == NULL || sc_str_equal(text, "default"))
        slot->kdf = SC_VAULT_KDF_DEFAULT;
    else if (sc_str_equal(text, "light"))
        slot->kdf = SC_VAULT_KDF_LIGHT;
    else if (sc_str_equal(text, "strong"))
        slot->kdf = SC_VAULT_KDF_STRONG;
    else if (cross == NULL)
        return sc_fail(err, SC_E_USAGE,
                       "--kdf is light, default, strong, or PASSESxMIB, like 6x512");
    if (cross == NULL)
        return 0;
    SC_CLEANUP(sc_str_freep) char *front = sc_str_ndup(text, (size_t)(cross - text), err);
    int rc = front != NULL ? sc_parse_u64(front, UINT32_MAX, "the passes of --kdf", &passes, err)
                           : SC_E_NOMEM;
    if (rc == 0)
        rc = sc_parse_u64(cross + 1, UINT32_MAX, "the MiB of --kdf", &mib, err);
    slot->kdf = SC_VAULT_KDF_CUSTOM;
    slot->kdf_passes = (uint32_t)passes;
    slot->kdf_mib = (uint32_t)mib;
    return rc;
}

int sc_slot_describe(const struct sc_cli *cli, const struct sc_slot_options *options,
                     const struct sc_slot_secrets *secrets, struct sc_slot_new *ret,
                     struct sc_error *err)
{
    bool passphrase = secrets->passphrase.len > 0;
    bool key_file = secrets->key_file.len > 0;
    if (options->recipient != NULL && (passphrase || key_file))
        return sc_fail(err, SC_E_USAGE,
                       "--recipient stands alone: it needs no passphrase and no key file");
    if (passphrase && secrets->passphrase.len < PASSPHRASE_MIN)
        return sc_fail(err, SC_E_USAGE, "a passphrase has at least %d bytes", PASSPHRASE_MIN);
    *ret = (struct sc_slot_new){
        .with = {.passphrase = passphrase ? &secrets->passphrase : NULL,
                 .key_file = key_file ? &secrets->key_file : NULL,
                 .any_kdf = cli->globals.allow_kdf},
        .recipient = options->recipient,
        .label = options->label,
        .reason = options->reason,
    };
    return parse_kdf(options->kdf, ret, err);
}
