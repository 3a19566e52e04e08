# SPDX-License-Identifier: Apache-2.0
# The main job on two stacks that others wrote: a three-tier application that has its password in a file
# of the project, and a production stack that takes it from .env. The data tier really starts.
. "$SC_SOURCE/tests/support/functions.sh"
needs_shared
needs_root
needs_docker
requires debootstrap docker-compose

"$SC_SOURCE/examples/shop/images/build" >/dev/null 2>&1 || fail "cannot build the images"
new_vault
export SECRETSCTL_RUN_DIR=$T/run
project=sctl-seeds-$$
export COMPOSE_PROJECT_NAME=$project
clean_up() {
    docker-compose -f "$T/stack/docker-compose.yml" down --volumes >/dev/null 2>&1
    umount "$SECRETSCTL_RUN_DIR"
}
on_exit clean_up

# stack SEED NUMBER: the Compose block as it stands there; local images where containers must start,
# and no port of this host.
stack() {
    rm -rf "$T/stack"
    mkdir "$T/stack"
    cd "$T/stack"
    python3 "$SC_SOURCE/tests/support/fence.py" "$SHARED"/seeds/"$1"_*.txt "$2" |
        sed -E 's#image: postgres:[^ ]*#image: localhost/postgres:15#; s#image: redis:[^ ]*#image: localhost/redis:7#
            s#image: nginx:[^ ]*#image: localhost/nginx:1#; s#image: myapp:[^ ]*#image: localhost/shop-app:1#
            /^ *ports:/d; /^ *- "(80:80|443:443)"/d' >docker-compose.yml
}
# login USER DATABASE VALUE: whether the database takes the value, over TCP as an application would.
login() {
    local db
    db=$(docker-compose ps -q db)
    for _ in $(seq 1 60); do
        if printf %s "$3" | docker exec -i "$db" python3 -c '
import sys, psycopg2
psycopg2.connect(host="127.0.0.1", user=sys.argv[1], dbname=sys.argv[2], password=sys.stdin.read())' \
            "$1" "$2" 2>"$T/login"; then
            return 0
        fi
        sleep 0.5
    done
    cat "$T/login"
    fail "the database refuses the password"
}
finish() { # finish USER DATABASE VALUE
    run 0 "$SECRETSCTL" provision
    docker-compose up -d db redis >"$T/up" 2>&1 || { tail -5 "$T/up"; fail "the containers do not start"; }
    login "$1" "$2" "$3"
    run 0 "$SECRETSCTL" verify config container "$(docker-compose ps -q db)" "$(docker-compose ps -q redis)"
    out_has "clean: none of"
    ! grep -rqF "$3" "$T/stack" || fail "the value is still in the project"
    run 0 "$SECRETSCTL" compose rewrite --write
    err_is "secretsctl: no credential to move"
    docker-compose down --volumes >/dev/null 2>&1
}

stack 000 1
mkdir secrets db frontend api worker
printf canary-three-tier >secrets/db_password.txt
: >db/init.sql
run 0 "$SECRETSCTL" compose rewrite --write
[ "$("$SECRETSCTL" get "$project/db_password")" = canary-three-tier ] || fail "the value is not in the vault"
rm -rf secrets # whoever moved it says so; the plaintext file is the person's to remove
finish admin myapp canary-three-tier

stack 001 1
mkdir init
echo 'DB_PASSWORD=canary-production' >.env
run 0 "$SECRETSCTL" compose rewrite --shim "$SC_BUILD/shim/secretsctl-shim" --write
[ "$("$SECRETSCTL" list "$project" | wc -l)" -ge 1 ] || fail "nothing is in the vault"
grep -q POSTGRES_PASSWORD_FILE docker-compose.yml || fail "no file form"
finish postgres myapp canary-production
