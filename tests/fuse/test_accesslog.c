/* SPDX-License-Identifier: Apache-2.0
 *
 * The read log: its chain, a line cut by a crash, a disk that is full for a while.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/fd.h"
#include "fuse/agent/accesslog.h"

#include "core/banned.h"

static const struct sc_ring_record record = {
    .time = 1700000000000000000, .version = 3, .reader = {.tgid = 7, .exe = "/bin/cat"}};

static int make_path(void **state)
{
    char *path = strdup("/tmp/secretsctl-accesslog.XXXXXX");
    int fd = path == NULL ? -1 : mkstemp(path);
    if (fd < 0)
        return -1;
    close(fd);
    *state = path;
    return 0;
}

static int remove_path(void **state)
{
    unlink(*state);
    free(*state);
    return 0;
}

static int count_line(const struct sc_access_entry *entry, void *ctx, struct sc_error *err)
{
    uint64_t *count = ctx;
    (void)err;
    assert_int_equal(entry->sequence, ++*count);
    return 0;
}

static uint64_t lines_of(const char *path)
{
    uint64_t count = 0;
    struct sc_error err = {0};
    int rc = sc_access_log_read(path, count_line, &count, &err);
    if (rc < 0)
        print_message("%s\n", err.message);
    assert_int_equal(rc, 0);
    return count;
}

static void add(struct sc_access_log *log, int count)
{
    for (int i = 0; i < count; i++) {
        assert_int_equal(sc_access_log_make_room(log, NULL), 0);
        assert_int_equal(sc_access_log_add(log, "shop/key", &record, NULL, NULL), 0);
    }
}

static void test_goes_on(void **state)
{
    const char *path = *state;
    struct sc_access_log log = SC_ACCESS_LOG_CLOSED;
    assert_int_equal(sc_access_log_open(path, &log, NULL), 0);
    add(&log, 3000); /* more than waits at once */
    assert_int_equal(sc_access_log_flush(&log, NULL), 0);
    assert_int_equal(lines_of(path), 3000);
    sc_access_log_close(&log);
    assert_int_equal(sc_access_log_open(path, &log, NULL), 0);
    assert_int_equal(log.sequence, 3000);
    assert_int_equal(sc_access_log_add_loss(&log, 5, NULL), 0);
    sc_access_log_close(&log);
    assert_int_equal(lines_of(path), 3001);
}

static void test_cut(void **state)
{
    const char *path = *state;
    struct stat st;
    struct sc_access_log log = SC_ACCESS_LOG_CLOSED;
    assert_int_equal(sc_access_log_open(path, &log, NULL), 0);
    add(&log, 3);
    sc_access_log_close(&log);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(truncate(path, st.st_size - 10), 0);
    assert_int_equal(sc_access_log_open(path, &log, NULL), 0);
    assert_int_equal(log.sequence, 2);
    add(&log, 1);
    sc_access_log_close(&log);
    assert_int_equal(lines_of(path), 3);
}

static void test_edited(void **state)
{
    const char *path = *state;
    struct sc_error err = {0};
    struct sc_access_log log = SC_ACCESS_LOG_CLOSED;
    assert_int_equal(sc_access_log_open(path, &log, NULL), 0);
    add(&log, 3);
    sc_access_log_close(&log);
    SC_CLEANUP(sc_fd_closep) int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "9", 1, 0), 1);
    assert_int_equal(sc_access_log_open(path, &log, &err), SC_E_TAMPERED);
    assert_non_null(strstr(err.message, "line 1: the chain of hashes is broken"));
}

/* Lines wait while nothing can be written, none is added when there is no room, and all that were
 * added stand in the chain once there is. */
static void test_full_disk(void **state)
{
    const char *path = *state;
    struct rlimit before;
    struct sc_access_log log = SC_ACCESS_LOG_CLOSED;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit tight = {.rlim_cur = 5000, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(sc_access_log_open(path, &log, NULL), 0);
    add(&log, 10);
    assert_int_equal(sc_access_log_write(&log, NULL), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    uint64_t added = 10;
    for (; sc_access_log_make_room(&log, NULL) == 0 && added < 100000; added++)
        assert_int_equal(sc_access_log_add(&log, "shop/key", &record, NULL, NULL), 0);
    assert_in_range(added, 500, 99999);
    struct sc_error err = {0};
    assert_int_equal(sc_access_log_flush(&log, &err), SC_E_IO);
    assert_non_null(strstr(err.message, "cannot write the read log"));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(sc_access_log_flush(&log, NULL), 0);
    assert_int_equal(lines_of(path), added);
    sc_access_log_close(&log);
}

/* Renamed while it is written: it has all that was added to it, and the next begins at 1. */
static void test_renamed(void **state)
{
    const char *path = *state;
    char moved[64];
    struct sc_access_log log = SC_ACCESS_LOG_CLOSED;
    struct sc_error err = {0};
    int fd = -1;
    snprintf(moved, sizeof(moved), "%s.moved", path);
    assert_int_equal(sc_access_log_open(path, &log, NULL), 0);
    add(&log, 5);
    assert_int_equal(sc_access_log_write(&log, NULL), 0);
    assert_int_equal(rename(path, moved), 0);
    assert_int_equal(sc_access_log_lock(moved, &fd, &err), SC_E_BUSY);
    add(&log, 2);
    assert_int_equal(sc_access_log_write(&log, NULL), 0);
    assert_int_equal(sc_access_log_lock(moved, &fd, NULL), 0);
    close(fd);
    assert_int_equal(lines_of(moved), 7);
    add(&log, 3);
    assert_int_equal(sc_access_log_flush(&log, NULL), 0);
    sc_access_log_close(&log);
    assert_int_equal(lines_of(path), 3);
    unlink(moved);
}

/* A link in its place is not followed, neither to write nor to lock; what is made is the user's
 * own. */
static void test_link(void **state)
{
    const char *path = *state;
    char target[64], message[128];
    struct sc_access_log log = SC_ACCESS_LOG_CLOSED;
    struct sc_error err = {0};
    struct stat st;
    int fd = -1;
    snprintf(target, sizeof(target), "%s.target", path);
    assert_int_equal(sc_access_log_open(target, &log, NULL), 0);
    sc_access_log_close(&log);
    assert_int_equal(stat(target, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    unlink(path);
    assert_int_equal(symlink(target, path), 0);
    snprintf(message, sizeof(message), "cannot open '%s': Too many levels of symbolic links", path);
    assert_true(sc_access_log_open(path, &log, &err) < 0);
    assert_string_equal(sc_error_message(&err), message);
    sc_error_clear(&err);
    assert_true(sc_access_log_lock(path, &fd, &err) < 0);
    assert_string_equal(sc_error_message(&err), message);
    unlink(target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_goes_on, make_path, remove_path),
        cmocka_unit_test_setup_teardown(test_renamed, make_path, remove_path),
        cmocka_unit_test_setup_teardown(test_link, make_path, remove_path),
        cmocka_unit_test_setup_teardown(test_cut, make_path, remove_path),
        cmocka_unit_test_setup_teardown(test_edited, make_path, remove_path),
        cmocka_unit_test_setup_teardown(test_full_disk, make_path, remove_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
