# SPDX-License-Identifier: Apache-2.0
# Configuration files, manifests and pipelines: what only looks like a credential, and what stands where nobody looks.
. "$SC_SOURCE/tests/support/functions.sh"

# findings COMMAND...: "line rule key" of each finding
findings() {
    run "$@"
    cut -f 2,5,8 out | tr '\t' ' ' >got
}

# A schema describes members; one line may hold several; a list holds the value itself.
cat >schema.json <<'EOT'
{
  "secrets": {
    "type": "object", "api_key": [
      "x"
    ]
  },
  "auth": {"password": "one-line-pw", "user": "x"},
  "password": null, "token": true, "passphrase": 12345, "x": 1,
  "db": {"password": null}, "list": {"token": []},
  "tokens": ["first-token-1", "second"],
  "rootpw": "{SSHA}abcdefgh"
}
EOT
findings 3 "$SECRETSCTL" audit schema.json
diff - got <<'EOT' || fail "the findings of JSON differ"
7 config-literal password
8 config-literal passphrase
10 config-literal tokens
10 config-literal tokens
11 config-literal rootpw
EOT

cat >slapd.conf <<'EOT'
rootpw = {SSHA}abcdefgh1234
secret = [
  "x"
]
token = { file = "/x" }
default_keyfile = privkey.pem
api_key = client.key
secret = $insta::secret
password = {cleartext}pw1
EOT
printf 'passwd:         files\npasswd: files systemd\n' >nsswitch.conf
findings 3 "$SECRETSCTL" audit slapd.conf nsswitch.conf
diff - got <<'EOT' || fail "the findings of configuration differ"
1 config-literal rootpw
9 config-literal password
EOT

# Directives of nginx: a block may stand on one line.
cat >nginx.conf <<'EOT'
location /a { proxy_set_header Authorization "Bearer tok-Nginx-77aa19bbQ2"; proxy_pass http://web:8000; }
location /b { proxy_pass http://b; proxy_set_header X-Api-Key zQ7tYx01LmPq88RbWc; }
server { location /c { fastcgi_param DB_PASSWORD "pa{ss;w1"; } }
proxy_set_header Authorization "Basic YWRtaW46aHVudGVyMnNlY3JldA==";
location /d { proxy_set_header Authorization $http_authorization; proxy_set_header X-Api-Key ""; }
if ($x = y) { proxy_set_header Authorization "Bearer 9f8e7d6c5b4a39281706aa55bb44cc33"; }
proxy_set_header Cookie "a={b; proxy_set_header X-Api-Key 1";
EOT
findings 3 "$SECRETSCTL" audit nginx.conf
diff - got <<'EOT' || fail "the findings of nginx differ"
1 config-literal Authorization
2 config-literal X-Api-Key
3 config-literal DB_PASSWORD
4 config-literal Authorization
6 config-literal Authorization
EOT

# A byte order mark is no part of the first name.
printf '\357\273\277DB_PASSWORD=bompw\r\nA=b\r\n' >bom.env
printf '\357\273\277[x]\npassword = bompw\n' >bom.ini
findings 3 "$SECRETSCTL" audit bom.env bom.ini
diff - got <<'EOT' || fail "a byte order mark hides a finding"
1 dotenv-literal DB_PASSWORD
2 config-literal password
EOT

# UTF-16, as PowerShell's `>` writes it; a character beyond 16 bits, and halves of one.
printf '\377\376' >wide.env
printf 'A=\360\237\230\200\r\nDB_PASSWORD=widepw\r\n' | iconv -f UTF-8 -t UTF-16LE >>wide.env
printf '\330\000\r\000\n\000' >>wide.env
printf '\376\377' >wide.yaml
printf 'services:\n  a:\n    environment:\n      DB_PASSWORD: widepw\n' | iconv -f UTF-8 -t UTF-16BE >>wide.yaml
printf '\377\376' >empty.env
findings 3 "$SECRETSCTL" audit wide.env wide.yaml empty.env
diff - got <<'EOT' || fail "UTF-16 hides a finding"
2 dotenv-literal DB_PASSWORD
4 compose-env-literal DB_PASSWORD
EOT

# Without the mark: what begins like UTF-16 must be text at both ends.
printf 'A=\360\237\230\200\nDB_PASSWORD=barepw\n' | iconv -f UTF-8 -t UTF-16LE >bare.env
printf 'A=b\nDB_PASSWORD=barepw\n' | iconv -f UTF-8 -t UTF-16BE >bare-be.env
seq 500 | sed 's/.*/# a comment of some length, to pass over what is looked at/' | iconv -f UTF-8 -t UTF-16LE >long.env
printf 'DB_PASSWORD=barepw\n' | iconv -f UTF-8 -t UTF-16LE >>long.env
findings 3 "$SECRETSCTL" audit bare.env bare-be.env long.env
diff - got <<'EOT' || fail "UTF-16 without a mark hides a finding"
2 dotenv-literal DB_PASSWORD
2 dotenv-literal DB_PASSWORD
501 dotenv-literal DB_PASSWORD
EOT
# A binary that begins like that is read as the bytes it has; half a character does no harm.
{
    printf 'a\0b\0c\0d\0\0\0\1\0https://u:tail%s@host/\n' pw1
    head -c 9000 /dev/zero
} >strings.bin
{
    printf 'a\0b\0c\0d\0e\0f\0https://u:tail%s@host/\n' pw2
    head -c 5000 /dev/zero
} >mixed.bin
printf 'a\0b\0\0\330' >half.env
printf 'a\0b' >odd.env
findings 3 "$SECRETSCTL" audit strings.bin mixed.bin half.env odd.env
[ "$(cut -d ' ' -f 2 got | sort | uniq -c | tr -d ' ')" = 2url-password ] || fail "a binary is read as UTF-16: $(cat got)"

mkdir -p .github/workflows
cat >.github/workflows/ci.yml <<'EOT'
permissions:
  id-token: write
env:
  API_TOKEN: literal-1
jobs:
  t:
    permissions: {id-token: write}
EOT
findings 3 "$SECRETSCTL" audit .github/workflows/ci.yml
diff - got <<'EOT' || fail "a permission is no token"
4 ci-literal API_TOKEN
EOT

cat >kube.yaml <<'EOT'
apiVersion: v1
kind: ConfigMap
data:
  app.properties: |
    spring.datasource.password=springpw
    server.port=80
  notes.txt: |
    password: none of these
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Secret
    stringData: {anything: listed-secret}
---
apiVersion: v1
kind: Secret
type: kubernetes.io/tls
data:
  tls.crt: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUI
  tls.key: LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUI
EOT
findings 3 "$SECRETSCTL" audit kube.yaml
diff - got <<'EOT' || fail "the findings of manifests differ"
5 config-literal spring.datasource.password
15 kube-secret-literal anything
22 kube-secret-literal tls.key
EOT

# Token rules: a grammar of URLs, the public half of a key.
cat >words.txt <<'EOT'
redis+unix://[[USERNAME:]PASSWORD@localhost]SOCKET_PATH
<assemblyIdentity publicKeyToken="1fc8b3b9a1e18e3b"/>
EOT
run 0 "$SECRETSCTL" audit words.txt
