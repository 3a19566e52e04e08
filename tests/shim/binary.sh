# SPDX-License-Identifier: Apache-2.0
# The file itself: static, without an interpreter, small; and it opens nothing but what it was told to.
. "$SC_SOURCE/tests/support/functions.sh"

shim=$SECRETSCTL_SHIM
requires readelf
readelf -lW "$shim" >"$T/headers"
! grep -qE 'INTERP|DYNAMIC' "$T/headers" || skip "the shim was built without musl"
size=$(stat -c %s "$shim")
# On other processors programs are larger.
case $(uname -m) in x86_64) most=32768 ;; *) most=65536 ;; esac
[ "$size" -le "$most" ] || fail "the shim has $size bytes, more than $most"

requires strace
printf v >"$T/db_password"
run 0 env -i V='{{secret:db_password}}' strace -f -e trace=%file -o "$T/trace" \
    "$shim" --dir "$T" -- /bin/true
# Up to the exec of the command.
awk '/execve\("\/bin\/true"/ { exit } { print }' "$T/trace" | grep -v 'secretsctl-shim"' >"$T/files" || true
[ "$(grep -c open "$T/files")" = 1 ] || { cat "$T/files"; fail "it opens other files"; }
grep -qF "\"$T/db_password\"" "$T/files" || fail "it does not open the value"
