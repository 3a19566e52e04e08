/* SPDX-License-Identifier: Apache-2.0
 *
 * Files, paths, descriptors and child processes: what is written is whole or not there, and what
 * must not be read is refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/fd.h"
#include "core/fsutil.h"
#include "core/parse.h"
#include "core/proc.h"
#include "core/str.h"
#include "tests/support/fail_alloc.h"

#include "core/banned.h"

#define ROOM ((size_t)4096)

static const struct sc_file_attr private_file = {.mode = 0600};

static struct sc_bytes text_bytes(const char *text)
{
    return (struct sc_bytes){(const unsigned char *)text, strlen(text)};
}

static int enter_folder(void **state)
{
    char *folder = strdup("/tmp/secretsctl-unit-XXXXXX");
    *state = folder;
    return folder != NULL && mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
    char *const argv[] = {(char[]){"rm"}, (char[]){"-rf"}, (char[]){"--"}, *state, NULL};
    SC_CLEANUP(sc_buf_done) struct sc_buf none = SC_BUF_INIT(ROOM);
    int status = 0;
    int rc = chdir("/") == 0 ? sc_proc_capture(argv, false, &none, &status, NULL) : -1;
    free(*state);
    return rc == 0 ? status : -1;
}

static void assert_file(const char *path, const char *content, mode_t mode)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf buf = SC_BUF_INIT(ROOM);
    struct stat st;
    assert_int_equal(sc_file_read(path, &buf, NULL), 0);
    assert_string_equal(sc_buf_text(&buf), content);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, mode);
}

static void test_replace_and_create(void **state)
{
    (void)state;
    struct sc_error err = {0};
    const struct sc_file_attr wide = {.mode = 0644};
    assert_int_equal(sc_file_create("f", text_bytes("one"), &private_file, &err), 0);
    assert_file("f", "one", 0600);
    assert_int_equal(sc_file_create("f", text_bytes("two"), &private_file, &err), SC_E_EXISTS);
    assert_string_equal(err.message, "cannot create 'f': File exists");
    assert_file("f", "one", 0600);
    assert_int_equal(sc_file_replace("f", text_bytes("three"), &wide, &err), 0);
    assert_file("f", "three", 0644);
    assert_int_equal(symlink("f", "link"), 0);
    assert_int_equal(sc_file_replace("link", text_bytes("four"), &private_file, &err), 0);
    assert_file("f", "four", 0600);
    struct stat st;
    assert_int_equal(lstat("link", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(sc_file_replace("none/f", text_bytes("x"), &wide, &err), SC_E_NOTFOUND);
    assert_int_equal(sc_file_replace("f/f", text_bytes("x"), &wide, &err), SC_E_NOTFOUND);
    /* A loop of links is not something to write over. */
    assert_int_equal(symlink("loop", "loop"), 0);
    assert_int_equal(sc_file_replace("loop", text_bytes("x"), &wide, &err), SC_E_IO);
    assert_int_equal(lstat("loop", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(unlink("f") + unlink("link") + unlink("loop"), 0);
}

static void test_no_temporary_file_stays(void **state)
{
    struct sc_error err = {0};
    char *const argv[] = {(char[]){"ls"}, (char[]){"-A"}, *state, NULL};
    SC_CLEANUP(sc_buf_done) struct sc_buf listing = SC_BUF_INIT(ROOM);
    int status = -1;
    assert_int_equal(mkdir("d", 0700), 0);
    assert_int_equal(sc_file_replace("d", text_bytes("x"), &private_file, &err), SC_E_IO);
    assert_int_equal(sc_proc_capture(argv, false, &listing, &status, &err), 0);
    assert_string_equal(sc_buf_text(&listing), "d\n");
    assert_int_equal(rmdir("d"), 0);
}

static void test_reading(void **state)
{
    (void)state;
    struct sc_error err = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret secret = {0};
    SC_CLEANUP(sc_buf_done) struct sc_buf small = SC_BUF_INIT(2);
    assert_int_equal(sc_file_create("key", text_bytes("abc"), &private_file, &err), 0);
    assert_int_equal(sc_file_read_secret("key", 3, true, &secret, &err), 0);
    assert_int_equal(sc_file_read_secret("key", 2, true, &secret, &err), SC_E_TOOBIG);
    assert_string_equal(err.message, "cannot read 'key': the value is longer than 2 bytes");
    assert_int_equal(sc_file_read("key", &small, &err), SC_E_TOOBIG);
    assert_int_equal(chmod("key", 0640), 0);
    assert_int_equal(sc_file_read_secret("key", 3, true, &secret, &err), SC_E_PERM);
    assert_string_equal(err.message,
                        "'key' can be read by others (mode 0640); run: chmod 600 'key'");
    assert_int_equal(sc_file_read(".", &small, &err), SC_E_FAILED);
    assert_string_equal(err.message, "'.' is a directory, not a regular file");
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(sc_file_read("pipe", &small, &err), SC_E_FAILED); /* and does not hang */
    assert_int_equal(sc_file_read("none", &small, &err), SC_E_NOTFOUND);
    assert_int_equal(unlink("key") + unlink("pipe"), 0);
}

static void assert_absolute(const char *path, const char *want)
{
    SC_CLEANUP(sc_str_freep) char *got = sc_path_absolute(path, NULL);
    assert_string_equal(got, want);
}

static void test_paths(void **state)
{
    (void)state;
    static const struct {
        const char *path, *dir;
    } cases[] = {{"a", "."}, {"/a", "/"}, {"a/b", "a"}, {"/a/b", "/a"}};
    for (size_t i = 0; i < SC_ARRAY_SIZE(cases); i++) {
        SC_CLEANUP(sc_str_freep) char *dir = sc_path_dirname(cases[i].path, NULL);
        assert_string_equal(dir, cases[i].dir);
    }
    assert_absolute("/a/b/../c", "/a/c");
    assert_absolute("/x/./y//z/..", "/x/y");
    assert_absolute("/a/../../..", "/");
    char cwd[PATH_MAX];
    assert_non_null(getcwd(cwd, sizeof(cwd)));
    SC_CLEANUP(sc_str_freep) char *here = sc_path_join(cwd, "a", NULL);
    assert_absolute("./b/../a/", here);
    SC_CLEANUP(sc_str_freep) char *joined = sc_path_join("", "a", NULL);
    assert_string_equal(joined, "a"); /* not "/a" */
    static const char *const dirs[] = {"/", "b", "b/"}, *const paths[] = {"/a", "b/a", "b/a"};
    for (size_t i = 0; i < SC_ARRAY_SIZE(dirs); i++) {
        SC_CLEANUP(sc_str_freep) char *path = sc_path_join(dirs[i], "a", NULL);
        assert_string_equal(path, paths[i]);
    }
    struct sc_error err = {0};
    assert_int_equal(sc_dir_make("x/y/z", 0700, &err), 0);
    assert_int_equal(sc_dir_make("x/y/z/", 0700, &err), 0);
    assert_int_equal(sc_file_create("x/f", text_bytes(""), &private_file, &err), 0);
    assert_int_equal(sc_dir_make("x/f", 0700, &err), SC_E_FAILED);
    assert_int_equal(unlink("x/f") + rmdir("x/y/z") + rmdir("x/y") + rmdir("x"), 0);
}

/* A pipe that does not block, as some parents give us: what does not fit now is waited for. */
static void test_write_to_a_full_pipe(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    pid_t pid = fork();
    if (pid == 0) {
        char part[1000];
        size_t all = 0;
        close(ends[1]);
        fcntl(ends[0], F_SETFL, 0);
        usleep(50000);
        for (ssize_t got = 1; got > 0; all += (size_t)got)
            got = read(ends[0], part, sizeof(part));
        _exit(all == 300000 ? 0 : 1);
    }
    close(ends[0]);
    char *data = calloc(1, 300000);
    assert_int_equal(sc_fd_write_all(ends[1], data, 300000, NULL), 0);
    free(data);
    close(ends[1]);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void test_read_from_an_empty_pipe(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    pid_t pid = fork();
    if (pid == 0) {
        usleep(50000);
        _exit(write(ends[1], "late", 4) == 4 ? 0 : 1);
    }
    char text[8];
    size_t got = 0;
    assert_int_equal(sc_fd_read_some(ends[0], text, sizeof(text), &got, NULL), 0);
    assert_int_equal(got, 4);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    close(ends[0]);
    close(ends[1]);
}

static void test_full_disk(void **state)
{
    (void)state;
    struct sc_error err = {0};
    SC_CLEANUP(sc_fd_closep) int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(sc_fd_write_all(fd, "x", 1, &err), SC_E_NOSPACE);
    assert_string_equal(err.message, "cannot write: No space left on device");
}

static void test_capture(void **state)
{
    (void)state;
    struct sc_error err = {0};
    int status = -1;
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(ROOM);
    SC_CLEANUP(sc_secret_done) struct sc_secret secret = {0};
    char sh[] = "sh", c[] = "-c", good[] = "cat; echo out; echo err >&2; exit 3";
    char killed[] = "kill -9 $$", missing[] = "no-such-program-here", endless[] = "yes";
    assert_int_equal(sc_proc_capture((char *[]){sh, c, good, NULL}, true, &out, &status, &err), 0);
    assert_string_equal(sc_buf_text(&out), "out\n");
    assert_int_equal(status, 3);
    assert_int_equal(
        sc_proc_capture_secret((char *[]){sh, c, killed, NULL}, true, 10, &secret, &status, &err),
        0);
    assert_int_equal(status, 128 + SIGKILL);
    if (sc_env("SC_VALGRIND") == NULL) {
        assert_int_equal(sc_proc_capture((char *[]){missing, NULL}, true, &out, &status, &err),
                         SC_E_NOTFOUND);
        assert_string_equal(err.message,
                            "cannot run 'no-such-program-here': No such file or directory");
    }
    assert_int_equal(
        sc_proc_capture_secret((char *[]){endless, NULL}, true, 100, &secret, &status, &err),
        SC_E_TOOBIG);
}

static int write_and_read(void *ctx)
{
    (void)ctx;
    struct sc_error err = {0};
    SC_CLEANUP(sc_buf_done) struct sc_buf buf = SC_BUF_INIT(ROOM);
    int rc = sc_file_replace("file", text_bytes("text"), &private_file, &err);
    if (rc == 0)
        rc = sc_file_read("file", &buf, &err);
    if (rc == 0)
        assert_string_equal(sc_buf_text(&buf), "text");
    unlink("file");
    return rc;
}

static void test_every_allocation_fails_once(void **state)
{
    (void)state;
    assert_in_range(sc_fail_alloc_each(write_and_read, NULL), 2, 100);
}

/* A file that is in place must not be told to have failed for want of memory. */
static void test_flushing_a_directory_needs_no_memory(void **state)
{
    struct sc_error err = {0};
    char longest[PATH_MAX + 8];
    (void)state;
    sc_fail_alloc_at(1, SC_FAIL_ALLOC_FOREVER);
    int beside = sc_dir_sync_parent("file", &err);
    int below = sc_dir_sync_parent("/tmp/file", &err);
    int root = sc_dir_sync_parent("/file", &err);
    unsigned tried = sc_fail_alloc_count();
    sc_fail_alloc_at(0, SC_FAIL_ALLOC_ONCE);
    assert_int_equal(beside, 0);
    assert_int_equal(below, 0);
    assert_int_equal(root, 0);
    assert_int_equal(tried, 0);
    memset(longest, 'a', sizeof(longest) - 1);
    longest[0] = '/';
    longest[PATH_MAX + 2] = '/';
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(sc_dir_sync_parent(longest, &err), SC_E_TOOBIG);
    longest[PATH_MAX + 2] = 'a';
    longest[PATH_MAX] = '/'; /* the directory has as many bytes as a path with its NUL */
    assert_int_equal(sc_dir_sync_parent(longest, &err), SC_E_TOOBIG);
}

static void test_flushing_a_directory_fails_where_it_is_not(void **state)
{
    struct sc_error err = {0};
    (void)state;
    assert_int_equal(sc_dir_sync_parent("absent/file", &err), SC_E_NOTFOUND);
    assert_string_equal(sc_error_message(&err),
                        "cannot open the directory 'absent': No such file or directory");
    assert_int_equal(sc_dir_sync_parent("/proc/self/file", &err), 0); /* it says EINVAL */
}

static void test_start_time(void **state)
{
    (void)state;
    char odd[] = "7 (a) Z (b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20\n";
    char zombie[] = "7 (x) Z 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20\n";
    char cut[] = "7 (x) S 1 2 3";
    char none[] = "";
    bool ended = true;
    assert_int_equal(sc_proc_stat_start_time(odd, &ended), 4711);
    assert_false(ended);
    assert_int_equal(sc_proc_stat_start_time(zombie, &ended), 4711);
    assert_true(ended);
    assert_int_equal(sc_proc_stat_start_time(cut, &ended), 0);
    assert_int_equal(sc_proc_stat_start_time(none, &ended), 0);
    uint64_t own = sc_proc_start_time(getpid());
    assert_int_not_equal(own, 0);
    assert_int_equal(sc_proc_start_time(getpid()), own);
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(sc_proc_start_time(child), 0); /* not reaped yet */
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(sc_proc_start_time(child), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replace_and_create),
        cmocka_unit_test(test_no_temporary_file_stays),
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_write_to_a_full_pipe),
        cmocka_unit_test(test_read_from_an_empty_pipe),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_capture),
        cmocka_unit_test(test_start_time),
        cmocka_unit_test(test_every_allocation_fails_once),
        cmocka_unit_test(test_flushing_a_directory_needs_no_memory),
        cmocka_unit_test(test_flushing_a_directory_fails_where_it_is_not),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
