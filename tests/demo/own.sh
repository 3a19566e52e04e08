# SPDX-License-Identifier: Apache-2.0
# Sourced by the tests that run scripts/demo: a place and a name of the test's own, so that neither a demo that
# somebody keeps running nor what a killed one left behind counts as this one's.
# shellcheck shell=bash
. "$SC_SOURCE/tests/support/mount.sh"
export TMPDIR=$T SC_DEMO_NAME=secretsctl-test-$$

# nothing_left: no file, no mount and no container of the demo that ran.
nothing_left() {
    [ -z "$(find "$T" -maxdepth 1 -name 'secretsctl-demo.*')" ] || fail "files are left"
    nothing_mounted_below "$T" || fail "a mount is left"
    [ ! -e "/run/$SC_DEMO_NAME" ] || fail "the place of the values is left"
    [ -z "$(docker ps -aq --filter "name=$SC_DEMO_NAME" 2>/dev/null)" ] || fail "containers are left"
}
