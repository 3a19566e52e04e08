# SPDX-License-Identifier: Apache-2.0
# A dollar in single quotes, or behind a backslash, is a character of the password; a variable is not.
. "$SC_SOURCE/tests/support/functions.sh"

# findings COMMAND...: "line column rule first-character" of each finding
findings() {
    run "$@"
    cut -f 2,3,5,9 out | tr '\t' ' ' >got
}

cat >.env <<'EOT'
A_PASSWORD='Tr0ub4dor&3 x$y'
B_PASSWORD='secret$W0rd9'
C_PASSWORD="secret\$Word9"
D_PASSWORD=secret\$Word9
DATABASE_URL='postgres://app:se$cret9@db/app'
F_PASSWORD='$OTHER_PASSWORD'
G_PASSWORD='${OTHER_PASSWORD}'
G_URL='postgres://app:$OTHER@db/app'
H_URL='postgres://app:${OTHER}@db/app'
J_PASSWORD="secret$Word9"
K_PASSWORD=secret$Word9
EOT
findings 3 "$SECRETSCTL" audit .env
diff - got <<'EOT' || fail "the findings of .env differ"
1 13 dotenv-literal T*****
2 13 dotenv-literal s*****
3 13 dotenv-literal s*****
4 12 dotenv-literal s*****
5 30 dotenv-url s*****
EOT

cat >start.sh <<'EOT'
#!/bin/sh
export DB_PASSWORD='Tr0ub4dor&3 x$y'
mysql -u root -p'secret$W0rd9'
OTHER_PASSWORD='$DB_PASSWORD' THIRD_PASSWORD='x$DB_PASSWORD'
DB_PASSWORD="secret$word9"
ssh host "DB_PASSWORD='secret$word9' start"
sh -c 'DB_PASSWORD=secret$word9 start'
EOT
findings 3 "$SECRETSCTL" audit start.sh
diff - got <<'EOT' || fail "the findings of a script differ"
2 21 shell-assignment-literal T*****
3 18 shell-command-command s*****
EOT
