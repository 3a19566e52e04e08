#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stand-in for the official RabbitMQ image: RABBITMQ_DEFAULT_USER and _PASS from the environment only; a
# RABBITMQ_DEFAULT_PASS_FILE ends it, as in 3.9 and later.
set -eu
if [ -n "${RABBITMQ_DEFAULT_PASS_FILE:-}" ]; then
    echo "error: RABBITMQ_DEFAULT_PASS_FILE is set but deprecated" >&2
    exit 1
fi
export HOME=/var/lib/rabbitmq RABBITMQ_LOGS=- RABBITMQ_NODENAME=rabbit@localhost
exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups -- "$@"
