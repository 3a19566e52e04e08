# SPDX-License-Identifier: Apache-2.0
# Inside the machine of units.sh, once it is up.
# shellcheck shell=bash
set -eu
unit=secretsctl-provision@srv-secrets.service
M=/srv/secrets
export SECRETSCTL_VAULT=/var/lib/secretsctl/vault.db

fail() {
    echo "FAIL: $*"
    journalctl --no-pager -q -b -n 40 -u "$unit" || true
    exit 1
}
until_true() {
    local end=$((SECONDS + 120))
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || fail "not within two minutes: $*"
        sleep 0.05
    done
}
status() { secretsctl __fuse-status "$M" 2>/dev/null | sed -n "s/^$1	//p"; }
main_pid() { systemctl show -P MainPID "$unit"; }
# served_by_other AGENT: the unit is up, with another agent, and all that it kept is kept.
served_by_other() {
    [ "$(systemctl show -P ActiveState "$unit")" = active ] && [ "$(status agent)" != "$1" ] && [ "$(status agent)" = "$(main_pid)" ] &&
        [ "$(systemctl show -P NFileDescriptorStore "$unit")" = 4 ]
}

[ "$(systemctl is-active docker.service secretsctl-tmpfs.service "$unit" | sort -u)" = active ] || fail "not all is up"
[ "$(systemctl show -P NFileDescriptorStore "$unit")" = 4 ] || fail "not all is in the descriptor store"

/check/storm_reader 600 "$M/shop/storm" >/result/reader 2>&1 &
reader=$!
trap 'kill "$reader" || true' EXIT
for _ in 1 2 3; do
    agent=$(main_pid) keeper=$(status keeper)
    systemctl restart "$unit"
    until_true served_by_other "$agent"
    [ "$(status keeper)" = "$keeper" ] || fail "a restart of the unit has replaced the keeper"

    worker=$(status worker)
    systemctl reload "$unit"
    [ "$(status worker)" != "$worker" ] || fail "a reload has not replaced the worker"

    agent=$(main_pid) keeper=$(status keeper)
    worker=$(status worker)
    kill -STOP "$agent" "$keeper" "$worker" && kill -KILL "$agent" "$keeper" "$worker"
    until_true served_by_other "$agent"
    [ "$(status keeper)" != "$keeper" ] || fail "the keeper was not killed"
done
kill -TERM "$reader"
trap - EXIT
wait "$reader" || fail "reads failed: $(cat /result/reader)"

# What the unit's few capabilities are for: watchers hear of a rotation, the log knows the program of a reader.
export SECRETSCTL_KEY_FILE=/check/key
/check/watcher inotify "$M/shop/storm" >/result/watcher &
watcher=$!
until_true grep -q ready /result/watcher
printf 8:xxxxxxxx:8 | secretsctl rotate -q shop/storm
wait "$watcher" || fail "a watcher was not told of a rotation"
[ "$(cat "$M/shop/storm")" = 8:xxxxxxxx:8 ] || fail "not rotated"
known() { secretsctl who shop/storm --mount "$M" | grep /check/storm_reader >/dev/null; }
until_true known

# A stop ends the mount, and leaves nobody behind; that another service has a copy of it does not keep it.
systemd-run -q --unit=neighbour --property=PrivateMounts=yes sleep 300
neighbour() { grep -q " $M " "/proc/$(systemctl show -P MainPID neighbour)/mounts"; }
until_true neighbour
keeper=$(status keeper) worker=$(status worker)
systemctl stop "$unit"
! grep -q " $M " /proc/mounts || fail "a stop has not unmounted"
until_true test ! -e "/proc/$keeper" -a ! -e "/proc/$worker"
systemctl start "$unit"
[ "$(cat "$M/shop/storm")" = 8:xxxxxxxx:8 ] || fail "not served after a stop and a start"

# So does a stop of the other unit; files that are open keep it.
in_memory() { grep -q ' /run/secretsctl tmpfs ' /proc/mounts; }
in_memory && [ "$(cat /run/secretsctl/shop/storm)" = 8:xxxxxxxx:8 ] || systemctl reload secretsctl-tmpfs.service
[ "$(cat /run/secretsctl/shop/storm)" = 8:xxxxxxxx:8 ] || fail "a reload has not written the new value"
exec 5</run/secretsctl/shop/storm
systemctl stop secretsctl-tmpfs.service 5<&-
in_memory || fail "values were taken from somebody who reads them"
exec 5<&-
systemctl start secretsctl-tmpfs.service
systemctl stop secretsctl-tmpfs.service
! in_memory || fail "a stop has left the values"
systemctl start secretsctl-tmpfs.service
[ "$(cat /run/secretsctl/shop/storm)" = 8:xxxxxxxx:8 ] || fail "not written after a stop and a start"
echo all is well
