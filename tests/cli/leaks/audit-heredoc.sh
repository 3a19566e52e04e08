# SPDX-License-Identifier: Apache-2.0
# Here documents: a script for a shell, a file that is written, and several of them on one line.
. "$SC_SOURCE/tests/support/functions.sh"

# findings FILE: "line rule key" of each finding
findings() {
    run 3 "$SECRETSCTL" audit "$1"
    cut -f 2,5,8 out | tr '\t' ' ' >got
}

cat >Dockerfile <<'EOT'
FROM alpine
RUN <<EOF
export API_KEY=heredockey123
curl -u admin:heredocpw https://x
EOF
RUN <<'one' bash && <<two cat >/etc/app.env
PGPASSWORD=firstpw psql -h db
one
DB_PASSWORD=secondpw
two
COPY <<-done /app/.env
	REDIS_PASSWORD=copypw
	done
COPY <<EOF1 <<EOF2 /app/
API_TOKEN=inlinetoken
EOF1
# password=none: no file's name says what this is
EOF2
ENV SECRET_KEY=behindall
RUN python3 <<EOF
print("curl -u a:nothing http://x")
EOF
RUN cat <<< "x" && SHIFT=$((1<<EOF)) && echo
ENV SECRET_KEY2=notswallowed
EOT
findings Dockerfile
diff - got <<'EOT' || fail "the findings of the Dockerfile differ"
3 dockerfile-run-literal API_KEY
4 dockerfile-run-literal password
7 dockerfile-run-literal PGPASSWORD
9 shell-heredoc-literal DB_PASSWORD
12 shell-heredoc-literal REDIS_PASSWORD
15 shell-heredoc-literal API_TOKEN
19 dockerfile-env-literal SECRET_KEY
24 dockerfile-env-literal SECRET_KEY2
EOT

cat >deploy.sh <<'EOT'
ssh deploy@host 'bash -s' <<'EOF'
docker run -e DB_PASSWORD=remotepw shop
EOF
sudo sh <<EOF
mysql -uroot -prootpw1 shop
EOF
cat <<EOF | kubectl apply -f -
password: kubectlpw
EOF
EOT
findings deploy.sh
diff - got <<'EOT' || fail "the findings of the script differ"
2 shell-docker-env-literal DB_PASSWORD
5 shell-command-command password
8 shell-heredoc-literal password
EOT
