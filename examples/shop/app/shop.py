# SPDX-License-Identifier: Apache-2.0
"""The shop's program: `api` answers HTTP on port 8000, `worker` moves orders from Redis to PostgreSQL.

It knows its passwords from variables only, as most programs do.
"""
import http.server
import json
import os
import sys
import time

import psycopg2
import redis


def connect():
    if "DATABASE_URL" in os.environ:
        return psycopg2.connect(os.environ["DATABASE_URL"])
    return psycopg2.connect(
        host=os.environ["DB_HOST"], user=os.environ["DB_USER"],
        password=os.environ["DB_PASSWORD"], dbname="shop",
    )


def database():
    for _ in range(60):
        try:
            return connect()
        except psycopg2.OperationalError as problem:
            if "authentication failed" in str(problem):
                raise
            time.sleep(0.5)
    raise SystemExit("the database does not answer")


def cache():
    return redis.Redis.from_url(os.environ["REDIS_URL"])


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with database() as connection, connection.cursor() as cursor:
            if self.path == "/order":
                cache().rpush("orders", "one")
            cursor.execute("SELECT count(*) FROM information_schema.tables WHERE table_name='orders'")
            count = 0
            if cursor.fetchone()[0]:
                cursor.execute("SELECT count(*) FROM orders")
                count = cursor.fetchone()[0]
        body = json.dumps({"orders": count, "cache": bool(cache().ping())}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def work():
    connection = database()
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS orders (id serial PRIMARY KEY, what text)")
    queue = cache()
    while True:
        item = queue.blpop("orders", timeout=int(os.environ.get("POLL_SECONDS", "1")))
        if item:
            with connection, connection.cursor() as cursor:
                cursor.execute("INSERT INTO orders (what) VALUES (%s)", (item[1].decode(),))


if __name__ == "__main__":
    if sys.argv[1:] == ["worker"]:
        work()
    else:
        http.server.ThreadingHTTPServer(("", 8000), Handler).serve_forever()
