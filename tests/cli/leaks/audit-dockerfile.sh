# SPDX-License-Identifier: Apache-2.0
# Dockerfiles: parser directives, continued lines, comments between them, and what is none of a build's credentials.
. "$SC_SOURCE/tests/support/functions.sh"

# findings STATUS FILE: "line rule key" of each finding
findings() {
    run "$1" "$SECRETSCTL" audit "$2"
    cut -f 2,5,8 out | tr '\t' ' ' >got
}

# The back-tick continues a line; a backslash at a line's end is a folder's.
sed 's/@/  /' >Dockerfile <<'EOT'
# syntax=docker/dockerfile:1
#  ESCAPE = `

FROM windows
SHELL ["powershell", "-Command"]
ENV DATA=C:\data\
ENV A=b `
    DB_PASSWORD=firstpw1 `@
    # a comment, PASSWORD=none
    C=D
RUN curl.exe `
  -u ci:secondpw `
  https://x
RUN copy C:\ D:\
RUN $env:X = "a`"b"; mysql -uroot -pthirdpw `
    -e x
ENV SECRET_KEY=fourthpw
EOT
findings 3 Dockerfile
diff - got <<'EOT' || fail "the escape directive is not followed"
8 dockerfile-env-literal DB_PASSWORD
12 dockerfile-run-literal password
15 dockerfile-run-literal password
17 dockerfile-env-literal SECRET_KEY
EOT

# Behind a comment, an empty line or an instruction it is a comment.
for above in '# a comment' '' 'FROM alpine' '# other=directive'; do
    cat >Dockerfile <<EOT
$above
# escape=\`
ENV A=b \\
    DB_PASSWORD=firstpw1
EOT
    findings 3 Dockerfile
    [ "$(cat got)" = "4 dockerfile-env-literal DB_PASSWORD" ] || fail "below '$above': $(cat got)"
done

# Blanks behind the backslash; comments inside of a continued instruction.
printf 'FROM alpine\r\nENV A=b \\  \r\n    DB_PASSWORD=firstpw1\r\nRUN x \\ \n  # y\n  && mysql \\\n\n  -psecondpw\n' >Dockerfile
findings 3 Dockerfile
diff - got <<'EOT' || fail "blanks behind a backslash"
3 dockerfile-env-literal DB_PASSWORD
8 dockerfile-run-literal password
EOT

# A file written into a folder is named by its mark.
cat >Dockerfile <<'EOT'
FROM alpine
COPY <<app-1.ini <<run.sh /etc/app/
[db]
password = firstpw1
app-1.ini
mysql -uroot -psecondpw
run.sh
EOT
findings 3 Dockerfile
diff - got <<'EOT' || fail "the marks of files"
4 config-literal password
6 shell-command-command password
EOT

# Secrets of BuildKit are given to one step, as a file or a variable.
cat >Dockerfile <<'EOT'
FROM node
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci
RUN --mount=type=secret,id=npm_token,env=NPM_TOKEN npm ci
RUN --mount=type=secret,id=pw \
    PGPASSWORD="$(cat /run/secrets/pw)" psql -h db
RUN --mount=type=secret,id=TOKEN \
    curl -H "Authorization: Bearer $(cat /run/secrets/TOKEN)" https://x
EOT
findings 0 Dockerfile
[ ! -s got ] || fail "a build's secret: $(cat got)"

# What stands between quotes, and quotes that are none.
cat >Dockerfile <<'EOT'
FROM alpine
ENV DB_PASSWORD='changeme'
ENV DB_PASSWORD="changeme"
ENV DB_PASSWORD="changeme'
ENV DB_PASSWORD="
ENV DB_PASSWORD "
EOT
run 3 "$SECRETSCTL" audit --json Dockerfile
jq -r '.findings[] | "\(.line):\(.column) \(.class) \(.redacted)"' out >got
diff - got <<'EOT' || fail "quotes"
2:18 placeholder c*****
3:18 placeholder c*****
4:17 placeholder "*****
5:17 literal *****
6:17 literal *****
EOT
