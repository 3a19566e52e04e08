/* SPDX-License-Identifier: Apache-2.0
 *
 * The tree's own parts: memory, room for entries, and where walks look for patterns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compose/tree/path.h"
#include "compose/tree/pool.h"
#include "compose/tree/tree.h"

#include "core/banned.h"

static const struct sc_pattern table[] = {
    SC_PATTERN(3, "services.*.ports"),
    SC_PATTERN(6, "services.*.volumes.[].bind.selinux"),
    SC_PATTERN(2, "volumes.*"),
    SC_PATTERN_END,
};

static void test_paths(void **state)
{
    (void)state;
    struct sc_path top = {0};
    struct sc_path services = sc_path_key(&top, "services");
    struct sc_path web = sc_path_key(&services, "web");
    struct sc_path ports = sc_path_key(&web, "ports");
    struct sc_path volumes = sc_path_key(&web, "volumes");
    struct sc_path item = sc_path_item(&volumes, 3);
    struct sc_path named = sc_path_key(&volumes, "x");
    struct sc_path environment = sc_path_key(&web, "environment");
    struct sc_path dotted = sc_path_key(&services, "web.ports");
    assert_int_equal(sc_path_find(&ports, table, sizeof(table[0])), 0);
    assert_int_equal(sc_path_find(&web, table, sizeof(table[0])), -1);
    assert_int_equal(sc_path_find(&dotted, table, sizeof(table[0])), -1);
    assert_true(sc_path_leads(&top, table, sizeof(table[0])));
    assert_true(sc_path_leads(&web, table, sizeof(table[0])));
    assert_true(sc_path_leads(&dotted, table, sizeof(table[0]))); /* a service of that name */
    assert_true(sc_path_leads(&volumes, table, sizeof(table[0])));
    assert_true(sc_path_leads(&item, table, sizeof(table[0])));
    assert_false(sc_path_leads(&named, table, sizeof(table[0])));
    assert_false(sc_path_leads(&ports, table, sizeof(table[0])));
    assert_false(sc_path_leads(&environment, table, sizeof(table[0])));
}

static void test_pool(void **state)
{
    (void)state;
    struct sc_model_pool pool = {.stash.max = (size_t)1024 * 1024};
    for (size_t i = 1; i < 100; i++) {
        char *text = sc_model_pool_ndup(&pool, "abcdefghijklmnopqrstuvwxyz", i % 26);
        assert_non_null(text);
        assert_int_equal(strlen(text), i % 26);
        uint64_t *number = sc_model_pool_alloc(&pool, sizeof(*number));
        assert_non_null(number);
        assert_int_equal((uintptr_t)number % _Alignof(uint64_t), 0);
        assert_int_equal(*number, 0);
        *number = UINT64_MAX;
        assert_int_equal(strlen(text), i % 26);
    }
    assert_null(sc_model_pool_alloc(&pool, pool.stash.max));
    assert_null(sc_model_pool_alloc(&pool, SIZE_MAX - 7));
    sc_model_pool_done(&pool);
}

static void test_reserve(void **state)
{
    (void)state;
    struct sc_model_pool pool = {0};
    struct sc_value *map = sc_tree_new(&pool, SC_VALUE_MAP, sc_origin_implied());
    assert_non_null(map);
    assert_int_equal(sc_tree_reserve(&pool, map, 0, NULL), 0);
    assert_int_equal(sc_tree_reserve(&pool, map, 40, NULL), 0);
    const struct sc_entry *room = map->u.entries;
    for (size_t i = 0; i < 100; i++) { /* beyond what was asked for, too */
        char *key = sc_model_pool_printf(&pool, "key%zu", i);
        struct sc_value *value = sc_tree_int(&pool, (int64_t)i, sc_origin_implied());
        assert_int_equal(sc_tree_set(&pool, map, key, value, NULL, NULL), 0);
        if (i == 39)
            assert_ptr_equal(room, map->u.entries);
    }
    assert_int_equal(map->count, 100);
    assert_int_equal(sc_value_get(map, "key39")->u.integer, 39);
    assert_int_equal(sc_value_get(map, "key99")->u.integer, 99);
    assert_int_equal(sc_tree_reserve(&pool, map, SIZE_MAX, NULL), SC_E_TOOBIG);
    sc_model_pool_done(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_pool),
        cmocka_unit_test(test_reserve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
