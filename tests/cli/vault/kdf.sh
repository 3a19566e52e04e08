# SPDX-License-Identifier: Apache-2.0
# The cost of a passphrase: three names and any other; what is out of bounds is neither made nor run unless
# --allow-kdf says so.
. "$SC_SOURCE/tests/support/functions.sh"
requires sqlite3
(umask 077; printf 'correct horse\n' >pass)
cost() { sqlite3 "$1" "SELECT kdf_ops, kdf_mem / 1048576 FROM slot"; }
make() { "$SECRETSCTL" --vault "$1.db" --passphrase-file pass init --kdf "$1" "${@:2}"; }

run 0 make light
[ "$(cost light.db)" = "3|64" ] || fail "light: $(cost light.db)"
run 0 make strong
[ "$(cost strong.db)" = "4|512" ] || fail "strong: $(cost strong.db)"
run 0 "$SECRETSCTL" --vault usual.db --passphrase-file pass init
[ "$(cost usual.db)" = "3|256" ] || fail "default: $(cost usual.db)"
run 0 make 2x65
[ "$(cost 2x65.db)" = "2|65" ] || fail "2x65: $(cost 2x65.db)"
for name in light 2x65; do
    printf v | run 0 "$SECRETSCTL" --vault "$name.db" --passphrase-file pass add a/b
    run 0 "$SECRETSCTL" --vault "$name.db" --passphrase-file pass get a/b
    out_is v
done

run 2 make medium
err_is "secretsctl: --kdf is light, default, strong, or PASSESxMIB, like 6x512"
for bad in x 3x x64 3x64x2 -1x64 3x-64; do run 2 make "$bad"; done
for bad in 1x64 2x63 11x64 3x1025 0x0; do
    run 2 make "$bad"
    err_is "secretsctl: a passphrase costs 2 to 10 passes over 64 to 1024 MiB; anything else takes --allow-kdf, here and whenever it is used"
    [ ! -e "$bad.db" ] || fail "$bad: a vault was left behind"
done
run 2 make 0x64 --allow-kdf
run 2 make 1x70000 --allow-kdf

run 0 make 1x8 --allow-kdf
run 6 "$SECRETSCTL" --vault 1x8.db --passphrase-file pass list
err_is "secretsctl: a passphrase slot is weaker than this program allows: somebody changed it, or made it so on purpose (then: --allow-kdf)"
run 0 "$SECRETSCTL" --vault 1x8.db --passphrase-file pass --allow-kdf list
run 0 make 11x64 --allow-kdf
run 6 "$SECRETSCTL" --vault 11x64.db --passphrase-file pass list
err_has "asks for more work than this program allows"
run 0 "$SECRETSCTL" --vault 11x64.db --passphrase-file pass --allow-kdf list
