/* SPDX-License-Identifier: Apache-2.0
 *
 * age by our own library, from standard input to standard output, to be set against the age
 * program.
 *
 *   age_tool keygen
 *   age_tool encrypt [-a] RECIPIENT...        age_tool encrypt-passphrase (in $AGE_TOOL_PASSPHRASE)
 *   age_tool decrypt IDENTITY-FILE            age_tool decrypt-passphrase
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/fsutil.h"
#include "core/parse.h"
#include "core/str.h"
#include "tests/vault/age/pair.h"
#include "vault/age/age.h"

#include "core/banned.h"

static int keygen(struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret key = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret text = {0};
    unsigned char public_key[SC_AGE_PUBLIC_SIZE];
    char recipient[SC_AGE_RECIPIENT_TEXT_SIZE];
    int rc = make_pair(&key, public_key, err);
    if (rc == 0)
        rc = sc_age_identity_print(key.ptr, &text, err);
    if (rc < 0)
        return rc;
    sc_age_recipient_print(recipient, public_key);
    printf("# public key: %s\n%.*s\n", recipient, (int)text.len, (const char *)text.ptr);
    return 0;
}

static int read_passphrase(struct sc_secret *ret, struct sc_error *err)
{
    const char *text = sc_env("AGE_TOOL_PASSPHRASE");
    return text != NULL ? sc_secret_append(ret, text, strlen(text), err)
                        : sc_fail(err, SC_E_USAGE, "AGE_TOOL_PASSPHRASE is not set");
}

static int encrypt(int count, char **recipients, const struct sc_secret *passphrase,
                   struct sc_error *err)
{
    unsigned char keys[SC_AGE_RECIPIENTS_MAX * SC_AGE_PUBLIC_SIZE];
    struct sc_age_recipients to = {.keys = keys, .passphrase = passphrase};
    int in = STDIN_FILENO, out = STDOUT_FILENO;
    bool armored = count > 0 && strcmp(recipients[0], "-a") == 0;
    for (int i = armored ? 1 : 0; i < count && to.count < SC_AGE_RECIPIENTS_MAX; i++) {
        int rc = sc_age_recipient_parse(recipients[i], keys + to.count++ * SC_AGE_PUBLIC_SIZE, err);
        if (rc < 0)
            return rc;
    }
    return sc_age_encrypt(&to, armored, sc_age_read_fd(&in), sc_age_write_fd(&out), err);
}

static int decrypt(const struct sc_age_identities *with, struct sc_error *err)
{
    int in = STDIN_FILENO, out = STDOUT_FILENO;
    return sc_age_decrypt(with, SC_AGE_FORM_DETECT, sc_age_read_fd(&in), sc_age_write_fd(&out),
                          err);
}

static int run(int argc, char **argv, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret passphrase = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret file = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret keys = {0};
    const char *verb = argc > 1 ? argv[1] : "";
    int rc = sc_str_has_suffix(verb, "-passphrase") ? read_passphrase(&passphrase, err) : 0;
    if (rc < 0)
        return rc;
    if (strcmp(verb, "keygen") == 0)
        return keygen(err);
    if (strcmp(verb, "encrypt") == 0)
        return encrypt(argc - 2, argv + 2, NULL, err);
    if (strcmp(verb, "encrypt-passphrase") == 0)
        return encrypt(argc - 2, argv + 2, &passphrase, err);
    if (strcmp(verb, "decrypt-passphrase") == 0)
        return decrypt(&(struct sc_age_identities){.passphrase = &passphrase}, err);
    if (strcmp(verb, "decrypt") != 0 || argc != 3)
        return sc_fail(err, SC_E_USAGE, "unknown verb");
    rc = sc_file_read_secret(argv[2], SC_AGE_IDENTITY_FILE_MAX, false, &file, err);
    if (rc == 0)
        rc = sc_age_identities_parse(sc_secret_view(&file), &keys, err);
    return rc < 0 ? rc : decrypt(&(struct sc_age_identities){.keys = &keys}, err);
}

int main(int argc, char **argv)
{
    struct sc_error err = {0};
    int rc = run(argc, argv, &err);
    if (rc < 0)
        fprintf(stderr, "age_tool: %s\n", sc_error_message(&err));
    return sc_error_exit_status(rc);
}
