# SPDX-License-Identifier: Apache-2.0
# The plan and the diff: only credential lines change, no value is shown, nothing is written.
. "$SC_SOURCE/tests/support/functions.sh"
export SECRETSCTL_RUN_DIR=/run/secretsctl

cat >compose.yml <<'END'
name: shop
services:
  db:
    image: postgres:16   # pinned
    environment:
      # the password
      POSTGRES_PASSWORD: "hunter2-db"   # change it
    healthcheck:
      test: ["CMD-SHELL", "PGPASSWORD=$$POSTGRES_PASSWORD pg_isready"]
  app:
    image: example/app
    environment:
      - DB_PASSWORD=hunter2-app
END
cp compose.yml before.yml
export DOCKER_HOST=unix:///nonexistent
run 0 "$SECRETSCTL" compose rewrite --diff --shim /opt/secretsctl-shim
out_is "move  compose.yml:7  db.POSTGRES_PASSWORD -> shop/postgres_password, POSTGRES_PASSWORD_FILE=/run/secrets/postgres_password
      read only when the data is first set up; an existing one keeps its password
adapt compose.yml:9  db.healthcheck POSTGRES_PASSWORD: reads the file in place of the variable
stays compose.yml:13  app.DB_PASSWORD: nothing is known of how 'example/app' takes DB_PASSWORD from a file; the shim cannot help: what the image starts is not known: pull it, or use --image

--- a/compose.yml
+++ b/compose.yml
@@ -4,10 +4,15 @@
     image: postgres:16   # pinned
     environment:
       # the password
-      POSTGRES_PASSWORD: \"*****\"   # change it
+      POSTGRES_PASSWORD_FILE: \"/run/secrets/postgres_password\"   # change it
     healthcheck:
-      test: [\"CMD-SHELL\", \"PGPASSWORD=\$\$POSTGRES_PASSWORD pg_isready\"]
+      test: [\"CMD-SHELL\", \"PGPASSWORD=\$\$(cat /run/secrets/postgres_password) pg_isready\"]
+    secrets:
+      - postgres_password
   app:
     image: example/app
     environment:
       - DB_PASSWORD=*****
+secrets:
+  postgres_password:
+    file: /run/secretsctl/shop/postgres_password"
err_is "secretsctl: 1 to move, 1 stay; nothing was changed, use --write"
cmp compose.yml before.yml

# what only the missing images hold up is counted, where it is more than the line that says so
cat >many.yml <<'END'
name: many
services:
  app:
    image: example/app
    environment: {DB_PASSWORD: hunter2-app, SMTP_PASSWORD: hunter2-smtp}
END
run 0 "$SECRETSCTL" compose rewrite --shim /opt/secretsctl-shim -f many.yml
err_is "secretsctl: nothing to move; 2 stay
secretsctl: 2 of these stay since their images are not here: docker compose pull, or --image, then run this again"

run 0 "$SECRETSCTL" compose rewrite --json
out_lacks hunter2
python3 -c '
import json, sys
plan = json.load(open(sys.argv[1]))
assert plan["scope"] == "shop" and plan["secrets"] == ["postgres_password"] and not plan["written"]
assert [i["action"] for i in plan["items"]] == ["move", "adapt", "report"]
assert plan["items"][0]["line"] == 7 and plan["items"][0]["verified"] is True
' "$T/out"

# the name of a secret is no value
cat >compose.yml <<'END'
name: shop
services:
  app:
    image: example/app
    entrypoint: [/app]
    environment: {DATABASE_URL: "postgres://app:password@db/app"}
END
run 0 "$SECRETSCTL" compose rewrite --shim /opt/secretsctl-shim
out_has '-    environment: {DATABASE_URL: "postgres://app:*****@db/app"}'
out_has '+    environment: {DATABASE_URL: "postgres://app:{{secret:database_url_password|url}}@db/app"}'

# what stays in a line that is changed is masked on both sides of what is put in
cat >compose.yml <<'END'
name: shop
services:
  app:
    image: alpine
    command: sh -c "curl -u 'u:stays-pw1' x && mysql --password=moved-pw -e x && curl -u 'u:stays-pw2' x"
END
run 0 "$SECRETSCTL" compose rewrite
out_has 'mysql --password=\"$$(cat /run/secrets/app_password)\"'
out_lacks stays-pw
