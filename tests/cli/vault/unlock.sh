# SPDX-License-Identifier: Apache-2.0
# Ways in and out: passphrase, key file, both; each wrong key is status 5.
. "$SC_SOURCE/tests/support/functions.sh"
(umask 077; printf 'correct horse\n' >pass; printf 'wrong horse\n' >wrong)

run 0 "$SECRETSCTL" init --passphrase-file pass --kdf light
printf v | run 0 "$SECRETSCTL" --passphrase-file pass add a/b
run 0 "$SECRETSCTL" --passphrase-fd 7 get a/b 7<pass
out_is v
run 5 "$SECRETSCTL" --passphrase-file wrong get a/b
err_is "secretsctl: wrong passphrase or key: nothing opens this vault"
run 5 "$SECRETSCTL" get a/b --no-input
err_is "secretsctl: the vault is locked and there is no terminal to ask on; give --key-file, --identity or --passphrase-file"

chmod 644 pass
run 8 "$SECRETSCTL" --passphrase-file pass get a/b
err_is "secretsctl: 'pass' can be read by others (mode 0644); run: chmod 600 'pass'"
chmod 600 pass

rm vault.db
run 0 "$SECRETSCTL" --key-file key init --passphrase-file pass --kdf light
printf v | run 5 "$SECRETSCTL" --passphrase-file pass add a/b
printf v | run 5 "$SECRETSCTL" --key-file key add a/b --no-input
printf v | run 0 "$SECRETSCTL" --key-file key --passphrase-file pass add a/b
run 0 "$SECRETSCTL" --key-file key --passphrase-file pass get a/b
out_is v

flip key -2
run 5 "$SECRETSCTL" --key-file key --passphrase-file pass get a/b
err_is "secretsctl: the key file was not made by secretsctl, or is damaged"

chmod 644 vault.db
run 8 "$SECRETSCTL" --passphrase-file pass list
err_is "secretsctl: others have access to the vault '$T/vault.db'; run: chmod 600 '$T/vault.db'"
