# SPDX-License-Identifier: Apache-2.0
# A systemd credential (LoadCredentialEncrypted=secretsctl.identity:...) unlocks, be it a key file or an age
# identity; options and variables come before it, and a bad one says so.
. "$SC_SOURCE/tests/support/functions.sh"
requires age-keygen
new_vault
unset SECRETSCTL_KEY_FILE
printf v | run 0 "$SECRETSCTL" --key-file key add shop/pw
age-keygen -o admin.txt 2>/dev/null
age-keygen -o host.txt 2>/dev/null
run 0 "$SECRETSCTL" --key-file key slot add --recipient "$(age-keygen -y admin.txt)"
run 0 "$SECRETSCTL" --key-file key grant add shop "$(age-keygen -y host.txt)"
printf v | run 0 "$SECRETSCTL" --key-file key add prod/pw
run 5 "$SECRETSCTL" --no-input get shop/pw

mkdir -m 700 creds
export CREDENTIALS_DIRECTORY=$T/creds
credential() {
    rm -f creds/secretsctl.identity
    install -m "${2:-400}" "$1" creds/secretsctl.identity
}
run 5 "$SECRETSCTL" --no-input get shop/pw # a service with other credentials
credential key
run 0 "$SECRETSCTL" --no-input get prod/pw
printf w | run 0 "$SECRETSCTL" --no-input rotate shop/pw
credential admin.txt
run 0 "$SECRETSCTL" --no-input get prod/pw
run 0 "$SECRETSCTL" --no-input slot list
credential host.txt
run 0 "$SECRETSCTL" --no-input get shop/pw
out_is w
run 5 "$SECRETSCTL" --no-input get prod/pw
# As systemd shows it to a service with a user of its own: mode 0440, by an access control list
credential host.txt 440
run 0 "$SECRETSCTL" --no-input get shop/pw

# A bundle, too
run 0 "$SECRETSCTL" --key-file key bundle --scope shop -o shop.sctl
run 0 "$SECRETSCTL" --no-input --vault shop.sctl get shop/pw
# What is given comes first
run 0 "$SECRETSCTL" --no-input --key-file key get prod/pw
SECRETSCTL_KEY_FILE=$T/key run 0 "$SECRETSCTL" --no-input get prod/pw
printf 'something else\n' >other
credential other
run 5 "$SECRETSCTL" --no-input get shop/pw
err_is "secretsctl: the key file was not made by secretsctl, or is damaged"
: >empty
credential empty
run 5 "$SECRETSCTL" --no-input get shop/pw
err_is "secretsctl: '$CREDENTIALS_DIRECTORY/secretsctl.identity' is empty"
