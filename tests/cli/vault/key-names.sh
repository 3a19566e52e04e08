# SPDX-License-Identifier: Apache-2.0
# A key where its file's name belongs, as a pipeline's secret variable easily has it, is told to nobody: not by the
# message, not by doctor. A file that is there is named.
. "$SC_SOURCE/tests/support/functions.sh"
requires age-keygen
new_vault
printf v | run 0 "$SECRETSCTL" add shop/pw
unset SECRETSCTL_KEY_FILE
age-keygen -o id.txt 2>/dev/null
key=$(cat id.txt)
secret=$(grep -o 'AGE-SECRET-KEY-.*' id.txt)

# refused NAME COMMAND...: the status of a file that is not there, what is named, and nothing of the key.
refused() {
    local name=$1
    shift
    run 4 "$@"
    err_is "secretsctl: cannot open the file that $name names (a file's name belongs there, not the key): No such file or directory"
    out_is ''
}
for given in "$key" "$secret"; do
    SECRETSCTL_IDENTITY=$given refused SECRETSCTL_IDENTITY "$SECRETSCTL" get shop/pw
    SECRETSCTL_KEY_FILE=$given refused SECRETSCTL_KEY_FILE "$SECRETSCTL" get shop/pw
    refused --identity "$SECRETSCTL" get shop/pw --identity "$given"
    refused --key-file "$SECRETSCTL" get shop/pw --key-file "$given"
    refused --passphrase-file "$SECRETSCTL" get shop/pw --passphrase-file "$given"
    refused --new-passphrase-file "$SECRETSCTL" --key-file key slot add --new-passphrase-file "$given"
    refused --age-identity "$SECRETSCTL" --key-file key import --format age --age-identity "$given" id.txt
    refused '--key or --fingerprint-key' "$SECRETSCTL" verify env --fingerprints id.txt --fingerprint-key "$given"
    SECRETSCTL_IDENTITY=$given run 1 "$SECRETSCTL" doctor
    out_lacks AGE-SECRET-KEY
done
run 5 "$SECRETSCTL" get shop/pw --identity key
err_has "'key'"
chmod 644 id.txt
run 8 "$SECRETSCTL" get shop/pw --identity id.txt
err_has "'id.txt'"
