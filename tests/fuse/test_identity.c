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
#include <pthread.h>
#include <sys/syscall.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engines),
        cmocka_unit_test(test_forged),
        cmocka_unit_test(test_self),
        cmocka_unit_test(test_unseen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
