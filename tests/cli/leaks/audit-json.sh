# SPDX-License-Identifier: Apache-2.0
# The contract of `audit --format json`: shape, positions, exit status.
. "$SC_SOURCE/tests/support/functions.sh"

cat >compose.yml <<'YAML'
services:
  # the database
  db:
    image: postgres:16
    environment:
      POSTGRES_USER: shop
      POSTGRES_PASSWORD: secret
YAML
run 3 "$SECRETSCTL" audit --format json compose.yml
fingerprint=$(sed -n 's/.*"fingerprint":"\([0-9a-f]*\)".*/\1/p' out)
[ ${#fingerprint} = 32 ] || fail "a fingerprint of ${#fingerprint} digits"
out_is '{"version":1,"findings":[{"rule":"compose-env-literal","severity":"high","class":"literal","file":"compose.yml","line":7,"column":26,"service":"db","key":"POSTGRES_PASSWORD","where":"environment","redacted":"s*****","fingerprint":"'"$fingerprint"'","fix":"use POSTGRES_PASSWORD_FILE with a secret"}],"skipped":[],"summary":{"files":1,"bytes":131,"high":1,"medium":0,"low":0}}'
err_is ""

# the same secret has the same fingerprint in the next run, and another one under another key
run 3 "$SECRETSCTL" audit --format json compose.yml
out_has "$fingerprint"
run 3 "$SECRETSCTL" audit --fingerprint-key other.key --json compose.yml
out_lacks "$fingerprint"
[ "$(stat -c %a other.key)" = 600 ] || fail "the key is readable by others"

# nothing to find
printf 'services:\n  db:\n    image: postgres\n' >clean.yml
run 0 "$SECRETSCTL" audit --format json clean.yml
out_is '{"version":1,"findings":[],"skipped":[],"summary":{"files":1,"bytes":36,"high":0,"medium":0,"low":0}}'

# what cannot be parsed is named with its line, and is no pass
printf 'services:\n  db:\n    environment:\n      A: b\n      - C=d\n' >broken.yml
run 1 "$SECRETSCTL" audit --format json broken.yml
jq -e '.findings == [] and .skipped[0].file == "broken.yml" and .skipped[0].line == 5' out >/dev/null ||
    fail "the broken file is not reported: $(cat out)"
err_has "secretsctl: skipped 'broken.yml' line 5: "

# findings win over skipped files
run 3 "$SECRETSCTL" audit --json broken.yml compose.yml

# nothing names standard input: an env file, a Compose file and a Dockerfile are told by how they begin
printf '# the shop\n\nDB_PASSWORD=hunter2hunter2\n' >env.text
run 3 "$SECRETSCTL" audit - <env.text
out_is "-	3	13	high	dotenv-literal	literal		DB_PASSWORD	h*****"
printf '# c\nservices:\n  db:\n    environment: {A_PASSWORD: hunter2hunter2}\n' >compose.text
run 3 "$SECRETSCTL" audit - <compose.text
printf '# c\nFROM alpine\nENV DB_PASSWORD=hunter2hunter2\n' >docker.text
run 3 "$SECRETSCTL" audit - <docker.text
run 2 "$SECRETSCTL" audit --json --format sarif compose.yml
err_is "secretsctl: --json and --format sarif exclude each other"

# a path that is not there hides nothing of the others
run 3 "$SECRETSCTL" audit --json nowhere.yml compose.yml
jq -e '(.findings | length) > 0 and .skipped == [{file: "nowhere.yml", reason: "no such file or folder", line: null}]' out \
    >/dev/null || fail "missing file: $(cat out)"
printf 'A: b\n' >clean.txt
run 1 "$SECRETSCTL" audit --format junit nowhere.yml clean.txt
out_has '<testcase classname="nowhere.yml" name="skipped" time="0">'
err_is "secretsctl: skipped 'nowhere.yml': no such file or folder"
run 4 "$SECRETSCTL" audit nowhere.yml
err_is "secretsctl: cannot audit 'nowhere.yml': No such file or directory"
run 2 "$SECRETSCTL" audit --format xml compose.yml
