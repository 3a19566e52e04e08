/* SPDX-License-Identifier: Apache-2.0
 *
 * Which file system is chosen, by what the kernel answers: mount(2) is replaced by a script of
 * answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provision/tmpfs.h"

#include "core/banned.h"

#define CALLS_MAX 4

/* The kernel of one test. */
static struct kernel {
    int answers[CALLS_MAX]; /* 0 or an errno */
    size_t calls;
    char types[CALLS_MAX][16];
    char options[CALLS_MAX][128];
    unsigned long flags;
} kernel;

int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags,
                 const void *data);

int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags,
                 const void *data)
{
    (void)source;
    (void)target;
    assert_true(kernel.calls < CALLS_MAX);
    snprintf(kernel.types[kernel.calls], sizeof(kernel.types[0]), "%s", type);
    snprintf(kernel.options[kernel.calls], sizeof(kernel.options[0]), "%s", (const char *)data);
    kernel.flags = flags;
    errno = kernel.answers[kernel.calls];
    return kernel.answers[kernel.calls++] == 0 ? 0 : -1;
}

static int try_mount(const char *parent, struct sc_tmpfs *ret, struct sc_error *err)
{
    char dir[64];
    snprintf(dir, sizeof(dir), "%s/secretsctl-test.XXXXXX", parent);
    assert_non_null(mkdtemp(dir));
    *ret = (struct sc_tmpfs)SC_TMPFS_INIT;
    int rc = sc_tmpfs_mount(dir, 1 << 20, 0711, ret, err);
    assert_int_equal(rmdir(dir), 0);
    return rc;
}

static int reset(void **state)
{
    (void)state;
    memset(&kernel, 0, sizeof(kernel));
    return 0;
}

static void test_a_kernel_with_noswap(void **state)
{
    (void)state;
    struct sc_tmpfs place;
    struct sc_error err = {0};
    assert_int_equal(try_mount("/dev/shm", &place, &err), 0);
    assert_int_equal(kernel.calls, 1);
    assert_string_equal(kernel.types[0], "tmpfs");
    assert_string_equal(kernel.options[0], "mode=0711,size=3407872,nr_inodes=0,noswap");
    assert_int_equal(kernel.flags, MS_NOSUID | MS_NODEV | MS_NOEXEC);
    assert_true(place.fresh);
    sc_tmpfs_done(&place);
}

static void test_one_without(void **state)
{
    (void)state;
    struct sc_tmpfs place;
    struct sc_error err = {0};
    kernel.answers[0] = EINVAL;
    assert_int_equal(try_mount("/dev/shm", &place, &err), 0);
    assert_int_equal(kernel.calls, 2);
    assert_string_equal(kernel.types[1], "ramfs"); /* never a tmpfs that may swap */
    assert_string_equal(kernel.options[1], "mode=0711");
    sc_tmpfs_done(&place);
}

static void test_neither(void **state)
{
    (void)state;
    struct sc_tmpfs place;
    struct sc_error err = {0};
    kernel.answers[0] = EINVAL;
    kernel.answers[1] = ENODEV;
    assert_true(try_mount("/dev/shm", &place, &err) < 0);
    assert_non_null(strstr(sc_error_message(&err), "cannot mount a tmpfs on '/dev/shm/"));
    assert_int_equal(place.fd, -1);
}

/* Without the privilege what is there must do: memory is taken, a disk refused. */
static void test_without_privilege(void **state)
{
    (void)state;
    struct sc_tmpfs place;
    struct sc_error err = {0};
    kernel.answers[0] = EPERM;
    assert_int_equal(try_mount("/dev/shm", &place, &err), 0);
    assert_int_equal(kernel.calls, 1);
    assert_false(place.fresh);
    assert_false(place.own);
    sc_tmpfs_done(&place);
    memset(&kernel, 0, sizeof(kernel));
    kernel.answers[0] = EPERM;
    assert_int_equal(sc_tmpfs_open("/sys/kernel", 1 << 20, &place, &err), SC_E_UNSUPPORTED);
    assert_non_null(
        strstr(sc_error_message(&err), "'/sys/kernel' is not on a file system in memory"));
}

static void test_files_in_the_way(void **state)
{
    (void)state;
    struct sc_tmpfs place;
    struct sc_error err = {0};
    if (geteuid() != 0)
        skip();
    assert_int_equal(sc_tmpfs_mount("/sys/kernel", 1 << 20, 0700, &place, &err), SC_E_EXISTS);
    assert_int_equal(kernel.calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_kernel_with_noswap, reset),
        cmocka_unit_test_setup(test_one_without, reset),
        cmocka_unit_test_setup(test_neither, reset),
        cmocka_unit_test_setup(test_without_privilege, reset),
        cmocka_unit_test_setup(test_files_in_the_way, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
