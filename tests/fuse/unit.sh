# SPDX-License-Identifier: Apache-2.0
# The systemd unit is one that systemd understands, keeps the descriptors, and never hits a start limit.
. "$SC_SOURCE/tests/support/functions.sh"
requires systemd-analyze
unit="$T/secretsctl-provision@run-secretsctl.service"
sed "s|^\(Exec[A-Za-z]*=\)secretsctl|\1$SECRETSCTL|" "$SC_SOURCE/examples/systemd/secretsctl-provision@.service" >"$unit"
run 0 systemd-analyze verify "$unit"
err_lacks "$unit"
sed -n '/^\[Unit\]/,/^\[Service\]/p' "$unit" | grep -x 'StartLimitIntervalSec=0' >/dev/null || fail "start limit"
grep -qx 'FileDescriptorStoreMax=8' "$unit" || fail "descriptor store"
# Of what systemd counts, this is left: root, the capabilities that a mount for the host needs, and its own namespaces.
run 0 systemd-analyze security --offline=true --threshold=43 "$unit"
! grep -E '^(Private|ReadWritePaths|TemporaryFileSystem|BindPaths|ProtectSystem|ProtectHome|ProtectKernel|ProtectControl|ProtectProc)' "$unit" ||
    fail "the unit has a mount namespace of its own"
