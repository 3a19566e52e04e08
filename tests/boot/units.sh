# SPDX-License-Identifier: Apache-2.0
# A machine that boots: the units of examples/systemd start before docker, open the vault with an encrypted
# credential, and lose no read when they are restarted, upgraded or killed. The machine is a container of systemd's
# own (systemd-nspawn) with this system's /usr; what happens inside is in inside.sh.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
requires systemd-nspawn systemd-creds systemctl script
not_sanitized "memory that is written and run is refused to the units"
[ -d /sys/fs/cgroup/systemd ] || [ -e /sys/fs/cgroup/cgroup.controllers ] || skip "there are no control groups for systemd"

root=$T/root
units=$root/etc/systemd/system
mkdir -p "$units" "$root"/{dev,proc,sys,run,tmp,usr,root,result,check,srv/secrets} "$root"/var/lib "$T"/usr/{bin,lib/systemd/system}
for name in bin sbin lib lib32 lib64 libx32; do
    [ ! -L "/$name" ] || ln -s "usr/$name" "$root/$name"
done
cp /usr/lib/os-release /etc/passwd /etc/group "$root/etc/"
# A machine that is not new: no presets, no questions.
echo 5ec2e75c71a0c4b0b5b3a0f6a8f0d1e2 >"$root/etc/machine-id"

cp "$SECRETSCTL" "$T/usr/bin/secretsctl"
cp "$SC_SOURCE"/examples/systemd/*.service "$T/usr/lib/systemd/system/"
cp "$SC_BUILD/tests/fuse/storm_reader_static" "$root/check/storm_reader"
cp "$SC_BUILD/tests/fuse/watcher_static" "$root/check/watcher"
cp "$SC_SOURCE/tests/boot/inside.sh" "$root/check/"
systemd-tmpfiles --root="$root" --create "$SC_SOURCE/examples/systemd/secretsctl.tmpfiles.conf"

# A stand-in for the engine, and what looks.
cat >"$units/docker.service" <<'UNIT'
[Unit]
Description=Stand-in for the engine
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'cat /run/secretsctl/shop/storm /srv/secrets/shop/storm >/result/docker'
UNIT
cat >"$units/check.service" <<'UNIT'
[Unit]
After=docker.service
Wants=docker.service
SuccessAction=exit
FailureAction=exit
[Service]
Type=oneshot
ExecStart=/bin/bash -x /check/inside.sh
StandardOutput=file:/result/log
StandardError=file:/result/log
[Install]
WantedBy=multi-user.target
UNIT

options=(
    -q -D "$root" -M "sc-boot-$$" --private-network --bind=/dev/fuse --overlay-ro="/usr:$T/usr:/usr"
    --rlimit=MEMLOCK=infinity --capability=CAP_IPC_LOCK --system-call-filter=memfd_secret
)
if [ -d /run/systemd/system ]; then
    options+=(--property=DeviceAllow='/dev/fuse rwm')
else
    options+=(--register=no --keep-unit)
fi

export SECRETSCTL_VAULT=$root/var/lib/secretsctl/vault.db
"$SECRETSCTL" init -q --key-file "$T/key"
export SECRETSCTL_KEY_FILE=$T/key
printf '7:xxxxxxx:7' | "$SECRETSCTL" add -q shop/storm
cp "$T/key" "$root/check/key" # the admin's
run 0 systemd-nspawn --console=pipe "${options[@]}" /usr/bin/systemd-creds encrypt --with-key=host --name=secretsctl.key /check/key /etc/credstore.encrypted/secretsctl.key
for name in systemd-logind systemd-networkd systemd-resolved systemd-timesyncd systemd-udevd getty@ console-getty; do
    ln -s /dev/null "$units/$name.service"
done
cp -r "$T/usr/lib/systemd/system/." "$units/" # for 'enable' to find
run 0 systemctl --root="$root" enable secretsctl-tmpfs.service secretsctl-provision@srv-secrets.service check.service
rm "$units"/secretsctl-*.service

got=0
# systemd wants a terminal as its console.
script -qec "systemd-nspawn $(printf '%q ' "${options[@]}") -b systemd.unit=multi-user.target systemd.firstboot=no" /dev/null \
    </dev/null >"$T/console" 2>&1 || got=$?
if [ "$got" != 0 ] || [ "$(tail -n 1 "$root/result/log" 2>/dev/null)" != "all is well" ]; then
    tail -n 40 "$T/console"; tail -n 40 "$root"/result/*
    fail "the machine ended with $got"
fi
[ "$(cat "$root/result/docker")" = 7:xxxxxxx:77:xxxxxxx:7 ] || fail "the engine did not find the files at its start"
sed -n 's/^reads/&/p' "$root/result/reader"
