# SPDX-License-Identifier: Apache-2.0
# The five examples: rewriting `before` gives `after`, byte for byte, and the values are in the vault.
. "$SC_SOURCE/tests/support/functions.sh"
export SECRETSCTL_RUN_DIR=/run/secretsctl DOCKER_HOST=unix:///nonexistent
new_vault

for name in three-tier wordpress monitoring queues environments; do
    cp -r "$SC_SOURCE/examples/$name/before" "$name"
    cd "$name"
    files=(-f compose.yml)
    if [ -f compose.prod.yml ]; then files+=(-f compose.prod.yml); fi
    run 0 "$SECRETSCTL" compose rewrite "${files[@]}" --scope "$name" --write \
        --shim /usr/local/libexec/secretsctl/secretsctl-shim
    err_has ", 0 stay"
    for file in "$SC_SOURCE/examples/$name/after/"* "$SC_SOURCE/examples/$name/after/".env; do
        if [ -f "$file" ]; then cmp "$file" "$(basename "$file")"; fi
    done
    run 0 "$SECRETSCTL" compose restore "${files[@]}" --scope "$name"
    diff -r . "$SC_SOURCE/examples/$name/before"
    cd ..
done
# a password inside a URL is stored decoded, so that the broker's own variable is the same secret
[ "$("$SECRETSCTL" get queues/rabbitmq_default_pass)" = "p@ss-word" ] || fail "the decoded value"
