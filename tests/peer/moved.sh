# SPDX-License-Identifier: Apache-2.0
# After a rewrite the real Docker Compose shows none of the old values, or the plan says why: for every
# Compose block of the shared documents, and for the examples.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/peer.sh"

moved() { python3 "$SC_SOURCE/tests/peer/moved.py" "$SECRETSCTL" "$peer" "$SC_BUILD/shim/secretsctl-shim" "$@"; }
moved "$SC_SOURCE"/examples/*/before
needs_shared
moved "$SHARED"/seeds/*.txt
