# SPDX-License-Identifier: Apache-2.0
# Kill storm: worker and keeper killed in turn under four readers and constant rotation, without and
# with help from the kernel (FUSE_NOTIFY_RESEND). No read fails, none is torn, no size is wrong, no
# process stays in state D.
# SC_STORM_SECONDS: length of each half (6 in CI).
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
new_vault
seconds=${SC_STORM_SECONDS:-6}

put() { # put ADD-OR-ROTATE N: a value that shows whether it is whole
    { printf '%s:' "$2"; head -c $(($2 % 977)) /dev/zero | tr '\0' x; printf ':%s' "$2"; } |
        "$SECRETSCTL" "$1" -q shop/storm
}
put add 1

# The rotation that runs while the rotator is ended may still come.
last_value_read() { reads "$M/shop/storm" "$("$SECRETSCTL" get shop/storm)"; }

storm() { # storm OPTION...
    local readers=() i n=1 kills=0 pid
    mounted "$@"
    for i in 1 2 3 4; do
        "$SC_BUILD/tests/fuse/storm_reader" "$seconds" "$M/shop/storm" >"$T/reader.$i" 2>&1 &
        readers+=($!)
    done
    (while :; do n=$((n + 1)); put rotate "$n" || exit; done) 2>/dev/null &
    local rotator=$!
    local end=$((SECONDS + seconds - 1))
    while [ "$SECONDS" -lt "$end" ]; do
        for i in worker keeper; do
            pid=$(pid_of $i || true)
            [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null && kills=$((kills + 1))
            sleep 0.06
        done
    done
    for pid in "${readers[@]}"; do
        wait "$pid" || { cat "$T"/reader.*; fail "reads failed"; }
    done
    kill "$rotator" && wait "$rotator" 2>/dev/null || true
    echo "kills $kills $*"
    cat "$T"/reader.*
    [ "$kills" -ge "$seconds" ] || fail "only $kills kills"
    until_true 10 last_value_read || fail "the last value is not there"
    "$SECRETSCTL" __fuse-status "$M"
    end_mount
    none_stuck
}
storm --no-resend
storm
