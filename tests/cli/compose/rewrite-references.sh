# SPDX-License-Identifier: Apache-2.0
# Variables with defaults, several of them, and empty ones, in parts of a text: what moves is what the
# container got, and no default is shown. tests/cli/compose/references.py tries all of them everywhere.
. "$SC_SOURCE/tests/support/functions.sh"
export SECRETSCTL_RUN_DIR=/run/secretsctl DOCKER_HOST=unix:///nonexistent
new_vault
value() { [ "$("$SECRETSCTL" get "$1")" = "$2" ] || fail "the value of $1"; }

cat >.env <<'END'
ONE=canary-one
TWO=canary-two
SWITCH=1
EMPTY=
COPIED=canary-copied
END
echo 'X_TOKEN=$COPIED' >app.env
cat >compose.yml <<'END'
name: refs
services:
  app:
    image: example/app
    entrypoint: [/app]
    env_file: app.env
    environment:
      A_URL: ${NOT_SET:-postgres://app:canary-a@db/app}
      B_URL: http://h/${NOT_SET:-postgres://app:canary-b@db/app}
      C_URL: redis://:${ONE}${TWO}@cache
      D_URL: redis://:${NOT_SET-canary-d}@cache
      E_PASSWORD: ${NOT_SET:-${NOR_THIS:-canary-e}}
      F_PASSWORD: ${SWITCH:+canary-f}
      G_URL: redis://:${EMPTY-canary-g}@cache
      H_URL: redis://canary-h:canary-h@cache
  cache:
    image: redis:7
    command: redis-server --requirepass ${NOT_SET:-canary-i}
    healthcheck: {test: "redis-cli -a ${SWITCH:+canary-j} ping"}
    configs: [app]
configs:
  app:
    content: |
      password = "canary-k"
      url = redis://:canary-k@cache
END
run 0 "$SECRETSCTL" compose rewrite --shim /bin/shim
out_has "stays compose.yml:14  app.G_URL: its value comes from a variable that is not set here; set it and run again"
out_has "stays .env:2  env_file TWO: nothing in these files refers to it; remove it, or put it into the vault"
out_lacks "env_file SWITCH"
out_has '-    command: redis-server --requirepass ${NOT_SET:-*****}'
out_has '-      url = redis://:*****@cache'
out_has '+      H_URL: redis://*****:{{secret:h_url_password|url}}@cache'
sed -e 's/redis:\/\/canary-h:/redis:\/\/user:/' "$T/out" >shown
[ "$(grep -o 'canary-[a-fh-z]' shown)" = "" ] || { grep canary- shown; fail "a value is shown"; }

run 0 "$SECRETSCTL" compose rewrite --shim /bin/shim --write
value refs/a_url postgres://app:canary-a@db/app
value refs/not_set postgres://app:canary-b@db/app
value refs/app_not_set canary-d
value refs/c_url_password canary-onecanary-two
value refs/e_password canary-e
value refs/f_password canary-f
value refs/switch canary-j
value refs/x_token canary-copied
# a line of .env goes when its value moved, no matter by which file
cat >want <<'END'
ONE=canary-one
TWO=canary-two
SWITCH=1
EMPTY=
END
diff want .env || fail ".env"
run 0 "$SECRETSCTL" compose config --reveal
sed -e 's/redis:\/\/canary-h:/redis:\/\/user:/' "$T/out" >shown
[ "$(grep -o 'canary-[a-fh-z]' shown)" = "" ] || { grep canary- shown; fail "a value is there still"; }
