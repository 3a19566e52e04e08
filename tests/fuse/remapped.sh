# SPDX-License-Identifier: Apache-2.0
# A reader in a user namespace, as in containers of an engine with userns-remap: its root is 100000 to the server.
# Modes, owners, rules and the log go by that number.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
requires unshare nsenter jq
unshare --user sleep 600 &
inside=$!
end_inside() { kill "$inside" 2>/dev/null || true; }
on_exit end_inside
apart() { [ "$(readlink /proc/$inside/ns/user)" != "$(readlink /proc/self/ns/user)" ]; }
until_true 5 apart || skip "there are no user namespaces"
echo "0 100000 2000" >"/proc/$inside/uid_map"
echo "0 100000 2000" >"/proc/$inside/gid_map"
remapped() { nsenter --user --target "$inside" --setuid "$1" --setgid "$1" "${@:2}"; }
new_vault
printf open | "$SECRETSCTL" add -q shop/open --mode 0444
printf host | "$SECRETSCTL" add -q shop/host --mode 0400
printf root | "$SECRETSCTL" add -q shop/root --mode 0400 --owner 100000:100000
printf user | "$SECRETSCTL" add -q shop/user --mode 0400 --owner 101000:101000
printf ruled | "$SECRETSCTL" add -q ruled/one --mode 0444
chmod 755 "$T"
printf 'allow ruled/* to uid=101000\n' >"$T/policy"
mounted --policy "$T/policy"

reads_as() { [ "$(remapped "$1" timeout 60 cat "$M/$2")" = "$3" ] || fail "user $1 of the namespace cannot read $2"; }
refused_as() { ! remapped "$1" timeout 60 cat "$M/$2" >"$T/out" 2>"$T/err" || fail "user $1 of the namespace reads $2"; err_has "Permission denied"; }
reads_as 0 shop/open open
reads_as 1000 shop/open open
refused_as 0 shop/host
reads_as 0 shop/root root
refused_as 1000 shop/root
reads_as 1000 shop/user user
refused_as 0 ruled/one
reads_as 1000 ruled/one ruled

logged() {
    "$SECRETSCTL" who ruled/one --mount "$M" --all --json >"$T/who" &&
        jq -e '[.readers[] | [.uid, .result]] | sort == [["100000", "EACCES"], ["101000", "ok"]]' "$T/who" >/dev/null
}
until_true 5 logged || { cat "$T/who"; fail "the log does not tell the users"; }
none_stuck
