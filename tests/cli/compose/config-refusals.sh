# SPDX-License-Identifier: Apache-2.0
# Bad input: one line with file, line, column and path, the status of the contract, never a value.
. "$SC_SOURCE/tests/support/functions.sh"
run 2 "$SECRETSCTL" compose config --json --format yaml
err_is "secretsctl: --json and --format yaml exclude each other"

run 4 "$SECRETSCTL" compose config
err_is "secretsctl: there is no Compose file here or above; name one with -f"

run 4 "$SECRETSCTL" compose config -f none.yml
err_is "secretsctl: cannot open '$T/none.yml': No such file or directory"

mkdir folder.yml
run 1 "$SECRETSCTL" compose config -f folder.yml

printf 'services:\n  a:\n    image: x\n    environment:\n      A: hunter2\n      - B=hunter2\n' >mixed.yml
run 1 "$SECRETSCTL" compose config -f mixed.yml
err_has "'mixed.yml' line 6, column 7:"
err_lacks hunter2

printf 'services:\n  a: {image: x, ports: hunter2}\n' >type.yml
run 1 "$SECRETSCTL" compose config -f type.yml
err_is "secretsctl: 'type.yml' line 2, column 24: services.a.ports: must be a list"

printf 'services:\n  a: {image: x, environment: {A: "${B:?hunter2}"}}\n' >required.yml
run 1 "$SECRETSCTL" compose config -f required.yml
err_has "services.a.environment.A: required variable 'B' is not set"
err_lacks hunter2

printf 'services: {a: {image: x}}\n' >ok.yml
printf 'A=1\nPASSWORD="hunter2\n' >bad.env
run 1 "$SECRETSCTL" compose config -f ok.yml --env-file bad.env
err_is "secretsctl: 'bad.env' line 2, column 10: a quoted value without its closing quote"
run 4 "$SECRETSCTL" compose config -f ok.yml --env-file none.env
err_is "secretsctl: there is no env file 'none.env'"

printf 'services: {a: {image: "\xff\xfe"}}\n' >bytes.yml
run 1 "$SECRETSCTL" compose config -f bytes.yml

head -c 50000 /dev/zero | tr '\0' '[' >brackets.yml
run 1 timeout 60 "$SECRETSCTL" compose config -f brackets.yml
truncate -s 100M large.yml
run 1 timeout 60 "$SECRETSCTL" compose config -f large.yml

printf 'services:\n  a: {image: x, enviroment: {A: 1}}\n' >typo.yml
run 1 "$SECRETSCTL" compose config -f typo.yml
err_has "there is no such attribute; did you mean 'environment'?"
run 0 "$SECRETSCTL" compose config --tolerant -f typo.yml
err_has "there is no such attribute"

run 2 "$SECRETSCTL" compose config --format toml -f ok.yml
run 2 "$SECRETSCTL" compose config -p 'Bad Name' -f ok.yml
