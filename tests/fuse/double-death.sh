# SPDX-License-Identifier: Apache-2.0
# Keeper, worker and agent killed together. With a service manager that keeps the descriptors no read
# fails; without one the mount is lost, says so at once, and the next mount replaces it.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
requires python3
new_vault
export T
printf '7:xxxxxxx:7' | "$SECRETSCTL" add -q shop/storm

M=$T/mnt
on_exit end_mount
python3 "$SC_SOURCE/tests/fuse/fdstore.py" "$SECRETSCTL" "$M" 4 2>"$T/manager" &
manager=$!
until_true 10 reads "$M/shop/storm" 7:xxxxxxx:7 || fail "not served"
"$SC_BUILD/tests/fuse/storm_reader" 2 "$M/shop/storm" >"$T/reader" 2>&1 || { cat "$T/reader"; fail "reads failed"; }
wait "$manager" || { cat "$T/manager"; fail "the manager is not content"; }
cat "$T/reader"
until_true 5 test -z "$(grep " $M " /proc/mounts)" || fail "SIGTERM did not unmount"

mounted
exec 5<"$M/shop/storm"
kill_all
lost() { ! timeout 5 cat "$M/shop/storm" 2>"$T/err" >/dev/null && grep -q 'endpoint is not connected' "$T/err"; }
until_true 5 lost || fail "a lost mount does not say so: $(cat "$T/err")"
! cat <&5 2>/dev/null || fail "an open handle of a lost mount reads"
run 0 "$SECRETSCTL" mount -q "$M"
reads "$M/shop/storm" 7:xxxxxxx:7 || fail "not mounted anew"
none_stuck
