# SPDX-License-Identifier: Apache-2.0
# A rewrite works on the files that Docker Compose takes for the project, and calls the scope as it calls the project:
# from COMPOSE_FILE and COMPOSE_PROJECT_NAME of the environment or of .env, overrides, folders above, and their names.
. "$SC_SOURCE/tests/support/functions.sh"
new_vault
mkdir -p "My Shop.v2/sub"
cd "My Shop.v2"
service() { printf 'services:\n  %s:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: %s-4711-password\n' "$1" "$1"; }
service base >compose.yml
service over >compose.override.yml
service last >compose.override.yaml
service other >other.yml
moves() { "$SECRETSCTL" compose rewrite "$@" 2>"$T/err" | sed -n 's/^move  \([^:]*\):.* -> \([^/]*\)\/.*/\1 \2/p' | tr '\n' ' '; }
is() { [ "$2" = "$1" ] || fail "expected '$1', got '$2': $(cat "$T/err")"; }

is "compose.yml myshopv2 compose.override.yml myshopv2 " "$(moves)"
is "../compose.yml myshopv2 ../compose.override.yml myshopv2 " "$(cd sub && moves)"
is "other.yml myshopv2 " "$(moves -f other.yml)"
is "other.yml myshopv2 " "$(COMPOSE_FILE=other.yml moves)"
is "other.yml some " "$(COMPOSE_FILE=other.yml COMPOSE_PROJECT_NAME=some moves)"
is "compose.yml mine compose.override.yml mine " "$(moves --scope mine)"
printf 'COMPOSE_FILE=compose.yml:other.yml\nCOMPOSE_PROJECT_NAME=fromenv\n' >.env
is "compose.yml fromenv other.yml fromenv " "$(moves)"
is "other.yml fromenv " "$(moves -f other.yml)"
[ "$("$SECRETSCTL" compose config | head -n 1)" = "name: fromenv" ] || fail "config calls it otherwise"

# and back, from a folder below
cp compose.yml "$T/before"
(cd sub && run 0 "$SECRETSCTL" compose rewrite --write)
cmp -s compose.yml "$T/before" && fail "nothing was written"
(cd sub && run 0 "$SECRETSCTL" compose restore)
cmp compose.yml "$T/before" || fail "not as before"

run 4 env COMPOSE_FILE=none.yml "$SECRETSCTL" compose rewrite
err_is "secretsctl: COMPOSE_FILE names 'none.yml', which is not a file"
