# SPDX-License-Identifier: Apache-2.0
# A store of pass, with a key made for the test: first lines are values, the rest goes to NAME.more.
. "$SC_SOURCE/tests/support/functions.sh"
requires pass gpg
new_vault
export GNUPGHOME=$T/gnupg PASSWORD_STORE_DIR=$T/store
mkdir -m 700 gnupg
stop_gpg() { gpgconf --kill all; }
on_exit stop_gpg
gpg --batch --quiet --passphrase '' --quick-gen-key test@example.org default default never 2>/dev/null
pass init test@example.org >/dev/null
printf 'one\n' | pass insert -m Email/alice >/dev/null
printf 'two\nuser: bob\nurl: x\n' | pass insert -m 'Web Site/bob@example' >/dev/null

run 0 "$SECRETSCTL" import store --scope me
err_is "secretsctl: 3 added, 0 replaced, 0 skipped, 0 there already"
run 0 "$SECRETSCTL" get me/Email/alice
out_is one
run 0 "$SECRETSCTL" get me/Web_Site/bob_example
out_is two
run 0 "$SECRETSCTL" get me/Web_Site/bob_example.more
out_is 'user: bob
url: x'

echo broken >store/Email/bad.gpg
run 5 "$SECRETSCTL" import store --scope again
err_has "gpg cannot decrypt 'store/Email/bad.gpg'"
run 0 "$SECRETSCTL" list again
out_is ""
