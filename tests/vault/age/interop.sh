# SPDX-License-Identifier: Apache-2.0
# Both ways with the age program: keys, binary and armored files of many sizes, several recipients,
# passphrases (age reads those from a terminal only, so expect(1) types them).
. "$SC_SOURCE/tests/support/functions.sh"
requires age age-keygen expect
tool=$SC_BUILD/tests/vault/age/age_tool

"$tool" keygen >ours.key
age-keygen -o theirs.key 2>/dev/null
ours=$(sed -n 's/^# public key: //p' ours.key)
theirs=$(sed -n 's/^# public key: //p' theirs.key)
[ "$(age-keygen -y ours.key)" = "$ours" ] || fail "age derives another public key"

for size in 0 1 65535 65536 65537 131072 1000000; do
    head -c "$size" /dev/urandom >plain
    for armor in "" -a; do
        # shellcheck disable=SC2086
        "$tool" encrypt $armor "$ours" "$theirs" <plain >sealed
        for key in ours.key theirs.key; do
            age -d -i "$key" sealed | cmp - plain || fail "age reads $size bytes $armor otherwise"
        done
        # shellcheck disable=SC2086
        age $armor -r "$theirs" -r "$ours" <plain >sealed
        for key in ours.key theirs.key; do
            "$tool" decrypt "$key" <sealed | cmp - plain || fail "we read $size bytes $armor otherwise"
        done
    done
done

# A file with something appended is refused by both.
"$tool" encrypt "$ours" <plain >sealed
printf 'x' >>sealed
run 6 "$tool" decrypt ours.key <sealed
err_is "age_tool: age payload: a chunk was changed, moved or cut"
run 1 age -d -i ours.key sealed

export AGE_TOOL_PASSPHRASE='six generated words'
echo 'by passphrase' >plain
"$tool" encrypt-passphrase <plain >sealed
expect -c 'log_user 0; set timeout 60; spawn age -d -o back sealed; expect "passphrase"; send "six generated words\r"; expect eof' ||
    fail "age refused our passphrase file"
cmp plain back || fail "age reads another text"
expect -c 'log_user 0; set timeout 60; spawn age -p -o theirs.age plain; expect "passphrase"; send "six generated words\r"; expect "onfirm"; send "six generated words\r"; expect eof' ||
    fail "age cannot encrypt"
"$tool" decrypt-passphrase <theirs.age | cmp - plain || fail "we read another text"
