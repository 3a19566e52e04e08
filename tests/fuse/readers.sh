# SPDX-License-Identifier: Apache-2.0
# Every way to read x sizes around a page and at the limit x rotation to shorter and longer, by path and
# through a bind mount: the exact bytes each time.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
requires busybox python3 dd
new_vault
printf 'start' | "$SECRETSCTL" add -q shop/key
mounted
touch "$T/bind"
mount --bind "$M/shop/key" "$T/bind"
end_bind() { umount -l "$T/bind" 2>/dev/null || true; }
on_exit end_bind

same() { # same WHAT: the standard input is the value
    cat >"$T/got"
    cmp -s "$T/got" "$T/value" || fail "$1: $(stat -c %s "$T/got") bytes of $(stat -c %s "$T/value")"
}
programs() { # programs FILE
    cat "$1" | same cat
    cat <"$1" | same 'cat <'
    busybox cat "$1" | same 'busybox cat'
    busybox tail -c +1 "$1" | same 'busybox tail'
    tail -c 2000000 "$1" | same tail
    head -c 2000000 "$1" | same head
    dd if="$1" bs=1M status=none | same dd
    dd if="$1" bs=512 iflag=direct status=none | same 'dd, direct'
    cp "$1" "$T/copied" && same cp <"$T/copied"
    cp --sparse=always "$1" "$T/copied" && same 'cp, sparse' <"$T/copied"
    install -m 600 "$1" "$T/copied" && same install <"$T/copied"
    tar -C "${1%/*}" -cf - "${1##*/}" | tar -xOf - | same tar
    python3 -c 'import sys; sys.stdout.buffer.write(open(sys.argv[1], "rb").read())' "$1" | same Python
    python3 -c 'import mmap, sys, os
f = open(sys.argv[1], "rb")
if os.fstat(f.fileno()).st_size: sys.stdout.buffer.write(mmap.mmap(f.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ))' "$1" | same 'Python mmap'
    [ "$(wc -c <"$1")" = "$(stat -c %s "$T/value")" ] || fail "wc -c"
    [ "$(base64 -w0 <<<"$(<"$1")")" = "$(base64 -w0 <<<"$(cat "$T/value")")" ] || fail "\$(<file)"
    [ "$(busybox md5sum <"$1")" = "$(busybox md5sum <"$T/value")" ] || fail md5sum
    # exec'd programs inherit a handle that another process opened
    sh -c 'exec cat <&3' 3<"$1" | same 'inherited handle'
}
seen() { cmp -s "$M/shop/key" "$T/value"; }
for size in 4096 1 4095 0 4097 1048576 1048575 65537 5; do
    head -c "$size" /dev/urandom | base64 -w0 >"$T/text"
    head -c "$size" "$T/text" >"$T/value"
    "$SECRETSCTL" rotate -q shop/key --allow-empty --from-file "$T/value"
    until_true 5 seen || fail "$size bytes: the rotation is not seen"
    for file in "$T/bind" "$M/shop/key"; do
        "$SC_BUILD/tests/fuse/readers" "$file" "$T/value" >"$T/out" || { cat "$T/out"; fail "$size bytes"; }
    done
    programs "$T/bind"
    tail -1 "$T/out"
done
none_stuck
