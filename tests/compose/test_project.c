/* SPDX-License-Identifier: Apache-2.0
 *
 * The loaded model: where each value came from, effective environments, grants, limits, and what
 * happens when memory runs out at any place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/compose/memory_files.h"
#include "tests/support/fail_alloc.h"

#include "core/banned.h"

static const struct memory_file shop[] = {
    {"/p/compose.yml",
     "x-common: &common\n"
     "  LOG: info\n"
     "services:\n"
     "  db:\n"
     "    image: postgres:16\n"
     "    environment:\n"
     "      <<: *common\n"
     "      POSTGRES_PASSWORD: hunter2\n"
     "      PIN: 0123\n"
     "      FROM_DOTENV: ${SECRET}\n"
     "      WITH_DEFAULT: a${NOPE:-literal}\n"
     "    env_file: db.env\n"
     "    secrets: [token, {source: cert, target: /etc/cert, mode: 0400}]\n"
     "  api:\n"
     "    image: api\n"
     "    environment: [LIST=item, SECRET]\n"
     "    command: run --fast 'two words'\n"
     "    extends: {service: db}\n"
     "  off:\n"
     "    image: y\n"
     "    profiles: [debug]\n"
     "secrets:\n"
     "  token: {file: ./token}\n"
     "  cert: {environment: CERT}\n"
     "  unused: {file: u}\n",
     0},
    {"/p/.env", "# c\nSECRET=\"s3cret\"\n", 0},
    {"/p/db.env", "FILE_ONLY=f\nPIN=9\nREF=$SECRET\n", 0},
    {NULL, NULL, 0},
};

static struct sc_project *load_shop(bool all)
{
    struct memory_files memory;
    struct sc_project *project = NULL;
    struct sc_error err = {0};
    memory_files_init(&memory, shop);
    if (memory_load(&memory, NULL, all, &project, &err) < 0)
        fail_msg("%s", err.message);
    return project;
}

static const struct sc_variable *variable(const struct sc_project *project, const char *service,
                                          const char *name)
{
    const struct sc_variable *found =
        sc_variables_get(&sc_project_service(project, service)->environment, name);
    assert_non_null(found);
    return found;
}

/* The bytes that a place names. */
static void assert_place(const struct sc_place *place, const char *text, unsigned line,
                         unsigned column)
{
    assert_non_null(place->file);
    assert_int_equal(place->end - place->start, strlen(text));
    assert_memory_equal(place->file->text + place->start, text, strlen(text));
    assert_int_equal(place->line, line);
    assert_int_equal(place->column, column);
}

static void test_literal(void **state)
{
    (void)state;
    SC_CLEANUP(sc_project_freep) struct sc_project *project = load_shop(false);
    const struct sc_variable *v = variable(project, "db", "POSTGRES_PASSWORD");
    assert_string_equal(v->value, "hunter2");
    assert_place(&v->origin->place, "hunter2", 8, 26);
    assert_int_equal(v->origin->routes, SC_ROUTE_LITERAL);
    v = variable(project, "db", "PIN");
    assert_string_equal(v->value, "83");
    assert_place(&v->origin->place, "0123", 9, 12);
}

static void test_routes(void **state)
{
    (void)state;
    SC_CLEANUP(sc_project_freep) struct sc_project *project = load_shop(false);
    const struct sc_variable *v = variable(project, "db", "LOG");
    assert_int_equal(v->origin->routes, SC_ROUTE_LITERAL | SC_ROUTE_MERGE_KEY);
    assert_int_equal(v->origin->via.line, 7);
    v = variable(project, "db", "FROM_DOTENV");
    assert_string_equal(v->value, "s3cret");
    assert_int_equal(v->origin->routes, SC_ROUTE_VARIABLE | SC_ROUTE_DOTENV);
    assert_place(&v->origin->place, "${SECRET}", 10, 20);
    assert_place(&v->origin->uses->place, "\"s3cret\"", 2, 8);
    v = variable(project, "db", "WITH_DEFAULT");
    assert_string_equal(v->value, "aliteral");
    assert_int_equal(v->origin->routes, SC_ROUTE_VARIABLE | SC_ROUTE_DEFAULT);
    v = variable(project, "db", "FILE_ONLY");
    assert_int_equal(v->origin->routes, SC_ROUTE_ENV_FILE);
    assert_place(&v->origin->place, "f", 1, 11);
    v = variable(project, "db", "REF");
    assert_string_equal(v->value, "s3cret");
}

static void test_list_and_extends(void **state)
{
    (void)state;
    SC_CLEANUP(sc_project_freep) struct sc_project *project = load_shop(false);
    const struct sc_variable *v = variable(project, "api", "LIST");
    assert_place(&v->origin->place, "LIST=item", 16, 19);
    v = variable(project, "api", "SECRET");
    assert_string_equal(v->value, "s3cret");
    assert_int_equal(v->origin->uses->source, SC_USE_DOTENV);
    v = variable(project, "api", "POSTGRES_PASSWORD");
    assert_true((v->origin->routes & SC_ROUTE_EXTENDS) != 0);
    assert_place(&v->origin->place, "hunter2", 8, 26);
    const struct sc_service *api = sc_project_service(project, "api");
    const struct sc_value *command = sc_value_get(api->value, "command");
    assert_int_equal(command->count, 3);
    assert_string_equal(command->u.items[2]->u.text, "two words");
}

static void test_grants(void **state)
{
    (void)state;
    SC_CLEANUP(sc_project_freep) struct sc_project *project = load_shop(false);
    const struct sc_service *db = sc_project_service(project, "db");
    assert_int_equal(db->secrets.count, 2);
    assert_string_equal(db->secrets.items[0].target, "/run/secrets/token");
    assert_int_equal(db->secrets.items[0].mode, -1);
    assert_string_equal(db->secrets.items[1].target, "/etc/cert");
    assert_int_equal(db->secrets.items[1].mode, 0400);
    const struct sc_resource *token = sc_resources_get(&project->secrets, "token");
    assert_string_equal(token->file, "/p/token");
    assert_non_null(sc_resources_get(&project->secrets, "unused"));
    assert_null(sc_value_at(project->root, "secrets", "unused", NULL));
}

static void test_all(void **state)
{
    (void)state;
    SC_CLEANUP(sc_project_freep) struct sc_project *some = load_shop(false);
    assert_non_null(sc_project_service(some, "off"));
    assert_null(sc_value_at(some->root, "services", "off", NULL));
    SC_CLEANUP(sc_project_freep) struct sc_project *all = load_shop(true);
    assert_non_null(sc_value_at(all->root, "services", "off", NULL));
    assert_non_null(sc_value_at(all->root, "secrets", "unused", NULL));
}

static bool hide_all(void *ctx, const char *const *path, size_t depth, const struct sc_value *value)
{
    (void)ctx;
    (void)value;
    return depth > 3 && strcmp(path[2], "environment") == 0;
}

static void test_render_hides(void **state)
{
    (void)state;
    SC_CLEANUP(sc_project_freep) struct sc_project *project = load_shop(true);
    for (int format = SC_RENDER_YAML; format <= SC_RENDER_JSON; format++) {
        SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(65536);
        struct sc_render render = {.format = (enum sc_render_format)format, .hide = hide_all};
        assert_int_equal(sc_compose_render(project, &render, &out, NULL), 0);
        assert_null(strstr(sc_buf_text(&out), "hunter2"));
        assert_null(strstr(sc_buf_text(&out), "s3cret"));
        assert_non_null(strstr(sc_buf_text(&out), "POSTGRES_PASSWORD"));
    }
}

static int load_and_free(void *ctx)
{
    (void)ctx;
    struct memory_files memory;
    SC_CLEANUP(sc_project_freep) struct sc_project *project = NULL;
    memory_files_init(&memory, shop);
    return memory_load(&memory, NULL, true, &project, NULL);
}

static void test_no_memory(void **state)
{
    (void)state;
    assert_true(sc_fail_alloc_each(load_and_free, NULL) > 10);
}

static void refuse(const char *text, size_t size, int code, const char *message)
{
    const struct memory_file files[] = {{"/p/compose.yml", text, size}, {NULL, NULL, 0}};
    struct memory_files memory;
    struct sc_project *project = NULL;
    struct sc_error err = {0};
    memory_files_init(&memory, files);
    assert_int_equal(memory_load(&memory, NULL, false, &project, &err), code);
    assert_null(project);
    if (message != NULL)
        assert_string_equal(err.message, message);
}

static void test_alias_bomb(void **state)
{
    (void)state;
    refuse("x-a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]\n"
           "x-b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
           "x-c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n"
           "x-d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
           "x-e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\n"
           "x-f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]\n"
           "x-g: &g [*f, *f, *f, *f, *f, *f, *f, *f, *f, *f]\n"
           "services: {a: {image: x}}\n",
           0, SC_E_TOOBIG, NULL);
}

static void test_brackets(void **state)
{
    (void)state;
    enum { COUNT = 50000 };
    char *text = malloc(COUNT + 1);
    assert_non_null(text);
    memset(text, '[', COUNT);
    text[COUNT] = '\0';
    refuse(text, COUNT, SC_E_TOOBIG, NULL);
    free(text);
}

static void test_positions(void **state)
{
    (void)state;
    refuse("services:\n  a:\n    image: x\n    ports: hunter2\n", 0, SC_E_SYNTAX,
           "'compose.yml' line 4, column 12: services.a.ports: must be a list");
    refuse("services:\n  a:\n    image: x\n    enviroment: {}\n", 0, SC_E_SYNTAX,
           "'compose.yml' line 4, column 5: services.a.enviroment: there is no such attribute; did "
           "you mean 'environment'?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_literal),
        cmocka_unit_test(test_routes),
        cmocka_unit_test(test_list_and_extends),
        cmocka_unit_test(test_grants),
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_render_hides),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_alias_bomb),
        cmocka_unit_test(test_brackets),
        cmocka_unit_test(test_positions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
