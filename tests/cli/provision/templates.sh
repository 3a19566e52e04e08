# SPDX-License-Identifier: Apache-2.0
# Template entries: the examples, provisioned like any entry, read back by each format's own rules; a rotation of
# what they are made of; run and render with them; and what is wrong with one is told without its text.
. "$SC_SOURCE/tests/support/functions.sh"
requires python3
M=$(mktemp -d /dev/shm/secretsctl-test.XXXXXX)
drop() { rm -rf "$M"; }
on_exit drop
new_vault
hard='p@ss w"o\r/d:&1'
printf '%s' "$hard" | "$SECRETSCTL" add -q shop/db_password
printf '%s' "$hard" | "$SECRETSCTL" add -q shop/redis_password
printf 'tok"en' | "$SECRETSCTL" add -q shop/api_token
printf 'AKIAEXAMPLE' | "$SECRETSCTL" add -q shop/aws_key_id --kind config
printf 'a/b+c==' | "$SECRETSCTL" add -q shop/aws_secret_key
printf '64mb' | "$SECRETSCTL" add -q shop/redis_memory --kind config
for one in nginx.conf redis.conf pgpass aws-credentials application.yml; do
    "$SECRETSCTL" add -q "shop/$one" --kind template --from-file "$SC_SOURCE/examples/templates/$one"
done
run 0 "$SECRETSCTL" write "$M"
cat >read.py <<'END'
import configparser, json, re, sys, urllib.parse
where, hard = sys.argv[1], sys.argv[2]
def text(name): return open(f"{where}/shop/{name}").read()
def quoted(pattern, name): return json.loads(re.search(pattern, text(name), re.M).group(1))
assert quoted(r'Authorization ("Bearer .*");$', "nginx.conf") == 'Bearer tok"en'
assert quoted(r'^requirepass (".*")$', "redis.conf") == hard
assert "maxmemory 64mb\n" in text("redis.conf")
assert text("pgpass").splitlines()[-1] == "db:5432:app:app:" + re.sub(r"([:\\])", r"\\\1", hard)
ini = configparser.ConfigParser(interpolation=None); ini.read_string(text("aws-credentials"))
assert dict(ini["default"]) == {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "a/b+c=="}
assert quoted(r'^    password: (".*")$', "application.yml") == hard
url = quoted(r'^    url: (".*")$', "application.yml")
assert urllib.parse.parse_qs(urllib.parse.urlsplit(url[5:]).query)["password"] == [hard]
assert "{{ .Values.name }}, ${ENV}" in text("application.yml")
END
run 0 python3 read.py "$M" "$hard"
[ "$(stat -Lc %a "$M/shop/redis.conf")" = 400 ] || fail "mode"

# Only what is made of the rotated entry changes.
before=$(stat -Lc %i "$M/shop/nginx.conf")
printf new-password | "$SECRETSCTL" rotate -q shop/redis_password
run 0 "$SECRETSCTL" write "$M"
grep -qx 'requirepass "new-password"' "$M/shop/redis.conf" || fail "the template did not follow"
[ "$(stat -Lc %i "$M/shop/nginx.conf")" = "$before" ] || fail "an equal file was written again"
[ "$(grep -c ^changed "$T/out")" = 2 ] || fail "something else changed"

# Files of run, and masked in what it prints; configs are not.
run 0 "$SECRETSCTL" run --scope shop --only redis.conf -- sh -c 'cat "$REDIS_CONF_FILE"'
out_lacks new-password
run 0 "$SECRETSCTL" render --scope shop "$SC_SOURCE/examples/templates/aws-credentials"
out_has 'aws_secret_access_key = a/b+c=='

# In Compose: configs from the rendered files.
run 0 "$SECRETSCTL" compose config -f "$SC_SOURCE/examples/templates/compose.yml"
out_has '    file: /run/secretsctl/shop/redis.conf'

# Mistakes.
printf 'x {{secret:nope}} hunter2' | run 0 "$SECRETSCTL" add bad/missing --kind template
err_is "secretsctl: added 'bad/missing'
secretsctl: it names 'bad/nope', which is not there yet"
run 4 "$SECRETSCTL" write "$M" --scope bad
err_lacks hunter2
err_has "bad/missing"
"$SECRETSCTL" rm bad/missing >/dev/null 2>&1
# refused as soon as it is stored; what comes with an archive is found when it is written
run 1 "$SECRETSCTL" add bad/broken --kind template --strip-newline <<<$'x\n {{secret:nope|hunter2}}'
err_is "secretsctl: template 'bad/broken': line 2, column 16: the filter is none of url, json, shell, base64, xml, pgpass"
run 4 "$SECRETSCTL" show bad/broken
printf fine | "$SECRETSCTL" add -q bad/whole --kind template
run 1 "$SECRETSCTL" rotate bad/whole <<<'{{secret:}}'
err_has "template 'bad/whole': line 1, column 10: "
"$SECRETSCTL" rm bad/whole >/dev/null 2>&1
broken_template bad/broken 'x {{secret:nope|hunter2}}'
run 1 "$SECRETSCTL" write "$M" --scope bad
err_has "bad/broken"
err_has "line 1, column 17"
err_lacks hunter2
[ ! -e "$M/bad" ] || fail "half of it was written"
"$SECRETSCTL" rm bad/broken >/dev/null 2>&1
# A template in a template would come out with its placeholders: that is no text for anybody.
printf 'x {{secret:shop/pgpass}}' | "$SECRETSCTL" add -q bad/nested --kind template
run 1 "$SECRETSCTL" write "$M" --scope bad
err_is "secretsctl: template 'bad/nested': line 1, column 3: 'shop/pgpass' is a template itself; name the entries that it names"
printf '{{secret:shop/pgpass}}' >takes-one
run 0 "$SECRETSCTL" render takes-one # the command takes it as it is served
out_lacks '{{'

# Only a template is read as one.
for kind in secret config; do
    printf '{{secret:' | run 0 "$SECRETSCTL" add "shop/braces-$kind" --kind "$kind"
    printf '{{nonsense' | run 0 "$SECRETSCTL" rotate "shop/braces-$kind"
    run 0 "$SECRETSCTL" get "shop/braces-$kind"
    out_is '{{nonsense'
done
printf '{{secret:nope}}' | run 0 "$SECRETSCTL" add shop/no-template
err_is "secretsctl: added 'shop/no-template'"
# Of those that are there nothing is said.
printf '{{secret:db_password}}' | run 0 "$SECRETSCTL" add shop/of-one --kind template
err_is "secretsctl: added 'shop/of-one'"
