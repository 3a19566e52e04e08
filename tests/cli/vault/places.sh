# SPDX-License-Identifier: Apache-2.0
# Where the vault is looked for, and its pins: a relative path in HOME or XDG_* is no place, since it would be
# another one in each working directory.
. "$SC_SOURCE/tests/support/functions.sh"
needs_root
unset SECRETSCTL_VAULT XDG_DATA_HOME XDG_STATE_HOME SECRETSCTL_KEY_FILE
chmod 755 "$T"
install -m 755 "$SECRETSCTL" program
install -d -o 65534 -m 700 user
as_user() { setpriv --reuid 65534 --regid 65534 --clear-groups env -u XDG_STATE_HOME -C "$T/user" "$@"; }

run 4 env SECRETSCTL_VAULT= XDG_DATA_HOME="$T/data" "$SECRETSCTL" list
err_is "secretsctl: there is no vault at '$T/data/secretsctl/vault.db'; run: secretsctl init, or restore BACKUP"
run 2 "$SECRETSCTL" --vault '' list
err_is "secretsctl: --vault names no file"

run 4 as_user HOME="$T/user" XDG_DATA_HOME=data "$T/program" list
err_is "secretsctl: there is no vault at '$T/user/.local/share/secretsctl/vault.db'; run: secretsctl init, or restore BACKUP"
for home in HOME= HOME=rel HOME=; do
    run 2 as_user "$home" "$T/program" list
    err_is "secretsctl: neither --vault nor HOME says where the vault is"
done
run 2 as_user -u HOME "$T/program" init --key-file "$T/user/key"
err_is "secretsctl: neither --vault nor HOME says where the vault is"
run 0 as_user HOME="$T/user" XDG_STATE_HOME=state "$T/program" init --key-file "$T/user/key"
[ -f user/.local/share/secretsctl/vault.db ] || fail "the vault is elsewhere"
[ -d user/.local/state/secretsctl/pins ] || fail "the pins are elsewhere"
[ ! -e user/state ] || fail "pins in the working directory"

# root's pins are in one place, whatever HOME says: what a shell accepts, a unit (which has no HOME) accepts
# (in mounts of the test's own: the machine may have a vault there).
if unshare -m true 2>/dev/null; then
    run 4 unshare -m env XDG_DATA_HOME=data sh -c 'mount -t tmpfs none /var/lib && exec "$SECRETSCTL" list'
    err_is "secretsctl: there is no vault at '/var/lib/secretsctl/vault.db'; run: secretsctl init, or restore BACKUP"
    cat >pins.sh <<'END'
mount -t tmpfs none /var/lib
unset XDG_DATA_HOME XDG_STATE_HOME SECRETSCTL_VAULT
key=$T/root.key
# the place is made with the first pin, wherever the vault is; where that cannot be done it is below HOME
"$SECRETSCTL" --vault "$T/first.db" init -q --key-file "$T/first.key" || exit 81
[ "$(find /var/lib/secretsctl/state/pins -type f | wc -l)" = 1 ] || exit 82
# it is root's alone, also when others could write there
chmod -R a+rwX /var/lib/secretsctl
setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$T/user" "$T/program" --key-file "$T/user/key" list || exit 83
[ "$(find /var/lib/secretsctl/state/pins -type f | wc -l)" = 1 ] || exit 84
rm -r /var/lib/secretsctl
mount -o remount,ro /var/lib
"$SECRETSCTL" --vault "$T/first.db" --key-file "$T/first.key" list || exit 85
[ "$(find "$HOME/.local/state/secretsctl/pins" -type f | wc -l)" = 1 ] || exit 86
mount -o remount,rw /var/lib
rm -r "$HOME/.local"
"$SECRETSCTL" init -q --key-file "$key" && "$SECRETSCTL" backup -q "$T/root.db" || exit 90
"$SECRETSCTL" --key-file "$key" add -q a/b --generate && env -u HOME "$SECRETSCTL" --key-file "$key" list || exit 91
"$SECRETSCTL" --key-file "$key" restore -q --accept-rollback 'it is meant' "$T/root.db" || exit 92
env -u HOME "$SECRETSCTL" --key-file "$key" list || exit 93
HOME=$T/other "$SECRETSCTL" --key-file "$key" list || exit 94
find /var/lib/secretsctl/state/pins -type f | grep -c . || exit 95
[ ! -e "$HOME/.local/state/secretsctl/pins" ] && [ ! -e "$T/other/.local" ] || exit 96
# and where that cannot be written, as in a user namespace, they are below HOME
mount -o remount,ro /var/lib
cp /var/lib/secretsctl/vault.db "$T/ro.db"
"$SECRETSCTL" --vault "$T/ro.db" --key-file "$key" list || exit 97
find "$HOME/.local/state/secretsctl/pins" -type f | grep -c . || exit 98
END
    run 0 unshare -m env T="$T" bash pins.sh
    rm -rf "$HOME/.local"
fi
export XDG_STATE_HOME=$T/state

# what cannot be read or written
run 8 as_user HOME="$T/user" "$T/program" --vault "$T/none/vault.db" init --key-file "$T/user/key"
chmod 000 user/.local/share/secretsctl/vault.db
run 8 as_user HOME="$T/user" "$T/program" --key-file "$T/user/key" list
err_is "secretsctl: cannot open the vault '$T/user/.local/share/secretsctl/vault.db': Permission denied"
chmod 400 user/.local/share/secretsctl/vault.db
run 8 as_user HOME="$T/user" "$T/program" --key-file "$T/user/key" add shop/a -g
err_is "secretsctl: cannot write to the vault '$T/user/.local/share/secretsctl/vault.db': Permission denied"
# names with spaces, a line end and letters beyond ASCII
for name in 'a b' $'a\nb' 'Schlüssel'; do
    export SECRETSCTL_VAULT="$T/$name/vault.db"
    run 0 "$SECRETSCTL" init --key-file "$T/$name.key"
    printf x | run 0 "$SECRETSCTL" --key-file "$T/$name.key" add shop/a
    run 0 "$SECRETSCTL" --key-file "$T/$name.key" get shop/a
    out_is x
done

# What SQLite opens beside the vault: it would wait for a FIFO, and nothing is read or written through a link.
export SECRETSCTL_VAULT=$T/beside.db SECRETSCTL_KEY_FILE=$T/beside.key
for end in journal wal shm; do
    mkfifo "beside.db-$end"
    run 6 timeout 20 "$SECRETSCTL" init --key-file beside.key
    err_is "secretsctl: '$T/beside.db-$end' is not a regular file, so the vault beside it was not opened"
    rm "beside.db-$end"
done
[ ! -e beside.db ] || fail "a vault was made"
run 0 "$SECRETSCTL" init --key-file beside.key
printf x | run 0 "$SECRETSCTL" add shop/a
echo precious >target
for end in journal wal shm; do
    for make in mkfifo mkdir "ln -s target"; do
        $make "beside.db-$end"
        for command in "get shop/a" "rotate shop/a --generate" check; do
            # shellcheck disable=SC2086 # words
            run 6 timeout 20 "$SECRETSCTL" $command
            err_is "secretsctl: '$T/beside.db-$end' is not a regular file, so the vault beside it was not opened"
        done
        rm -r "beside.db-$end"
    done
done
[ "$(cat target)" = precious ] || fail "a link was followed"
run 0 "$SECRETSCTL" get shop/a
out_is x
