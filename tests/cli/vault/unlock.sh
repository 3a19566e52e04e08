# SPDX-License-Identifier: Apache-2.0
# Ways in and out: passphrase, key file, both; each wrong key is status 5.
. "$SC_SOURCE/tests/support/functions.sh"
requires python3 age-keygen
(umask 077; printf 'correct horse\n' >pass; printf 'wrong horse\n' >wrong)

run 0 "$SECRETSCTL" init --passphrase-file pass --kdf light
printf v | run 0 "$SECRETSCTL" --passphrase-file pass add a/b
run 0 "$SECRETSCTL" --passphrase-fd 7 get a/b 7<pass
out_is v
run 5 "$SECRETSCTL" --passphrase-file wrong get a/b
err_is "secretsctl: what was given does not open this vault: a wrong passphrase, key or identity"
run 5 "$SECRETSCTL" get a/b --no-input
err_is "secretsctl: the vault is locked and --no-input forbids to ask; give --passphrase-file"
run 5 setsid -w "$SECRETSCTL" get a/b
err_is "secretsctl: the vault is locked and there is no terminal to ask on; give --passphrase-file, or run: secretsctl unlock"

chmod 644 pass
run 8 "$SECRETSCTL" --passphrase-file pass get a/b
err_is "secretsctl: 'pass' can be read by others (mode 0644); run: chmod 600 'pass'"
chmod 600 pass

rm vault.db
run 0 "$SECRETSCTL" --key-file key init --passphrase-file pass --kdf light
# Readable by a group is readable by others, for each kind of key and each way to name it.
age-keygen -o id.txt 2>/dev/null
chmod 640 key id.txt
for words in "--key-file key" "--identity id.txt"; do
    # shellcheck disable=SC2086
    run 8 "$SECRETSCTL" $words --passphrase-file pass list
    err_is "secretsctl: '${words#* }' can be read by others (mode 0640); run: chmod 600 '${words#* }'"
done
run 8 env SECRETSCTL_KEY_FILE=key "$SECRETSCTL" list
err_is "secretsctl: 'key' can be read by others (mode 0640); run: chmod 600 'key'"
run 8 env SECRETSCTL_IDENTITY=id.txt "$SECRETSCTL" list
err_is "secretsctl: 'id.txt' can be read by others (mode 0640); run: chmod 600 'id.txt'"
chmod 600 key
rm id.txt
run 5 "$SECRETSCTL" --passphrase-file pass add a/b <<<v
run 5 "$SECRETSCTL" --key-file key add a/b --no-input <<<v
printf v | run 0 "$SECRETSCTL" --key-file key --passphrase-file pass add a/b
run 0 "$SECRETSCTL" --key-file key --passphrase-file pass get a/b
out_is v

# On a terminal nothing is asked for that would not help.
on_terminal() { # STATUS TEXT ARGUMENT...
    python3 - "$SECRETSCTL" "$@" <<'PY' || fail "on a terminal: $*"
import os, pty, sys
program, status, text, *words = sys.argv[1:]
pid, fd = pty.fork()
if pid == 0:
    os.execv(program, [program, *words])
seen = b""
while status != "any" or text.encode() not in seen:
    try:
        more = os.read(fd, 4096)
    except OSError:
        break
    seen += more
os.close(fd)  # whoever still asks is hung up
got = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(0 if text.encode() in seen and (status == "any" or got == int(status)) else seen.decode() + f" status {got}")
PY
}
on_terminal 5 "secretsctl: the vault is locked and no passphrase alone opens it; give --passphrase-file together with --key-file" get a/b
on_terminal any "Passphrase: " get a/b --key-file key
on_terminal 2 "secretsctl: --no-input forbids to ask for a passphrase; give" init --vault other.db --no-input
run 5 "$SECRETSCTL" get a/b --no-input
err_has "give --passphrase-file together with --key-file"
age-keygen -o identity 2>/dev/null
run 0 "$SECRETSCTL" --key-file key --passphrase-file pass grant add a "$(age-keygen -y identity)"
run 5 "$SECRETSCTL" get a/b --no-input
err_has "give --passphrase-file together with --key-file or --identity"
printf '# mine\nno key\n' >broken
chmod 600 broken
run 5 "$SECRETSCTL" get a/b --identity broken
err_is "secretsctl: 'broken': identities, line 2: neither a comment nor 'AGE-SECRET-KEY-1...'"
mv vault.db both.db
run 0 "$SECRETSCTL" init --key-file only
rm vault.db
# the key file that every other command takes from the environment opens a new vault, too; options come first
run 4 env SECRETSCTL_KEY_FILE=none "$SECRETSCTL" init
err_is "secretsctl: the key file that SECRETSCTL_KEY_FILE names is not there; to have it made: --key-file FILE"
[ ! -e none ] && [ ! -e vault.db ] || fail "a key file of that name was made"
run 0 env SECRETSCTL_KEY_FILE=key "$SECRETSCTL" init --passphrase-file pass --kdf light
run 5 env SECRETSCTL_KEY_FILE=key "$SECRETSCTL" list --no-input
rm vault.db
run 0 env SECRETSCTL_KEY_FILE=only "$SECRETSCTL" init
err_is "secretsctl: made the vault '$T/vault.db', which the key file 'only' opens"
on_terminal 5 "secretsctl: the vault is locked and no passphrase alone opens it; give --key-file" list
on_terminal 5 "secretsctl: what was given does not open this vault: a wrong passphrase, key or identity" list --key-file key
rm vault.db && mv both.db vault.db

flip key -2
run 5 "$SECRETSCTL" --key-file key --passphrase-file pass get a/b
err_is "secretsctl: the key file was not made by secretsctl, or is damaged"
# One that a full disk left empty is no key, and not as if none were given
: >blank && chmod 600 blank
for option in --key-file --passphrase-file; do
    run 5 "$SECRETSCTL" "$option" blank list
    err_is "secretsctl: 'blank' is empty"
done
run 5 env SECRETSCTL_KEY_FILE=blank "$SECRETSCTL" list
err_is "secretsctl: 'blank' is empty"
run 5 "$SECRETSCTL" --vault new.db init --key-file blank
err_is "secretsctl: 'blank' is empty"

for mode in 640 604 620; do
    chmod "$mode" vault.db
    run 8 "$SECRETSCTL" --passphrase-file pass list
    err_is "secretsctl: others have access to the vault '$T/vault.db'; run: chmod 600 '$T/vault.db'"
done
