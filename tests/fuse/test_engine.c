/* SPDX-License-Identifier: Apache-2.0
 *
 * What the engine says of a container, and what of that is believed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/hash.h"
#include "fuse/agent/engine.h"

#include "core/banned.h"

#define ID       "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID2      "ffff456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PROJECT  "\"com.docker.compose.project\":\"shop\""
#define SERVICE  "\"com.docker.compose.service\":\"db\""
#define MADE(by) "\"com.docker.compose.config-hash\":\"" by "\""
#define OURS     "[{\"Id\":\"" ID "\",\"Image\":\"i\",\"ImageID\":\"sha256:ab\",\"Labels\":{"

static struct sc_engine_answer parse(const char *body)
{
    struct sc_engine_answer answer = {0};
    assert_true(sc_unhex(answer.facts.id, ID, SC_CONTAINER_ID_SIZE));
    assert_int_equal(sc_engine_parse(body, strlen(body), &answer, NULL), 0);
    return answer;
}

static void test_container(void **state)
{
    (void)state;
    struct sc_engine_answer answer =
        parse(OURS PROJECT "," SERVICE "},\"Names\":[\"/shop-db-1\"]}]");
    assert_int_equal(answer.facts.known, 1);
    assert_string_equal(answer.facts.project, "shop");
    assert_string_equal(answer.facts.service, "db");
    assert_string_equal(answer.facts.image, "i");
    assert_string_equal(answer.facts.name, "shop-db-1");
    assert_string_equal(answer.image_id, "sha256:ab");
    assert_int_equal(parse("[]").facts.known, 0);
    /* A filter that was not heeded: the one that was asked about counts, or none. */
    answer = parse("[{\"Id\":\"" ID2 "\",\"Labels\":{" SERVICE "}}]");
    assert_int_equal(answer.facts.known, 0);
    assert_string_equal(answer.facts.service, "");
    answer =
        parse("[{\"Id\":\"" ID2 "\",\"Names\":[\"/x\"]},{\"Id\":\"" ID "\",\"Names\":[\"/y\"]}]");
    assert_string_equal(answer.facts.name, "y");
}

/* What other containers call one that they are linked to is no name of it. */
static void test_linked(void **state)
{
    (void)state;
    assert_string_equal(parse("[{\"Id\":\"" ID "\",\"Names\":[\"/aweb/db\",\"/zdb\"]}]").facts.name,
                        "zdb");
    assert_string_equal(parse("[{\"Id\":\"" ID "\",\"Names\":[\"/aweb/db\"]}]").facts.name, "");
}

/* project and service of a container with these labels and an image with those. */
static void believed(const char *container, const char *image, const char *project,
                     const char *service)
{
    char body[1024];
    snprintf(body, sizeof(body), OURS "%s}}]", container);
    struct sc_engine_answer answer = parse(body);
    snprintf(body, sizeof(body), "{\"Config\":{\"Labels\":{%s}}}", image);
    assert_int_equal(sc_engine_parse_image(body, strlen(body), &answer, NULL), 0);
    assert_string_equal(answer.facts.project, project);
    assert_string_equal(answer.facts.service, service);
}

/* Whoever makes an image writes its labels, and docker run gives them to the container. */
static void test_labels_of_the_image(void **state)
{
    (void)state;
    believed(PROJECT "," SERVICE, "", "shop", "db");
    believed(PROJECT "," SERVICE, PROJECT "," SERVICE, "", "");
    believed(PROJECT "," SERVICE, SERVICE, "shop", "");
    believed(PROJECT "," SERVICE "," MADE("1"), PROJECT "," SERVICE "," MADE("1"), "", "");
    /* Compose labels the images that it builds, too. */
    believed(PROJECT "," SERVICE "," MADE("1"), PROJECT "," SERVICE, "shop", "db");
    believed(PROJECT "," SERVICE "," MADE("1"), PROJECT "," SERVICE "," MADE("2"), "shop", "db");
}

static void test_bad_answers(void **state)
{
    (void)state;
    struct sc_engine_answer answer = {0};
    assert_int_equal(sc_engine_parse("{}", 2, &answer, NULL), SC_E_SYNTAX);
    assert_int_equal(sc_engine_parse("[", 1, &answer, NULL), SC_E_SYNTAX);
    assert_int_equal(sc_engine_parse_image("[]", 2, &answer, NULL), SC_E_SYNTAX);
    assert_int_equal(sc_engine_parse_image("", 0, &answer, NULL), SC_E_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_container),
        cmocka_unit_test(test_linked),
        cmocka_unit_test(test_labels_of_the_image),
        cmocka_unit_test(test_bad_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
