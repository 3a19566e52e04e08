# SPDX-License-Identifier: Apache-2.0
# The units and the tmpfiles lines are ones that systemd takes, stand before docker, and are shut as tight as what
# they do allows.
. "$SC_SOURCE/tests/support/functions.sh"
requires systemd-analyze systemd-tmpfiles
mkdir -p unit unit/user run
copy() { # copy UNIT: with the program of this build
    sed "s|^\(Exec[A-Za-z]*=\)secretsctl|\1$SECRETSCTL|" "$SC_SOURCE/examples/systemd/$1" >"unit/$1"
}
copy secretsctl-tmpfs.service
copy user/secretsctl-agent.service
copy user/secretsctl-agent.socket
# Of the machine's own units nothing is said here.
systemd-analyze verify --man=no "$PWD/unit/secretsctl-tmpfs.service" >out 2>&1 || true
! grep -F secretsctl- out || fail "systemd does not take the unit"
XDG_RUNTIME_DIR=$T/run systemd-analyze --user verify --man=no "$PWD"/unit/user/secretsctl-agent.* >out 2>&1 || true
! grep -F secretsctl- out || fail "systemd does not take the agent's units"
grep -qx 'Before=docker.service.*' unit/secretsctl-tmpfs.service
# No namespace of its own: the mount would not be seen by the host.
! grep -E '^(Protect|Private|ReadWritePaths|TemporaryFileSystem|BindPaths)' unit/secretsctl-tmpfs.service

# Exposure in tenths, as systemd counts: what is left is the namespaces that the unit must not have.
exposed() { systemd-analyze security --offline=true --threshold="$2" "$PWD/unit/$1" >"$T/out" 2>&1 || fail "$1: $(tail -1 "$T/out")"; }
exposed secretsctl-tmpfs.service 45

# It starts with what it says: the same program under the same limits, where that can be had here.
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
    new_vault
    printf s3cret | "$SECRETSCTL" add -q shop/pw
    M=$T/mnt
    drop() { umount -l "$M" 2>/dev/null; }
    on_exit drop
    caps=$(sed -n 's/^CapabilityBoundingSet=//p' unit/secretsctl-tmpfs.service | sed 's/CAP_/+/g; s/ /,/g' | tr '[:upper:]' '[:lower:]')
    run 0 setpriv --bounding-set="-all,$caps" --no-new-privs prlimit --core=0 "$SECRETSCTL" --no-input provision --tmpfs --no-restart "$M"
    [ "$(cat "$M/shop/pw")" = s3cret ] || fail "not there"
fi

mkdir root
run 0 systemd-tmpfiles --root="$T/root" --create "$SC_SOURCE/examples/systemd/secretsctl.tmpfiles.conf"
[ "$(stat -c %a root/var/lib/secretsctl root/run/secretsctl root/etc/credstore.encrypted | sort -u)" = 700 ] || fail "modes"
