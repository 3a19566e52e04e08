/* SPDX-License-Identifier: Apache-2.0
 *
 * The predicate over key and value, as a table of cases.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "compose/credential.h"
#include "core/macros.h"

#include "core/banned.h"

struct key_case {
    const char *key;
    enum sc_key_kind kind;
};

static const struct key_case key_cases[] = {
    {"POSTGRES_PASSWORD", SC_KEY_PASSWORD},
    {"PGPASSWORD", SC_KEY_PASSWORD},
    {"PAPERLESS_DBPASS", SC_KEY_PASSWORD},
    {"adminPassword", SC_KEY_PASSWORD},
    {"RABBITMQ_DEFAULT_PASS", SC_KEY_PASSWORD},
    {"PASSWORD_1", SC_KEY_PASSWORD},
    {"JWT_SECRET", SC_KEY_SECRET},
    {"SECRET_KEY_BASE", SC_KEY_SECRET},
    {"GITHUB_TOKEN_V2", SC_KEY_SECRET},
    {"_APP_OPENSSL_KEY_V1", SC_KEY_SECRET},
    {"OPENAI_API_KEY", SC_KEY_SECRET},
    {"VIKUNJA_SERVICE_JWTSECRET", SC_KEY_SECRET},
    {"VAULT_DEV_ROOT_TOKEN_ID", SC_KEY_SECRET},
    {"AWS_ACCESS_KEY_ID", SC_KEY_HALF},
    {"MINIO_ACCESS_KEY", SC_KEY_HALF},
    {"NEO4J_AUTH", SC_KEY_WEAK},
    {"KEY", SC_KEY_WEAK},
    {"POSTGRES_PASSWORD_FILE", SC_KEY_OTHER},
    {"TOKEN_LIFETIME", SC_KEY_OTHER},
    {"PASSWORD_RESET_URL", SC_KEY_OTHER},
    {"JWT_PUBLIC_KEY", SC_KEY_OTHER},
    {"MYSQL_ALLOW_EMPTY_PASSWORD", SC_KEY_OTHER},
    {"MYSQL_RANDOM_ROOT_PASSWORD", SC_KEY_OTHER},
    {"OAUTH_CLIENT_ID", SC_KEY_OTHER},
    {"REDIS_KEY_PREFIX", SC_KEY_OTHER},
    {"POSTGRES_HOST_AUTH_METHOD", SC_KEY_OTHER},
    {"KEYCLOAK_URL", SC_KEY_OTHER},
    {"MONKEY", SC_KEY_OTHER},
    {"", SC_KEY_OTHER},
};

static void keys_are_classified(void **state)
{
    (void)state;
    for (size_t i = 0; i < SC_ARRAY_SIZE(key_cases); i++) {
        enum sc_key_kind kind = sc_key_classify(key_cases[i].key, strlen(key_cases[i].key));
        if (kind != key_cases[i].kind)
            print_error("key '%s'\n", key_cases[i].key);
        assert_int_equal(kind, key_cases[i].kind);
    }
}

struct value_case {
    const char *key, *value;
    enum sc_credential_shape shape;
    const char *secret; /* NULL: the whole value */
};

static const struct value_case value_cases[] = {
    {"POSTGRES_PASSWORD", "secret", SC_SHAPE_LITERAL, NULL},
    {"POSTGRES_PASSWORD", " secret\n", SC_SHAPE_LITERAL, "secret"},
    {"DB_PASS", "1234", SC_SHAPE_LITERAL, NULL},
    {"GF_SECURITY_ADMIN_PASSWORD", "admin", SC_SHAPE_LITERAL, NULL},
    {"MYSQL_PASSWORD", "changeme", SC_SHAPE_PLACEHOLDER, NULL},
    {"API_KEY", "<your key>", SC_SHAPE_PLACEHOLDER, NULL},
    {"DB_PASSWORD", "${DB_PASSWORD}", SC_SHAPE_INTERPOLATED, NULL},
    {"DB_PASSWORD", "$DB_PASSWORD", SC_SHAPE_INTERPOLATED, NULL},
    {"DB_PASSWORD", "${DB_PASSWORD:?set it}", SC_SHAPE_INTERPOLATED, NULL},
    {"DB_PASSWORD", "${DB_PASSWORD:-}", SC_SHAPE_INTERPOLATED, NULL},
    {"DB_PASSWORD", "${DB_PASSWORD:-secret}", SC_SHAPE_DEFAULT, "secret"},
    {"SPRING_X", "${DB_PASSWORD-hunter2}", SC_SHAPE_DEFAULT, "hunter2"},
    {"DATABASE_URL", "postgres://u:pw@db:5432/x", SC_SHAPE_URL, "pw"},
    {"ANYTHING", "amqp://guest:guest@mq:5672", SC_SHAPE_URL, "guest"},
    {"DATABASE_URL", "postgres://u:${DB_PASSWORD}@db/x", SC_SHAPE_URL_INTERPOLATED,
     "${DB_PASSWORD}"},
    {"DATABASE_URL", "postgres://u:${P:-a/b}@db/x", SC_SHAPE_DEFAULT, "a/b"},
    {"DATABASE_URL", "root:pw@tcp(db:3306)/x", SC_SHAPE_URL, "pw"},
    {"CONN", "Server=db;User=sa;Password=Str0ng;Encrypt=no", SC_SHAPE_URL, "Str0ng"},
    {"NEO4J_AUTH", "neo4j/password", SC_SHAPE_LITERAL, NULL},
    {"AWS_ACCESS_KEY_ID", "minioadmin", SC_SHAPE_LITERAL, NULL},
    {"NEO4J_AUTH", "none", SC_SHAPE_NONE, NULL},
    {"DATABASE_URL", "postgres://db:5432/x", SC_SHAPE_NONE, NULL},
    {"DATABASE_URL", "postgres://user@db:5432/x", SC_SHAPE_NONE, NULL},
    {"DB_PASSWORD", "/run/secrets/db", SC_SHAPE_NONE, NULL},
    {"DB_PASSWORD_FILE", "/run/secrets/db", SC_SHAPE_NONE, NULL},
    {"DB_PASSWORD", "", SC_SHAPE_NONE, NULL},
    {"DB_PASSWORD", "$$DB_PASSWORD", SC_SHAPE_NONE, NULL},
    {"TOKEN", "${{ secrets.TOKEN }}", SC_SHAPE_NONE, NULL},
    {"TOKEN", "`openssl rand -hex 32`", SC_SHAPE_NONE, NULL},
    {"TOKEN", "`uuidgen`", SC_SHAPE_NONE, NULL},
    {"redis_password", "ENV['REDIS_PASSWORD']", SC_SHAPE_NONE, NULL},
    {"SSL_KEY", "certs/es01/es01.key", SC_SHAPE_NONE, NULL},
    {"GITEA__mailer__PASSWD", "`t3HVc3pYMXV3cPVhcPwc`", SC_SHAPE_LITERAL, NULL},
    {"TOKEN", "15m", SC_SHAPE_NONE, NULL},
    {"DB_PASSWORD", "*****", SC_SHAPE_NONE, NULL},
    {"PASSWORD", "true", SC_SHAPE_NONE, NULL},
    {"POSTGRES_USER", "admin", SC_SHAPE_NONE, NULL},
    {"AUTH", "basic", SC_SHAPE_NONE, NULL},
};

static void values_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < SC_ARRAY_SIZE(value_cases); i++) {
        const struct value_case *c = &value_cases[i];
        struct sc_credential found = {0};
        bool is = sc_credential_judge(c->key, strlen(c->key), c->value, strlen(c->value), &found);
        if (is != (c->shape != SC_SHAPE_NONE) || found.shape != c->shape)
            print_error("%s=%s: shape %d\n", c->key, c->value, found.shape);
        assert_int_equal(found.shape, c->shape);
        if (c->secret != NULL) {
            assert_int_equal(found.length, strlen(c->secret));
            assert_memory_equal(c->value + found.offset, c->secret, found.length);
        }
    }
}

static void key_material_needs_a_body(void **state)
{
    (void)state;
    char text[256];
    snprintf(text, sizeof(text), "-----BEGIN %s KEY-----\n%0120d\n-----END", "RSA PRIVATE", 7);
    struct sc_credential found = {0};
    assert_true(sc_credential_judge(NULL, 0, text, strlen(text), &found));
    assert_int_equal(found.shape, SC_SHAPE_KEY_MATERIAL);
    snprintf(text, sizeof(text), "-----BEGIN %s KEY-----", "RSA PRIVATE");
    assert_false(sc_credential_judge(NULL, 0, text, strlen(text), &found));
    snprintf(text, sizeof(text), "-----BEGIN %s KEY-----\n%0120d\n-----END", "PUBLIC", 7);
    assert_false(sc_credential_judge(NULL, 0, text, strlen(text), &found));
}

/* Every prefix and every byte changed: no read past the end (the sanitizer watches), no hang. */
static void any_bytes_are_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < SC_ARRAY_SIZE(value_cases); i++) {
        char copy[128];
        size_t len = strlen(value_cases[i].value);
        memcpy(copy, value_cases[i].value, len);
        struct sc_credential found;
        for (size_t cut = 0; cut <= len; cut++)
            sc_credential_judge("PASSWORD", 8, copy, cut, &found);
        for (size_t at = 0; at < len; at++) {
            copy[at] = (char)(copy[at] ^ 0x5a);
            if (sc_credential_judge("X", 1, copy, len, &found))
                assert_true(found.offset + found.length <= len);
        }
    }
}

struct parts_case {
    const char *key, *value;
    const char *parts; /* "name=secret " for each; a name that is the key's own is empty */
};

static const struct parts_case parts_cases[] = {
    {"DB_PASSWORD", "hunter2", "=hunter2 "},
    {"DB_PASSWORD", "{\"a\":\"b\"}", "={\"a\":\"b\"} "},
    {"SPRING_APPLICATION_JSON", "{\"spring\":{\"datasource\":{\"password\":\"hunter2\"}}}",
     "password=hunter2 "},
    {"JSON", "[ {\"port\":5432,\"password\":\"one\"}, { \"token\" : \"two-2-two-2\" } ]",
     "password=one token=two-2-two-2 "},
    {"JSON", "{\"debug\":true,\"db\":{\"url\":\"postgres://a:one@db/x\",\"password\":\"two\"}}",
     "url=one password=two "},
    {"JSON", "{\"password\":\"${DB_PASSWORD:-old}\",\"port\":${PORT:-1}}", "password=old "},
    {"JSON", "{\"password\":\"{{secret:x|json}}\"}", ""},
    {"CONFIG", "user: app\npassword: hunter2\n", "password=hunter2 "},
    {"BROKERS", "amqp://a:one@x,amqp://a:two@y", "=one =two "},
    {"BROKERS", "amqp://a:{{secret:x|url}}@x amqp://a:two@y", "=two "},
    {"OPTIONS", "host=db password=hunter2 user=x", "=hunter2 "},
    {"OPTIONS", "${ONE_PASSWORD} and ${TWO_PASSWORD}", "=${ONE_PASSWORD} =${TWO_PASSWORD} "},
    /* several syntaxes in one text */
    {"X", "a= passwd=one redis://:two@h", "=one =two "},
    {"X", "{d\":r= passwd=one redis://:two@h", "=one d=two "},
    {"X", "$DB_PASSWORD/{\"pw\":\"one\"}", "=$DB_PASSWORD pw=one "},
    {"X", "redis://:one@h/{\"password\":\"two\"}", "=one password=two "},
    {"X", "--redis redis://:one@h --password two", "=one password=two "},
    {"X", "--password=one --redis=redis://:two@h", "password=one =two "},
    {"X", "--requirepass 'one two' --save ''", "requirepass=one two "},
    {"X", "--password-file /x --token-ttl 5m --password --verbose", ""},
    {"X", "jdbc:mysql://db/app?user=a&password=one redis://:two@h", "=one =two "},
    {"X", "jdbc:mysql://a:one@db/app?useSSL=true&trustStorePassword=two",
     "=one trustStorePassword=two "},
    {"X", "USER=a,PASSWORD=one,URL=redis://:two@h", "=one =two "},
    {"X", "DB_PASSWORD=one REDIS_URL=redis://:two@h", "DB_PASSWORD=one =two "},
    {"X", "DB_HOST=db;DB_PASSWORD=${PW:-a;b};API_TOKEN=two-2-two-2",
     "DB_PASSWORD=a;b API_TOKEN=two-2-two-2 "},
    {"X", "DB_PASSWORD='one two' B=\"x\"", "DB_PASSWORD=one two "},
    {"X", "host=db user=app password=one sslpassword=two", "=one =two "},
    {"X", "Server=db;User=sa;Password=one;Redis=redis://:two@h", "=one =two "},
    {"X", "h:6379,password=one,ssl=True|amqp://u:two@mq", "=one =two "},
    {"X", "u:one@tcp(db:3306)/app redis://:two@h v:three@tcp(db)/x", "=one =two =three "},
    {"X", "mysql://u:{{secret:x|url}}@tcp(db)/app", ""},
    {"X", "https://h/hook?token=one https://u:two@h/", "=one =two "},
    {"X", "-Ddb.password=one -Durl=redis://:two@h --token three-3-three",
     "db.password=one url=two token=three-3-three "},
    {"X", "SECRET=one is not a row", ""},
    {"X", "MAX_TOKENS=4096 PASSWORD_MIN_LENGTH=12 DB_PASSWORD_FILE=/run/secrets/x", ""},
    {"MODE", "{\"level\":\"debug\"}", ""},
    {"TEXT", "{{ .Password }}", ""},
};

static void all_parts_of_a_value_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < SC_ARRAY_SIZE(parts_cases); i++) {
        const struct parts_case *c = &parts_cases[i];
        struct sc_credential_part parts[SC_CREDENTIAL_PARTS_MAX];
        char text[512] = "";
        size_t count =
            sc_credential_parts(c->key, strlen(c->key), c->value, strlen(c->value), parts);
        for (size_t k = 0, n = 0; k < count; k++)
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%.*s=%.*s ", (int)parts[k].key_len,
                                  c->value + parts[k].key, (int)parts[k].credential.length,
                                  c->value + parts[k].credential.offset);
        assert_string_equal(text, c->parts);
    }
}

static void more_parts_than_fit_are_counted(void **state)
{
    (void)state;
    char text[64 * (SC_CREDENTIAL_PARTS_MAX + 1)] = "";
    size_t n = 0;
    for (size_t i = 0; i <= SC_CREDENTIAL_PARTS_MAX; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "a://u:p%zu@h ", i);
    struct sc_credential_part parts[SC_CREDENTIAL_PARTS_MAX];
    assert_int_equal(sc_credential_parts("X", 1, text, n, parts), SC_CREDENTIAL_PARTS_MAX + 1);
    assert_memory_equal(text + parts[SC_CREDENTIAL_PARTS_MAX - 1].credential.offset, "p31@", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_classified),
        cmocka_unit_test(values_are_judged),
        cmocka_unit_test(key_material_needs_a_body),
        cmocka_unit_test(any_bytes_are_accepted),
        cmocka_unit_test(all_parts_of_a_value_are_found),
        cmocka_unit_test(more_parts_than_fit_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
