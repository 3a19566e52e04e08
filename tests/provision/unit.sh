# SPDX-License-Identifier: Apache-2.0
# The unit is one that systemd takes, and it stands before docker.
. "$SC_SOURCE/tests/support/functions.sh"
requires systemd-analyze
mkdir unit
sed "s|/usr/bin/secretsctl|$SECRETSCTL|" "$SC_SOURCE/examples/systemd/secretsctl-tmpfs.service" \
    >unit/secretsctl-tmpfs.service
# Of the machine's own units nothing is said here.
systemd-analyze verify --man=no "$PWD/unit/secretsctl-tmpfs.service" >out 2>&1 || true
! grep -F secretsctl-tmpfs out || fail "systemd does not take the unit"
grep -qx 'Before=docker.service.*' unit/secretsctl-tmpfs.service
# No namespace of its own: the mount would not be seen by the host.
! grep -E '^(Protect|Private|ReadWritePaths|TemporaryFileSystem|BindPaths)' unit/secretsctl-tmpfs.service
