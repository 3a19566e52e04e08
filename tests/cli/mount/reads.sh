# SPDX-License-Identifier: Apache-2.0
# The read log and the vault: a rotation notes the log's head in the vault's signed chain; a log that was
# cut, edited, or made anew with a chain of its own is found out.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
requires python3
new_vault
printf one | "$SECRETSCTL" add -q shop/key
run 4 "$SECRETSCTL" who --check
err_is "secretsctl: no read log yet: nothing was mounted"
run 0 "$SECRETSCTL" who --anchor
err_is "secretsctl: noted the heads of 0 read logs in the vault"
run 2 "$SECRETSCTL" mount --threads 1 "$T/mnt"
err_is "secretsctl: --threads must be from 2 to 8"
mounted
for i in 1 2 3; do reads "$M/shop/key" one || fail "read $i"; done
log=$(echo "$SECRETSCTL_VAULT".access/*.log)
run 0 "$SECRETSCTL" who shop/key --mount "$M"
[ "$(awk -F'\t' '{sum += $5} END {print sum}' "$T/out")" = 3 ] || fail "not all reads are there at once: $(cat "$T/out")"
lines() { [ "$(wc -l <"$log")" = "$1" ]; }
until_true 5 lines 3 || fail "the log has $(wc -l <"$log") lines"
printf two | "$SECRETSCTL" rotate -q shop/key
until_true 5 reads "$M/shop/key" two || fail "rotation"
run 0 "$SECRETSCTL" who --check
err_is "secretsctl: the read logs are whole, and as 1 note in the vault says"
run 0 "$SECRETSCTL" who --anchor
err_is "secretsctl: noted the head of 1 read log in the vault"
"$SECRETSCTL" log >"$T/out"
out_has "reads"
"$SECRETSCTL" umount --force "$M"
run 0 "$SECRETSCTL" who --check
err_is "secretsctl: the read logs are whole, and as 2 notes in the vault say"
cp "$log" "$T/right"

sed -i '2s/\tok\t/\tEACCES\t/' "$log"
run 6 "$SECRETSCTL" who --check
err_is "secretsctl: '$log' line 2: the chain of hashes is broken"
# Its end cut, in whole lines: the chain is whole.
head -2 "$T/right" >"$log"
run 0 "$SECRETSCTL" who shop/key
run 6 "$SECRETSCTL" who --check
err_is "secretsctl: read log '${log##*/}' has lost line 4, which the vault has noted"
# Made anew by somebody who knows how: without its second line.
python3 - "$T/right" "$log" <<'PY'
import hashlib, sys
chain, number = bytes(32), 0
with open(sys.argv[2], "wb") as out:
    for i, line in enumerate(open(sys.argv[1], "rb").read().splitlines()):
        fields = line.split(b"\t")[:-1]
        if i == 1:
            continue
        number += 1
        fields[0] = str(number).encode()
        text = b"\t".join(fields)
        chain = hashlib.blake2b(chain + text, digest_size=32).digest()
        out.write(text + b"\t" + chain.hex().encode() + b"\n")
PY
run 0 "$SECRETSCTL" who shop/key
run 6 "$SECRETSCTL" who --check
err_is "secretsctl: read log '${log##*/}' line 3 is not the one that the vault has noted"
rm "$log"
run 6 "$SECRETSCTL" who --check
err_has "has lost line"
run 2 "$SECRETSCTL" who key
err_has "the scope is missing"
run 2 "$SECRETSCTL" who --check shop/key
run 2 "$SECRETSCTL" who --check --anchor
