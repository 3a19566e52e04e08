/* SPDX-License-Identifier: Apache-2.0
 *
 * Replacing several files: all or none, each with its own mode; a replacement that was interrupted
 * is finished or undone by the next start, and a journal that somebody else laid down is refused.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/fd.h"
#include "core/fsutil.h"
#include "core/replace.h"
#include "tests/support/fail_alloc.h"
#include "tests/support/scratch.h"

#include "core/banned.h"

#define ROOM  ((size_t)4096)
#define COUNT 3

static const char *const paths[COUNT] = {"a.yml", "b.yml", "c.yml"};

static struct sc_bytes text_bytes(const char *text)
{
    return (struct sc_bytes){(const unsigned char *)text, strlen(text)};
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    const struct sc_file_attr attr = {.mode = mode};
    assert_int_equal(sc_file_replace(path, text_bytes(text), &attr, NULL), 0);
}

static void assert_file(const char *path, const char *text)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf buf = SC_BUF_INIT(ROOM);
    assert_int_equal(sc_file_read(path, &buf, NULL), 0);
    assert_string_equal(sc_buf_text(&buf), text);
}

static void assert_all(const char *text)
{
    for (size_t i = 0; i < COUNT; i++)
        assert_file(paths[i], text);
}

/* Nothing of a replacement is left beside the files. */
static void assert_clean(void)
{
    char staged[64];
    assert_int_not_equal(access(SC_REPLACE_JOURNAL, F_OK), 0);
    for (size_t i = 0; i < COUNT; i++) {
        snprintf(staged, sizeof(staged), ".%s.secretsctl-new", paths[i]);
        assert_int_not_equal(access(staged, F_OK), 0);
    }
}

static int set_up(void **state)
{
    (void)state;
    if (sc_scratch_enter() < 0)
        return -1;
    for (size_t i = 0; i < COUNT; i++)
        write_file(paths[i], "old", 0640);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return sc_scratch_leave();
}

static void describe(struct sc_replace_file files[COUNT])
{
    for (size_t i = 0; i < COUNT; i++) {
        files[i] = (struct sc_replace_file){.path = paths[i], .content = text_bytes("new")};
        sc_hash_sha256(files[i].before, "old", 3);
    }
}

static int replace(int (*ready)(void *ctx, struct sc_error *err), struct sc_error *err)
{
    struct sc_replace_file files[COUNT];
    describe(files);
    return sc_replace_all(files, COUNT, ready, NULL, err);
}

static int recover(size_t *ret_count, struct sc_error *err)
{
    return sc_replace_recover(paths[0], ret_count, err);
}

/* As a process leaves it that dies when all is staged and `placed` files have their names. */
static void interrupt(size_t placed)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf journal = SC_BUF_INIT(ROOM);
    const struct sc_file_attr attr = {.mode = 0600};
    static const char header[] = "secretsctl-replace 1";
    char staged[64];
    sc_buf_append(&journal, header, sizeof(header));
    for (size_t i = 0; i < COUNT; i++) {
        sc_buf_append(&journal, paths[i], strlen(paths[i]) + 1);
        snprintf(staged, sizeof(staged), ".%s.secretsctl-new", paths[i]);
        write_file(i < placed ? paths[i] : staged, "new", 0640);
    }
    assert_int_equal(sc_file_replace(SC_REPLACE_JOURNAL, sc_buf_view(&journal), &attr, NULL), 0);
}

static void test_all_are_replaced(void **state)
{
    (void)state;
    struct stat st;
    assert_int_equal(replace(NULL, NULL), 0);
    assert_all("new");
    assert_clean();
    assert_int_equal(stat(paths[1], &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
}

static void test_a_changed_file_stops_all(void **state)
{
    (void)state;
    struct sc_error err = {0};
    write_file(paths[2], "edited by somebody", 0640);
    assert_int_equal(replace(NULL, &err), SC_E_FAILED);
    assert_string_equal(sc_error_message(&err),
                        "'c.yml' changed in the meantime; nothing was written");
    assert_file(paths[0], "old");
    assert_file(paths[1], "old");
    assert_file(paths[2], "edited by somebody");
    assert_clean();
}

static int not_ready(void *ctx, struct sc_error *err)
{
    (void)ctx;
    assert_all("old");
    return sc_fail(err, SC_E_LOCKED, "not yet");
}

static void test_not_ready_undoes_all(void **state)
{
    (void)state;
    struct sc_error err = {0};
    assert_int_equal(replace(not_ready, &err), SC_E_LOCKED);
    assert_string_equal(sc_error_message(&err), "not yet");
    assert_all("old");
    assert_clean();
}

static void test_one_at_a_time(void **state)
{
    (void)state;
    struct sc_error err = {0};
    SC_CLEANUP(sc_fd_closep) int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    assert_int_equal(replace(NULL, &err), SC_E_BUSY);
    assert_string_equal(sc_error_message(&err), "another process changes files in '.'");
    assert_all("old");
    assert_clean();
}

static void test_what_was_begun_is_finished(void **state)
{
    (void)state;
    for (size_t placed = 0; placed <= COUNT; placed++) {
        size_t count = 99;
        for (size_t i = 0; i < COUNT; i++)
            write_file(paths[i], "old", 0640);
        interrupt(placed);
        assert_int_equal(recover(&count, NULL), 0);
        assert_int_equal(count, COUNT - placed);
        assert_all("new");
        assert_clean();
        assert_int_equal(recover(&count, NULL), 0);
        assert_int_equal(count, 0);
    }
}

static void test_staged_without_a_journal_goes(void **state)
{
    (void)state;
    size_t count = 99;
    write_file(".a.yml.secretsctl-new", "new", 0640);
    assert_int_equal(recover(&count, NULL), 0);
    assert_int_equal(count, 0);
    assert_all("old");
    assert_clean();
}

static void test_a_journal_of_others_is_refused(void **state)
{
    (void)state;
    static const char told[] = "'./.secretsctl-replace' was not written by this user; remove it";
    struct sc_error err = {0};
    size_t count = 99;
    interrupt(0);
    assert_int_equal(chmod(SC_REPLACE_JOURNAL, 0640), 0);
    assert_int_equal(recover(&count, &err), SC_E_TAMPERED);
    assert_string_equal(sc_error_message(&err), told);
    assert_all("old");
    assert_int_equal(chmod(SC_REPLACE_JOURNAL, 0600), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(SC_REPLACE_JOURNAL, 65534, 65534), 0);
        assert_int_equal(recover(&count, &err), SC_E_TAMPERED);
        assert_string_equal(sc_error_message(&err), told);
        assert_all("old");
    }
    assert_int_equal(unlink(SC_REPLACE_JOURNAL), 0);
    assert_int_equal(symlink(".a.yml.secretsctl-new", SC_REPLACE_JOURNAL), 0);
    assert_true(recover(&count, &err) < 0);
    assert_all("old");
    assert_int_equal(count, 99);
}

static void test_a_damaged_journal_is_refused(void **state)
{
    (void)state;
    struct sc_error err = {0};
    size_t count = 99;
    write_file(SC_REPLACE_JOURNAL, "secretsctl-replace 9", 0600);
    assert_int_equal(recover(&count, &err), SC_E_FORMAT);
    assert_string_equal(sc_error_message(&err),
                        "'./.secretsctl-replace' is no journal of a replacement");
    assert_all("old");
}

static int replace_or_leave(void *ctx)
{
    (void)ctx;
    int rc = replace(NULL, NULL);
    if (rc == 0) {
        for (size_t i = 0; i < COUNT; i++)
            write_file(paths[i], "old", 0640);
    }
    return rc;
}

static void test_without_memory(void **state)
{
    (void)state;
    assert_true(sc_fail_alloc_each(replace_or_leave, NULL) > 0);
    assert_all("old");
    assert_clean();
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_all_are_replaced),
        CASE(test_a_changed_file_stops_all),
        CASE(test_not_ready_undoes_all),
        CASE(test_one_at_a_time),
        CASE(test_what_was_begun_is_finished),
        CASE(test_staged_without_a_journal_goes),
        CASE(test_a_journal_of_others_is_refused),
        CASE(test_a_damaged_journal_is_refused),
        CASE(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
