# SPDX-License-Identifier: Apache-2.0
# A reader written from docs/FORMAT.md in another language agrees, on fresh vaults and on stored ones of
# every format.
. "$SC_SOURCE/tests/support/functions.sh"
requires age-keygen
needs_reader
reader=$SC_SOURCE/tests/vault/reader.py

new_vault
head -c 70000 /dev/urandom >big
for i in $(seq 40); do printf 'value %d' "$i" | run 0 "$SECRETSCTL" add "shop/deep/n$i"; done
run 0 "$SECRETSCTL" add shop/big --from-file big --note 'a note' --label a=b --reason because
printf '' | run 0 "$SECRETSCTL" add shop/empty --allow-empty
printf 2 | run 0 "$SECRETSCTL" rotate shop/deep/n7
run 0 "$SECRETSCTL" rm shop/deep/n8
run 0 "$SECRETSCTL" mv shop/deep/n9 other/n9
run 0 "$SECRETSCTL" rekey shop/deep
run 0 "$SECRETSCTL" rekey
run 0 "$SECRETSCTL" list
cut -f1,3 out | sort >names
run 0 "$python" "$reader" vault.db key
grep -v '^log' out | cut -f1,2 | sort | cmp - names || fail "other names or versions"
[ "$(grep -P '^shop/big\t' out | cut -f3)" = "$(od -An -v -tx1 big | tr -d ' \n')" ] || fail "another value"
[ "$(grep -c '^log' out)" = 52 ] || fail "log: $(grep -c '^log' out)"
grep -qP '^log\tadd\tshop/big\tbecause$' out || fail "log line"

age-keygen -o ci.txt 2>/dev/null
run 0 "$SECRETSCTL" grant add shop/deep "$(age-keygen -y ci.txt)"
run 0 "$SECRETSCTL" grant add shop "$(age-keygen -y ci.txt)"
run 0 "$SECRETSCTL" bundle --scope shop/deep --scope shop -o shop.sctl
run 0 "$SECRETSCTL" list shop
cut -f1,3 out | sort >names
run 0 "$python" "$reader" --bundle shop.sctl ci.txt
cut -f1,2 out | sort | cmp - names || fail "the bundle has other names or versions"
[ "$(grep -P '^shop/big\t' out | cut -f3)" = "$(od -An -v -tx1 big | tr -d ' \n')" ] || fail "another value"
flip shop.sctl 600
run 1 "$python" "$reader" --bundle shop.sctl ci.txt

(umask 077; printf 'a passphrase of mine' >pass)
run 0 "$SECRETSCTL" --vault p.db init --passphrase-file pass --kdf light
printf v | run 0 "$SECRETSCTL" --vault p.db --passphrase-file pass add a/b
run 0 "$python" "$reader" --passphrase p.db pass
grep -qP '^a/b\t1\t76$' out || fail "passphrase vault"

for dir in "$SC_SOURCE"/tests/vault/fixtures/v*; do
    cp "$dir/vault.db" "$dir/key" .
    chmod 600 vault.db key
    run 0 "$python" "$reader" vault.db key
    cmp out "$dir/expected" || fail "$dir: the independent reader disagrees"
    run 0 "$SECRETSCTL" --key-file key check --decrypt
    run 0 "$SECRETSCTL" --key-file key list
    cut -f1,3 out | sort | cmp - <(grep -v '^log' "$dir/expected" | cut -f1,2 | sort) || fail "$dir: names"
    while IFS=$'\t' read -r name _ hex; do
        run 0 "$SECRETSCTL" --key-file key get "$name"
        [ "$(od -An -v -tx1 out | tr -d ' \n')" = "$hex" ] || fail "$dir: $name"
    done < <(grep -v '^log' "$dir/expected")
    cp "$dir/bundle.sctl" "$dir/identity" .
    chmod 600 identity
    run 0 "$python" "$reader" --bundle bundle.sctl identity
    cmp out <(grep -v '^log' "$dir/expected") || fail "$dir: the independent reader disagrees on the bundle"
    bundle() { env -u SECRETSCTL_KEY_FILE XDG_STATE_HOME="$T/bundle" "$SECRETSCTL" --vault bundle.sctl --identity identity "$@"; }
    run 0 bundle check --decrypt
    while IFS=$'\t' read -r name _ hex; do
        run 0 bundle get "$name"
        [ "$(od -An -v -tx1 out | tr -d ' \n')" = "$hex" ] || fail "$dir: $name in the bundle"
    done < <(grep -v '^log' "$dir/expected")
    printf x | run 0 "$SECRETSCTL" --key-file key add new/entry
    run 0 "$SECRETSCTL" --key-file key check --decrypt
    # A file from before pages had sums gets them when it is written anew.
    run 0 "$SECRETSCTL" --key-file key compact
    [ "$(od -An -tu1 -j20 -N1 vault.db | tr -d ' ')" = 8 ] || fail "$dir: no room for sums"
    run 0 "$SECRETSCTL" --key-file key check --decrypt
    run 0 "$python" "$reader" vault.db key
done
