# SPDX-License-Identifier: Apache-2.0
# Every place of a Compose file where a credential can stand, and what is none.
. "$SC_SOURCE/tests/support/functions.sh"

cat >compose.yml <<'YAML'
x-common: &common
  SHARED_TOKEN: s3cr3t-shared-1
services:
  web:
    image: shop/web
    build:
      context: .
      args:
        NPM_TOKEN: tok-build-arg
    command: redis-server --requirepass cmdpw1
    entrypoint: ["sh", "-c", "mysql -uroot -pentrypw x"]
    environment:
      - DATABASE_URL=postgres://u:urlpw@db/x
      - SESSION_SECRET=${SESSION_SECRET:-defaultpw}
      - JWT_SECRET=${JWT_SECRET}
      - ADMIN_PASSWORD=changeme
      - AWS_ACCESS_KEY_ID=halfhalf
      - POSTGRES_PASSWORD_FILE=/run/secrets/pw
      - TOKEN_LIFETIME=3600
      - JWT_PUBLIC_KEY=abcdef0123456789abcdef
      - SMTP_PASSWORD=
      - MYSQL_ALLOW_EMPTY_PASSWORD=yes
      - API_URL=http://api:3000
    healthcheck:
      test: ["CMD", "redis-cli", "-a", "healthpw", "ping"]
    labels:
      traefik.http.middlewares.a.basicauth.users: "admin:$$apr1$$x$$y"
    logging:
      driver: splunk
      options:
        splunk-token: logtoken-1
configs:
  app:
    content: |
      [db]
      password = configpw
volumes:
  share:
    driver_opts:
      type: cifs
      o: "username=u,password=mountpw,rw"
YAML
run 3 "$SECRETSCTL" audit compose.yml
cut -f 2,5,7,8,9 out >got
cat >want <<'EOT'
2	compose-extension-literal		SHARED_TOKEN	s*****
9	compose-build-arg-literal	web	NPM_TOKEN	t*****
10	compose-command-command	web	requirepass	c*****
11	compose-command-command	web	password	e*****
13	compose-env-url	web	DATABASE_URL	u*****
14	compose-env-default	web	SESSION_SECRET	d*****
15	compose-env-interpolated	web	JWT_SECRET	$*****
16	compose-env-placeholder	web	ADMIN_PASSWORD	c*****
17	compose-env-half	web	AWS_ACCESS_KEY_ID	h*****
25	compose-healthcheck-command	web	password	h*****
27	compose-label-label	web	traefik.http.middlewares.a.basicauth.users	a*****
31	compose-option-literal	web	splunk-token	l*****
36	compose-config-literal		password	c*****
41	compose-option-url		o	m*****
EOT
diff want got || fail "the findings differ"

# The address of a database that comes from outside holds a password as a rule; a driver's name and other addresses do not.
cat >addresses.yml <<'YAML'
services:
  app:
    image: quay.io/hedgedoc/hedgedoc:1.10
    environment:
      - DATABASE_URL=${DATABASE_URL}
      - MONGODB_URI
      - X_DB_CONNECTION_STRING=${ANY}
      - CMD_DB_URL=${CMD_DB_URL}
      - DATABASE_URL_2=${HOST}:5432
      - DB_CONNECTION=${DB_CONNECTION}
      - PG_CONSOLE_API_URL=${PG_CONSOLE_API_URL}
      - REDIS_URL=${REDIS_URL}
      - DB_URI=${DB_URI:-sqlite.db}
      - SERVICE_ROLE_KEY_ASYMMETRIC=${ASYMMETRIC}
YAML
run 0 "$SECRETSCTL" audit addresses.yml
cut -f 2,5 out >got
cat >want <<'EOT'
5	compose-env-url-interpolated
6	compose-env-url-interpolated
7	compose-env-url-interpolated
8	compose-env-url-interpolated
14	compose-env-interpolated
EOT
diff want got || fail "the addresses differ"
