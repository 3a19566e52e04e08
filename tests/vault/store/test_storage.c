/* SPDX-License-Identifier: Apache-2.0
 *
 * A vault on a network file system, which is told to be one here: only a portable vault is made,
 * opened and copied there.
 */
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/fsutil.h"
#include "core/str.h"
#include "tests/support/scratch.h"
#include "vault/upkeep.h"

#include "core/banned.h"

#define NFS_TYPE 0x6969

/* What lies below "far" is far away. */
int __real_fstatfs64(int fd, struct statfs *fs);
int __wrap_fstatfs64(int fd, struct statfs *fs);

int __wrap_fstatfs64(int fd, struct statfs *fs)
{
    char link[64], path[PATH_MAX];
    int rc = __real_fstatfs64(fd, fs);
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof(path) - 1);
    assert_true(len > 0);
    path[len] = '\0';
    if (strstr(path, "/far") != NULL)
        fs->f_type = NFS_TYPE;
    return rc;
}

static struct sc_secret key_file;

static int each_test(void **state)
{
    (void)state;
    assert_int_equal(sc_scratch_enter(), 0);
    assert_int_equal(sc_dir_make("far", 0700, NULL), 0);
    assert_int_equal(sc_dir_make("near", 0700, NULL), 0);
    return sc_vault_make_key_file(&key_file, NULL);
}

static int after_test(void **state)
{
    (void)state;
    sc_secret_done(&key_file);
    return sc_scratch_leave();
}

static void put(struct sc_vault *vault, const char *name)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    assert_int_equal(sc_secret_append(&value, "value", 5, NULL), 0);
    const struct sc_entry_put entry = {.name = name, .value = &value};
    assert_int_equal(sc_vault_put(vault, &entry, NULL), 0);
}

static struct sc_vault *make(const char *path, bool portable)
{
    struct sc_vault *vault = NULL;
    const struct sc_slot_new slot = {.with = {.key_file = &key_file}};
    assert_int_equal(portable ? sc_vault_create_portable(path, &slot, &vault, NULL)
                              : sc_vault_create(path, &slot, &vault, NULL),
                     0);
    put(vault, "shop/first");
    return vault;
}

static struct sc_vault *reopen(const char *path)
{
    struct sc_vault *vault = NULL;
    const struct sc_unlock with = {.key_file = &key_file};
    assert_int_equal(sc_vault_open(path, SC_VAULT_WRITE, &vault, NULL), 0);
    assert_int_equal(sc_vault_unlock(vault, &with, NULL), 0);
    return vault;
}

/* What SQLite's header says: 1 a rollback journal, 2 a log. */
static int written_by(const char *path)
{
    unsigned char header[20] = {0};
    SC_CLEANUP(sc_buf_done) struct sc_buf content = SC_BUF_INIT(8 * 1024 * 1024);
    assert_int_equal(sc_file_read(path, &content, NULL), 0);
    memcpy(header, content.data, sizeof(header));
    assert_int_equal(header[18], header[19]);
    return header[18];
}

static void test_far_away_only_a_portable_one_is_made(void **state)
{
    (void)state;
    struct sc_vault *vault = NULL;
    const struct sc_slot_new slot = {.with = {.key_file = &key_file}};
    assert_int_equal(sc_vault_create("far/v.db", &slot, &vault, NULL), SC_E_UNSUPPORTED);
    assert_int_not_equal(access("far/v.db", F_OK), 0);
    vault = make("far/v.db", true);
    assert_int_not_equal(access("far/v.db-wal", F_OK), 0);
    sc_vault_closep(&vault);
    assert_int_equal(written_by("far/v.db"), 1);
    vault = reopen("far/v.db");
    put(vault, "shop/second");
    assert_int_equal(sc_vault_check(vault, NULL, NULL, NULL), 0);
    assert_int_not_equal(access("far/v.db-wal", F_OK), 0);
    sc_vault_closep(&vault);
}

static void test_one_that_was_carried_there(void **state)
{
    (void)state;
    const struct sc_vault_compact portable = {.storage = SC_VAULT_STORAGE_PORTABLE};
    const struct sc_vault_compact usual = {.storage = SC_VAULT_STORAGE_USUAL};
    struct sc_vault_compacted done;
    struct sc_vault *vault = make("near/v.db", false);
    sc_vault_closep(&vault);
    assert_int_equal(written_by("near/v.db"), 2);
    assert_int_equal(rename("near/v.db", "far/v.db"), 0);
    assert_int_equal(sc_vault_open("far/v.db", SC_VAULT_READ, &vault, NULL), SC_E_UNSUPPORTED);
    assert_int_equal(rename("far/v.db", "near/v.db"), 0);

    vault = reopen("near/v.db");
    assert_int_equal(sc_vault_compact(vault, &portable, &done, NULL), 0);
    put(vault, "shop/second");
    sc_vault_closep(&vault);
    assert_int_equal(written_by("near/v.db"), 1);
    assert_int_equal(rename("near/v.db", "far/v.db"), 0);
    vault = reopen("far/v.db");
    put(vault, "shop/third");
    assert_int_equal(sc_vault_check(vault, NULL, NULL, NULL), 0);
    sc_vault_closep(&vault);

    assert_int_equal(rename("far/v.db", "near/v.db"), 0);
    vault = reopen("near/v.db");
    assert_int_equal(sc_vault_compact(vault, &usual, &done, NULL), 0);
    put(vault, "shop/fourth");
    sc_vault_closep(&vault);
    assert_int_equal(written_by("near/v.db"), 2);
}

static void test_a_backup_goes_anywhere(void **state)
{
    (void)state;
    struct sc_vault *vault = make("near/v.db", false);
    struct sc_vault *backup = NULL;
    assert_int_equal(sc_vault_backup(vault, "far/b.db", NULL), 0);
    assert_int_equal(sc_vault_backup(vault, "near/b.db", NULL), 0);
    assert_int_equal(written_by("far/b.db"), 1);
    assert_int_equal(written_by("near/b.db"), 2);
    sc_vault_closep(&vault);
    assert_int_equal(unlink("near/v.db"), 0);
    assert_int_equal(sc_vault_open("far/b.db", SC_VAULT_READ, &backup, NULL), 0);
    assert_int_equal(sc_vault_restore(backup, "near/v.db", NULL), 0);
    sc_vault_closep(&backup);
    vault = reopen("near/v.db");
    put(vault, "shop/second");
    assert_int_equal(sc_vault_check(vault, NULL, NULL, NULL), 0);
    sc_vault_closep(&vault);
}

/* As an agent has the file open for a while after it has read a value. */
static pid_t hold_open(const char *path, int *ret_go)
{
    int ready[2], go[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(go), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct sc_vault *vault =
            NULL; /* without keys: memory of ours that holds them is gone here */
        close(go[1]);
        if (sc_vault_open(path, SC_VAULT_READ, &vault, NULL) < 0 ||
            write(ready[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 1)
            _exit(1);
        usleep(200000); /* it is asked for meanwhile, most likely */
        sc_vault_closep(&vault);
        _exit(0);
    }
    close(ready[1]);
    close(go[0]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    *ret_go = go[1];
    return child;
}

static void test_waits_for_one_that_has_it_open(void **state)
{
    (void)state;
    int go = -1, status = -1;
    const struct sc_vault_compact portable = {.storage = SC_VAULT_STORAGE_PORTABLE};
    struct sc_vault_compacted done;
    struct sc_vault *vault = make("near/v.db", false);
    sc_vault_closep(&vault);
    pid_t child = hold_open("near/v.db", &go);
    vault = reopen("near/v.db");
    assert_int_equal(write(go, "", 1), 1);
    assert_int_equal(sc_vault_compact(vault, &portable, &done, NULL), 0);
    sc_vault_closep(&vault);
    assert_int_equal(written_by("near/v.db"), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(go);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_far_away_only_a_portable_one_is_made, each_test,
                                        after_test),
        cmocka_unit_test_setup_teardown(test_one_that_was_carried_there, each_test, after_test),
        cmocka_unit_test_setup_teardown(test_waits_for_one_that_has_it_open, each_test, after_test),
        cmocka_unit_test_setup_teardown(test_a_backup_goes_anywhere, each_test, after_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
