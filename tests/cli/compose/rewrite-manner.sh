# SPDX-License-Identifier: Apache-2.0
# What is there stays where it is and as it is written: entrypoints of every form, and lists that others share.
. "$SC_SOURCE/tests/support/functions.sh"
export SECRETSCTL_RUN_DIR=/run/secretsctl DOCKER_HOST=unix:///nonexistent
new_vault
shim=/usr/local/libexec/secretsctl/secretsctl-shim

cat >compose.yml <<'END'
name: manner
services:
  text:
    image: example/app
    entrypoint: /app --x # words
    environment: {API_PASSWORD: canary}
    command: [serve]
  json:
    image: example/app
    entrypoint: ["/app", "--x"]
    environment: {API_PASSWORD: canary}
    command: [serve]
  lines:
    image: example/app
    entrypoint:
      # the program
      - /app # and nothing else
    environment: {API_PASSWORD: canary}
    command: [serve]
  none:
    image: example/app
    entrypoint: []
    command: [/bin/app, x]
    environment: {API_PASSWORD: canary}
  shared:
    image: example/app
    entrypoint: &start [/app]
    environment: {API_PASSWORD: canary}
    command: [serve]
  other:
    image: example/app
    entrypoint: *start
  granted:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: canary}
    secrets: &all [one]
  alike:
    image: nginx
    secrets: *all
  dangling:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: canary}
    secrets: [nobody_defines_it]
secrets:
  one: {file: /run/secretsctl/manner/one}
END
cp compose.yml old.yml
run 0 "$SECRETSCTL" compose rewrite --shim $shim --write
out_has "stays compose.yml:28  shared.API_PASSWORD: nothing is known of how 'example/app' takes API_PASSWORD from a file; the shim cannot help: parts of the service come through an anchor; write them out"
out_has "stays compose.yml:35  granted.POSTGRES_PASSWORD: the service's secrets come through an anchor; give it a list of its own first"
err_is "secretsctl: 5 moved into 1 entry of scope 'manner', 2 stay"
diff old.yml compose.yml >changed || true
cat >want <<'END'
<     entrypoint: /app --x # words
>     entrypoint: /.secretsctl/shim -- /app --x # words
<     entrypoint: ["/app", "--x"]
>     entrypoint: ["/.secretsctl/shim", "--", "/app", "--x"]
>       - /.secretsctl/shim
>       - --
<     entrypoint: []
>     entrypoint:
>       - /.secretsctl/shim
>       - --
END
grep -E '^[<>] +(entrypoint|- (/|--))' changed | diff want - || fail "the entrypoints"

# a text that services share moves when all of them follow
cat >compose.yml <<'END'
name: manner
x-env: &env
  TZ: UTC
  API_PASSWORD: canary
services:
  web: &web
    image: example/app
    entrypoint: [/app]
    command: [serve]
    environment:
      <<: *env
      MODE: web
  worker:
    image: example/app
    entrypoint: [/app]
    command: [work]
    environment: *env
END
run 0 "$SECRETSCTL" compose rewrite --shim $shim --write
err_is "secretsctl: 2 moved into 1 entry of scope 'manner', 0 stay"
[ "$(grep -c "{{secret:api_password}}" compose.yml)" = 1 ] || fail "the shared text"
[ "$(grep -c "    secrets:" compose.yml)" = 2 ] || fail "the grants"

# several files of one service: the shim goes where the entrypoint is set, so that the first file alone works too
mkdir multi
cd multi
cat >compose.yml <<'END'
name: multi
services:
  api:
    image: example/api
    entrypoint: ["/api"]
    command: ["serve"]
    environment: {MODE: dev}
  late:
    image: example/late
    environment: {API_TOKEN: canary-0123456789abcdef}
  below:
    extends: {service: base}
  base:
    image: example/api
    entrypoint: [/from/base]
    command: [x]
END
cat >compose.prod.yml <<'END'
services:
  api:
    command: ["serve", "--prod"]
    environment:
      DATABASE_URL: postgres://app:canary-prod@db/app
  late:
    entrypoint: [/late]
  below:
    environment: {API_TOKEN: canary-0123456789abcdef}
END
both=(-f compose.yml -f compose.prod.yml)
run 0 "$SECRETSCTL" compose rewrite "${both[@]}" --shim $shim --write
out_has "move  compose.prod.yml:5  api.DATABASE_URL -> multi/database_url_password"
out_has "stays compose.yml:10  late.API_TOKEN: nothing is known of how 'example/late' takes API_TOKEN from a file; the shim cannot help: several files say what the service starts; leave one of them"
out_has "stays compose.prod.yml:9  below.API_TOKEN: nothing is known of how 'example/api' takes API_TOKEN from a file; the shim cannot help: the service extends another one, which may say what it starts; set its entrypoint"
err_is "secretsctl: 1 moved into 1 entry of scope 'multi', 2 stay"
grep -qxF '    entrypoint: ["/.secretsctl/shim", "--", "/api"]' compose.yml || fail "the entrypoint"
! grep -q 'entrypoint.*shim' compose.prod.yml || fail "the entrypoint of the override"
run 0 "$SECRETSCTL" compose rewrite "${both[@]}" --shim $shim
err_is "secretsctl: nothing to move; 2 stay"

# new entries are indented as those beside them
cat >steps.yml <<'END'
name: steps
services:
  db:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: canary}
secrets:
    one:
        file: /run/secretsctl/steps/one
END
run 0 "$SECRETSCTL" compose rewrite -f steps.yml --write
tail -n 2 steps.yml >got
printf '    postgres_password:\n        file: /run/secretsctl/steps/postgres_password\n' | cmp - got || fail "the indentation"

# what is new at the top level stands apart where the file sets such things apart, and where it does not, does not
apart() { # WHAT WANTED: the end of the file that is written for the one on standard input
    cat >compose.yml
    run 0 "$SECRETSCTL" compose rewrite --scope apart --write
    tail -n 5 compose.yml | cmp - <(printf '%b' "$2") || { cat -A compose.yml; fail "$1"; }
    run 0 "$SECRETSCTL" compose rewrite --scope apart
    err_is "secretsctl: no credential to move"
}
top='secrets:\n  postgres_password:\n    file: /run/secretsctl/apart/postgres_password\n'
apart 'top-level entries with blank lines' "  v:\n\n$top" <<'END'
services:
  a: {image: postgres, environment: {POSTGRES_PASSWORD: canary}}

# what stays
volumes:
  v:
END
apart 'services with blank lines' "    image: nginx\n\n$top" <<'END'
services:
  a:
    image: postgres
    environment: {POSTGRES_PASSWORD: canary}

  b:
    image: nginx
END
apart 'no blank lines' "volumes:\n  v:\n$top" <<'END'
services:
  a: {image: postgres, environment: {POSTGRES_PASSWORD: canary}}
volumes:
  v:
END
apart 'a text that a blank line would belong to' "x-a: |+\n  text\n$top" <<'END'
services:
  a: {image: postgres, environment: {POSTGRES_PASSWORD: canary}}

x-a: |+
  text
END
printf 'services:\r\n  a: {image: postgres, environment: {POSTGRES_PASSWORD: canary}}\r\n\r\nvolumes:\r\n  v:\r\n' |
    apart 'line ends' "  v:\r\n\r\n${top//\\n/\\r\\n}"
