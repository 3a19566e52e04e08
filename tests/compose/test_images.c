/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of images: references, patterns, versions, ways.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compose/images/images.h"
#include "core/macros.h"

#include "core/banned.h"

struct row {
    const char *image, *variable;
    int way; /* -1: no rule */
    const char *argument;
};

static const struct row rows[] = {
    {"postgres:16-alpine", "POSTGRES_PASSWORD", SC_IMAGE_WAY_FILE, "POSTGRES_PASSWORD_FILE"},
    {"docker.io/library/postgres@sha256:00", "POSTGRES_PASSWORD", SC_IMAGE_WAY_FILE,
     "POSTGRES_PASSWORD_FILE"},
    {"localhost:5000/postgres:16", "POSTGRES_PASSWORD", SC_IMAGE_WAY_FILE,
     "POSTGRES_PASSWORD_FILE"},
    {"${REGISTRY}/postgres:16", "POSTGRES_PASSWORD", -1, NULL},
    {"grafana/grafana:11.1.0", "GF_SECURITY_ADMIN_PASSWORD", SC_IMAGE_WAY_FILE,
     "GF_SECURITY_ADMIN_PASSWORD__FILE"},
    {"lscr.io/linuxserver/sonarr:latest", "ANY_TOKEN", SC_IMAGE_WAY_FILE, "FILE__ANY_TOKEN"},
    {"ghcr.io/blakeblackshear/frigate:stable", "FRIGATE_MQTT_PASSWORD", SC_IMAGE_WAY_FIXED,
     "/run/secrets/FRIGATE_MQTT_PASSWORD"},
    {"crowdsecurity/crowdsec", "BOUNCER_KEY_traefik", SC_IMAGE_WAY_FIXED,
     "/run/secrets/bouncer_key_traefik"},
    {"tailscale/tailscale", "TS_AUTHKEY", SC_IMAGE_WAY_PREFIX, "file:"},
    {"apache/airflow:2.9.0", "AIRFLOW__CORE__FERNET_KEY", SC_IMAGE_WAY_CMD,
     "AIRFLOW__CORE__FERNET_KEY_CMD"},
    {"pihole/pihole", "FTLCONF_webserver_api_password", SC_IMAGE_WAY_NAME, "WEBPASSWORD_FILE"},
    {"quay.io/hedgedoc/hedgedoc:2.0.0", "CMD_DB_URL", -1, NULL}, /* 1.x only */
    {"quay.io/hedgedoc/hedgedoc:1.9.9", "CMD_DB_URL", SC_IMAGE_WAY_FIXED, "/run/secrets/dbURL"},
    {"my/app", "AWS_SECRET_ACCESS_KEY", SC_IMAGE_WAY_CONFIG, NULL},
    {"my/app", "DB_PASSWORD", -1, NULL},
    {NULL, "DB_PASSWORD", -1, NULL},
};

static void test_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < SC_ARRAY_SIZE(rows); i++) {
        const struct sc_image_rule *rule = sc_image_rule(rows[i].image, rows[i].variable);
        if ((rule == NULL ? -1 : (int)rule->way) != rows[i].way)
            print_error("%s %s\n", rows[i].image, rows[i].variable);
        assert_int_equal(rule == NULL ? -1 : (int)rule->way, rows[i].way);
        if (rule == NULL || rows[i].argument == NULL)
            continue;
        char argument[SC_IMAGE_ARGUMENT_SIZE];
        assert_int_equal(sc_image_argument(rule, rows[i].variable, argument, NULL), 0);
        assert_string_equal(argument, rows[i].argument);
    }
}

static void test_standing(void **state)
{
    (void)state;
    const struct sc_image_rule *rule = sc_image_rule("postgres", "POSTGRES_PASSWORD");
    assert_true((rule->flags & SC_IMAGE_VERIFIED) != 0);
    assert_true((rule->flags & SC_IMAGE_BOTH_IS_ERROR) != 0);
    assert_true(sc_image_rule_is_credential(rule));
    assert_false(sc_image_rule_is_credential(sc_image_rule("postgres", "POSTGRES_USER")));
    rule = sc_image_rule("container-registry.oracle.com/database/free", "ORACLE_PWD");
    assert_int_equal(rule->flags & SC_IMAGE_VERIFIED, 0);
    assert_true(sc_image_known("bitnami/redis:7"));
    assert_false(sc_image_known("my/app"));
    assert_false(sc_image_known(NULL));
}

/* A registry of one's own is a mirror; a name space of Docker Hub is not. */
static void test_mirrors(void **state)
{
    (void)state;
    const struct sc_image_rule *official = sc_image_rule("postgres:15", "POSTGRES_PASSWORD");
    assert_non_null(official);
    assert_ptr_equal(sc_image_rule("localhost/postgres:15", "POSTGRES_PASSWORD"), official);
    assert_ptr_equal(
        sc_image_rule("registry.example.com:5000/library/postgres:15", "POSTGRES_PASSWORD"),
        official);
    assert_true(sc_image_is_mirror("localhost/postgres:15"));
    assert_false(sc_image_is_mirror("postgres:15"));
    assert_false(sc_image_is_mirror("quay.io/hedgedoc/hedgedoc:1.9.9"));
    assert_true(sc_image_known("localhost:5000/redis"));
    assert_false(sc_image_known("someone/postgres"));
    assert_false(sc_image_known("registry.example.com/someone/postgres"));
}

static void test_long_names(void **state)
{
    (void)state;
    struct sc_error err = {0};
    char name[SC_IMAGE_ARGUMENT_SIZE + 1], argument[SC_IMAGE_ARGUMENT_SIZE] = "as before";
    const struct sc_image_rule *rule = sc_image_rule("apache/airflow", "AIRFLOW__CORE__FERNET_KEY");
    assert_non_null(rule);
    memset(name, 'X', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(sc_image_argument(rule, name, argument, &err), SC_E_TOOBIG);
    assert_string_equal(argument, "as before");
    name[SC_IMAGE_ARGUMENT_SIZE - sizeof("_CMD")] = '\0';
    assert_int_equal(sc_image_argument(rule, name, argument, &err), 0);
    assert_int_equal(strlen(argument), SC_IMAGE_ARGUMENT_SIZE - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_standing),
        cmocka_unit_test(test_mirrors),
        cmocka_unit_test(test_long_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
