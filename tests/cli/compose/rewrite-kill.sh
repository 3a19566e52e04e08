# SPDX-License-Identifier: Apache-2.0
# kill -9 at every rename of a rewrite of three files: the next start leaves all old or all new.
. "$SC_SOURCE/tests/support/functions.sh"
requires strace
needs_root
export SECRETSCTL_RUN_DIR=/run/secretsctl DOCKER_HOST=unix:///nonexistent
new_vault

mkdir before
for n in 1 2 3; do
    printf 'services:\n  db%s:\n    image: postgres:16\n    environment: {POSTGRES_PASSWORD: pw-%s}\n' $n $n >before/$n.yml
done
files=(-f 1.yml -f 2.yml -f 3.yml --scope s)
mkdir after && cp before/* after/
(cd after && "$SECRETSCTL" compose rewrite "${files[@]}" --write >/dev/null 2>&1) || fail "cannot rewrite"

old=0 new=0
for at in $(seq 1 12); do
    rm -rf work && cp -r before work
    cd work
    strace -f -qq -o /dev/null -e trace=rename -e inject=rename:signal=KILL:when="$at" \
        "$SECRETSCTL" compose rewrite "${files[@]}" --write >/dev/null 2>&1 || true
    run 0 "$SECRETSCTL" compose rewrite "${files[@]}"
    rm -f .secretsctl-*.tmp # a temporary file the kill fell on; nothing refers to it
    cd ..
    if diff -r work before >/dev/null; then
        old=$((old + 1))
    elif diff -r work after >/dev/null; then
        new=$((new + 1))
    else
        diff -r work after || true
        fail "half of it at rename $at"
    fi
done
echo "old $old, new $new"
if [ "$old" = 0 ] || [ "$new" = 0 ]; then fail "the kills did not fall on both sides"; fi
