# SPDX-License-Identifier: Apache-2.0
# One stack, two environments: the override's own password is another secret, and each environment has its own.
. "$SC_SOURCE/tests/examples/lib.sh"
start_example environments 2 compose.yml compose.prod.yml
accepts_only db_mysql_root_password db mysql root
login 1 mysql_root_password db mysql root
finish_example prod-battery-staple dev-only
