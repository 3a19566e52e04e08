# SPDX-License-Identifier: Apache-2.0
# Every allocation of a command fails, once and for good: it ends with status 0 or 1 and one clear
# line, the vault verifies afterwards, and what it holds is the old state or the new one.
#
# There are over a thousand of them, so some are tried, evenly spread and others each time;
# SC_FAULT_ALL=1 tries all. A command that only reads is not followed by a look at the vault.
#
# usage: allocations.sh PRELOADED-LIBRARY COMMAND...
. "$SC_SOURCE/tests/support/functions.sh"
library=$1
shift

new_vault
printf 'first' | "$SECRETSCTL" --quiet add shop/db --note n --label a=b
printf 'second' | "$SECRETSCTL" --quiet add shop/api --kind config
echo '{"x/one": "1", "x/two": "2"}' >in.json
printf 'value' >value
cp vault.db pristine.db
cp -r state pristine.state

restore() {
    rm -rf state vault.db vault.db-wal vault.db-shm out.json
    cp pristine.db vault.db
    cp -r pristine.state state
}

# once PLAN: runs the command with failing allocations; over 128 it crashed.
once() {
    local got=0
    restore
    LD_PRELOAD=$library SC_FAIL_ALLOC=$1 "$SECRETSCTL" "${@:2}" <value >out 2>err || got=$?
    case $got in
    0) ;;
    1)
        [ "$(grep -c '^secretsctl: ' err)" = 1 ] || { cat err; fail "allocation $1: not one line"; }
        grep -q 'out of memory' err || { cat err; fail "allocation $1: another failure"; }
        ;;
    *) cat err; fail "allocation $1: status $got" ;;
    esac
}

restore
LD_PRELOAD=$library SC_FAIL_ALLOC_COUNT=$T/count "$SECRETSCTL" "$@" <value >out 2>err || { cat err; fail "it fails by itself"; }
count=$(cat count)
[ "$count" -gt 50 ] || fail "only $count allocations were seen"
"$SECRETSCTL" list --json >new
restore
"$SECRETSCTL" list --json >old
# Times differ from run to run.
plain() { sed 's/"\(created\|time\|mtime\)":[^,}]*//g' "$1"; }

step=$((count / 24 + 1))
first=$((RANDOM % step + 1))
[ -z "${SC_FAULT_ALL:-}" ] || step=1 first=1
for n in $(seq "$first" "$step" "$count"); do
    for plan in "$n" "$n+"; do
        once "$plan" "$@"
        ! cmp -s vault.db pristine.db || [ -e vault.db-wal ] || continue # nothing was written
        "$SECRETSCTL" check >/dev/null 2>err || { cat err; fail "allocation $plan: the vault is damaged"; }
        "$SECRETSCTL" list --json >now
        diff -q <(plain now) <(plain old) >/dev/null || diff -q <(plain now) <(plain new) >/dev/null ||
            fail "allocation $plan: neither the old nor the new state"
    done
done
echo "$count allocations, every ${step}th from $first, once and for good: $*"
