/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of a path of a lower layer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "audit/image/layers.h"

#include "core/banned.h"

static void test_fates(void **state)
{
    (void)state;
    struct sc_layer_paths paths = {0};
    static const char *const files[] = {"./a/b", "etc/.wh.shadow", "opt/.wh..wh..opq", "/usr/lib",
                                        "var/.wh.cache"};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(sc_layer_paths_add(&paths, files[i], false, NULL), 0);
    assert_int_equal(sc_layer_paths_add(&paths, "etc/", true, NULL), 0);
    static const struct {
        const char *path;
        enum sc_fate fate;
    } cases[] = {
        {"a/b", SC_FATE_OVERWRITTEN},    {"a/bc", SC_FATE_UNTOUCHED},
        {"etc/shadow", SC_FATE_DELETED}, {"./etc/passwd", SC_FATE_UNTOUCHED},
        {"opt/x/y", SC_FATE_DELETED},    {"opt", SC_FATE_UNTOUCHED},
        {"usr/lib/so", SC_FATE_DELETED}, {"var/cache/apt/x", SC_FATE_DELETED},
        {"", SC_FATE_UNTOUCHED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(sc_layer_paths_fate(&paths, cases[i].path), cases[i].fate);
    sc_layer_paths_done(&paths);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fates)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
