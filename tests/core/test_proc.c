/* SPDX-License-Identifier: Apache-2.0
 *
 * Libraries that are loaded late: what is said when one is not there, or not to be had.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/macros.h"
#include "core/proc.h"

#include "core/banned.h"

char *__wrap_dlerror(void);
char *__real_dlerror(void);

static char *planted; /* what the loader says, in place of its own words */

char *__wrap_dlerror(void)
{
    return planted != NULL ? planted : __real_dlerror();
}

static int load(const char *soname, const char *name, struct sc_error *err)
{
    void *address = NULL;
    const struct sc_symbol symbol = {name, &address};
    int rc = sc_proc_load_library(soname, &symbol, 1, err);
    assert_true(rc < 0 || address != NULL);
    return rc;
}

static void finds_a_function(void **state)
{
    (void)state;
    assert_int_equal(load("libc.so.6", "getpid", NULL), 0);
}

static void names_what_is_missing(void **state)
{
    struct sc_error err = {0};
    (void)state;
    assert_int_equal(load("libnone.so.9", "f", &err), SC_E_UNSUPPORTED);
    assert_string_equal(sc_error_message(&err),
                        "this needs the library 'libnone.so.9', which is not installed");
    assert_int_equal(load("libc.so.6", "no_such_function", &err), SC_E_UNSUPPORTED);
    assert_string_equal(sc_error_message(&err), "the library 'libc.so.6' lacks 'no_such_function'");
}

static void says_what_the_loader_says(void **state)
{
    struct sc_error err = {0};
    (void)state;
    assert_int_equal(load("/dev/null", "f", &err), SC_E_IO);
    assert_string_equal(sc_error_message(&err), "cannot load a library: /dev/null: file too short");
}

/* Found by failing each allocation of a whole command. */
static void tells_want_of_memory_from_a_missing_library(void **state)
{
    char *const texts[] = {
        (char[]){"libsqlite3.so.0: cannot create shared object descriptor"},
        (char[]){"libsqlite3.so.0: cannot allocate dependency buffer: Cannot allocate memory"},
        (char[]){"out of memory"},
    };
    (void)state;
    for (size_t i = 0; i < SC_ARRAY_SIZE(texts); i++) {
        struct sc_error err = {0};
        planted = texts[i];
        assert_int_equal(load("libnone.so.9", "f", &err), SC_E_NOMEM);
        assert_string_equal(sc_error_message(&err), "out of memory");
    }
    planted = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_a_function),
        cmocka_unit_test(names_what_is_missing),
        cmocka_unit_test(says_what_the_loader_says),
        cmocka_unit_test(tells_want_of_memory_from_a_missing_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
