#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for the programs of the examples that Debian does not have.

    app.py api-server    the three-tier API: DATABASE_URL from the environment
    app.py worker        the queues' worker: AMQP_URL and REDIS_URL from the environment
    app.py wordpress     WORDPRESS_DB_PASSWORD or its _FILE, read at each request as www-data
    app.py grafana       GF_*, GF_*__FILE resolved at the start, an administrator who logs in
    app.py exporter      DATA_SOURCE_PASS or its _FILE
    app.py show PORT     what a server on this port says
    app.py probe KIND HOST USER DATABASE
                         whether a server takes the password on standard input: 0 yes, 1 refused, 2 no answer

Each does with its password what the real program does: it logs in, or lets somebody log in.
"""
import base64
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def setting(name, default=None, suffix="_FILE"):
    """A variable or the content of the file it names; both is an error, as it is for the real images."""
    path = os.environ.get(name + suffix)
    if path and os.environ.get(name):
        sys.exit(f"error: both {name} and {name}{suffix} are set")
    if path:
        with open(path, encoding="utf-8") as file:
            return file.read().rstrip("\n")
    return os.environ.get(name, default)


def postgres(host, user, password, database):
    import psycopg2
    try:
        with psycopg2.connect(host=host, user=user, password=password, dbname=database, connect_timeout=3) as db:
            db.cursor().execute("SELECT 1")
    except psycopg2.OperationalError as error:
        if "authentication failed" in str(error) or "no password supplied" in str(error):
            raise PermissionError(str(error)) from None
        raise


def mysql(host, user, password, database):
    import pymysql
    try:
        pymysql.connect(host=host, user=user, password=password, database=database or None, connect_timeout=3).close()
    except pymysql.err.OperationalError as error:
        if error.args[0] in (1045, 1698):
            raise PermissionError(error.args[1]) from None
        raise


def redis(host, _user, password, _database):
    import redis as client
    try:
        client.Redis(host=host, password=password, socket_timeout=3).ping()
    except client.exceptions.ConnectionError as error:
        if isinstance(error, client.exceptions.AuthenticationError):
            raise PermissionError(str(error)) from None
        raise
    except client.exceptions.ResponseError as error:
        raise PermissionError(str(error)) from None


def amqp(host, user, password, database):
    import pika
    parameters = pika.ConnectionParameters(host, virtual_host=database or "/", socket_timeout=3,
                                           credentials=pika.PlainCredentials(user, password))
    try:
        pika.BlockingConnection(parameters).close()
    except pika.exceptions.ProbableAuthenticationError as error:
        raise PermissionError(str(error)) from None


def http(host, user, password, _database):
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    request = urllib.request.Request(f"http://{host}/", headers={"Authorization": "Basic " + token})
    try:
        urllib.request.urlopen(request, timeout=5).read()
    except urllib.error.HTTPError as error:
        if error.code in (401, 403):
            raise PermissionError(str(error)) from None
        raise


def probe(kind, host, user, database=""):
    password = sys.stdin.read()
    login = {"postgres": postgres, "mysql": mysql, "redis": redis, "amqp": amqp, "http": http}[kind]
    try:
        login(host, user, password, database)
    except PermissionError as error:
        print(f"refused: {error}")
        return 1
    except Exception as error:  # whatever a server says while it starts
        print(f"no answer: {error}")
        return 2
    print("accepted")
    return 0


def serve(port, answer):
    """Answers each request with what `answer(headers)` yields: (status, text)."""
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            try:
                status, text = answer(self.headers)
            except Exception as error:
                status, text = 500, f"{type(error).__name__}"
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode() + b"\n")

        def log_message(self, *_):
            pass

    ThreadingHTTPServer(("", port), Handler).serve_forever()


def api_server():
    url = urllib.parse.urlsplit(os.environ["DATABASE_URL"])

    def answer(_):
        postgres(url.hostname, url.username, urllib.parse.unquote(url.password), url.path[1:])
        return 200, "the API is logged in"

    serve(int(sys.argv[sys.argv.index("--listen") + 1].rpartition(":")[2]), answer)


def worker():
    broker, cache = (urllib.parse.urlsplit(os.environ[name]) for name in ("AMQP_URL", "REDIS_URL"))
    while True:
        try:
            amqp(broker.hostname, broker.username, urllib.parse.unquote(broker.password), "/")
            redis(cache.hostname, None, urllib.parse.unquote(cache.password), None)
            print("the worker is logged in to both", flush=True)
        except Exception as error:
            print(f"not yet: {type(error).__name__}", flush=True)
        time.sleep(1)


def wordpress():
    os.setgroups([])
    os.setgid(33)
    os.setuid(33)

    def answer(_):
        mysql(os.environ["WORDPRESS_DB_HOST"], os.environ["WORDPRESS_DB_USER"], setting("WORDPRESS_DB_PASSWORD"),
              os.environ["WORDPRESS_DB_NAME"])
        return 200, "the blog is logged in"

    serve(8080, answer)


def grafana():
    for name in [n for n in os.environ if n.startswith("GF_") and n.endswith("__FILE")]:
        os.environ[name[:-6]] = setting(name[:-6], suffix="__FILE")
        del os.environ[name]
    expected = f"{os.environ['GF_SECURITY_ADMIN_USER']}:{os.environ['GF_SECURITY_ADMIN_PASSWORD']}"
    token = "Basic " + base64.b64encode(expected.encode()).decode()
    with open("/run/secrets/smtp_password", encoding="utf-8") as file:
        mail = len(file.read())

    def answer(headers):
        return (200, f"welcome; mail is set up with {mail} bytes") if headers["Authorization"] == token else (401, "no")

    serve(3000, answer)


def exporter():
    password = setting("DATA_SOURCE_PASS")
    host, _, rest = os.environ["DATA_SOURCE_URI"].partition(":")
    database = rest.partition("/")[2].partition("?")[0]

    def answer(_):
        postgres(host, os.environ["DATA_SOURCE_USER"], password, database)
        return 200, "pg_up 1"

    serve(9187, answer)


def main():
    name = os.path.basename(sys.argv[0])
    words = sys.argv[1:]
    if name in ("app.py", "-c"):
        name, words = words[0], words[1:]
    if name == "probe":
        return probe(*words)
    if name == "show":
        print(urllib.request.urlopen(f"http://127.0.0.1:{words[0]}/", timeout=5).read().decode())
        return 0
    return {"api-server": api_server, "worker": worker, "wordpress": wordpress, "grafana": grafana,
            "exporter": exporter}[name]()


if __name__ == "__main__":
    sys.exit(main())
