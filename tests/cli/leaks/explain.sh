# SPDX-License-Identifier: Apache-2.0
# Each rule tells what it means, and an example in which it is found.
. "$SC_SOURCE/tests/support/functions.sh"
requires python3

chmod a+rx "$T" # for a secret file that everybody may read
python3 "$SC_SOURCE/tests/cli/leaks/explain-examples.py" "$SECRETSCTL" || fail "examples"

run 0 "$SECRETSCTL" explain dotenv-default
out_is 'dotenv-default (severity medium, precision high): credential in an env file

The default behind the variable is a value that stands in the file. Env files are copied, committed and read by everything that interpolates.

Example (.env):
  DB_PASSWORD=${DB_PASSWORD:-hunter2}

Fix: of a Compose project: secretsctl compose rewrite; of anything else: secretsctl import, then delete the line

To allow one place, write in its line or the line above:
  secretsctl:allow dotenv-default REASON'

# of a token only how it begins; what has no known form is not told to have one
run 0 "$SECRETSCTL" explain --json plex-claim
jq -e '.example == {"file": "any file", "text": "claim-...\n"} and .means == "The value has the form of a known token."' out >/dev/null ||
    fail "a token: $(cat out)"
run 0 "$SECRETSCTL" explain --json generic-secret
jq -e '.means | startswith("The value looks made by a machine")' out >/dev/null || fail "a generic rule: $(cat out)"

run 4 "$SECRETSCTL" explain no-such-rule
err_is "secretsctl: there is no rule 'no-such-rule'; see: secretsctl explain"

# what `verify` names is told, too; there is no mark that allows a value of the vault
run 0 "$SECRETSCTL" explain known-value
out_has "known-value (severity high, precision very-high): a value of the vault"
out_lacks secretsctl:allow
run 0 "$SECRETSCTL" explain known-value-token --json
jq -e '.severity == "medium" and .fix != null' out >/dev/null || fail "a token: $(cat out)"
