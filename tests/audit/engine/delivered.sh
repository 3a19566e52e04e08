# SPDX-License-Identifier: Apache-2.0
# A value that an image's entrypoint exports from the file it was told is no leak, as what the shim puts into a variable
# is none: it is noted. Under another name, or in a container that was told no such file, it is one.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/engine.sh"
requires jq
needs_docker
engine_image

new_vault
value=Dq6-lvR3.eYd~8fE # of no other test: all processes are looked at
printf '%s' "$value" | "$SECRETSCTL" add shop/token 2>/dev/null
container=$tag-db
remove_more() { docker rm -f "$container" >/dev/null 2>&1; }
on_exit remove_more

# start SCRIPT OPTION...: a container whose entrypoint is the script, until its program runs.
start() {
    local script=$1
    shift
    docker rm -f "$container" >/dev/null 2>&1 || true
    docker run -d --name "$container" --network none "$@" "$tag" sh -c "$script; exec sleep 300" >/dev/null 2>err ||
        fail "docker run: $(cat err)"
    until_true 20 program_runs || fail "the program does not start"
}
program_runs() { [ "$(docker top "$container" -o pid,comm 2>/dev/null | awk 'END { print $2 }')" = sleep ]; }
# told STATUS: findings and notes about the container's processes; others of the machine may be unreadable here.
told() {
    run "$1" "$SECRETSCTL" verify env --accept-skipped '*' --json
    out_lacks "$value"
    jq -r '(.findings[] | "leak in " + .key), (.notes[] | select(test("sleep")) | sub("^process [0-9]+ "; ""))' out
}
is() { [ "$1" = "$2" ] || fail "told
$1
instead of
$2"; }
read_file="export DB_PASSWORD=$value; unset DB_PASSWORD_FILE" # instead of reading it

for form in DB_PASSWORD_FILE DB_PASSWORD__FILE FILE__DB_PASSWORD; do
    start "$read_file" -e "$form=/run/secrets/token"
    is "$(told 0)" "(sleep) has shop/token in DB_PASSWORD, where its image put it out of the file as configured"
done
start "$read_file; export OTHER=$value" -e DB_PASSWORD_FILE=/run/secrets/token
is "$(told 3)" "leak in OTHER
(sleep) has shop/token in DB_PASSWORD, where its image put it out of the file as configured"
start "$read_file" -e DB_PASSWORD_FILE=none # no path
is "$(told 3)" "leak in DB_PASSWORD"
for name in '{{secret:token}}' 'x{{ secret:token|url }}'; do
    start "export DB_PASSWORD=$value" -e "DB_PASSWORD=$name"
    is "$(told 0)" "(sleep) has shop/token in DB_PASSWORD, where the shim put it as configured"
done
start "$read_file" -e ROOT_PASSWORD_FILE=/run/secrets/token
is "$(told 3)" "leak in DB_PASSWORD"
