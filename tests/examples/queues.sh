# SPDX-License-Identifier: Apache-2.0
# A worker between RabbitMQ and Redis: passwords in addresses, and a broker that reads the environment only.
. "$SC_SOURCE/tests/examples/lib.sh"
start_example queues 3 compose.yml
accepts_only rabbitmq_default_pass mq amqp jobs
accepts_only redis_password cache redis ''
logs_say worker "the worker is logged in to both"
finish_example p%40ss-word cache-pass p@ss-word
