# SPDX-License-Identifier: Apache-2.0
# Input that is hostile or broken: bounded, named under skipped, with the exit status of the contract.
. "$SC_SOURCE/tests/support/functions.sh"

mkdir t
mkfifo t/fifo
ln -s loop-b t/loop-a && ln -s loop-a t/loop-b
ln -s ../../ t/up
head -c 3000000 /dev/zero | tr '\0' 'a' >t/one-line.txt
python3 -c 'import random, sys
random.seed(4); sys.stdout.buffer.write(random.randbytes(100000))' >t/binary
printf 'services: {a: {environment: {X_PASSWORD: valu3x}}}' >"t/new"$'\n'"line.yml"
: >t/empty
truncate -s 40M t/sparse
printf 'X: "unclosed' >t/bad.yml
run 3 timeout 60 "$SECRETSCTL" audit --json t
jq -e '[.skipped[].file] | sort == ["t/bad.yml", "t/fifo", "t/loop-a", "t/loop-b"]' out >/dev/null ||
    fail "skipped: $(jq -c .skipped out)"
jq -e '.findings | length == 1 and .[0].file == "t/new\nline.yml"' out >/dev/null || fail "findings: $(cat out)"

run 1 timeout 60 "$SECRETSCTL" audit t/fifo
err_has "skipped 't/fifo': not a regular file"

# a token on the seam of a large file's pieces
{ head -c 16777200 /dev/zero; printf ' dop_v1_%064d ' 0 | tr 0 "$(printf 'b')" | sed 's/bbbbbbbb/0a1b2c3d/g'; } >big.bin
run 3 "$SECRETSCTL" audit --json big.bin
jq -e '.findings | length == 1 and .[0].rule == "digitalocean-pat"' out >/dev/null || fail "seam: $(cat out)"

# standard input
printf 'A_PASSWORD=x1y2z3\n' | { run 0 "$SECRETSCTL" audit --fail-on never --json -; }

if [ "$(id -u)" != 0 ]; then
    echo 'A_PASSWORD=x' >t/closed.env && chmod 0 t/closed.env
    run 1 "$SECRETSCTL" audit t/closed.env
    err_has "permission denied"
fi

# Texts that repeat what costs a look: the time must grow with the length, not with its square (a minute each, once).
python3 - <<'PY'
def write(name, text):
    with open(name, "w", encoding="utf-8") as out:
        out.write(text)


write("words.sh", "sudo " * 200000)
write("line.sh", "password = '' " * 70000)
write("nested.sh", 'sh -c "sh -c \\"' * 60000)
write("open.Dockerfile", "RUN <<A\n" * 120000)
write("line.sql", "password 'x'" * 20000)
PY
run 1 "$SECRETSCTL" audit --fail-on never words.sh line.sh nested.sh open.Dockerfile line.sql
# The words over the limit of one command are told of once.
run 1 "$SECRETSCTL" audit --json words.sh
[ "$(jq -c '[.skipped[].reason]' out)" = '["a command of more than 4096 words"]' ] || fail "$(cat out)"
