# SPDX-License-Identifier: Apache-2.0
# verify over files and folders: contents, packed ones, names, links, attributes; what cannot be read is
# named and no pass; nothing outside the tree is read.
. "$SC_SOURCE/tests/support/functions.sh"
requires jq python3

new_vault
value=Zq8-vvT1.pLm~0xY
printf '%s' "$value" | "$SECRETSCTL" add shop/token 2>/dev/null

# found: file, path and where of each finding, one a line.
found() {
    run 3 "$SECRETSCTL" verify path "$@" --json
    out_lacks "$value"
    jq -r '.findings[] | [.place, .file, .path // "-", .where, .encoding] | join(" ") | gsub("\n"; "|")' "$T/out" | sort
}
is() { [ "$1" = "$2" ] || fail "found
$1
instead of
$2"; }

mkdir -p clean/deep
echo nothing >clean/a
echo nothing >clean/deep/b
ln -s deep clean/link
run 0 "$SECRETSCTL" verify path clean
out_has "searched: path: 1 object"
out_has "note: clean: 2 files searched"
out_has "clean: none of 1 value found"

mkdir tree
printf 'x%sx' "$value" >tree/plain
printf '%s' "$value" | base64 >tree/encoded
printf '%s' "$value" | gzip >tree/packed.gz
printf '%s' "$value" >"tree/a
b"
is "$(found tree)" "path tree/a|b - content plain
path tree/encoded - content base64
path tree/packed.gz - content plain
path tree/plain - content plain"
is "$(found tree/plain clean)" "path tree/plain - content plain"
rm -r tree

mkdir -p tree/sub inner
printf '%s' "$value" >inner/conf
tar -C inner -czf tree/sub/backup.tgz conf
is "$(found tree)" "path tree/sub/backup.tgz conf content plain"
gzip -c inner/conf | base64 >tree/sub/backup.tgz
is "$(found tree)" "path tree/sub/backup.tgz base64 content plain"
run 3 "$SECRETSCTL" verify path tree
out_has "high	path	tree/sub/backup.tgz	base64	shop/token	plain"
rm -r tree

mkdir tree
: >"tree/$value"
is "$(found tree)" "path tree/***** - name plain"
rm -r tree

# A short value is no proof by itself, but it is not shown either: a folder may be called after one.
printf 'pin4242' | "$SECRETSCTL" add shop/pin 2>/dev/null
mkdir -p "tree/pin4242/$value"
run 3 "$SECRETSCTL" verify path tree --accept-unproved --json
out_lacks pin4242
jq -r '.findings[].file' "$T/out" | grep -x 'tree/\*\*\*\*\*/\*\*\*\*\*' >/dev/null || fail "paths: $(cat "$T/out")"
"$SECRETSCTL" rm -q shop/pin
rm -r tree

mkdir tree
ln -s "/nowhere/$value" tree/link
is "$(found tree)" "path tree/link - link target plain"
rm -r tree

mkdir tree
: >tree/file
if python3 -c 'import os, sys; os.setxattr("tree/file", "user.note", sys.argv[1].encode())' "$value" 2>/dev/null; then
    is "$(found tree)" "path tree/file - extended attribute plain"
fi
rm -r tree

# A sparse file: the value before, between and behind holes; and an archive with a hole in a member.
mkdir tree
python3 - "$value" <<'PY'
import sys, tarfile, os, io
v = sys.argv[1].encode()
with open("tree/sparse", "wb") as f:
    f.seek(1 << 32); f.write(v); f.truncate(3 << 32)
with open("tree/holes.tar", "wb") as f:
    info = tarfile.TarInfo("hole"); info.size = 1 << 22
    f.write(info.tobuf()); f.seek(1 << 22, 1)
    info = tarfile.TarInfo("conf"); info.size = len(v)
    f.write(info.tobuf()); f.write(v.ljust(512, b"\0")); f.write(b"\0" * 1024)
PY
is "$(found tree)" "path tree/holes.tar conf content plain
path tree/sparse - content plain"
rm -r tree

# Loops, pipes, sockets, devices, folders that end deep down: bounded, named, no pass.
mkdir tree
ln -s . tree/loop
ln -s two tree/one
ln -s one tree/two
run 0 "$SECRETSCTL" verify path tree
mkfifo tree/pipe
run 1 "$SECRETSCTL" verify path tree
out_has "not searched: path: tree/pipe: a named pipe"
run 0 "$SECRETSCTL" verify path tree --accept-skipped 'tree/pipe'
run 1 "$SECRETSCTL" verify path ./absent
out_has "not searched: path: ./absent: no such file"
run 1 "$SECRETSCTL" verify path /dev/zero
out_has "not searched: path: /dev/zero: not a file"
python3 - <<'PY'
import os
os.chdir("tree")
for _ in range(300):
    os.mkdir("d"); os.chdir("d")
PY
run 1 "$SECRETSCTL" verify path tree --accept-skipped tree/pipe
out_has "folders nested too deep"
rm -r tree
run 2 "$SECRETSCTL" verify path
err_is "secretsctl: 'verify path' needs a file or folder"

# A damaged archive is searched as far as it goes, and named.
mkdir tree
head -c 300000 /dev/urandom | gzip >whole.gz
head -c 200000 whole.gz >tree/cut.gz
run 1 "$SECRETSCTL" verify path tree
out_has "not searched: path: tree/cut.gz: the gzip data ends early"

# A zip behind other bytes (a jar that starts itself, a self-extracting archive) is read; one of which
# that is not possible is named; what only holds the bytes of a header is a plain file.
rm -r tree && mkdir tree
printf '#!/bin/sh\nexec java -jar "$0"\n' >tree/app.jar
printf 'x%sx' "$value" >inner/conf
python3 - tree/app.jar <<'PY'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "a", zipfile.ZIP_DEFLATED) as z:
    z.writestr("MANIFEST", "name " * 50)
    z.write("inner/conf", "BOOT-INF/conf")
PY
is "$(found tree)" "path tree/app.jar BOOT-INF/conf content plain"
rm tree/app.jar
printf 'echo "PK\003\004 is how a zip begins"\n' >tree/plain
printf 'PK\003\004\024\0\0\0\010\0%0300d' 0 >>tree/plain
run 0 "$SECRETSCTL" verify path tree
printf '#!/bin/sh\n' >tree/locked.jar
python3 - tree/locked.jar <<'PY'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "a") as z:
    z.writestr("a", "name")
    z.writestr("b", "name")
data = bytearray(open(sys.argv[1], "rb").read())
data[data.index(b"PK\3\4") + 6] |= 1
open(sys.argv[1], "wb").write(data)
PY
run 1 "$SECRETSCTL" verify path tree
out_has "not searched: path: tree/locked.jar: a: it is encrypted"
run 0 "$SECRETSCTL" verify path tree --accept-skipped '*locked.jar*'

# Unreadable: no pass.
if [ "$(id -u)" != 0 ]; then
    rm -r tree && mkdir tree && echo x >tree/closed && chmod 0 tree/closed
    run 1 "$SECRETSCTL" verify path tree
    out_has "not searched: path: tree/closed: cannot be read: Permission denied"
fi

# What is packed in a way that is not read is named, and no pass; its plain bytes are searched all the same.
mkdir foreign
printf '7z\274\257\047\034and more' >foreign/a.7z
printf 'Rar!\032\007\001\000%s' "$value" >foreign/b
printf '7zip is a program' >foreign/prose
gzip -c foreign/a.7z >foreign/c.gz
run 3 "$SECRETSCTL" verify path foreign --json
[ "$(jq -r '.skipped[] | .file + ": " + .reason' out | sort)" = "foreign/a.7z: packed as 7z, which is not read
foreign/b: packed as rar, which is not read
foreign/c.gz: packed as 7z, which is not read" ] || fail "$(jq -c .skipped out)"
[ "$(jq -r '.findings[].file' out)" = foreign/b ] || fail "$(jq -c .findings out)"
rm foreign/b
run 1 "$SECRETSCTL" verify path foreign

# A person is told what to do, once for each kind of place; a pipe is not.
mkdir told
printf %s "$value" | tee told/a >told/b
python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' "$SECRETSCTL" --no-color verify path told </dev/null >shown
[ "$(grep -c '^fix: ' shown)" = 1 ] || fail "on a terminal: $(cat shown)"
grep -q '^fix: path: remove it from the file and rotate it' shown || fail "on a terminal: $(cat shown)"
run 3 "$SECRETSCTL" verify path told
out_lacks 'fix:'

# A value that JSON and a URL escape, in base64 as a token's claims and a Kubernetes Secret have it, also wrapped.
printf '%s' 'p"q/Rs+t=uVw9&kL2#xY' | "$SECRETSCTL" add shop/escaped 2>/dev/null
mkdir claims
printf '%s' '{"sub":"x","pw":"p\"q/Rs+t=uVw9&kL2#xY"}' | base64 -w 0 | tr '+/' '-_' >claims/jwt
printf '%s' '{"sub":"xy","pw":"p\"q/Rs+t=uVw9&kL2#xY"}' | base64 -w 20 >claims/wrapped
printf '%s' 'postgres://u:p%22q%2FRs%2Bt%3DuVw9%26kL2%23xY@db/x' | base64 -w 0 >claims/url
run 3 "$SECRETSCTL" verify path claims --json
is "$(jq -r '.findings[] | [.file, .encoding] | join(" ")' "$T/out" | sort)" "claims/jwt base64-json
claims/url base64-percent
claims/wrapped base64-json"
