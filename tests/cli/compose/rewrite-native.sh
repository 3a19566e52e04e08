# SPDX-License-Identifier: Apache-2.0
# Files in which programs look by themselves: pgpass, rabbitmq's conf.d, redis configuration, as template entries.
. "$SC_SOURCE/tests/support/functions.sh"
M=$(mktemp -d /dev/shm/secretsctl-test.XXXXXX)
remove_memory() { umount -l "$M/run" 2>/dev/null; rm -rf "$M"; }
on_exit remove_memory
export SECRETSCTL_RUN_DIR=$M/run DOCKER_HOST=unix:///nonexistent
new_vault
cat >compose.yml <<'END'
name: shop
services:
  mq:
    image: rabbitmq:3.13
    environment:
      RABBITMQ_DEFAULT_USER: jobs
      RABBITMQ_DEFAULT_PASS: canary-rabbit
  cli:
    image: example/cli
    user: "@USER@"
    environment:
      - PGPASSWORD=canary-pg
  unknown:
    image: example/cli
    environment:
      PGPASSWORD: canary-pg
  checked:
    image: example/cli
    user: root
    environment:
      PGPASSWORD: canary-pg
    healthcheck: {test: "PGPASSWORD=$$PGPASSWORD psql -c 'SELECT 1'"}
  escaped:
    image: example/cli
    user: root
    environment:
      PGPASSWORD: 'canary:p\g\'
  newline:
    image: example/cli
    user: root
    environment:
      PGPASSWORD: "canary\npg"
  cache:
    image: redis:7
    command: redis-server --requirepass 'canary "quoted" \one'
  backup:
    image: restic/restic:0.17
    environment:
      AWS_ACCESS_KEY_ID: AKIACANARYKEY1234567
      AWS_SECRET_ACCESS_KEY: canarySecret/key+value/0123456789abcdefg
      RESTIC_REPOSITORY: s3:https://s3.example.com/b
  logs:
    image: fluent/fluent-bit:3.1
    environment:
      - AWS_ACCESS_KEY_ID=AKIACANARYKEY1234567
      - AWS_SECRET_ACCESS_KEY=canarySecret/key+value/0123456789abcdefg
      - AWS_SESSION_TOKEN=canaryToken/0123456789abcdef
  profile:
    image: amazon/aws-cli
    environment:
      AWS_PROFILE: other
      AWS_ACCESS_KEY_ID: AKIAVISIBLEKEY123456
      AWS_SECRET_ACCESS_KEY: canarySecret/key+value/0123456789abcdefg
  half:
    image: amazon/aws-cli
    environment:
      AWS_SECRET_ACCESS_KEY: canarySecret/key+value/0123456789abcdefg
  sdk:
    image: example/sdk
    environment:
      AWS_ACCESS_KEY_ID: AKIAVISIBLEKEY123456
      AWS_SECRET_ACCESS_KEY: canarySecret/key+value/0123456789abcdefg
END
sed -i "s/@USER@/$(id -u):$(id -g)/" compose.yml
cp compose.yml before.yml
run 0 "$SECRETSCTL" compose rewrite --write
out_lacks canary
out_has "move  compose.yml:7  mq.RABBITMQ_DEFAULT_PASS -> shop/rabbitmq_default_pass, (file /etc/rabbitmq/conf.d/90-default-pass.conf)"
out_has "move  compose.yml:39  backup.AWS_ACCESS_KEY_ID -> shop/aws_access_key_id, (in /run/secrets/aws_credentials)"
out_has "move  compose.yml:40  backup.AWS_SECRET_ACCESS_KEY -> shop/aws_secret_access_key, AWS_SHARED_CREDENTIALS_FILE=/run/secrets/aws_credentials"
out_has "move  compose.yml:47  logs.AWS_SESSION_TOKEN -> shop/aws_session_token, (in /run/secrets/logs_aws_credentials)"
out_has "stays compose.yml:53  profile.AWS_SECRET_ACCESS_KEY: AWS_PROFILE chooses another section of the file; write the file by hand"
out_has "stays compose.yml:57  half.AWS_SECRET_ACCESS_KEY: AWS_ACCESS_KEY_ID, which belongs to it, does not stand beside it or cannot follow"
out_has "stays compose.yml:62  sdk.AWS_SECRET_ACCESS_KEY: takes it from a configuration of its own: AWS_SHARED_CREDENTIALS_FILE"
[ "$(grep -c AWS_ACCESS_KEY_ID compose.yml)" = 2 ] || fail "a key id without its secret"
out_has "move  compose.yml:12  cli.PGPASSWORD -> shop/pgpassword, PGPASSFILE=/run/secrets/pgpass"
out_has "stays compose.yml:16  unknown.PGPASSWORD: takes it from a configuration of its own: PGPASSFILE"
out_has "stays compose.yml:21  checked.PGPASSWORD: a health check or command uses the variable; let it read the file first"
out_has "move  compose.yml:27  escaped.PGPASSWORD -> shop/escaped_pgpassword, PGPASSFILE=/run/secrets/escaped_pgpass"
out_has "stays compose.yml:32  newline.PGPASSWORD: takes it from a configuration of its own: PGPASSFILE"
grep -q RABBITMQ_DEFAULT_USER compose.yml || fail "the user is no secret"
! grep -q RABBITMQ_DEFAULT_PASS compose.yml || fail "the variable is still there"
grep -qxF '        target: /etc/rabbitmq/conf.d/90-default-pass.conf' compose.yml || fail "the target"
[ "$("$SECRETSCTL" get shop/pgpass)" = '*:*:*:*:{{secret:pgpassword|pgpass}}' ] || fail "the template"
run 0 "$SECRETSCTL" provision "$M/run"
rendered() { [ "$(cat "$M/run/shop/$1")" = "$2" ] || fail "$1 is: $(cat "$M/run/shop/$1")"; }
rendered rabbitmq.conf 'default_pass = canary-rabbit'
rendered pgpass '*:*:*:*:canary-pg'
rendered escaped_pgpass '*:*:*:*:canary\:p\\g\\'
rendered aws_credentials "[default]
aws_access_key_id = AKIACANARYKEY1234567
aws_secret_access_key = canarySecret/key+value/0123456789abcdefg"
rendered logs_aws_credentials "[default]
aws_access_key_id = AKIACANARYKEY1234567
aws_secret_access_key = canarySecret/key+value/0123456789abcdefg
aws_session_token = canaryToken/0123456789abcdef"
[ "$(stat -Lc '%a %u' "$M/run/shop/pgpass")" = "400 $(id -u)" ] || fail "libpq would ignore the file"
[ "$(stat -Lc %a "$M/run/shop/rabbitmq.conf")" = 444 ] || fail "the server cannot read its file"
[ "$(stat -Lc %a "$M/run/shop/pgpassword")" = 400 ] || fail "what only a template needs is not open"
run 0 "$SECRETSCTL" compose rewrite
err_is "secretsctl: nothing to move; 6 stay
secretsctl: 3 of these stay since their images are not here: docker compose pull, or --image, then run this again"

# what libpq sends of it
if command -v psql >/dev/null; then
    PGPASSFILE=$M/run/shop/escaped_pgpass python3 - "$T" >sent <<'END'
import socket, subprocess, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1] + "/.s.PGSQL.5432")
server.listen()
client = subprocess.Popen(["psql", "-w", "-h", sys.argv[1], "-p", "5432", "-U", "app", "app"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
peer = server.accept()[0].makefile("rwb")
peer.read(int.from_bytes(peer.read(4), "big") - 4)
peer.write(b"R\0\0\0\x08\0\0\0\x03")  # asks for the password as it is
peer.flush()
assert peer.read(1) == b"p"
print(peer.read(int.from_bytes(peer.read(4), "big") - 4).rstrip(b"\0").decode())
peer.close()
client.wait()
END
    [ "$(cat sent)" = 'canary:p\g\' ] || fail "libpq sent: $(cat sent)"
fi

# the server itself reads the rendered file
if command -v redis-server >/dev/null; then
    conf=$(ls "$M"/run/shop/*password.conf)
    redis-server --include "$conf" --port 0 --unixsocket "$T/redis.sock" --save "" --dir "$T" >redis.log 2>&1 &
    server=$!
    stop_server() { kill $server; wait $server; }
    on_exit stop_server
    until_true 10 test -S redis.sock || { cat redis.log; fail "no server"; }
    [ "$(redis-cli -s redis.sock ping)" = "NOAUTH Authentication required." ] || { cat redis.log; fail "no password is asked for"; }
    [ "$(REDISCLI_AUTH='canary "quoted" \one' redis-cli -s redis.sock ping)" = PONG ] || fail "another password"
fi
run 0 "$SECRETSCTL" compose restore
cmp compose.yml before.yml

# a variable that goes as the last entry of braces, which are given another one
mkdir -p braces
cd braces
echo 'services: {mq: {image: "rabbitmq:3", environment: {RABBITMQ_DEFAULT_PASS: canary-braces}}}' >compose.yml
run 0 "$SECRETSCTL" compose rewrite --scope braces --no-shim
out_has '+services: {mq: {image: "rabbitmq:3", secrets: [{source: rabbitmq.conf, target: /etc/rabbitmq/conf.d/90-default-pass.conf}]}}'
# what the server's format has no way to write stays
echo 'services: {mq: {image: "rabbitmq:3", environment: {RABBITMQ_DEFAULT_PASS: "canary-größe"}}}' >compose.yml
run 0 "$SECRETSCTL" compose rewrite --scope braces --no-shim
out_lacks canary
out_is "stays compose.yml:1  mq.RABBITMQ_DEFAULT_PASS: takes it from a configuration of its own: default_pass in a mounted /etc/rabbitmq/conf.d/*.conf, or definitions.json with load_definitions; the shim cannot help: it was ruled out with --no-shim"
cd ..
