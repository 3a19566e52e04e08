# SPDX-License-Identifier: Apache-2.0
# Sourced by the examples' tests: an example from its plaintext to running containers.
# shellcheck shell=bash
. "$SC_SOURCE/tests/support/functions.sh"
needs_root
needs_docker
requires debootstrap docker-compose

"$SC_SOURCE/tests/examples/images/build" || fail "cannot build the images"
new_vault
export SECRETSCTL_RUN_DIR=$T/run COMPOSE_PROJECT_NAME=sctl-example-$$
EXAMPLE_FILES=()
stop_example() {
    docker-compose "${EXAMPLE_FILES[@]}" down --volumes --timeout 2 >/dev/null 2>&1
    umount "$SECRETSCTL_RUN_DIR"
}

# start_example NAME FINDINGS FILE...: in a copy with local images and without ports of this host, finds the
# credentials, moves them, hands them out and starts everything.
start_example() {
    local name=$1 findings=$2 file
    shift 2
    cp -r "$SC_SOURCE/examples/$name/before" "$T/$name"
    cd "$T/$name"
    sed -E -i -e 's#image: (quay.io/|example.org/)?#image: localhost/#' -e '/^name:/d' \
        -e '/^ *ports: \[/d' -e '/^ *ports:$/,+1d' ./*.yml
    for file; do EXAMPLE_FILES+=(-f "$file"); done
    on_exit stop_example
    run 3 "$SECRETSCTL" audit .
    [ "$(grep -c . "$T/out")" -ge "$findings" ] || { cat "$T/out"; fail "the audit finds too little"; }
    run 0 "$SECRETSCTL" compose rewrite "${EXAMPLE_FILES[@]}" --shim "$SC_BUILD/shim/secretsctl-shim" --write
    err_has ", 0 stay"
    run 0 "$SECRETSCTL" provision
    docker-compose "${EXAMPLE_FILES[@]}" up -d >"$T/up" 2>&1 || { tail -5 "$T/up"; fail "the containers do not start"; }
}

container() { docker-compose "${EXAMPLE_FILES[@]}" ps -q "$1"; }
# alive SERVICE: fails the test with what it said if it has ended
alive() {
    [ "$(docker inspect -f '{{.State.Running}}' "$(container "$1")")" = true ] || {
        docker logs --tail 8 "$(container "$1")"
        fail "$1 has ended"
    }
}
# within SERVICE WORD...: the examples' own program inside the service's container
within() {
    local id
    id=$(container "$1")
    shift
    docker exec -i "$id" python3 -c "$(<"$SC_SOURCE/tests/examples/images/app.py")" "$@"
}
moved() { "$SECRETSCTL" get "$COMPOSE_PROJECT_NAME/$1"; }

# login STATUS ENTRY SERVICE KIND USER [DATABASE]: what the program in the service says to the entry's value,
# or to another value for the entry `-`, once it answers: 0 accepted, 1 refused.
login() {
    local want=$1 entry=$2 service=$3 got=2
    shift 3
    for _ in $(seq 1 60); do
        got=0
        alive "$service"
        if [ "$entry" = - ]; then printf wrong-value; else moved "$entry"; fi |
            within "$service" probe "$1" "127.0.0.1${PORT:-}" "$2" "${3:-}" >"$T/login" 2>&1 || got=$?
        [ "$got" -gt 1 ] || break
        sleep 0.5
    done
    [ "$got" = "$want" ] || { cat "$T/login"; docker logs --tail 8 "$(container "$service")"; fail "$service: login says $got, not $want"; }
}
# accepts_only ENTRY SERVICE KIND USER [DATABASE]
accepts_only() {
    login 0 "$@"
    shift
    login 1 - "$@"
}
# logs_say SERVICE TEXT: within a minute
logs_say() {
    for _ in $(seq 1 120); do
        alive "$1"
        if docker logs "$(container "$1")" 2>&1 | grep -F "$2" >/dev/null; then return 0; fi
        sleep 0.5
    done
    docker logs --tail 8 "$(container "$1")"
    fail "$1 does not say: $2"
}
# answers SERVICE PORT TEXT: over HTTP, within a minute
answers() {
    local text=''
    for _ in $(seq 1 60); do
        alive "$1"
        text=$(within "$1" show "$2" 2>&1) || true
        case $text in *"$3"*) return 0 ;; esac
        sleep 0.5
    done
    docker logs --tail 8 "$(container "$1")"
    fail "$1 answers: $(printf %s "$text" | tail -n 1)"
}

# finish_example VALUE...: nothing is left anywhere, and a second run has nothing to do.
finish_example() {
    local value containers accept=()
    mapfile -t containers < <(docker-compose "${EXAMPLE_FILES[@]}" ps -q)
    if ! head -c 1 /proc/1/environ >/dev/null 2>&1; then
        accept=(--accept-skipped 'process 1 *') # a sandbox may hide its own first process even from root
    fi
    # A health check that reads the file into a variable has the value while it runs; look between two.
    for _ in 1 2 3 4 5; do
        "$SECRETSCTL" verify "${accept[@]}" env config "${EXAMPLE_FILES[@]}" container "${containers[@]}" >"$T/out" 2>&1 || true
        if ! grep -q "process .*PGPASSWORD" "$T/out"; then break; fi
        sleep 1
    done
    out_has "clean: none of"
    for value; do
        ! grep -rqF --exclude=smtp_password.txt -e "$value" . || fail "'$value' is still in the project"
    done
    run 0 "$SECRETSCTL" compose rewrite "${EXAMPLE_FILES[@]}" --write
    err_is "secretsctl: no credential to move"
}
