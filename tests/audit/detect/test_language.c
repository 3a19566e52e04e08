/* SPDX-License-Identifier: Apache-2.0
 *
 * Which reader a file gets by its name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "audit/detect/language.h"
#include "audit/detect/region.h"

#include "core/banned.h"

static void test_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum sc_text_kind kind;
    } cases[] = {
        {"a/compose.yml", SC_TEXT_YAML},
        {"a/B.YAML", SC_TEXT_YAML},
        {".yml", SC_TEXT_OTHER}, /* a name, no ending */
        {"yml", SC_TEXT_OTHER},
        {"a.yml/b", SC_TEXT_OTHER},
        {"a.yml.j2", SC_TEXT_OTHER},
        {"Dockerfile", SC_TEXT_DOCKERFILE},
        {"dockerfile-dev", SC_TEXT_DOCKERFILE},
        {"x.Dockerfile", SC_TEXT_DOCKERFILE},
        {"dockerfile.go", SC_TEXT_PROGRAM},
        {"Dockerfiles", SC_TEXT_OTHER},
        {"Containerfile.x", SC_TEXT_DOCKERFILE},
        {".env", SC_TEXT_DOTENV},
        {".ENV.local", SC_TEXT_DOTENV},
        {"prod.env", SC_TEXT_DOTENV},
        {"env.prod", SC_TEXT_DOTENV},
        {".envrc", SC_TEXT_DOTENV},
        {"home/.bashrc", SC_TEXT_SHELL},
        {"_NETRC", SC_TEXT_LOGINS},
        {"pgpass.conf", SC_TEXT_LOGINS},
        {"Makefile", SC_TEXT_MAKEFILE},
        {"a.mk", SC_TEXT_MAKEFILE},
        {"a.container", SC_TEXT_UNIT},
        {"a.CMD", SC_TEXT_BATCH},
        {"home/.aws/credentials", SC_TEXT_CONFIG},
        {"credentials", SC_TEXT_OTHER},
        {"app/etc/env.php", SC_TEXT_PROGRAM},
        {"a.ipynb", SC_TEXT_NOTEBOOK},
        {"a.pod", SC_TEXT_UNIT},
        {"userlist.txt", SC_TEXT_LOGINS},
        {"Caddyfile", SC_TEXT_CONFIG},
        {"x.caddyfile", SC_TEXT_CONFIG},
        {"a.PY", SC_TEXT_PROGRAM},
        {".py", SC_TEXT_PROGRAM},
        {"a.h", SC_TEXT_PROGRAM},
        {"a.hh", SC_TEXT_OTHER},
        {"a.", SC_TEXT_OTHER},
        {"Jenkinsfile.release", SC_TEXT_PROGRAM},
        {"Vagrantfile", SC_TEXT_PROGRAM},
        {"README", SC_TEXT_OTHER},
        {"", SC_TEXT_OTHER},
    };
    for (size_t i = 0; i < SC_ARRAY_SIZE(cases); i++) {
        if (sc_text_kind_of_name(cases[i].path) != cases[i].kind)
            fail_msg("'%s' is of kind %d", cases[i].path, sc_text_kind_of_name(cases[i].path));
    }
}

/* Of a file whose name says nothing, by its first line that is no comment. */
static void test_kinds_by_content(void **state)
{
    (void)state;
    static const struct {
        const char *path, *text;
        enum sc_text_kind kind;
    } cases[] = {
        {"office.nmconnection", "# x\n\n[wifi-security]\npsk=x\n", SC_TEXT_CONFIG},
        {"hosts", "[db:vars]\r\na=b\n", SC_TEXT_CONFIG},
        {"a.list", "[\"a\", \"b\"]\n", SC_TEXT_OTHER},
        {"a.list", "[1, 2]\n", SC_TEXT_OTHER},
        {"a.ign", "{\n  \"ignition\": {}}\n", SC_TEXT_CONFIG},
        {"a.css", "{ color: red }\n", SC_TEXT_OTHER},
        {"a.css", "{", SC_TEXT_OTHER},
        {"backup", "# x\nexport GPG_PW=x\n", SC_TEXT_DOTENV},
        {"backup.x", "GPG_PW=x\n", SC_TEXT_OTHER},
        {".credentials", "realm=Nexus\nuser=ci\n", SC_TEXT_DOTENV},
        {"completion", "words=\"$1\"\nif true; then\n", SC_TEXT_OTHER},
        {"notes", "a text = with a sign\n", SC_TEXT_OTHER},
        {"notes", "A=", SC_TEXT_OTHER}, /* too short for a name */
        {"empty", "#", SC_TEXT_OTHER},
        {"x", "", SC_TEXT_OTHER},
    };
    for (size_t i = 0; i < SC_ARRAY_SIZE(cases); i++) {
        const struct sc_bytes text = {(const unsigned char *)cases[i].text, strlen(cases[i].text)};
        if (sc_text_kind(cases[i].path, text) != cases[i].kind)
            fail_msg("case %zu, '%s', is of kind %d", i, cases[i].path,
                     sc_text_kind(cases[i].path, text));
    }
}

static void test_names_of_configuration(void **state)
{
    (void)state;
    static const char *const yes[] = {"settings.py",      "wp-Config.php", "a/knexfile.js",
                                      "tomcat-users.xml", "POM.XML",       "server.xml",
                                      "cconfig.js",       "secsecret.js"};
    static const char *const no[] = {"config/main.py",  "settin",  "confi", "c", "",
                                     "user-service.js", "poms.xml"};
    for (size_t i = 0; i < SC_ARRAY_SIZE(yes); i++) {
        if (!sc_language_is_settings(yes[i]))
            fail_msg("'%s' is missed", yes[i]);
    }
    for (size_t i = 0; i < SC_ARRAY_SIZE(no); i++) {
        if (sc_language_is_settings(no[i]))
            fail_msg("'%s' is taken for configuration", no[i]);
    }
    assert_true(sc_language_is_sample("Tests/a.py")); /* of folders, too */
    assert_true(sc_language_is_sample("a/my-EXAMPLE.js"));
    assert_false(sc_language_is_sample("a/tes/t.py"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_kinds_by_content),
        cmocka_unit_test(test_names_of_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
