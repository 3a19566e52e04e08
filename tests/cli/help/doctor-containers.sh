# SPDX-License-Identifier: Apache-2.0
# doctor: a container whose image starts something else than what was written out for the shim.
. "$SC_SOURCE/tests/support/functions.sh"
requires python3
cat >engine.py <<'END'
import http.server, json, os, socketserver, sys
CONTAINERS = [{"Names": ["/" + n], "ImageID": "sha256:" + i, "Labels": {"secretsctl.entrypoint": sys.argv[1]}}
              for n, i in (("same", "aa"), ("changed", "bb"), ("gone", "cc"))]
IMAGES = {"aa": {"Config": {"Entrypoint": ["/e"], "Cmd": ["x"]}}, "bb": {"Config": {"Entrypoint": None, "Cmd": ["x"]}}}
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = CONTAINERS if "/containers/json" in self.path else IMAGES.get(self.path.split(":")[-1].split("/")[0])
        assert "/containers" not in self.path or "secretsctl.entrypoint" in self.path
        data = json.dumps(body or {"message": "no such image"}).encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    def address_string(self): return "-"
    def log_message(self, *args): pass
class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer): pass
server = Server("engine.new", Handler)
os.rename("engine.new", "engine.sock")  # it is there once it listens
server.serve_forever()
END
hash=$(printf '[["/e"],["x"]]' | sha256sum | cut -c1-16)
python3 engine.py "$hash" &
engine=$!
stop_engine() { kill $engine; wait $engine; }
on_exit stop_engine
until_true 10 test -S engine.sock || fail "no engine"
chmod 600 engine.sock
DOCKER_HOST=unix://$T/engine.sock "$SECRETSCTL" doctor --json >out 2>err || true
python3 - <<'END'
import json
rows = [c for c in json.load(open("out"))["checks"] if c["check"] == "shim-entrypoint"]
assert [(r["status"], r["text"]) for r in rows] == [("warn",
    "the image of container 'changed' starts something else than the Compose file has written out for the shim")], rows
END
