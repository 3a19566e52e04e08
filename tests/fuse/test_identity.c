/* SPDX-License-Identifier: Apache-2.0
 *
 * Readers: what a cgroup path says, and what it must not be believed; this very process.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <linux/sched.h>
#include <sched.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/hash.h"
#include "fuse/serve/identity.h"

#include "core/banned.h"

#define ID  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID2 "ffff456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void expect(const char *cgroup, const char *id, const char *path)
{
    char text[SC_CGROUP_FILE_MAX];
    char hex[2 * SC_READER_ID + 1] = "";
    struct sc_fuse_reader reader = {0};
    snprintf(text, sizeof(text), "%s", cgroup);
    sc_reader_parse_cgroup(text, &reader);
    if (reader.in_container)
        sc_hex(hex, reader.container, SC_READER_ID);
    assert_string_equal(hex, id);
    assert_string_equal(reader.cgroup, path);
}

static void test_engines(void **state)
{
    (void)state;
    expect("0::/docker/" ID "\n", ID, "/docker/" ID);
    expect("0::/system.slice/docker-" ID ".scope\n", ID, "/system.slice/docker-" ID ".scope");
    expect("0::/machine.slice/libpod-" ID ".scope/container\n", ID,
           "/machine.slice/libpod-" ID ".scope/container");
    expect("12:pids:/docker/" ID "\n11:cpu:/docker/" ID "/sub\n1:name=systemd:/\n", ID,
           "/docker/" ID "/sub");
    /* Where `cgroup_parent` puts it, and Kubernetes its pods: in slices of the system's manager. */
    expect("0::/shop.slice/shop-db.slice/docker-" ID ".scope\n", ID,
           "/shop.slice/shop-db.slice/docker-" ID ".scope");
    expect("0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podab.slice/"
           "cri-containerd-" ID ".scope\n",
           ID,
           "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podab.slice/"
           "cri-containerd-" ID ".scope");
    expect("0::/machine.slice/crio-" ID ".scope\n", ID, "/machine.slice/crio-" ID ".scope");
    expect("0::/system.slice/ssh.service\n", "", "/system.slice/ssh.service");
    expect("", "", "");
    expect("nonsense\n0:\n", "", "");
}

/* A user who owns a subtree can make directories of any name in it. */
static void test_forged(void **state)
{
    (void)state;
    expect("0::/user.slice/user-1000.slice/docker/" ID "\n", "",
           "/user.slice/user-1000.slice/docker/" ID);
    expect("0::/user.slice/docker-" ID ".scope\n", "", "/user.slice/docker-" ID ".scope");
    /* A container that makes one inside itself stays who it is: the outermost counts. */
    expect("0::/docker/" ID "/docker/" ID2 "\n", ID, "/docker/" ID "/docker/" ID2);
    expect("0::/docker/" ID "x\n", "", "/docker/" ID "x");
    expect("0::/docker/0123\n", "", "/docker/0123");
    expect("0::/docker-" ID ".scope\n", "", "/docker-" ID ".scope");
    expect("0::/system.slice/own.service/docker-" ID ".scope\n", "",
           "/system.slice/own.service/docker-" ID ".scope");
    expect("0::/shop.slice/x-" ID ".scope\n", "", "/shop.slice/x-" ID ".scope");
}

static bool apart_by(const char *cgroup)
{
    char text[SC_CGROUP_FILE_MAX];
    struct sc_fuse_reader reader = {0};
    snprintf(text, sizeof(text), "%s", cgroup);
    sc_reader_parse_cgroup(text, &reader);
    return reader.apart;
}

/* Of what looks like a container, and is none that an engine here could be asked about. */
static void test_apart(void **state)
{
    (void)state;
    assert_true(apart_by("9:pids:/mine/" ID "\n1:name=systemd:/\n"));
    assert_true(apart_by("0::/kubepods/burstable/pod12/" ID "\n"));
    assert_true(apart_by("0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID
                         ".scope/container\n"));
    assert_false(apart_by("0::/docker/" ID "\n"));
    assert_false(apart_by("0::/system.slice/ssh.service\n"));
    assert_false(apart_by("0::/\n"));
}

/* A process of another pid namespace is not of the host, whatever its cgroup. */
static void test_apart_by_pids(void **state)
{
    (void)state;
    struct sc_fuse_reader reader;
    int ends[2];
    int32_t inner = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        if (unshare(CLONE_NEWPID) < 0)
            _exit(1);
        inner = fork();
        if (inner == 0)
            for (;;)
                pause();
        _exit(write(ends[1], &inner, sizeof(inner)) != sizeof(inner));
    }
    close(ends[1]);
    ssize_t got = read(ends[0], &inner, sizeof(inner));
    close(ends[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    if (got != sizeof(inner))
        skip(); /* not root */
    sc_reader_identify((uint32_t)inner, 1, 2, &reader);
    kill(inner, SIGKILL);
    assert_int_equal(reader.tgid, inner);
    assert_true(reader.apart || reader.in_container);
    sc_reader_identify((uint32_t)getpid(), 1, 2, &reader);
    assert_false(reader.apart);
}

static void *in_thread(void *context)
{
    struct sc_fuse_reader *reader = context;
    sc_reader_identify((uint32_t)syscall(SYS_gettid), 1, 2, reader);
    return NULL;
}

static void test_self(void **state)
{
    (void)state;
    struct sc_fuse_reader reader;
    sc_reader_identify((uint32_t)getpid(), 1, 2, &reader);
    assert_int_equal(reader.tgid, getpid());
    assert_int_not_equal(reader.start, 0);
    assert_non_null(strstr(reader.exe, "test_"));
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, in_thread, &reader), 0);
    pthread_join(thread, NULL);
    assert_int_equal(reader.tgid, getpid());
    assert_int_not_equal(reader.tid, getpid());
}

static void test_unseen(void **state)
{
    (void)state;
    struct sc_fuse_reader reader;
    sc_reader_identify(0, 1, 2, &reader);
    assert_int_equal(reader.tgid, 0);
    assert_int_equal(reader.uid, 1);
    sc_reader_identify(0x7ffffff0, 1, 2, &reader);
    assert_int_equal(reader.tgid, 0);
}

/* ---- readers that come again ---- */

static pid_t start_sleeper(void)
{
    pid_t child = fork();
    if (child == 0) {
        for (;;)
            pause();
    }
    assert_true(child > 0);
    return child;
}

static void end_sleeper(pid_t child)
{
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

/* Twice, so that the second answer is the remembered one; both must be what a fresh look says. */
static void find_twice(struct sc_identities *all, pid_t tid, struct sc_fuse_reader *ret)
{
    struct sc_fuse_reader fresh;
    sc_reader_identify((uint32_t)tid, 7, 8, &fresh);
    for (int i = 0; i < 2; i++) {
        sc_identities_find(all, (uint32_t)tid, 7, 8, ret);
        assert_int_equal(ret->tid, fresh.tid);
        assert_int_equal(ret->tgid, fresh.tgid);
        assert_int_equal(ret->start, fresh.start);

        assert_int_equal(ret->in_container, fresh.in_container);
        assert_int_equal(ret->apart, fresh.apart);
        assert_int_equal(ret->uid, 7);
        assert_int_equal(ret->gid, 8);
        assert_string_equal(ret->exe, fresh.exe);
        assert_string_equal(ret->cgroup, fresh.cgroup);
    }
}

static void test_again_exec(void **state)
{
    (void)state;
    struct sc_identities *all = sc_identities_new();
    struct sc_fuse_reader reader;
    int go[2];
    assert_int_equal(pipe(go), 0);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        if (read(go[0], &byte, 1) == 1)
            execlp("sleep", "sleep", "1000", (char *)NULL);
        _exit(1);
    }
    find_twice(all, child, &reader);
    assert_non_null(strstr(reader.exe, "test_"));
    assert_int_equal(write(go[1], "x", 1), 1);
    for (int i = 0; i < 500 && strstr(reader.exe, "test_") != NULL; i++) {
        usleep(10000);
        sc_identities_find(all, (uint32_t)child, 7, 8, &reader);
    }
    find_twice(all, child, &reader);
    assert_null(strstr(reader.exe, "test_"));
    end_sleeper(child);
    close(go[0]);
    close(go[1]);
    /* Gone: nothing is remembered of it. */
    sc_identities_find(all, (uint32_t)child, 7, 8, &reader);
    assert_int_equal(reader.tgid, 0);
    assert_string_equal(reader.exe, "");
    sc_identities_free(all);
}

/* Another process of the same number is looked at anew. */
static void test_again_reused(void **state)
{
    (void)state;
    struct sc_identities *all = sc_identities_new();
    struct sc_fuse_reader first, second;
    pid_t child = start_sleeper();
    find_twice(all, child, &first);
    end_sleeper(child);
    usleep(50000); /* the clock of start times has hundredths of a second */
    pid_t want = child;
    struct clone_args arguments = {
        .exit_signal = SIGCHLD, .set_tid = (uint64_t)(uintptr_t)&want, .set_tid_size = 1};
    pid_t again = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
    if (again == 0) {
        for (;;)
            pause();
    }
    if (again == child) {
        find_twice(all, again, &second);
        assert_int_not_equal(second.start, first.start);
        end_sleeper(again);
    } else {
        print_message("not tried: this process may not choose a pid\n");
    }
    sc_identities_free(all);
}

#define CGROUP "/sys/fs/cgroup"

/* A process that is moved to a container's cgroup is in that container from then on. */
static void test_again_moved(void **state)
{
    (void)state;
    static const char *const roots[] = {CGROUP "/pids", CGROUP};
    for (size_t i = 0; i < SC_ARRAY_SIZE(roots); i++) {
        char folder[256], file[300];
        snprintf(folder, sizeof(folder), "%s/docker/" ID2, roots[i]);
        snprintf(file, sizeof(file), "%s/docker", roots[i]);
        bool made = mkdir(file, 0755) == 0;
        if (mkdir(folder, 0755) < 0)
            continue;
        snprintf(file, sizeof(file), "%s/cgroup.procs", folder);
        struct sc_identities *all = sc_identities_new();
        struct sc_fuse_reader reader;
        pid_t child = start_sleeper();
        find_twice(all, child, &reader);
        assert_false(reader.in_container);
        FILE *procs = fopen(file, "we");
        bool moved = procs != NULL && fprintf(procs, "%d", child) > 0;
        moved = procs != NULL && fclose(procs) == 0 && moved;
        if (moved)
            find_twice(all, child, &reader);
        assert_int_equal(reader.in_container, moved);
        end_sleeper(child);
        sc_identities_free(all);
        rmdir(folder);
        snprintf(file, sizeof(file), "%s/docker", roots[i]);
        if (made)
            rmdir(file);
        return;
    }
    print_message("not tried: no cgroup can be made here\n");
}

/* Numbers that share a place drive each other out, and are told apart. */
static void test_again_crowd(void **state)
{
    (void)state;
    struct sc_identities *all = sc_identities_new();
    struct sc_fuse_reader reader;
    pid_t children[40];
    for (size_t i = 0; i < SC_ARRAY_SIZE(children); i++)
        children[i] = start_sleeper();
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < SC_ARRAY_SIZE(children); i++) {
            find_twice(all, children[i], &reader);
            assert_int_equal(reader.tgid, children[i]);
        }
    }
    sc_identities_find(all, 0, 1, 2, &reader);
    assert_int_equal(reader.tgid, 0);
    sc_identities_find(NULL, (uint32_t)children[0], 1, 2, &reader);
    assert_int_equal(reader.tgid, children[0]);
    for (size_t i = 0; i < SC_ARRAY_SIZE(children); i++)
        end_sleeper(children[i]);
    sc_identities_free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engines),     cmocka_unit_test(test_forged),
        cmocka_unit_test(test_apart),       cmocka_unit_test(test_apart_by_pids),
        cmocka_unit_test(test_self),        cmocka_unit_test(test_unseen),
        cmocka_unit_test(test_again_exec),  cmocka_unit_test(test_again_reused),
        cmocka_unit_test(test_again_moved), cmocka_unit_test(test_again_crowd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
