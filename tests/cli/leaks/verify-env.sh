# SPDX-License-Identifier: Apache-2.0
# verify over processes: a value in an environment or on a command line is found in any form, short ones
# as whole tokens; what cannot be read is never a pass.
. "$SC_SOURCE/tests/support/functions.sh"
requires jq python3

# Values of this test alone: others that run beside it have theirs on their command lines.
new_vault
printf 'Rw5-kkB7.eNv~2zH' | "$SECRETSCTL" add shop/token 2>/dev/null
printf 'pin5353' | "$SECRETSCTL" add shop/pin 2>/dev/null
unset DOCKER_HOST

kill_child() { kill "${child:-}" 2>/dev/null; }
on_exit kill_child

# What the child is to become: before that it shows what the test itself or `env` was started with.
started() {
    case $(tr '\0' ' ' <"/proc/$child/cmdline") in "sleep "* | *"python3 -c "*) ;; *) return 1 ;; esac
}

# Other processes of the machine may be unreadable here; what matters is our own child.
findings() { # COMMAND...: the findings on a child that runs it
    "$@" >/dev/null &
    child=$!
    until_true 10 started || fail "the child does not start: $*"
    local got=0
    "$SECRETSCTL" verify env --accept-skipped '*' --json >"$T/out" 2>"$T/err" || got=$?
    kill_child
    wait "$child" 2>/dev/null || true
    echo "$got"
    jq -c --arg p "process $child " '.findings[] | select(.file | startswith($p)) |
        [.rule, .severity, .class, .place, .key, .name, .encoding, .redacted]' "$T/out"
}

got=$(findings env X=1 sleep 600)
[ "$got" = 0 ] || fail "a clean process: $got"

got=$(findings env DB=Rw5-kkB7.eNv~2zH sleep 600)
[ "$got" = '3
["known-value","high","known-value","env","DB","shop/token","plain","*****"]' ] || fail "plain: $got"

got=$(findings env "AUTH=Basic $(printf 'shop:Rw5-kkB7.eNv~2zH' | base64)" sleep 600)
[ "$got" = '3
["known-value","high","known-value","env","AUTH","shop/token","base64","*****"]' ] || fail "base64: $got"

got=$(findings env PIN=pin5353 URL=redis://:pin5353@cache:6379 OTHER=xpin5353 sleep 600)
[ "$got" = '3
["known-value-token","medium","known-value","env","PIN","shop/pin","plain","*****"]
["known-value-token","medium","known-value","env","URL","shop/pin","plain","*****"]' ] || fail "token: $got"

# Among other words, and as the password of an address.
got=$(findings env 'ONE=cache --pin="pin5353" --other pin53531' 'TWO=cache -u redis://:pin5353@cache:6379' sleep 600)
[ "$got" = '3
["known-value-token","medium","known-value","env","ONE","shop/pin","plain","*****"]
["known-value-token","medium","known-value","env","TWO","shop/pin","plain","*****"]' ] || fail "words: $got"

got=$(findings python3 -c 'import time; time.sleep(600)' --password=Rw5-kkB7.eNv~2zH)
[ "$got" = '3
["known-value","high","known-value","cmdline",null,"shop/token","plain","*****"]' ] || fail "cmdline: $got"

# The value itself is never printed, not even where a name holds it.
got=$(findings env 'Rw5-kkB7.eNv~2zH=1' sleep 600)
[ "$(echo "$got" | head -1)" = 3 ] || fail "name: $got"
out_lacks Rw5-kkB7.eNv
