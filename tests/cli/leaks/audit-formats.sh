# SPDX-License-Identifier: Apache-2.0
# SARIF, JUnit, annotations and HTML: well-formed, escaped, and without a value.
. "$SC_SOURCE/tests/support/functions.sh"
requires python3

mkdir 'a,b: <i>'
cat >'a,b: <i>/compose.yml' <<'YAML'
services:
  "db<b>&":
    image: postgres
    environment:
      POSTGRES_PASSWORD: hunter2hunter2
  api:
    environment:
      DATABASE_URL: postgres://u:hunter2hunter2@db/x
YAML
printf 'services:\n  a:\n  - b\n c: d\n' >broken.yml

run 3 "$SECRETSCTL" audit --format sarif .
out_lacks hunter2
python3 "$SC_SOURCE/tests/audit/sarif_check.py" "$T/out"
jq -e '.runs[0].results | length == 2' out >/dev/null
jq -e '.runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri == "a,b%3A%20%3Ci%3E/compose.yml"' out >/dev/null ||
    fail "the path is not a URI: $(cat out)"
jq -e '.runs[0].invocations[0].executionSuccessful == false' out >/dev/null

run 3 "$SECRETSCTL" audit --format junit .
out_lacks hunter2
python3 - "$T/out" <<'PY'
import sys, xml.etree.ElementTree as tree
suite = tree.parse(sys.argv[1]).getroot()[0]
assert suite.get("failures") == "2" and suite.get("errors") == "1", suite.attrib
assert len(suite.findall("testcase/failure")) == 2 and len(suite.findall("testcase/error")) == 1
PY

run 3 "$SECRETSCTL" audit --format github .
out_lacks hunter2
out_has "::error file=a%2Cb%3A <i>/compose.yml,line=5,endLine=5,col=26,endColumn=40,title=compose-env-literal::POSTGRES_PASSWORD h*****: use POSTGRES_PASSWORD_FILE with a secret"
[ "$(grep -c '^::' out)" = 3 ] || fail "not one command a finding"

# Two on one line: the excerpt of one shows nothing of the other.
printf 'services: {db: {image: postgres, environment: {POSTGRES_PASSWORD: first-hunter2, PGPASSWORD: other-hunter2}}}\n' >line.yml
for format in junit html; do
    run 3 "$SECRETSCTL" audit --format $format line.yml
    out_lacks hunter2
    out_has 'POSTGRES_PASSWORD: f*****, PGPASSWORD: o*****'
done

run 3 "$SECRETSCTL" audit --format html .
out_lacks hunter2
out_lacks '<b>&"'
out_has 'Which secret goes to which service'
out_has 'db&lt;b&gt;&amp; in a,b: &lt;i&gt;/compose.yml'
out_has 'prefers-color-scheme:dark'
! grep -qE 'src=|href=|<script|url\(' out || fail "the page loads something"
