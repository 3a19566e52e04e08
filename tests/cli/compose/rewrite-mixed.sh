# SPDX-License-Identifier: Apache-2.0
# Texts that mix syntaxes (options, pairs, URLs, connection strings, JSON): every credential in one is found, at once; none is left behind in silence.
. "$SC_SOURCE/tests/support/functions.sh"
export SECRETSCTL_RUN_DIR=/run/secretsctl DOCKER_HOST=unix:///nonexistent
new_vault
shim=/usr/local/libexec/secretsctl/secretsctl-shim
has() { grep -qxF -- "$1" compose.yml || { cat compose.yml; fail "not there: $1"; }; }

cat >compose.yml <<'END'
name: mix
services:
  app:
    image: example/app
    entrypoint: [/app]
    command: [serve]
    environment:
      PAIRS: a= passwd=canary-a1 redis://:canary-a2@h
      OPTIONS: --redis redis://:canary-b1@h --password canary-b2
      EQUALS: --password=canary-c1 --redis=redis://:canary-c2@h
      JDBC: jdbc:mysql://db/app?user=a&password=canary-d1 redis://:canary-d2@h
      COMMAS: USER=a,PASSWORD=canary-e1,URL=redis://:canary-e2@h
      BLANKS: DB_PASSWORD=canary-f1 REDIS_URL=redis://:canary-f2@h
      SEMICOLONS: Server=db;User=sa;Password=canary-g1;Redis=redis://:canary-g2@h
      TWO: host=db user=app password=canary-h1 sslpassword=canary-h2
      BARS: h:6379,password=canary-i1,ssl=True|amqp://u:canary-i2@mq
      TCP: u:canary-j1@tcp(db:3306)/app redis://:canary-j2@h
      BEHIND: redis://:canary-k1@h/{"password":"canary-k2"}
      ODD: '{d":r= passwd=canary-l1 redis://:canary-l2@h'
      REDIS_ARGS: --requirepass canary-m1
      AGAIN: a= passwd=canary-n1 redis://:{{secret:there}}@h
      VARIABLE: $DB_PASSWORD/{"pw":"canary-o1"}
      NONE: --password-file /run/x --verbose PASSWORD_MIN_LENGTH=12 A=b
END
echo DB_PASSWORD=canary-o2 >.env

# audit finds the same ones, in an env file too
sed -n 's/^      \([A-Z_]*\): /\1=/p' compose.yml >audit.env
run 3 "$SECRETSCTL" audit audit.env
out_lacks canary
[ "$(wc -l <out)" = 26 ] || fail "in an env file" # a variable is the right way there
run 3 "$SECRETSCTL" audit compose.yml
[ "$(wc -l <out)" = 27 ] || fail "in a Compose file"
run 0 "$SECRETSCTL" compose rewrite --shim $shim --write
out_lacks canary
out_lacks "stays "
! grep -n "canary-" compose.yml .env || fail "a value is left"
has '      PAIRS: a= passwd={{secret:pairs_password}} redis://:{{secret:app_pairs_password|url}}@h'
has "      OPTIONS: '--redis redis://:{{secret:options_password|url}}@h --password {{secret:app_options_password}}'"
has '      NONE: --password-file /run/x --verbose PASSWORD_MIN_LENGTH=12 A=b'
"$SECRETSCTL" list --json | jq -r '.[].name' >names
while read -r name; do
    "$SECRETSCTL" get "$name"
    echo
done <names | sort >values
printf 'canary-%s\n' a1 a2 b1 b2 c1 c2 d1 d2 e1 e2 f1 f2 g1 g2 h1 h2 i1 i2 j1 j2 k1 k2 l1 l2 m1 n1 o1 o2 >wanted
cmp values wanted || { diff values wanted; fail "not all of them are entries"; }
cp compose.yml once.yml
run 0 "$SECRETSCTL" compose rewrite --shim $shim --write
cmp compose.yml once.yml || fail "a second run changes it"

# What is left would show another credential: a variable moves as a whole then, like the content of
# a config does; nothing stays for it, and no value is shown.
rm .env
cat >app.env <<'END'
LINE={"u": redis://:canary-p1@h password: "canary-p2", "x": 1}
END
cat >compose.yml <<'END'
name: odd
services:
  app:
    image: example/app
    entrypoint: [/app]
    command: [serve]
    env_file: app.env
    environment:
      ODD: '{"u": redis://:canary-q1@h password: "canary-q2", "x": 1}'
      GOOD_PASSWORD: canary-q3
configs:
  odd:
    content: '{"u": redis://:canary-r1@h password: "canary-r2", "x": 1}'
END
run 0 "$SECRETSCTL" compose rewrite --shim $shim --write
out_lacks canary
out_lacks "stays "
out_has "all of it is one entry, since its credentials cannot be told apart"
has "      ODD: '{{secret:app_odd}}'"
has "      GOOD_PASSWORD: '{{secret:good_password}}'"
grep -qxF 'LINE={{secret:line}}' app.env || { cat app.env; fail "the env file"; }
[ "$("$SECRETSCTL" get odd/app_odd)" = '{"u": redis://:canary-q1@h password: "canary-q2", "x": 1}' ] || fail "the whole text"
cp compose.yml once.yml
run 0 "$SECRETSCTL" compose rewrite --shim $shim --write
cmp compose.yml once.yml || fail "a second run changes it"

# a value that moves is shown nowhere, also where it looks like prose
printf 'DB_PASSWORD=canary of so many words it is prose\nAPI_TOKEN=canary-0123456789abcdef\n' | tee app.env >.env
cat >compose.yml <<'END'
name: prose
services:
  app:
    image: example/app
    entrypoint: [/app]
    command: [serve]
    env_file: app.env
  db:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: "${DB_PASSWORD}"}
END
run 0 "$SECRETSCTL" compose rewrite --shim $shim
out_has "+API_TOKEN={{secret:api_token}}"
out_lacks canary
