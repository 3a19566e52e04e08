/* SPDX-License-Identifier: Apache-2.0
 *
 * The writer on a real tmpfs (a directory on /dev/shm), fed from memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fsutil.h"
#include "core/proc.h"
#include "provision/scope.h"
#include "provision/writer.h"
#include "tests/support/source_mem.h"

#include "core/banned.h"

struct fixture {
    char dir[64];
    struct sc_source_mem *mem;
    struct sc_source source;
    struct sc_tmpfs place;
    struct sc_layout layout;
};

static int set_up(void **state)
{
    struct fixture *fx = calloc(1, sizeof(*fx));
    assert_non_null(fx);
    snprintf(fx->dir, sizeof(fx->dir), "/dev/shm/secretsctl-test.XXXXXX");
    assert_non_null(mkdtemp(fx->dir));
    fx->mem = sc_source_mem_new();
    fx->source = sc_source_mem_source(fx->mem);
    struct sc_error err = {0};
    assert_int_equal(sc_tmpfs_open(fx->dir, 1 << 20, &fx->place, &err), 0);
    *state = fx;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fx = *state;
    char *argv[] = {"rm", "-rf", fx->dir, NULL};
    struct sc_buf out = SC_BUF_INIT(64);
    int status = 1;
    assert_int_equal(sc_proc_capture(argv, false, &out, &status, NULL), 0);
    sc_buf_done(&out);
    sc_layout_done(&fx->layout);
    sc_tmpfs_done(&fx->place);
    sc_source_mem_free(fx->mem);
    free(fx);
    return status;
}

static void put(struct fixture *fx, const char *name, const char *value)
{
    sc_source_mem_set(fx->mem, name, value, strlen(value));
}

static int write_scopes(struct fixture *fx, const struct sc_strv *scopes, struct sc_error *err)
{
    sc_layout_done(&fx->layout);
    return sc_provision_write(&fx->place, &fx->source, scopes, &fx->layout, err);
}

static void write_ok(struct fixture *fx)
{
    struct sc_error err = {0};
    int rc = write_scopes(fx, NULL, &err);
    if (rc < 0)
        print_error("%s\n", sc_error_message(&err));
    assert_int_equal(rc, 0);
}

static void write_fails(struct fixture *fx, int code, const char *message)
{
    struct sc_error err = {0};
    assert_int_equal(write_scopes(fx, NULL, &err), code);
    assert_string_equal(sc_error_message(&err), message);
}

static void path_of(const struct fixture *fx, const char *name, char out[256])
{
    snprintf(out, 256, "%s/%s", fx->dir, name);
}

static void assert_content(const struct fixture *fx, const char *name, const char *want)
{
    char path[256];
    path_of(fx, name, path);
    struct sc_buf text = SC_BUF_INIT(4096);
    assert_int_equal(sc_file_read(path, &text, NULL), 0);
    assert_string_equal(sc_buf_text(&text), want);
    sc_buf_done(&text);
}

static struct stat stat_of(const struct fixture *fx, const char *name)
{
    char path[256];
    struct stat st = {0};
    path_of(fx, name, path);
    assert_int_equal(stat(path, &st), 0);
    return st;
}

static bool exists(const struct fixture *fx, const char *name)
{
    char path[256];
    struct stat st;
    path_of(fx, name, path);
    return lstat(path, &st) == 0;
}

/* Names in a directory, "." and ".." not counted. */
static int count_names(const struct fixture *fx, const char *name)
{
    char path[256];
    path_of(fx, name, path);
    DIR *stream = opendir(path);
    assert_non_null(stream);
    int count = -2;
    while (readdir(stream) != NULL)
        count++;
    closedir(stream);
    return count;
}

static size_t count_in(const struct fixture *fx, enum sc_layout_state state)
{
    size_t found = 0;
    for (size_t i = 0; i < fx->layout.count; i++)
        found += fx->layout.entries[i].state == state;
    return found;
}

static void test_layout(void **state)
{
    struct fixture *fx = *state;
    put(fx, "shop/db_password", "s3cret");
    put(fx, "prod/shop/key", "k");
    put(fx, "prod/token", "t");
    sc_source_mem_attr(fx->mem, "shop/db_password", geteuid(), getegid(), 0440);
    write_ok(fx);
    assert_content(fx, "shop/db_password", "s3cret");
    assert_content(fx, "prod/shop/key", "k");
    assert_content(fx, "prod/token", "t");
    assert_int_equal(stat_of(fx, "shop/db_password").st_mode & 07777, 0440);
    assert_int_equal(stat_of(fx, "prod/token").st_mode & 07777, 0400);
    assert_int_equal(stat_of(fx, "shop").st_mode & 07777, 0755);
    assert_int_equal(count_in(fx, SC_LAYOUT_CREATED), 3);
    assert_int_equal(fx->layout.bytes, 8);
}

static void test_empty_and_largest_value(void **state)
{
    struct fixture *fx = *state;
    fx->place.quota = 2 * SC_VALUE_MAX;
    char *large = malloc(SC_VALUE_MAX);
    assert_non_null(large);
    memset(large, 0, SC_VALUE_MAX);
    sc_source_mem_set(fx->mem, "s/large", large, SC_VALUE_MAX);
    sc_source_mem_set(fx->mem, "s/empty", "", 0);
    free(large);
    write_ok(fx);
    assert_int_equal(stat_of(fx, "s/large").st_size, SC_VALUE_MAX);
    assert_int_equal(stat_of(fx, "s/empty").st_size, 0);
}

static void test_unchanged_keeps_the_inode(void **state)
{
    struct fixture *fx = *state;
    put(fx, "s/a", "one");
    put(fx, "s/b", "two");
    put(fx, "s/c", "three");
    write_ok(fx);
    struct stat a = stat_of(fx, "s/a");
    struct stat b = stat_of(fx, "s/b");
    write_ok(fx);
    assert_int_equal(count_in(fx, SC_LAYOUT_UNCHANGED), 3);
    assert_int_equal(stat_of(fx, "s/a").st_ctim.tv_nsec, a.st_ctim.tv_nsec); /* not even linked */
    put(fx, "s/b", "2");
    write_ok(fx);
    assert_int_equal(count_in(fx, SC_LAYOUT_CHANGED), 1);
    assert_int_equal(stat_of(fx, "s/a").st_ino, a.st_ino);
    assert_int_not_equal(stat_of(fx, "s/b").st_ino, b.st_ino);
    assert_content(fx, "s/b", "2");
    assert_content(fx, "s/c", "three");
    assert_int_equal(count_names(fx, "s"), 5); /* three names, the link, one generation */
}

static void test_mode_change_is_a_change(void **state)
{
    struct fixture *fx = *state;
    put(fx, "s/a", "one");
    write_ok(fx);
    sc_source_mem_attr(fx->mem, "s/a", geteuid(), getegid(), 0444);
    write_ok(fx);
    assert_int_equal(count_in(fx, SC_LAYOUT_CHANGED), 1);
    assert_int_equal(stat_of(fx, "s/a").st_mode & 07777, 0444);
}

/* Of another user and of another group. */
static void test_owner(void **state)
{
    struct fixture *fx = *state;
    if (geteuid() != 0)
        skip();
    put(fx, "s/a", "one");
    sc_source_mem_attr(fx->mem, "s/a", 1234, 5678, 0440);
    write_ok(fx);
    struct stat st = stat_of(fx, "s/a");
    assert_int_equal(st.st_uid, 1234);
    assert_int_equal(st.st_gid, 5678);
    assert_int_equal(st.st_mode & 07777, 0440);
    sc_source_mem_attr(fx->mem, "s/a", 1234, 5679, 0440);
    write_ok(fx);
    assert_int_equal(count_in(fx, SC_LAYOUT_CHANGED), 1);
    assert_int_equal(stat_of(fx, "s/a").st_gid, 5679);
    sc_source_mem_attr(fx->mem, "s/a", 1235, 5679, 0440);
    write_ok(fx);
    assert_int_equal(count_in(fx, SC_LAYOUT_CHANGED), 1);
    assert_int_equal(stat_of(fx, "s/a").st_uid, 1235);
}

static void test_removed_is_wiped(void **state)
{
    struct fixture *fx = *state;
    put(fx, "s/a", "one");
    put(fx, "s/b", "two");
    write_ok(fx);
    char path[256];
    path_of(fx, "s/b", path);
    int held = open(path, O_RDONLY | O_CLOEXEC); /* as a container that has it bound */
    assert_true(held >= 0);
    sc_source_mem_remove(fx->mem, "s/b");
    write_ok(fx);
    assert_false(exists(fx, "s/b"));
    struct stat st;
    assert_int_equal(fstat(held, &st), 0);
    assert_int_equal(st.st_size, 0);
    close(held);
    assert_int_equal(count_in(fx, SC_LAYOUT_REMOVED), 1);
    assert_string_equal(fx->layout.entries[1].name, "s/b");
}

static void test_superseded_stays_readable(void **state)
{
    struct fixture *fx = *state;
    put(fx, "s/a", "old");
    write_ok(fx);
    char path[256];
    char text[8] = {0};
    path_of(fx, "s/a", path);
    int held = open(path, O_RDONLY | O_CLOEXEC);
    put(fx, "s/a", "new");
    write_ok(fx);
    assert_int_equal(read(held, text, sizeof(text)), 3);
    assert_string_equal(text, "old");
    close(held);
}

static void test_gone_scope_goes(void **state)
{
    struct fixture *fx = *state;
    put(fx, "a/b/x", "1");
    put(fx, "c/y", "2");
    write_ok(fx);
    sc_source_mem_remove(fx->mem, "a/b/x");
    write_ok(fx);
    assert_false(exists(fx, "a"));
    assert_content(fx, "c/y", "2");
}

/* Files of a source with another id are no leftovers of this one, but may be asked for by name. */
static void test_scopes_of_another_source_stay(void **state)
{
    struct fixture *fx = *state;
    struct sc_strv theirs = {0};
    struct sc_error err = {0};
    fx->source.id = "one";
    put(fx, "theirs/x", "1");
    put(fx, "both/x", "1");
    write_ok(fx);
    fx->source.id = "two";
    sc_source_mem_remove(fx->mem, "theirs/x");
    put(fx, "mine/x", "2");
    write_ok(fx);
    assert_content(fx, "theirs/x", "1");
    assert_content(fx, "mine/x", "2");
    assert_int_equal(fx->layout.foreign.count, 1);
    assert_string_equal(fx->layout.foreign.items[0], "theirs");
    fx->source.id = "one"; /* what both have is now the second's */
    sc_source_mem_remove(fx->mem, "both/x");
    sc_source_mem_remove(fx->mem, "mine/x");
    write_ok(fx);
    assert_false(exists(fx, "theirs"));
    assert_content(fx, "both/x", "1");
    assert_int_equal(fx->layout.foreign.count, 2);
    assert_int_equal(sc_strv_add(&theirs, "both", &err), 0);
    assert_int_equal(write_scopes(fx, &theirs, &err), 0);
    assert_false(exists(fx, "both"));
    assert_content(fx, "mine/x", "2");
    fx->source.id = NULL; /* who has no id is not held back, as before there were any */
    write_ok(fx);
    assert_false(exists(fx, "mine"));
    sc_strv_done(&theirs);
}

static void test_scopes_limit_the_work(void **state)
{
    struct fixture *fx = *state;
    put(fx, "a/x", "1");
    put(fx, "a/deep/x", "1");
    put(fx, "ab/x", "1");
    write_ok(fx);
    sc_source_mem_remove(fx->mem, "ab/x");
    put(fx, "a/x", "2");
    struct sc_strv scopes = {0};
    struct sc_error err = {0};
    assert_int_equal(sc_strv_add(&scopes, "a", &err), 0);
    assert_int_equal(sc_strv_add(&scopes, "a/deep", &err), 0); /* overlaps: listed once */
    assert_int_equal(write_scopes(fx, &scopes, &err), 0);
    sc_strv_done(&scopes);
    assert_int_equal(fx->layout.count, 2);
    assert_content(fx, "a/x", "2");
    assert_content(fx, "ab/x", "1");
}

static void test_failure_changes_nothing(void **state)
{
    struct fixture *fx = *state;
    put(fx, "a/x", "1");
    put(fx, "b/y", "1");
    write_ok(fx);
    put(fx, "a/x", "2");
    put(fx, "a/new", "2");
    put(fx, "b/y", "2");
    put(fx, "c/z", "2");
    sc_source_mem_fail(fx->mem, "c/z", SC_E_LOCKED);
    write_fails(fx, SC_E_LOCKED, "entry 'c/z' fails");
    assert_content(fx, "a/x", "1");
    assert_content(fx, "b/y", "1");
    assert_false(exists(fx, "a/new"));
    assert_false(exists(fx, "c"));
    assert_int_equal(count_names(fx, "a"), 3);
    sc_source_mem_fail(fx->mem, "c/z", 0);
    write_ok(fx);
    assert_content(fx, "a/x", "2");
    assert_content(fx, "c/z", "2");
}

static void test_foreign_file_is_left(void **state)
{
    struct fixture *fx = *state;
    char path[256];
    path_of(fx, "s", path);
    assert_int_equal(mkdir(path, 0755), 0);
    path_of(fx, "s/a", path);
    assert_int_equal(mkdir(path, 0755), 0); /* as an engine makes for a missing bind source */
    put(fx, "s/a", "1");
    write_fails(fx, SC_E_EXISTS,
                "'s/a' exists in the directory and was not made by secretsctl; remove it");
    assert_true(exists(fx, "s/a"));
    path_of(fx, "s/a", path);
    assert_int_equal(rmdir(path), 0);
    path_of(fx, "s/" SC_SCOPE_CURRENT, path);
    assert_int_equal(symlink("v-7", path), 0);
    write_fails(fx, SC_E_EXISTS, "'s/" SC_SCOPE_CURRENT "' was not made by secretsctl");
    assert_int_equal(unlink(path), 0);
}

static void test_entry_and_scope_at_once(void **state)
{
    struct fixture *fx = *state;
    put(fx, "p/s", "1");
    put(fx, "p/s-x", "1");
    put(fx, "p/s/deep", "1");
    write_fails(fx, SC_E_EXISTS,
                "'p/s' is an entry and a scope at once, which no file can be; rename one of them");
}

static void test_quota(void **state)
{
    struct fixture *fx = *state;
    fx->place.quota = 8;
    put(fx, "s/a", "12345");
    put(fx, "s/b", "1234");
    write_fails(fx, SC_E_TOOBIG,
                "the values up to 's/b' are over the quota of 8 bytes; raise it with --size");
    assert_false(exists(fx, "s"));
}

static void test_leftovers_of_a_crash(void **state)
{
    struct fixture *fx = *state;
    put(fx, "s/a", "1");
    write_ok(fx);
    char path[256];
    path_of(fx, "s/.~2", path);
    assert_int_equal(mkdir(path, 0755), 0);
    path_of(fx, "s/.~2/a", path);
    assert_int_equal(symlink("x", path), 0);
    path_of(fx, "s/.~next", path);
    assert_int_equal(symlink(".~2", path), 0);
    put(fx, "s/a", "2");
    write_ok(fx);
    assert_content(fx, "s/a", "2");
    assert_int_equal(count_names(fx, "s"), 3);
}

static void test_disk_is_refused(void **state)
{
    struct fixture *fx = *state;
    struct sc_tmpfs place = SC_TMPFS_INIT;
    struct sc_error err = {0};
    (void)fx;
    assert_int_equal(sc_tmpfs_open("/proc", 1, &place, &err), SC_E_UNSUPPORTED);
    assert_int_equal(place.fd, -1);
    assert_string_equal(
        sc_error_message(&err),
        "'/proc' is not on a file system in memory, values would reach a disk; give "
        "a directory on a tmpfs, or run 'provision --tmpfs' as root, which mounts one");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_layout),
        CASE(test_empty_and_largest_value),
        CASE(test_unchanged_keeps_the_inode),
        CASE(test_mode_change_is_a_change),
        CASE(test_owner),
        CASE(test_removed_is_wiped),
        CASE(test_superseded_stays_readable),
        CASE(test_gone_scope_goes),
        CASE(test_scopes_of_another_source_stay),
        CASE(test_scopes_limit_the_work),
        CASE(test_failure_changes_nothing),
        CASE(test_foreign_file_is_left),
        CASE(test_entry_and_scope_at_once),
        CASE(test_quota),
        CASE(test_leftovers_of_a_crash),
        CASE(test_disk_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
