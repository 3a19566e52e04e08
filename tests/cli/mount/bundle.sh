# SPDX-License-Identifier: Apache-2.0
# A host mounts a bundle: its scope is there, a newer bundle in the file's place is served, an older one and a
# damaged one are not, and tmpfs files are written from it, too.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
requires age-keygen
new_vault
age-keygen -o host.txt 2>/dev/null
printf first | run 0 "$SECRETSCTL" add -q shop/pw
printf other | run 0 "$SECRETSCTL" add -q prod/pw
run 0 "$SECRETSCTL" grant add shop "$(age-keygen -y host.txt)"
run 0 "$SECRETSCTL" bundle --scope shop -o shop.sctl
cp shop.sctl old.sctl

admin() { env SECRETSCTL_VAULT="$T/vault.db" SECRETSCTL_KEY_FILE="$T/key" XDG_STATE_HOME="$T/admin" "$SECRETSCTL" "$@"; }
unset SECRETSCTL_KEY_FILE
export SECRETSCTL_VAULT=$T/shop.sctl SECRETSCTL_IDENTITY=$T/host.txt
mounted
reads "$M/shop/pw" first || fail "content"
[ "$(ls "$M")" = shop ] || fail "listing: $(ls "$M")"

printf second-value | admin rotate -q shop/pw
printf 2 | admin add -q shop/new
run 0 admin bundle --scope shop -o shop.sctl
until_true 30 reads "$M/shop/pw" second-value || fail "the newer bundle is not served: $(cat "$M/shop/pw")"
until_true 30 reads "$M/shop/new" 2 || fail "a new entry is not there"

# Not back, and not what is damaged: what was served goes on, or nothing, but never the older value
cp old.sctl next && mv next shop.sctl
sleep 3
! grep -q first "$M/shop/pw" 2>/dev/null || fail "an older bundle is served"
head -c 900 old.sctl >next && mv next shop.sctl
sleep 2
! grep -q first "$M/shop/pw" 2>/dev/null || fail "a damaged bundle is served"
printf third | admin rotate -q shop/pw
run 0 admin bundle --scope shop -o shop.sctl
until_true 30 reads "$M/shop/pw" third || fail "a good bundle is not served again"
run 0 "$SECRETSCTL" umount "$M"

export SECRETSCTL_RUN_DIR=$T/run
unmount() { umount "$T/run" 2>/dev/null; }
on_exit unmount
run 0 "$SECRETSCTL" provision --tmpfs
[ "$(cat run/shop/pw)" = third ] || fail "provision"
