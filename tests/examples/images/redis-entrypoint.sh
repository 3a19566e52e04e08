#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stand-in for bitnami/redis, which takes its password from REDIS_PASSWORD or REDIS_PASSWORD_FILE as user 1001.
set -eu
if [ -n "${REDIS_PASSWORD_FILE:-}" ]; then
    REDIS_PASSWORD=$(cat "$REDIS_PASSWORD_FILE")
fi
[ -n "${REDIS_PASSWORD:-}" ] || { echo "error: no password, and ALLOW_EMPTY_PASSWORD is not set" >&2; exit 1; }
umask 077
printf 'requirepass "%s"\nsave ""\nbind 0.0.0.0\ndir /tmp\n' "$REDIS_PASSWORD" >/tmp/redis.conf
unset REDIS_PASSWORD REDIS_PASSWORD_FILE
exec redis-server /tmp/redis.conf
