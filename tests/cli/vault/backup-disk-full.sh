# SPDX-License-Identifier: Apache-2.0
# A backup onto a disk that is full: it is one whole file, or there is none and the status says so.
. "$SC_SOURCE/tests/support/functions.sh"
requires strace
not_sanitized "the leak sanitizer does not work below strace"
new_vault
for name in a b c d; do
    head -c 20000 /dev/urandom | run 0 "$SECRETSCTL" add "shop/$name"
done

refused=0
for file in copy.db copy.db-wal; do
    for n in 1 2 3 5 9; do
        status=0
        strace -f -o trace -P "$T/$file" -e inject=pwrite64:error=ENOSPC:when=$n+ "$SECRETSCTL" backup "$T/copy.db" >out 2>err || status=$?
        if [ $status = 0 ]; then
            mkdir alone
            cp copy.db alone/ # without what SQLite may have left beside it
            run 0 "$SECRETSCTL" --vault alone/copy.db check --decrypt
            rm -r alone copy.db*
            continue
        fi
        [ $status = 1 ] || fail "$file, write $n: status $status: $(cat err)"
        err_is "secretsctl: '$T/copy.db': no space left on the device (sqlite 13)"
        [ -z "$(find . -name 'copy.db*')" ] || fail "$file, write $n: left behind: $(echo copy.db*)"
        refused=$((refused + 1))
    done
done
[ $refused -ge 4 ] || fail "the disk was full $refused times only"
