# SPDX-License-Identifier: Apache-2.0
# What the kernel sees of add, get and rotate: a value comes in by read(2) and, for get, goes out by
# write(2) to descriptor 1. It is in no argument, no environment, no other write, no name of a file.
# And of provisioning: nobody may open a file before its owner and mode are set; what goes is overwritten.
. "$SC_SOURCE/tests/support/functions.sh"
requires strace

new_vault

# traced NAME COMMAND...: system calls with whole strings and descriptors as paths in $T/NAME.trace.
traced() {
    local name=$1
    shift
    strace -f -v -y -s 1000000 -o "$T/$name.trace" "$@" || fail "'$name' failed"
}
# seen NAME PATTERN: lines with the canary that do not match the allowed pattern.
unexpected() { grep -F canary-value "$T/$1.trace" | grep -vE "$2" || true; }

printf canary-value-1 | traced add "$SECRETSCTL" add shop/db
left=$(unexpected add 'read\(0<pipe')
[ -z "$left" ] || fail "add: $left"
grep -qF 'read(0<pipe' "$T/add.trace" || fail "the trace of add does not show the input"

printf canary-value-2 | traced rotate "$SECRETSCTL" rotate shop/db
left=$(unexpected rotate 'read\(0<pipe')
[ -z "$left" ] || fail "rotate: $left"

traced get "$SECRETSCTL" get shop/db >"$T/value"
[ "$(cat "$T/value")" = canary-value-2 ] || fail "get gave something else"
left=$(unexpected get "write\(1<$T/value>")
[ -z "$left" ] || fail "get: $left"

# What SQLite sorts, vacuums or seals anew makes no temporary file either.
for i in $(seq 200); do echo "N$i=canary-value-$i"; done >in.env
traced import "$SECRETSCTL" -q import in.env --scope many
traced rekey "$SECRETSCTL" -q rekey
traced list "$SECRETSCTL" list >/dev/null
traced check "$SECRETSCTL" check --decrypt >/dev/null
traced compact "$SECRETSCTL" -q compact --keep 1
sed "s,$T,T,g" "$T"/*.trace >"$T/opened" # wherever the test itself may stand
! grep -E 'open(at)?\(.*(O_TMPFILE|etilqs|/tmp)' "$T/opened" || fail "a temporary file"

# Nothing but the vault, its companions, the pins and the lock was opened for writing.
written=$(cat "$T"/*.trace | grep -E 'open(at)?\(.*O_(WRONLY|RDWR|CREAT)' | grep -v ENOENT |
    grep -vE "\"($SECRETSCTL_VAULT|$T/state/|/dev/(null|tty))" || true)
[ -z "$written" ] || fail "opened for writing: $written"

# What must last is flushed before it gets its name: a key file by link, a pin by rename.
traced init env SECRETSCTL_VAULT="$T/other.db" "$SECRETSCTL" init -q --key-file other.key
python3 - "$T/init.trace" <<'PY' || fail "a file has its name before it is flushed"
import re, sys
flushed, calls = set(), set()
for line in open(sys.argv[1], errors="replace"):
    sync = re.search(r"fsync\(\d+<([^>]*)>\) += 0", line)
    named = re.search(r'(link|rename)\("([^"]*\.tmp)", "[^"]*"\) += 0', line)
    if sync:
        flushed.add(sync.group(1))
    elif named:
        calls.add(named.group(1))
        if not any(path.endswith(named.group(2)) for path in flushed):
            sys.exit(named.group(2))
if calls != {"link", "rename"}:
    sys.exit(f"seen: {calls}")
PY

# Provisioning: made with mode 0, then the mode, then the value; what is gone is overwritten.
place=$(mktemp -d /dev/shm/secretsctl-test.XXXXXX)
gone() { rm -rf "$place"; }
on_exit gone
traced write "$SECRETSCTL" -q write --scope shop "$place"
python3 - "$T/write.trace" "$place/shop/.~1" <<'PY' || fail "the order of a file's making"
import re, sys
steps = []
for line in open(sys.argv[1], errors="replace"):
    if f"<{sys.argv[2]}" not in line:
        continue
    made = re.search(r'"db", O_WRONLY\|O_CREAT\|O_EXCL(?:\|O_LARGEFILE)?\|O_NOFOLLOW\|O_CLOEXEC, (\w+)\)', line)
    other = re.search(r" (fchmod|write)\(", line)
    if made or other:
        steps.append((made or other).group(1))
if steps != ["000", "fchmod", "write"]:
    sys.exit(f"steps: {steps}")
PY
"$SECRETSCTL" rm -q shop/db
printf other | "$SECRETSCTL" add -q shop/other
traced wipe "$SECRETSCTL" -q write --scope shop "$place"
grep -qE 'write\([0-9]+<[^>]*/shop/\.~1/db>, "(\\0){14}", 14\)' "$T/wipe.trace" || fail "a value that is gone was not overwritten"
