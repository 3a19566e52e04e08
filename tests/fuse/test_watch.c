/* SPDX-License-Identifier: Apache-2.0
 *
 * Watching a file in a directory where others write too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fuse/agent/watch.h"

#include "core/banned.h"

#define FILES 600 /* other ones: more events than one look takes */

static char directory[] = "/tmp/secretsctl-watch.XXXXXX";

static void touch(const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
}

static void untouch(const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    assert_int_equal(unlink(path), 0);
}

static bool is_readable(const struct sc_watch *watch)
{
    struct pollfd one = {.fd = watch->fd, .events = POLLIN};
    return poll(&one, 1, 0) > 0;
}

static void test_whose_change(void **state)
{
    (void)state;
    char path[128];
    struct sc_watch watch = SC_WATCH_NONE;
    struct sc_error err = {0};
    snprintf(path, sizeof(path), "%s/vault.db", directory);
    assert_int_equal(sc_watch_open(path, &watch, &err), 0);
    touch("other");
    touch("vault.database");
    assert_false(sc_watch_take(&watch));
    touch("vault.db-wal");
    assert_true(sc_watch_take(&watch));
    assert_false(sc_watch_take(&watch));
    touch("vault.db");
    assert_true(sc_watch_take(&watch));
    untouch("other");
    untouch("vault.database");
    untouch("vault.db-wal");
    untouch("vault.db");
    sc_watch_close(&watch);
}

/* Who writes without a pause beside the vault shall not keep the agent from its readers. */
static void test_busy_directory(void **state)
{
    (void)state;
    char path[128];
    char name[32];
    struct sc_watch watch = SC_WATCH_NONE;
    struct sc_error err = {0};
    snprintf(path, sizeof(path), "%s/vault.db", directory);
    assert_int_equal(sc_watch_open(path, &watch, &err), 0);
    for (unsigned i = 0; i < FILES; i++) {
        snprintf(name, sizeof(name), "%u", i);
        touch(name);
    }
    touch("vault.db");
    assert_false(sc_watch_take(&watch));
    assert_true(is_readable(&watch));
    bool seen = false;
    while (is_readable(&watch))
        seen = sc_watch_take(&watch) || seen;
    assert_true(seen);
    for (unsigned i = 0; i < FILES; i++) {
        snprintf(name, sizeof(name), "%u", i);
        untouch(name);
    }
    untouch("vault.db");
    sc_watch_close(&watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whose_change),
        cmocka_unit_test(test_busy_directory),
    };
    if (mkdtemp(directory) == NULL)
        return 1;
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    return failures + (rmdir(directory) != 0);
}
