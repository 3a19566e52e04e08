# SPDX-License-Identifier: Apache-2.0
# Sourced by every shell test: . "$SC_SOURCE/tests/support/functions.sh"
#
# Given by meson: SECRETSCTL (the program), SC_SOURCE (the source tree), SC_BUILD (the build tree).
# Each test runs in an empty directory $T of its own, with a clean environment for the program, and
# ends with the first failed command. Exit status 77 = skipped.
# shellcheck shell=bash
set -euo pipefail
# Whoever runs the tests may have any variable set, also ones that Compose files or CI systems know.
for name in $(compgen -e); do
    case $name in
    PATH | PWD | TMPDIR | CI | DOCKER_HOST | DOCKER_CERT_PATH | DOCKER_TLS_VERIFY | SECRETSCTL | SECRETSCTL_SHIM | SC_*) ;;
    *SAN_OPTIONS | GLIBC_TUNABLES | LD_* | GO* | *_proxy | *_PROXY | PYENV_*) ;;
    *) unset "$name" 2>/dev/null || true ;;
    esac
done
export LC_ALL=C.UTF-8 TZ=UTC
umask 022
ulimit -Sn 1024 2>/dev/null || true

# Names of sockets are short, scripts of tests stand in other scripts, and other users must get there.
folder=${TMPDIR:-/tmp}
case $folder in *[!A-Za-z0-9/._-]* | /dev/*) folder=/tmp ;; esac
[ ${#folder} -le 40 ] || folder=/tmp
if [ "$folder" != /tmp ] && [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$folder" || folder=/tmp
fi
T=$(mktemp -d "$folder/secretsctl-test.XXXXXX")
SC_CLEANUP_FNS=()
sc_cleanup() {
    local status=$? fn
    set +e
    for fn in "${SC_CLEANUP_FNS[@]+"${SC_CLEANUP_FNS[@]}"}"; do $fn; done
    cd / && rm -rf "$T"
    exit "$status"
}
trap sc_cleanup EXIT
cd "$T"

export HOME=$T/home XDG_DATA_HOME=$T/data XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config
export SECRETSCTL_VAULT=$T/vault.db
mkdir -p "$HOME"

# on_exit FUNCTION: runs it when the test ends, newest last.
on_exit() { SC_CLEANUP_FNS+=("$1"); }

fail() {
    echo "FAIL: $*" >&2
    exit 1
}

# skip REASON: not possible here. In CI a skip is a failure unless it is for want of ../shared.
skip() {
    echo "SKIP: $*"
    if [ "${SC_TEST_MUST_RUN:-}" = 1 ]; then
        fail "a skipped test is a failure in CI: $*"
    fi
    exit 77
}

# needs_shared: sets SHARED to the shared references, or skips (in CI too).
needs_shared() {
    SHARED=${SC_SHARED:-$SC_SOURCE/../shared}
    if [ ! -d "$SHARED" ]; then
        echo "SKIP: the shared references are absent"
        exit 77
    fi
}

# requires PROGRAM...: skips without them.
requires() {
    local program
    for program; do
        command -v "$program" >/dev/null || skip "there is no '$program'"
    done
}

# needs_reader: sets $python to one that runs the independent reader of vaults.
needs_reader() {
    for python in python3 /usr/bin/python3; do
        ! "$python" -c 'import nacl, cryptography' 2>/dev/null || return 0
    done
    skip "python3-nacl and python3-cryptography are not there"
}

# not_sanitized REASON: passes over a test that the address sanitizer cannot run (in CI too: the same test
# runs in the plain build).
not_sanitized() {
    if [ -n "${SC_SANITIZED:-}" ]; then
        echo "SKIP: not with the sanitizers: $1"
        exit 77
    fi
}

needs_root() { [ "$(id -u)" = 0 ] || skip "this test needs root"; }

# needs_docker: skips without an engine at DOCKER_HOST.
needs_docker() {
    requires docker
    docker version >/dev/null 2>&1 || skip "there is no Docker engine; see scripts/engine"
}

# until_true SECONDS COMMAND...: tries every 50 ms, for so long on a machine that has nothing else to do.
until_true() {
    local end=$((SECONDS + 6 * $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.05
    done
}

# broken_template NAME TEXT: a template that `add` would refuse, as an archive brings it.
broken_template() {
    requires age age-keygen
    [ -e "$T/archive.id" ] || age-keygen -o "$T/archive.id" 2>/dev/null
    printf '%s\n' '{"secretsctl-archive":1}' '{"end":true}' |
        sed "1a {\"value\":\"$(printf %s "$2" | base64 -w 0)\",\"name\":\"$1\",\"kind\":\"template\"}" |
        age -r "$(age-keygen -y "$T/archive.id")" >"$T/archive.age"
    "$SECRETSCTL" import -q --age-identity "$T/archive.id" "$T/archive.age"
}

# sleeps PID: whether the process waits for nothing but time; a kernel that does not tell the function it is
# in tells the call (nanosleep or clock_nanosleep, of x86-64 and of arm64).
sleeps() {
    local where='' call=''
    read -r where <"/proc/$1/wchan" || true
    read -r call _ <"/proc/$1/syscall" || true
    case "$where $call" in *nanosleep* | *' 35' | *' 230' | *' 101' | *' 115') ;; *) return 1 ;; esac
} 2>/dev/null

# run STATUS COMMAND...: runs it, output in $T/out and $T/err, and asserts the exact exit status.
run() {
    local want=$1 got=0
    shift
    "$@" >"$T/out" 2>"$T/err" || got=$?
    if [ "$got" != "$want" ]; then
        echo "--- stdout"; head -c 4000 "$T/out"
        echo "--- stderr"; head -c 4000 "$T/err"
        fail "exit status $got, expected $want: $*"
    fi
}

# out_is TEXT / err_is TEXT: the exact output of the last run, without its last newline.
out_is() { [ "$(cat "$T/out")" = "$1" ] || { diff <(printf '%s\n' "$1") "$T/out" || true; fail "stdout differs"; }; }
err_is() { [ "$(cat "$T/err")" = "$1" ] || { diff <(printf '%s\n' "$1") "$T/err" || true; fail "stderr differs"; }; }
# out_has TEXT / err_has TEXT / out_lacks / err_lacks: fixed strings.
out_has() { grep -qF -- "$1" "$T/out" || { cat "$T/out"; fail "stdout lacks: $1"; }; }
err_has() { grep -qF -- "$1" "$T/err" || { cat "$T/err"; fail "stderr lacks: $1"; }; }
out_lacks() { ! grep -qF -- "$1" "$T/out" || fail "stdout has: $1"; }
err_lacks() { ! grep -qF -- "$1" "$T/err" || fail "stderr has: $1"; }

# flip FILE OFFSET: the lowest bit of that byte becomes the other one; a negative offset counts from the end.
flip() {
    python3 - "$1" "$2" <<'PY'
import os, sys
offset = int(sys.argv[2])
with open(sys.argv[1], "r+b") as file:
    file.seek(offset, os.SEEK_SET if offset >= 0 else os.SEEK_END)
    byte = file.read(1)
    file.seek(-1, os.SEEK_CUR)
    file.write(bytes([byte[0] ^ 1]))
PY
}

# new_vault: a vault at $SECRETSCTL_VAULT opened by a key file (fast), which later calls use.
new_vault() {
    "$SECRETSCTL" init --key-file "$T/key" >/dev/null 2>&1 || fail "cannot make a vault"
    export SECRETSCTL_KEY_FILE=$T/key
}
