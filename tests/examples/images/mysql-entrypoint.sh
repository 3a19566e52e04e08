#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Stand-in for the official MariaDB and MySQL images, from Debian's MariaDB, with their interface as far as
# the examples need it: MARIADB_ or MYSQL_ROOT_PASSWORD, _PASSWORD, _USER, _DATABASE, each or its _FILE.
set -eu
: "${DATADIR:=/var/lib/mysql}"

file_env() { # file_env NAME: the variable, or the content of the file that NAME_FILE names; not both
    local name=$1 file=$1_FILE
    if [ -n "${!name:-}" ] && [ -n "${!file:-}" ]; then
        echo "error: both $name and $file are set (but are exclusive)" >&2
        exit 1
    fi
    if [ -n "${!file:-}" ]; then
        printf -v "$name" %s "$(<"${!file}")"
        unset "$file"
    fi
}
for name in ROOT_PASSWORD PASSWORD USER DATABASE; do
    file_env "MYSQL_$name"
    file_env "MARIADB_$name"
    maria=MARIADB_$name mysql=MYSQL_$name
    printf -v "value_$name" %s "${!maria:-${!mysql:-}}"
done
# shellcheck disable=SC2154 # set by name above
[ -n "$value_ROOT_PASSWORD" ] || { echo "error: no root password" >&2; exit 1; }

quoted() { printf "'%s'" "$(printf %s "$1" | sed "s/[\\\\']/\\\\&/g")"; }
if [ ! -d "$DATADIR/mysql" ]; then
    install -d -o mysql -g mysql "$DATADIR" /run/mysqld
    mariadb-install-db --user=mysql --datadir="$DATADIR" --skip-test-db --auth-root-authentication-method=normal >/dev/null
    {
        echo "FLUSH PRIVILEGES;"
        [ -z "$value_DATABASE" ] || echo "CREATE DATABASE \`$value_DATABASE\`;"
        [ -z "$value_USER" ] || echo "CREATE USER '$value_USER'@'%' IDENTIFIED BY $(quoted "$value_PASSWORD");
GRANT ALL ON \`$value_DATABASE\`.* TO '$value_USER'@'%';"
        echo "CREATE USER 'root'@'%' IDENTIFIED BY $(quoted "$value_ROOT_PASSWORD");
GRANT ALL ON *.* TO 'root'@'%';
ALTER USER 'root'@'localhost' IDENTIFIED BY $(quoted "$value_ROOT_PASSWORD");"
    } | mariadbd --user=mysql --datadir="$DATADIR" --bootstrap --skip-networking >/dev/null
fi
install -d -o mysql -g mysql /run/mysqld
for name in ROOT_PASSWORD PASSWORD; do unset "MYSQL_$name" "MARIADB_$name" "value_$name"; done
exec mariadbd --user=mysql --datadir="$DATADIR" --bind-address=0.0.0.0 "$@"
