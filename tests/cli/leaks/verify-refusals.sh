# SPDX-License-Identifier: Apache-2.0
# verify with nothing to look for, unknown words, an engine that is not there, silent or no engine.
. "$SC_SOURCE/tests/support/functions.sh"
requires jq python3

run 4 "$SECRETSCTL" verify env
new_vault
run 4 "$SECRETSCTL" verify env
err_is "secretsctl: there is no secret to look for"
run 4 "$SECRETSCTL" verify env --scope shoop
err_is "secretsctl: there is no secret below 'shoop' to look for"

printf 'abc' | "$SECRETSCTL" add shop/tiny 2>/dev/null
run 2 "$SECRETSCTL" verify Zq8-vvT1
err_lacks Zq8
run 2 "$SECRETSCTL" verify env --timeout 0
err_is "secretsctl: --timeout takes 1 to 3600 seconds"

# A value that cannot be proved is no pass, unless it is accepted.
run 1 "$SECRETSCTL" verify env --accept-skipped '*'
out_has "note: value shop/tiny: too short to tell from any other text; not searched"
run 0 "$SECRETSCTL" verify env --accept-skipped '*' --accept-unproved

# No engine: a hole where one is asked for.
export DOCKER_HOST=unix://$T/absent.sock
run 1 "$SECRETSCTL" verify container --accept-unproved
out_has "not searched: container: unix://$T/absent.sock: cannot connect to the engine"
export DOCKER_HOST=ssh://host
run 1 "$SECRETSCTL" verify container --accept-unproved
out_has "DOCKER_HOST must begin with unix:// or tcp:// to be searched"

# An engine that accepts and says nothing, one that never stops to drip, and one that speaks something
# else.
cat >"$T/server.py" <<'PY'
import os, socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1] + ".new")
s.listen(8)
os.rename(sys.argv[1] + ".new", sys.argv[1])  # it is there once it listens
keep = []
while True:
    c, _ = s.accept()
    keep.append(c)
    if sys.argv[2].startswith("drip"):
        c.recv(65536)
        try:
            if sys.argv[2] == "drip body":
                c.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            else:
                c.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
            while True:
                c.sendall(b"1\r\n \r\n" if sys.argv[2] == "drip body" else b"x")
                time.sleep(0.02)
        except OSError:
            c.close()
    elif sys.argv[2] != "silent":
        c.recv(65536)
        c.sendall(sys.argv[2].encode().decode("unicode_escape").encode())
        c.close()
PY
serve() {
    rm -f "$T/sock"
    python3 "$T/server.py" "$T/sock" "$1" &
    server=$!
    until_true 10 test -S "$T/sock" || fail "no server"
}
stop_server() { kill "$server" 2>/dev/null; }
on_exit stop_server
export DOCKER_HOST=unix://$T/sock

serve silent
run 1 "$SECRETSCTL" verify container --accept-unproved --timeout 1
out_has "the engine did not answer within 1 seconds"
stop_server

for part in header body; do
    serve "drip $part"
    run 1 "$SECRETSCTL" verify container --accept-unproved --timeout 2
    out_has "not searched: container: unix://$T/sock: the engine answers too slowly: "
    out_has " bytes in 2 seconds"
    stop_server
done

serve 'SSH-2.0-OpenSSH\r\n'
run 1 "$SECRETSCTL" verify container --accept-unproved
out_has "the engine's answer is not HTTP"
stop_server

serve 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{"Id":'
run 1 "$SECRETSCTL" verify container --accept-unproved
out_has "the engine's answer ended early"
stop_server

serve 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[{"Id\r\n4\r\n":1}\r\n0\r\n\r\n'
run 1 "$SECRETSCTL" verify container --accept-unproved
out_has "not JSON at byte"
stop_server

serve 'HTTP/1.1 500 Internal\r\nContent-Length: 0\r\n\r\n'
run 1 "$SECRETSCTL" verify container --accept-unproved
out_has "the engine answers with status 500"
