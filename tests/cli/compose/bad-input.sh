# SPDX-License-Identifier: Apache-2.0
# Every kind of bad input: one message with file, line, column, the path in the model and what to do, soon;
# never a value, and nothing is written. `compose config` and `compose rewrite` say the same.
. "$SC_SOURCE/tests/support/functions.sh"
new_vault
export DOCKER_HOST=unix://$T/none.sock

# refused STATUS FILE MESSAGE: by both commands, within five seconds, and the folder stays as it is
refused() {
    ls -lA --time-style=full-iso >"$T/before"
    run "$1" timeout 60 "$SECRETSCTL" compose config -f "$2"
    err_is "secretsctl: $3"
    run "$1" timeout 60 "$SECRETSCTL" compose rewrite -f "$2" --write
    err_is "secretsctl: ${4:-$3}"
    err_lacks hunter2
    ls -lA --time-style=full-iso >"$T/after"
    cmp "$T/before" "$T/after" || fail "something was written"
}
mkdir project
cd project
printf 'services:\n  app:\n    environment:\n      NODE_ENV: production\n      DB_PASSWORD: hunter2\n\n      - TOKEN=hunter2\n' >mixed.yml
refused 1 mixed.yml "'mixed.yml' line 7, column 7: services.app.environment: a list item ('- ...') inside a mapping; use either 'KEY: value' lines or list items (while parsing a block mapping that begins on line 4)"
printf 'services:\n  web:\n\timage: x\n' >tab.yml
refused 1 tab.yml "'tab.yml' line 3, column 1: services: a tab where indentation or a value is expected; use spaces"
printf 'services:\n  web:\n    image: x\n    environment: {A: hunter2}\n    image: y\n' >twice.yml
refused 1 twice.yml "'twice.yml' line 5, column 5: services.web.image: the same key stands on line 3 already"
printf 'services:\n  a:\n    environment:\n      A: "hunter2\n' >quote.yml
refused 1 quote.yml "'quote.yml' line 5, column 1: services.a.environment: the closing quote is missing (while scanning a quoted scalar that begins on line 4)"

# aliases: unknown, in itself, and multiplying to ten milliards of values
printf 'services:\n  a:\n    image: *nothing\n' >alias.yml
refused 1 alias.yml "'alias.yml' line 3, column 12: services.a.image: an alias without an anchor before it"
printf 'services:\n  a: &a\n    image: x\n    x-y: *a\n' >self.yml
refused 1 self.yml "'self.yml' line 4, column 10: services.a.x-y: an alias inside its own anchor"
{
    echo 'x-a: &a [hunter2]'
    before=a
    for name in b c d e f g h i j k; do
        echo "x-$name: &$name [*$before, *$before, *$before, *$before, *$before, *$before, *$before, *$before, *$before, *$before]"
        before=$name
    done
} >bomb.yml
refused 1 bomb.yml "'bomb.yml' line 8, column 9: x-h: aliases multiply to too many nodes"

# sizes
truncate -s 100M large.yml
refused 1 large.yml "cannot read '$PWD/large.yml': the content is longer than 16777216 bytes"
head -c 50000 /dev/zero | tr '\0' '[' >brackets.yml
refused 1 brackets.yml "'brackets.yml' line 1, column 129: nested too deeply"
head -c 50000 /dev/zero | tr '\0' '{' >braces.yml
refused 1 braces.yml "'braces.yml' line 1, column 129: nested too deeply"

# cycles
printf 'services:\n  a: {image: x, extends: {service: b}}\n  b: {extends: {service: a}}\n' >extends.yml
refused 1 extends.yml "'extends.yml' line 2, column 26: services.a: the service extends itself"
printf 'services:\n  a: {extends: {file: other.yml, service: b}}\n' >far.yml
printf 'services:\n  b: {extends: {file: far.yml, service: a}}\n' >other.yml
refused 1 far.yml "'far.yml' line 2, column 16: services.a: the service extends itself"
printf 'include: [again.yml]\nservices: {a: {image: x}}\n' >include.yml
printf 'include: [include.yml]\n' >again.yml
refused 1 include.yml "'again.yml' line 1, column 11: include[0]: the file includes itself"

# missing files
refused 4 nowhere.yml "cannot open '$PWD/nowhere.yml': No such file or directory" \
    "cannot open 'nowhere.yml': No such file or directory"
printf 'include:\n  - nowhere.yml\n' >noinclude.yml
refused 4 noinclude.yml "'noinclude.yml' line 2, column 5: include[0]: there is no file '$PWD/nowhere.yml'"
printf 'services:\n  a:\n    extends:\n      file: nowhere.yml\n      service: b\n' >noextends.yml
refused 4 noextends.yml "'noextends.yml' line 4, column 7: services.a: there is no file '$PWD/nowhere.yml'"
printf 'services:\n  a:\n    image: x\n    env_file: nowhere.env\n' >noenv.yml
run 4 "$SECRETSCTL" compose config -f noenv.yml
err_is "secretsctl: 'noenv.yml' line 4, column 15: services.a.env_file[0]: there is no such file; 'required: false' would allow that"

# bytes
printf 'services:\n  a:\n    image: "hunter2\xff"\n' >bytes.yml
refused 1 bytes.yml "'bytes.yml' line 3, column 20: not UTF-8 text"
printf '\xef\xbb\xbfservices:\r\n  a:\r\n    image: x\r\n    ports: hunter2\r\n' >dos.yml
refused 1 dos.yml "'dos.yml' line 4, column 12: services.a.ports: must be a list"

# A link out of the project is read as Docker Compose reads it, but never written through.
mkdir inside
printf 'services: {a: {image: postgres, environment: {POSTGRES_PASSWORD: hunter2}}}\n' >outside.yml
ln -s ../outside.yml inside/link.yml
run 0 "$SECRETSCTL" compose config -f inside/link.yml
run 9 "$SECRETSCTL" compose rewrite -f inside/link.yml --write
err_is "secretsctl: 'inside/link.yml' is a symbolic link out of its folder; name the file itself"
grep -q hunter2 outside.yml || fail "it was written through the link"

# The block of the shared documents that mixes both forms.
SHARED=${SC_SHARED:-$SC_SOURCE/../shared}
if [ -d "$SHARED/seeds" ]; then
    python3 "$SC_SOURCE/tests/support/fence.py" "$SHARED"/seeds/003_*.txt 11 >seed.yml
    refused 1 seed.yml "'seed.yml' line 18, column 7: services.app.environment: a list item ('- ...') inside a mapping; use either 'KEY: value' lines or list items (while parsing a block mapping that begins on line 8)"
fi
