/* SPDX-License-Identifier: Apache-2.0
 *
 * Emptying a directory, also where the process has no memory left to list it with.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provision/sweep.h"

#include "core/banned.h"

#define FILES 300

static void make_files(int dir_fd)
{
    for (int i = 0; i < FILES; i++) {
        char name[64];
        snprintf(name, sizeof(name), "a-name-of-some-length-%d", i);
        int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, "value", 5), 5);
        close(fd);
    }
    assert_int_equal(symlinkat("/etc/passwd", dir_fd, "link"), 0);
}

/* In a process that cannot get another page. */
static int empty_without_memory(int dir_fd)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit none = {0, 0};
        if (setrlimit(RLIMIT_DATA, &none) < 0)
            _exit(2);
        _exit(sc_sweep_empty(dir_fd, NULL) == 0 ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void test_empty(void **state)
{
    (void)state;
    char dir[] = "/tmp/secretsctl-test.XXXXXX";
    assert_non_null(mkdtemp(dir));
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    make_files(fd);
    assert_int_equal(empty_without_memory(fd), 0);
    size_t left = 1;
    assert_int_equal(sc_sweep_count(fd, &left, NULL), 0);
    assert_int_equal(left, 0);
    close(fd);
    assert_int_equal(rmdir(dir), 0);
    assert_int_equal(access("/etc/passwd", F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_empty)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
