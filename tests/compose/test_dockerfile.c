/* SPDX-License-Identifier: Apache-2.0
 *
 * What a Dockerfile starts: both forms, stages, targets, variables, here documents.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compose/start/dockerfile.h"
#include "core/macros.h"
#include "tests/support/fail_alloc.h"

#include "core/banned.h"

struct row {
    const char *text, *target;
    const char *entrypoint, *command; /* words joined by '|'; NULL: left to the base */
    const char *base, *user;
};

static const struct row rows[] = {
    {"FROM alpine\nCMD [\"a\", \"b c\"]\n", NULL, NULL, "a|b c", "alpine", NULL},
    {"from alpine\r\nentrypoint [\"/e\"]\r\ncmd run it\r\nUSER app\r\n", NULL, "/e",
     "/bin/sh|-c|run it", "alpine", "app"},
    /* ENTRYPOINT drops what is below, not the CMD of its own stage */
    {"FROM a AS one\nCMD [\"x\"]\nFROM one\nENTRYPOINT [\"/e\"]\n", NULL, "/e", "", "a", NULL},
    {"FROM a\nCMD [\"x\"]\nENTRYPOINT [\"/e\"]\n", NULL, "/e", "x", "a", NULL},
    {"FROM a AS one\nENTRYPOINT [\"/e\"]\nCMD [\"x\"]\nFROM one AS two\nCMD [\"y\"]\n", NULL, "/e",
     "y", "a", NULL},
    /* a stage's name stands behind AS alone */
    {"FROM a as\tone\nCMD [\"1\"]\nFROM one\n", NULL, NULL, "1", "a", NULL},
    {"FROM a is one\nCMD [\"1\"]\nFROM one\n", NULL, NULL, NULL, "one", NULL},
    {"FROM a ASone\nCMD [\"1\"]\nFROM one\n", NULL, NULL, NULL, "one", NULL},
    /* of three letters, or the beginning of one, but another instruction */
    {"FROM a\nCMD [\"x\"]\nRUN y\nENTRY z\n", NULL, NULL, "x", "a", NULL},
    /* target by name, in any case, and by number; the last one without */
    {"FROM a AS One\nCMD [\"1\"]\nFROM b\nCMD [\"2\"]\n", "one", NULL, "1", "a", NULL},
    {"FROM a AS One\nCMD [\"1\"]\nFROM b\nCMD [\"2\"]\n", "1", NULL, "2", "b", NULL},
    /* directives, comments and empty lines between continued ones, here documents */
    {"# escape=`\nFROM a\nENTRYPOINT [ `\n# why\n\n  \"/e\", `\n  \"x\" ]\n", NULL, "/e|x", "", "a",
     NULL},
    {"FROM a\nRUN <<EOF\nCMD [\"no\"]\nEOF\nCMD [\"yes\"]\n", NULL, NULL, "yes", "a", NULL},
    {"FROM a\nCOPY <<-'X' /f\n\tENTRYPOINT [\"no\"]\n\tX\nCMD exec \\\n  run\n", NULL, NULL,
     "/bin/sh|-c|exec   run", "a", NULL},
    {"FROM a\nSHELL [\"/bin/bash\", \"-ec\"]\nENTRYPOINT run $X\n", NULL, "/bin/bash|-ec|run $X",
     "", "a", NULL},
    /* what is nearly JSON is the shell form */
    {"FROM a\nENTRYPOINT ['x']\n", NULL, "/bin/sh|-c|['x']", "", "a", NULL},
    {"FROM a\nENTRYPOINT []\nCMD [\"a\\\"b\"]\n", NULL, "", "a\"b", "a", NULL},
    /* variables, of ARG in front of FROM only */
    {"ARG V=16\nARG B=pg:${V}\nFROM --platform=linux/amd64 ${B} AS x\nCMD [\"$V\"]\n", NULL, NULL,
     "$V", "pg:16", NULL},
    {"ARG V\nFROM node:${V:-20}\nCMD [\"x\"]\n", NULL, NULL, "x", "node:20", NULL},
    {"FROM scratch\nENTRYPOINT [\"/e\"]\n", NULL, "/e", "", NULL, NULL},
    {"FROM $UNKNOWN\nENTRYPOINT [\"/e\"]\n", NULL, "/e", "", "", NULL},
};

static void assert_words(const struct sc_strv *words, const char *wanted)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(256);
    for (size_t i = 0; i < words->count; i++)
        sc_buf_printf(&text, i > 0 ? "|%s" : "%s", words->items[i]);
    assert_string_equal(sc_buf_text(&text), wanted != NULL ? wanted : "");
}

static struct sc_bytes bytes(const char *text)
{
    return (struct sc_bytes){(const unsigned char *)text, strlen(text)};
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < SC_ARRAY_SIZE(rows); i++) {
        const struct row *row = &rows[i];
        struct sc_error err = {0};
        SC_CLEANUP(sc_dockerfile_start_done) struct sc_dockerfile_start start = {0};
        int rc = sc_dockerfile_start(bytes(row->text), row->target, NULL, &start, &err);
        if (rc < 0)
            print_error("row %zu: %s\n", i, sc_error_message(&err));
        assert_int_equal(rc, 0);
        assert_int_equal(start.has_entrypoint, row->entrypoint != NULL);
        assert_int_equal(start.has_command, row->command != NULL);
        assert_words(&start.start.entrypoint, row->entrypoint);
        assert_words(&start.start.command, row->command);
        assert_true(sc_str_equal(start.base, row->base));
        assert_true(sc_str_equal(start.start.user, row->user));
    }
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *text, *target;
        int code;
    } bad[] = {
        {"", NULL, SC_E_SYNTAX},          {"RUN x\n", NULL, SC_E_SYNTAX},
        {"FROM\n", NULL, SC_E_SYNTAX},    {"FROM a\n", "absent", SC_E_NOTFOUND},
        {"FROM a\n", "7", SC_E_NOTFOUND}, {"FROM $UNKNOWN\nCMD [\"x\"]\n", NULL, SC_E_UNSUPPORTED},
    };
    for (size_t i = 0; i < SC_ARRAY_SIZE(bad); i++) {
        struct sc_error err = {0};
        struct sc_dockerfile_start start = {0};
        assert_int_equal(sc_dockerfile_start(bytes(bad[i].text), bad[i].target, NULL, &start, &err),
                         bad[i].code);
        assert_null(start.base);
    }
}

static void test_build_argument(void **state)
{
    (void)state;
    struct sc_variable item = {.name = "TAG", .value = "3"};
    const struct sc_variables args = {&item, 1};
    SC_CLEANUP(sc_dockerfile_start_done) struct sc_dockerfile_start start = {0};
    const char *text = "ARG TAG=1\nFROM x:$TAG\nARG TOKEN=\n  arg  TOKENS\n";
    assert_int_equal(sc_dockerfile_start(bytes(text), NULL, &args, &start, NULL), 0);
    assert_string_equal(start.base, "x:3");
    assert_int_equal(sc_dockerfile_arg_line(bytes(text), "TOKEN"), 3);
    assert_int_equal(sc_dockerfile_arg_line(bytes(text), "TOKENS"), 4);
    assert_int_equal(sc_dockerfile_arg_line(bytes(text), "TOK"), 0);
    const char *uses = "ARG TOKEN\nRUN echo $TOKENS ${TOKENS}\nRUN x ${TOKEN:-1}\nRUN $TOKEN";
    assert_int_equal(sc_dockerfile_use_line(bytes(uses), "TOKEN"), 3);
    assert_int_equal(sc_dockerfile_use_line(bytes(uses), "TOKENS"), 2);
    assert_int_equal(sc_dockerfile_use_line(bytes("RUN $"), "TOKEN"), 0);
    assert_int_equal(sc_dockerfile_use_line(bytes("RUN ${"), "TOKEN"), 0);
}

/* Without memory no base is taken for one that a variable decides. */
static int read_and_free(void *ctx)
{
    (void)ctx;
    struct sc_error err = {0};
    SC_CLEANUP(sc_dockerfile_start_done) struct sc_dockerfile_start start = {0};
    const char *text = "ARG V=16\nARG B=pg:${V}\nFROM ${B} AS x\nENTRYPOINT [\"/e\"]\n";
    int rc = sc_dockerfile_start(bytes(text), NULL, NULL, &start, &err);
    if (rc == 0)
        assert_string_equal(start.base, "pg:16");
    return rc;
}

static void test_no_memory(void **state)
{
    (void)state;
    assert_true(sc_fail_alloc_each(read_and_free, NULL) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_build_argument),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
