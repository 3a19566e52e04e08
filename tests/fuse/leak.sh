# SPDX-License-Identifier: Apache-2.0
# After reading in every way, rotations, kills and an upgrade: the value stands in no core of a process of
# the mount, in no swap, journal or log, nowhere below /tmp and /run, in no environment or argument, and
# after a rotation not in the page cache.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
requires gdb python3
not_sanitized "the sanitizers' shadow makes cores of terabytes"
mkdir "$T/root" # what the test itself writes with the canary stands only here
export SECRETSCTL_VAULT=$T/vault.db
new_vault
# Looked for by its last digits: they are among the last 32 bytes of each value, which remain in a
# vector register that nobody wipes.
digits=$(printf '%05d%05d' $RANDOM $RANDOM)
canary=LEAKCANARY-$(printf %05d $RANDOM)$digits
one() { printf '%s-first' "$canary" | "$SECRETSCTL" "$1" -q shop/key; }
two() { printf '%s-second-and-longer' "$canary" | "$SECRETSCTL" rotate -q shop/key; }
one add
mounted
reads "$M/shop/key" "$canary-first" || fail "not served"
kill -9 "$(pid_of worker)"
reads "$M/shop/key" "$canary-first" || fail "next worker"
kill -9 "$(pid_of agent)"
kill -9 "$(pid_of keeper)"
reads "$M/shop/key" "$canary-first" || fail "next keeper"
cp "$SECRETSCTL" "$T/newer"
run 0 "$T/newer" mount --upgrade "$M"
two
until_true 10 reads "$M/shop/key" "$canary-second-and-longer" || fail "rotation is not seen"

# sendfile leaves pages in spite of direct I/O; a rotation drops them. Asked by cachestat(2) of a handle
# that stays open: an open of its own would drop them too.
cat >"$T/cached.py" <<'PY'
import ctypes, os, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def pages(fd):
    result = ctypes.create_string_buffer(40)
    if libc.syscall(451, fd, struct.pack("QQ", 0, 0), result, 0) < 0:
        sys.exit(0 if ctypes.get_errno() == 38 else "cachestat: errno %d" % ctypes.get_errno())
    return struct.unpack("QQQQQ", result.raw)[0]
fd = os.open(sys.argv[1], os.O_RDONLY)
null = os.open("/dev/null", os.O_WRONLY)
while os.sendfile(null, fd, None, 65536): pass
print("pages after sendfile:", pages(fd), flush=True)
assert pages(fd) > 0
input()
end = time.monotonic() + 60
while pages(fd) > 0 and time.monotonic() < end: time.sleep(0.05)  # nobody opens it: the rotation alone drops them
print("pages after the rotation:", pages(fd), flush=True)
assert pages(fd) == 0
PY
mkfifo "$T/go"
python3 "$T/cached.py" "$M/shop/key" <"$T/go" >"$T/cached" 2>&1 &
cached=$!
exec 6>"$T/go"
sent() { grep -q 'after sendfile' "$T/cached" || [ ! -d "/proc/$cached" ]; }
until_true 10 sent || fail "sendfile hangs"
one rotate
echo >&6
exec 6>&-
wait "$cached" || { cat "$T/cached"; fail "pages stay"; }
cat "$T/cached"

# No piece of eight bytes stays behind a read, refused or not, whole or in parts, in registers or memory;
# nor where no dump looks: a reply is wiped when it is sent.
piece='K~r9^Yx#'
printf -v long "%.0s$piece" {1..1000}
sizes=(8 16 24 32 64 100 5000)
for size in "${sizes[@]}"; do printf %s "${long:0:$size}" | "$SECRETSCTL" add -q "open/v$size"; done
for _ in {1..131}; do printf %s "$long"; done | "$SECRETSCTL" add -q open/large
printf '{{secret:v24|base64}} {{secret:v100|url}} {{secret:v8}}' | "$SECRETSCTL" add -q open/template --kind template
printf %s "${long:0:64}" | "$SECRETSCTL" add -q open/refused --mode 0400
nothing_left() {
    local pid look=()
    for pid in $(pid_of keeper) $(pid_of worker) $(pid_of agent); do
        # Where values lie must be a memfd_secret, which nobody can read.
        ! grep -q secretmem "/proc/$pid/maps" || look=(--hidden)
        "$SC_BUILD/tests/support/residue" "${look[@]}" 8 "$pid" <<<"value $piece" ||
            fail "pieces of a value after $1, in $(tr '\0' ' ' <"/proc/$pid/cmdline")"
    done
}
until_true 10 test -e "$M/open/refused" || fail "new entries are not there"
for size in "${sizes[@]}"; do
    reads "$M/open/v$size" "${long:0:$size}" || fail "$size bytes are not served"
    nothing_left "$size bytes"
done
cat "$M/open/large" "$M/open/template" | wc -c >"$T/got"
nothing_left "a large one and a template"
for size in 7 16 100 4096; do dd if="$M/open/v5000" bs=$size iflag=direct 2>/dev/null | cmp -n 5000 - <(printf %s "$long") || fail "$size bytes at a time"; done
nothing_left "parts"
! setpriv --reuid 1234 --clear-groups cat "$M/open/refused" 2>/dev/null || fail "not refused"
printf %s "${long:8:100}" | "$SECRETSCTL" rotate -q open/v64
until_true 10 reads "$M/open/v64" "${long:8:100}" || fail "rotation is not seen"
nothing_left "a refusal and a rotation"

# What can be seen of the processes, by root.
find_in() { LC_ALL=C grep -laF -- "$digits" "$@" 2>/dev/null; }
mkdir "$T/cores"
for who in keeper worker agent; do
    pid=$(pid_of $who)
    timeout 120 gcore -o "$T/cores/$who" "$pid" >"$T/gcore" 2>&1 || { cat "$T/gcore"; fail "gcore $who"; }
    [ -s "$T/cores/$who.$pid" ] || fail "no core of the $who"
    # Not blind: text of the program itself is found in each.
    LC_ALL=C grep -qaF "the chain of hashes is broken" "$T/cores/$who.$pid" ||
        LC_ALL=C grep -qaF secretsctl "$T/cores/$who.$pid" || fail "the core of the $who is empty"
    ! find_in "/proc/$pid/environ" "/proc/$pid/cmdline" || fail "in the environment or arguments of the $who"
    awk -v who=$who '/^VmSwap/ && $2 > 0 { print who, "has", $2, "kB in swap" }' "/proc/$pid/status"
done
! find_in "$T"/cores/* || fail "the value is in a core"

# Shared memory other than the store: the journal, with its ring, as a file.
worker=$(pid_of worker)
for fd in /proc/"$worker"/fd/*; do
    case $(readlink "$fd") in
    *secretsctl-journal*) timeout 20 cat "$fd" >"$T/cores/journal" ;;
    esac
done
[ -s "$T/cores/journal" ] || fail "no journal"
! find_in "$T/cores/journal" || fail "the value is in the journal"
! find_in "$SECRETSCTL_VAULT" "$SECRETSCTL_VAULT"-* "$SECRETSCTL_VAULT".access/* || fail "in the vault or its log"
! find /tmp /run /var/tmp /dev/shm -xdev -type f -newer "$T/root" -size -4096k -not -path "$M/*" -print0 2>/dev/null |
    xargs -0 -r grep -laF -- "$digits" 2>/dev/null || fail "in a file"
none_stuck
