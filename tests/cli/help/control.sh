# SPDX-License-Identifier: Apache-2.0
# Text from outside (notes, labels, reasons, names of files) with control characters: no row is split, nothing reaches
# a terminal, and every format stays what it is.
. "$SC_SOURCE/tests/support/functions.sh"
requires jq
new_vault
evil=$'a\tb\nc\e[31m\u009b1m'
safe='a\x09b\x0ac\x1b[31m\x9b1m'
run 0 "$SECRETSCTL" add shop/a -g --note "$evil" --label $'k=\e[1m' --reason "$evil"
run 0 "$SECRETSCTL" slot add --key-file "$T/second" --label "$evil"

run 0 "$SECRETSCTL" show shop/a
out_has "note	$safe"
out_has 'label	k=\x1b[1m'
run 0 "$SECRETSCTL" log --op add
[ "$(wc -l <"$T/out")" = 1 ] || fail "the reason splits a row of the log"
out_has "$safe"
run 0 "$SECRETSCTL" slot list
[ "$(wc -l <"$T/out")" = 2 ] || fail "the label splits a row of the slots"
run 0 "$SECRETSCTL" log --op add --json
jq -e --arg reason "$evil" '.[0].reason == $reason' "$T/out" >/dev/null || fail "JSON has another reason"

# names of files, also of ones that are no UTF-8
mkdir tree
printf 'DB_PASSWORD=hunter2hunter2\n' >$'tree/\xff\e[31m\n.env'
printf 'x: [' >$'tree/\xfe\ue\uffff-compose.yml'
run 3 "$SECRETSCTL" audit tree
[ "$(wc -l <"$T/out")" = 1 ] || fail "the name splits a row"
out_has '\x1b[31m\x0a.env'
err_has '\x0e'
[ "$(wc -l <"$T/err")" = 2 ] || fail "the name splits a message"
for format in junit html sarif json; do
    run 3 "$SECRETSCTL" audit --format $format tree
    iconv -f UTF-8 -t UTF-8 "$T/out" >/dev/null || fail "$format is not UTF-8"
done
python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' <(run 3 "$SECRETSCTL" audit --format junit tree; cat "$T/out") ||
    fail "junit is no XML"
run 4 "$SECRETSCTL" import $'no\nsuch\e[31m.env'
err_is 'secretsctl: cannot open '"'no\\x0asuch\\x1b[31m.env'"': No such file or directory'
