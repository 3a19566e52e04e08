# SPDX-License-Identifier: Apache-2.0
# The shim's contract on the command line: rendering, options, each failure with its status and line.
. "$SC_SOURCE/tests/support/functions.sh"

shim=$SECRETSCTL_SHIM
sec=$T/sec
mkdir "$sec"
printf 'p@ss w"d' >"$sec/db_password"
printf 'line\n' >"$sec/line"
: >"$sec/empty"
printf 'a\0b' >"$sec/nul"
mkdir "$sec/dir"
export SECRETSCTL_DIR=$sec

fails() { # fails STATUS MESSAGE COMMAND...
    local status=$1 message=$2
    shift 2
    run "$status" "$@"
    err_is "secretsctl-shim: $message"
    out_is ""
}

# Rendering, in place and in order; ours are gone; text of other template languages passes.
run 0 env U='postgres://app:{{secret:db_password|url}}@db/app' K='{{ .Labels }}' CREDENTIALS_DIRECTORY=/x \
    "$shim" -- env
out_has 'U=postgres://app:p%40ss%20w%22d@db/app'
out_has 'K={{ .Labels }}'
out_lacks SECRETSCTL_
out_lacks CREDENTIALS_DIRECTORY
run 0 "$shim" --env 'J={"p":"{{secret:db_password|json}}"}' -- sh -c 'printf %s "$J"'
out_is '{"p":"p@ss w\"d"}'

# The arguments are never rendered.
run 0 "$shim" -- echo '{{secret:db_password}}'
out_is '{{secret:db_password}}'

# --from-file, by option and by variable; NAME_FILE goes.
run 0 env PW_FILE="$sec/db_password" "$shim" --from-file PW -- sh -c 'echo "$PW,${PW_FILE-unset}"'
out_is 'p@ss w"d,unset'
run 0 env PW_FILE="$sec/db_password" SECRETSCTL_FROM_FILE=PW "$shim" -- sh -c 'echo "$PW"'
out_is 'p@ss w"d'
fails 125 "variable 'PW': 'PW_FILE' is not set, so there is no file to take it from" \
    "$shim" --from-file PW -- true
fails 125 "variable 'PW': 'PW_FILE' is set as well; remove one of the two" \
    env PW=1 PW_FILE="$sec/db_password" "$shim" --from-file PW -- true

# --file: private, and binary values are fine.
run 0 "$shim" --file 'KEY=[{{secret:nul}}]' -- sh -c \
    'stat -c %a "$KEY" "${KEY%/*}"; od -An -c "$KEY" | tr -d " "; rm -r "${KEY%/*}"'
out_is '400
700
[a\0b]'

# A pipe: read to its end, and not waited for when nobody writes to it.
mkfifo "$sec/pipe"
fails 125 "variable 'V': '$sec/pipe' is empty; --allow-empty takes it" \
    timeout -s KILL 20 "$shim" --env 'V={{secret:pipe}}' -- true
run 0 env PW_FILE=/dev/stdin "$shim" --from-file PW -- sh -c 'echo "$PW"' < <(printf one; printf two)
out_is onetwo

# Line ends and empty values.
run 0 env V='{{secret:line}}' "$shim" -- sh -c 'printf %s "$V" | wc -c'
err_is "secretsctl-shim: variable 'V': warning: the value ends in a line end; --strip-newline drops it"
out_is 5
run 0 env V='{{secret:line}}' "$shim" --strip-newline -- sh -c 'printf %s "$V" | wc -c'
out_is 4
run 0 env V='[{{secret:empty}}]' "$shim" --allow-empty -- sh -c 'echo "$V"'
out_is '[]'

# Failures before the exec.
fails 125 "variable 'V': there is no file '$sec/nope'; is it in the service's \`secrets:\` list?" \
    env V='{{secret:nope}}' "$shim" -- true
fails 125 "variable 'V': '$sec/empty' is empty; --allow-empty takes it" \
    env V='{{secret:empty}}' "$shim" -- true
fails 125 "variable 'V': the value holds a NUL byte, which no variable can; use --file, or let the program read the file" \
    env V='{{secret:nul}}' "$shim" -- true
fails 125 "variable 'V': '$sec/dir' is a directory: the engine makes one when the source is missing as the container is created; re-create the container once the file is there" \
    env V='{{secret:dir}}' "$shim" -- true
fails 125 "variable 'V': the placeholder does not parse at offset 9: the name is not valid" \
    env V='{{secret:../x}}' "$shim" -- true
fails 125 "variable 'V': the placeholder does not parse at offset 11: the filter is none of url, json, shell, base64, xml, pgpass" \
    env V='{{secret:a|hunter2}}' "$shim" -- true
head -c 131070 /dev/zero | tr '\0' x >"$sec/long"
fails 125 "variable 'V': name and value are longer than 131071 bytes, the kernel's limit; use --file, or let the program read the file" \
    env V='{{secret:long}}' "$shim" -- true
head -c 1048577 /dev/zero >"$sec/huge"
fails 125 "variable 'V': '$sec/huge' is longer than 1 MiB; let the program read the file" \
    env V='{{secret:huge}}' "$shim" -- true

# Options.
fails 125 "'--' and a command are missing; see --help" "$shim"
fails 125 "'--' is missing before the command; see --help" "$shim" hunter2
fails 125 "there is no command behind '--'" "$shim" --
fails 125 "there is no such option; see --help" "$shim" --hunter2=x -- true
fails 125 "option '--env' needs NAME=TEMPLATE" "$shim" --env 1A=x -- true
fails 125 "option '--wait' needs seconds, at most 86400" "$shim" --wait 1x -- true
fails 125 "option '--init' takes no value" "$shim" --init=1 -- true
fails 125 "option '--on-change' is signal, signal:NAME (HUP, INT, QUIT, USR1, USR2, TERM, WINCH), restart or exit" \
    "$shim" --on-change signal:KILL -- true
fails 125 "--user: there is no such user in the image's /etc/passwd; give a number" "$shim" --user nobody-here -- true

# The command.
printf 'not a program' >"$T/noexec"
chmod 755 "$T/noexec"
printf '#!/nonexistent/sh\n' >"$T/interp"
chmod 755 "$T/interp"
fails 126 "cannot run '$T/noexec': not a program this kernel can run" "$shim" -- "$T/noexec"
fails 126 "cannot run '/': permission denied" "$shim" -- /
fails 127 "cannot run '$T/interp': it is there, but its interpreter or dynamic loader is missing" "$shim" -- "$T/interp"
fails 127 "cannot run '/nonexistent': there is no such file" "$shim" -- /nonexistent
fails 127 "cannot run 'nonexistent': it is nowhere along PATH" "$shim" -- nonexistent
run 7 "$shim" -- sh -c 'exit 7'

# --check names sources and runs nothing.
run 0 env V='{{secret:db_password}}' "$shim" --check --
out_is "V	$sec/db_password"
run 125 env V='{{secret:db_password}}' W='{{secret:nope}}' "$shim" --check -- touch "$T/ran"
out_is "V	$sec/db_password"
[ ! -e "$T/ran" ] || fail "--check ran the command"

# --wait: the file comes later; TERM ends the waiting.
( sleep 0.3; printf late >"$sec/.late"; mv "$sec/.late" "$sec/late" ) &
run 0 env V='{{secret:late}}' "$shim" --wait 60 -- sh -c 'echo "$V"'
out_is late
wait
env V='{{secret:never}}' "$shim" --wait 60 -- true 2>"$T/err" &
pid=$!
until_true 10 grep -q 'waiting for' "$T/err" || fail "it does not wait: $(cat "$T/err")"
kill "$pid"
status=0
wait "$pid" || status=$?
[ "$status" = 143 ] || fail "status $status after TERM while waiting"

# The time is up: what is missing was named once while waiting, and is the error.
run 125 env V='{{secret:never}}' "$shim" --wait 3 -- true
err_is "secretsctl-shim: variable 'V': waiting for '$sec/never'
secretsctl-shim: variable 'V': there is no file '$sec/never'; is it in the service's \`secrets:\` list?"

# More than the kernel takes in all, though each is short enough.
head -c 130000 /dev/zero | tr '\0' x >"$sec/wide"
many=()
for i in $(seq 70); do many+=(--env "W$i={{secret:wide}}"); done
fails 126 "cannot run '/bin/true': arguments and environment are too long together" \
    "$shim" "${many[@]:0:80}" -- /bin/true
fails 125 "option '--env' is given too often" "$shim" "${many[@]}" -- true

# --user (root only): read as root, run as the user.
if [ "$(id -u)" = 0 ]; then
    chmod 400 "$sec/db_password"
    cp "$shim" "$T/shim" # the build tree may be out of reach for others
    shim=$T/shim
    chmod 755 "$T"
    # The caller's other groups are not kept.
    run 0 setpriv --groups 0,4 env V='{{secret:db_password}}' "$shim" --user 65534:65533 -- sh -c 'id -u; id -g; id -G; echo "$V"'
    out_is '65534
65533
65533
p@ss w"d'
    fails 125 "variable 'V': uid 65534 cannot read '$sec/db_password': owner 0, mode 0400; start as root with --user, or set the entry's uid, gid or mode" \
        setpriv --reuid 65534 --clear-groups env V='{{secret:db_password}}' "$shim" -- true
fi
