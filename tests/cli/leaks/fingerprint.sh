# SPDX-License-Identifier: Apache-2.0
# A gate with fingerprints finds what the vault would find; weak values are left out by name and are no
# silent pass; key and file are refused where they do not fit.
. "$SC_SOURCE/tests/support/functions.sh"
requires jq python3 zstd xz

new_vault
value=kJ8sPq2LmX0vBn4TzR6w
printf '%s' "$value" | "$SECRETSCTL" add shop/token 2>/dev/null
make() { python3 "$SC_SOURCE/tests/cli/leaks/make-image.py" "$@"; }

run 2 "$SECRETSCTL" fingerprint shop.fp
err_is "secretsctl: 'fingerprint' needs --key FILE"
run 0 "$SECRETSCTL" fingerprint --key gate.key shop.fp
out_is "exported: 1 value"
err_is "secretsctl: made the fingerprint key 'gate.key'; keep it apart from the fingerprints"
[ "$(stat -c %a gate.key)" = 600 ] || fail "mode of the key"
! grep -q token shop.fp || fail "the file tells names"

# The gate has neither vault nor key file.
gate() { env -u SECRETSCTL_KEY_FILE SECRETSCTL_VAULT="$T/none" "$SECRETSCTL" verify "$@" \
    --fingerprints shop.fp --fingerprint-key gate.key; }
for kind in env history deleted overwritten base64-json wrapped utf16 zstd-layer nested-tar name link; do
    make $kind "$value" image.tar
    run 3 gate image ./image.tar
    out_has "shop/token"
    out_lacks "$value"
done
make clean "$value" image.tar
run 0 gate image ./image.tar

# Left out: named at export, and no pass at the gate unless accepted.
printf 'hunter2hunter2' | "$SECRETSCTL" add shop/weak 2>/dev/null
run 0 "$SECRETSCTL" fingerprint --key gate.key shop.fp
out_is "left out: shop/weak: too easy to guess
exported: 1 value"
run 1 gate image ./image.tar
out_has "note: value shop/weak: too easy to guess for a fingerprint; not searched"
run 0 gate image ./image.tar --accept-unproved
out_has "clean: none of 1 value found; 1 not proved (accepted)"

run 4 "$SECRETSCTL" fingerprint --key gate.key --scope shoop typo.fp
err_is "secretsctl: there is no secret below 'shoop' to look for"
[ ! -e typo.fp ] || fail "a gate with nothing to look for was made"
run 2 "$SECRETSCTL" verify env --fingerprints shop.fp
err_is "secretsctl: --fingerprints and --fingerprint-key go together"
"$SECRETSCTL" fingerprint --key other.key other.fp >/dev/null 2>&1
run 5 "$SECRETSCTL" verify env --fingerprints shop.fp --fingerprint-key other.key
err_is "secretsctl: cannot use 'shop.fp': the key does not open the fingerprint file"
run 6 "$SECRETSCTL" verify env --fingerprints image.tar --fingerprint-key gate.key
err_is "secretsctl: cannot use 'image.tar': not a fingerprint file"
chmod 644 gate.key
run 8 gate env
