# SPDX-License-Identifier: Apache-2.0
# Grafana, an exporter and its database: a default, a quoted item, a flow mapping, and a file that was a secret before.
. "$SC_SOURCE/tests/examples/lib.sh"
start_example monitoring 3 compose.yml
PORT=:3000 accepts_only gf_security_admin_password grafana http admin
accepts_only data_source_pass db postgres metrics postgres
answers exporter 9187 "pg_up 1"
[ "$(moved smtp_password)" = smtp-pass ] || fail "the file's value is not in the vault"
finish_example let-me-in metrics-pass
