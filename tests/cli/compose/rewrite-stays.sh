# SPDX-License-Identifier: Apache-2.0
# What cannot be moved is listed, each with its reason and what a person can do; nothing of it is passed over, and
# audit finds it too. The other reasons stand in the tests of what they are about (rewrite-*.sh).
. "$SC_SOURCE/tests/support/functions.sh"
requires jq
export DOCKER_HOST=unix:///nonexistent SECRETSCTL_RUN_DIR=/run/secretsctl
new_vault

# stays LINE WHAT REASON: the project on standard input has one credential in that line, which stays for that reason.
stays() {
    local line=$1 what=$2 reason=$3
    cat >compose.yml
    cp compose.yml before.yml
    run 0 "$SECRETSCTL" compose rewrite --scope s --write
    grep -xF "stays compose.yml:$line  $what: $reason" "$T/out" >/dev/null || { cat compose.yml "$T/out" "$T/err"; fail "not told: $what"; }
    [ "$(grep -c ^stays "$T/out")" = "${4:-1}" ] || { cat "$T/out"; fail "$what: not ${4:-1} in all"; }
    cmp compose.yml before.yml || fail "$what: the file was changed"
    run 0 "$SECRETSCTL" audit --fail-on never --json compose.yml
    jq -e '.findings | length > 0' "$T/out" >/dev/null || fail "$what: audit finds nothing"
}

# where nothing can read a file
stays 2 'a.labels com.example.password' "everyone who may ask the engine reads labels; name a file in the program's own configuration instead" <<'YML'
services:
  a: {image: postgres, labels: {com.example.password: hunter2hunter2}}
YML
stays 2 'a.build.labels com.example.password' 'a label of an image is part of it for good; remove it and rotate the value' <<'YML'
services:
  a: {build: {context: ., labels: {com.example.password: hunter2hunter2}}}
YML
stays 2 'a.logging.options splunk-token' 'the engine hands it to the log driver, which reads no file; let a collector with a file of its own send the logs' <<'YML'
services:
  a: {image: postgres, logging: {driver: splunk, options: {splunk-token: 12345678-1234-1234-1234-123456789012}}}
YML
stays 2 'volumes.driver_opts o' 'the engine hands it to a driver, which reads no file; mount on the host with a credentials file and bind the folder' <<'YML'
services: {a: {image: postgres}}
volumes: {v: {driver_opts: {type: cifs, o: "username=u,password=hunter2hunter2"}}}
YML
stays 2 'a.provider password' 'nothing there can read a file; set it outside of this file' <<'YML'
services:
  a: {image: postgres, provider: {type: x, options: {password: hunter2hunter2}}}
YML
stays 2 'a.command password' "arguments are seen by everyone who can list processes; use the program's option for a file, or sh -c '... \"\$\$(cat /run/secrets/NAME)\"'" <<'YML'
services:
  a: {image: example/tool, command: [tool, --password, hunter2hunter2]}
YML
stays 2 'a.post_start' "read it from a file: sh -c '... \"\$\$(cat /run/secrets/NAME)\"'" <<'YML'
services:
  a: {image: postgres, post_start: [{command: [psql, "postgres://u:hunter2hunter2@h/d"]}]}
YML
stays 1 'extension DB_PASSWORD' 'no service that can be rewritten uses this text; remove it, or write it where it is used' <<'YML'
x-env: {DB_PASSWORD: hunter2hunter2}
services: {a: {image: postgres}}
YML

# written in a way that cannot be changed cleanly
stays 2 'a.POSTGRES_PASSWORD' 'a tag (!reset, !override) stands on it; change it by hand' <<'YML'
services:
  a: {image: postgres, environment: {POSTGRES_PASSWORD: !override hunter2hunter2}}
YML
stays 2 'a.command requirepass' 'a tag (!reset, !override) stands on it; change it by hand' <<'YML'
services:
  a: {image: redis, command: !override [redis-server, --requirepass, hunter2hunter2]}
YML
stays 2 'a.command requirepass' 'a tag or an anchor stands on the text; change it by hand' <<'YML'
services:
  a: {image: redis, command: [redis-server, --requirepass, &p hunter2hunter2]}
YML
stays 3 'b.POSTGRES_PASSWORD' "the list's item stands behind an alias; write it out" 2 <<'YML'
services:
  a: {image: postgres, environment: [&i POSTGRES_PASSWORD=hunter2hunter2]}
  b: {image: postgres, environment: [*i]}
YML
stays 2 'a.POSTGRES_PASSWORD' 'YAML reads it as a number or a date, so the container gets another text; quote what is meant' <<'YML'
services:
  a: {image: postgres, environment: {POSTGRES_PASSWORD: 01234567}}
YML
for tagged in '!!int 01234567' '!!int "01234567"' '!!float 1e7' '!!binary aHVudGVyMmh1bnRlcjI=' '!!binary "aHVudGVyMmh1bnRlcjI="'; do
    stays 2 'a.POSTGRES_PASSWORD' 'YAML reads it as a number or a date, so the container gets another text; quote what is meant' <<YML
services:
  a: {image: postgres, environment: {POSTGRES_PASSWORD: $tagged}}
YML
done
stays 6 'a.healthcheck' 'the text stands there several times; change it by hand' 2 <<'YML'
services:
  a:
    image: postgres
    healthcheck:
      test: |
        psql postgres://u:hunter2hunter2@h/d || psql postgres://u:hunter2hunter2@h/d
YML

# another text has a say
stays 2 'a.POSTGRES_PASSWORD' 'POSTGRES_PASSWORD_FILE is set as well; remove one of the two' <<'YML'
services:
  a: {image: postgres, environment: {POSTGRES_PASSWORD: hunter2hunter2, POSTGRES_PASSWORD_FILE: /x}}
YML
# ... as the same list does: a list drops what stands in it already, so the order of two references may be another one
printf 'services:\n  a: {image: postgres, environment: [POSTGRES_PASSWORD=hunter2hunter2, POSTGRES_PASSWORD=hunter3hunter3]}\n' >compose.yml
run 0 "$SECRETSCTL" compose rewrite --scope s
out_has 'stays compose.yml:2  a.POSTGRES_PASSWORD: the list sets it more than once; leave the last one only'
err_is 'secretsctl: nothing to move; 2 stay'
# ... also one of no credential, before it and over it: it would come to light, or be set beside the file form
stays 4 'a.POSTGRES_PASSWORD' "'compose.yml' sets it as well, to no credential; remove one of the two" <<'YML'
services:
  b: {image: alpine, environment: {POSTGRES_PASSWORD: ""}}
  # which is the base
  a: {extends: b, image: postgres, environment: [POSTGRES_PASSWORD=hunter2hunter2]}
YML
stays 2 'b.POSTGRES_PASSWORD' "'compose.yml' sets it as well, to no credential; remove one of the two" <<'YML'
services:
  b: {image: postgres, environment: {POSTGRES_PASSWORD: hunter2hunter2}}
  a: {extends: b, environment: {POSTGRES_PASSWORD: ""}}
YML
stays 2 'b.POSTGRES_PASSWORD' "'compose.yml' sets it as well, to no credential; remove one of the two" <<'YML'
services:
  b: {image: postgres, environment: {POSTGRES_PASSWORD: hunter2hunter2}}
  a: {extends: b, environment: {POSTGRES_PASSWORD: !reset null}}
YML
printf 'POSTGRES_PASSWORD=\n' >a.env
stays 2 'a.POSTGRES_PASSWORD' "'a.env' sets it as well, to no credential; remove one of the two" <<'YML'
services:
  a: {image: postgres, env_file: a.env, environment: {POSTGRES_PASSWORD: hunter2hunter2}}
YML
printf 'POSTGRES_PASSWORD=hunter2hunter2\n' >a.env
printf 'services:\n  a: {image: postgres, env_file: a.env, environment: {POSTGRES_PASSWORD: ""}}\n' >compose.yml
run 0 "$SECRETSCTL" compose rewrite --scope s
out_has "stays a.env:1  a.env_file POSTGRES_PASSWORD: 'compose.yml' sets it as well, to no credential; remove one of the two"
printf 'POSTGRES_PASSWORD=no\n' >b.env
printf 'services:\n  a: {image: postgres, env_file: [b.env, a.env]}\n' >compose.yml
run 0 "$SECRETSCTL" compose rewrite --scope s
out_has "stays a.env:1  a.env_file POSTGRES_PASSWORD: 'b.env' sets it as well, to no credential; remove one of the two"
for first in base over; do
    printf 'services:\n  a: {image: postgres, environment: {POSTGRES_PASSWORD: %s}}\n' \
        "$([ $first = base ] && echo hunter2hunter2 || echo no)" >compose.yml
    printf 'services:\n  a: {environment: [POSTGRES_PASSWORD=%s]}\n' \
        "$([ $first = base ] && echo no || echo hunter2hunter2)" >over.yml
    run 0 "$SECRETSCTL" compose rewrite --scope s -f compose.yml -f over.yml
    if [ $first = base ]; then here=compose.yml there=over.yml; else here=over.yml there=compose.yml; fi
    out_has "stays $here:2  a.POSTGRES_PASSWORD: '$there' sets it as well, to no credential; remove one of the two"
done
# ... but where the variable keeps its name, the last one still wins
printf 'services:\n  a: {image: x, entrypoint: [/a], env_file: a.env, environment: {API_TOKEN: hunter2hunter2}}\n' >compose.yml
printf 'API_TOKEN=\n' >a.env
run 0 "$SECRETSCTL" compose rewrite --scope s --shim "$SC_BUILD/shim/secretsctl-shim"
out_has 'move  compose.yml:2  a.API_TOKEN -> s/api_token, API_TOKEN filled in by the shim from {{secret:api_token}}'
stays 2 'a.command requirepass' 'its value comes from a variable that is not set here; set it and run again' <<'YML'
services:
  a: {image: redis, command: [redis-server, --requirepass, "${REDIS_PASSWORD}"]}
YML
cat >compose.yml <<'YML'
services: {a: {image: nginx, configs: [c]}}
configs:
  c: {content: "password=${NOPE_PASSWORD}"}
YML
run 0 "$SECRETSCTL" compose rewrite --scope s
out_has 'stays compose.yml:3  configs.content password: a value in it comes from a variable that is not set here; set it and run again'

# anchors: a command is looked at wherever it stands, and not changed under another service
shared='another service has this text through an anchor; write it out in each of them'
behind='it stands behind an anchor; write it out in the service first'
stays 2 'a.command requirepass' "$shared" <<'YML'
services:
  a: {image: redis, command: &c [redis-server, --requirepass, hunter2hunter2]}
  b: {image: redis, command: *c}
YML
stays 2 'a.healthcheck PGPASSWORD' "$shared" <<'YML'
services:
  a: {image: postgres, healthcheck: &h {test: [CMD-SHELL, "PGPASSWORD=hunter2hunter2 psql -U x"]}}
  b: {image: postgres, healthcheck: *h}
YML
stays 2 'a.healthcheck PGPASSWORD' "$shared" <<'YML'
services:
  a: {image: postgres, healthcheck: {test: &h [CMD-SHELL, "PGPASSWORD=hunter2hunter2 psql -U x"]}}
  b: {image: postgres, healthcheck: {test: *h}}
YML
stays 2 'a.command requirepass' "$shared" <<'YML'
services:
  a: &a {image: redis, command: [redis-server, --requirepass, hunter2hunter2]}
  b: {<<: *a}
YML
stays 1 'a.command requirepass' "$behind" <<'YML'
x-c: &c [redis-server, --requirepass, hunter2hunter2]
services: {a: {image: redis, command: *c}}
YML
stays 1 'a.command' "$behind" <<'YML'
x-c: &c "sh -c 'psql postgres://u:hunter2hunter2@h/d'"
services: {a: {image: postgres, command: *c}, b: {image: postgres, command: *c}}
YML
stays 1 'a.healthcheck PGPASSWORD' "$behind" <<'YML'
x-h: &h {test: [CMD-SHELL, "PGPASSWORD=hunter2hunter2 psql -U x"]}
services: {a: {image: postgres, healthcheck: *h}, b: {image: postgres, healthcheck: *h}}
YML
stays 2 'command requirepass' 'it stands in a fragment; write the command out in the service that uses it' <<'YML'
x-c: &c
  command: [redis-server, --requirepass, hunter2hunter2]
services: {a: {image: redis, <<: *c}}
YML
# ... but an anchor that nobody uses, or that the others do not take the command from, is no obstacle
cat >compose.yml <<'YML'
services:
  a: &a {image: redis, command: &c [redis-server, --requirepass, hunter2hunter2]}
  b: {<<: *a, command: [redis-server]}
YML
run 0 "$SECRETSCTL" compose rewrite --scope s
out_has 'move  compose.yml:2  a.command requirepass -> s/a_password, --include /run/secrets/a_password.conf'

# a file that two included projects extend, each with a .env of its own
mkdir a b
echo 'include: [a/compose.yml, b/compose.yml]' >compose.yml
printf 'services:\n  base:\n    image: postgres:16\n    environment: {POSTGRES_PASSWORD: "${PW}"}\n' >base.yml
for part in a b; do
    printf 'services:\n  %s: {extends: {file: ../base.yml, service: base}}\n' $part >$part/compose.yml
    echo "PW=hunter2-$part" >$part/.env
done
run 0 "$SECRETSCTL" compose rewrite --scope s
out_has 'stays base.yml:4  base.POSTGRES_PASSWORD: services get different values of its variable; name the variables apart'
err_is 'secretsctl: nothing to move; 1 stay'
