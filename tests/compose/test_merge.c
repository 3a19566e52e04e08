/* SPDX-License-Identifier: Apache-2.0
 *
 * Long lists merged: what comes out, and that no item is compared with all others. Comparisons are
 * counted at the linker's seam: time would say nothing on a busy machine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compose/load/merge.h"
#include "compose/tree/items.h"

#include "core/banned.h"

#define LONG 20000

bool __real_sc_value_same(const struct sc_value *a, const struct sc_value *b);
bool __wrap_sc_value_same(const struct sc_value *a, const struct sc_value *b);

static size_t comparisons;

bool __wrap_sc_value_same(const struct sc_value *a, const struct sc_value *b)
{
    comparisons++;
    return __real_sc_value_same(a, b);
}

/* {cap_add: [C<first>, ..., C<first + count - 1>]} */
static struct sc_value *numbered(struct sc_model_pool *pool, size_t first, size_t count)
{
    struct sc_value *map = sc_tree_new(pool, SC_VALUE_MAP, sc_origin_implied());
    struct sc_value *list = sc_tree_new(pool, SC_VALUE_LIST, sc_origin_implied());
    for (size_t i = 0; i < count; i++) {
        char *text = sc_model_pool_printf(pool, "C%zu", first + i);
        assert_int_equal(
            sc_tree_append(pool, list, sc_tree_text(pool, text, sc_origin_implied()), NULL), 0);
    }
    assert_int_equal(sc_tree_set(pool, map, "cap_add", list, NULL, NULL), 0);
    return map;
}

static const struct sc_value *merged(struct sc_model_pool *pool, struct sc_value *base,
                                     struct sc_value *override)
{
    struct sc_path top = {0};
    assert_int_equal(sc_merge(pool, &base, override, &top, NULL), 0);
    return sc_value_get(base, "cap_add");
}

static void test_long_lists(void **state)
{
    (void)state;
    struct sc_model_pool pool = {0};
    comparisons = 0;
    const struct sc_value *list =
        merged(&pool, numbered(&pool, 0, LONG), numbered(&pool, LONG / 2, LONG));
    assert_int_equal(list->count, LONG + LONG / 2);
    for (size_t i = 0; i < list->count; i++) {
        char *text = sc_model_pool_printf(&pool, "C%zu", i);
        assert_true(sc_value_equals(list->u.items[i], text));
    }
    assert_true(comparisons < (size_t)LONG * 10);
    sc_model_pool_done(&pool);
}

static void test_doubles(void **state)
{
    (void)state;
    struct sc_model_pool pool = {0};
    struct sc_value *base = numbered(&pool, 0, 2);
    struct sc_value *list = sc_value_get(base, "cap_add");
    struct sc_value *same = sc_tree_text(&pool, "C0", sc_origin_implied());
    assert_int_equal(sc_tree_append(&pool, list, same, NULL), 0); /* one's own doubles stay */
    struct sc_value *twice = numbered(&pool, 5, 1);
    assert_int_equal(sc_tree_append(&pool, sc_value_get(twice, "cap_add"),
                                    sc_tree_text(&pool, "C5", sc_origin_implied()), NULL),
                     0);
    const struct sc_value *all = merged(&pool, base, twice);
    assert_int_equal(all->count, 4);
    assert_ptr_equal(all->u.items[2], same);
    assert_true(sc_value_equals(all->u.items[3], "C5"));
    sc_model_pool_done(&pool);
}

static void test_same_length_is_not_same(void **state)
{
    (void)state;
    struct sc_model_pool pool = {0};
    SC_CLEANUP(sc_item_set_done) struct sc_item_set items = {0};
    struct sc_value *list = sc_tree_new(&pool, SC_VALUE_LIST, sc_origin_implied());
    assert_int_equal(sc_item_set_begin(&items, list, 4, NULL), 0);
    for (int64_t i = 0; i < 4; i++) {
        struct sc_value *value = i < 2
                                     ? sc_tree_int(&pool, i, sc_origin_implied())
                                     : sc_tree_text(&pool, i == 2 ? "0" : "1", sc_origin_implied());
        assert_int_equal(sc_tree_append(&pool, list, value, NULL), 0);
        assert_true(sc_item_set_put(&items, (size_t)i)); /* 0, 1, "0" and "1" are four values */
    }
    assert_false(sc_item_set_put(&items, 3));
    sc_model_pool_done(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_lists),
        cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_same_length_is_not_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
