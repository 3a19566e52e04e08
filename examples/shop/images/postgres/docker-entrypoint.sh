#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stand-in for the official PostgreSQL image, from Debian's packages, with the same interface as far
# as the shop needs it: POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE (not both), _USER, _DB.
set -eu

if [ -n "${POSTGRES_PASSWORD:-}" ] && [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
    echo "error: both POSTGRES_PASSWORD and POSTGRES_PASSWORD_FILE are set (but are exclusive)" >&2
    exit 1
fi
if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
    POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    [ -n "${POSTGRES_PASSWORD:-}" ] || { echo "error: no superuser password" >&2; exit 1; }
    mkdir -p "$PGDATA"
    chown postgres: "$PGDATA"
    chmod 700 "$PGDATA"
    # initdb runs as postgres and wants a file; this one never reaches a disk.
    install -o postgres -m 0600 /dev/null /dev/shm/initdb
    printf '%s\n' "$POSTGRES_PASSWORD" >/dev/shm/initdb
    runuser -u postgres -- initdb --username="${POSTGRES_USER:-postgres}" --pwfile=/dev/shm/initdb \
        --auth-host=scram-sha-256 --auth-local=trust >/dev/null
    rm /dev/shm/initdb
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    runuser -u postgres -- pg_ctl --silent --wait start -o "-c listen_addresses=''" >/dev/null
    runuser -u postgres -- createdb --username="${POSTGRES_USER:-postgres}" "${POSTGRES_DB:-postgres}" || true
    runuser -u postgres -- pg_ctl --silent --wait stop
fi

unset POSTGRES_PASSWORD POSTGRES_PASSWORD_FILE
exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$@" -c "listen_addresses=*"
