/* SPDX-License-Identifier: Apache-2.0
 *
 * The locked arena: what it hands out, that its guards kill, that a forked child sees nothing, and
 * what it does where memory cannot be locked. What must kill, or needs a process of its own, runs
 * in a child.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/arena.h"
#include "core/secret.h"
#include "tests/support/fail_alloc.h"

#include "core/banned.h"

#define NOBODY 65534

/* AddressSanitizer replaces mlock(2) by a function that does nothing and succeeds. */
#ifndef __has_feature
#define __has_feature(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define UNDER_ASAN true
#else
#define UNDER_ASAN false
#endif

/* Runs fn in a child and returns its wait status; signals kill there, whatever a sanitizer wants.
 */
static int in_child(int (*fn)(void *ctx), void *ctx)
{
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGSEGV, SIG_DFL);
        signal(SIGBUS, SIG_DFL);
        signal(SIGABRT, SIG_DFL);
        _exit(fn(ctx));
    }
    int status = 0;
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    return status;
}

static bool is_zero(const unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

static void test_blocks_are_zero_aligned_and_apart(void **state)
{
    (void)state;
    unsigned char *blocks[200];
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < SC_ARRAY_SIZE(blocks); i++) {
            size_t size = i * 131 % 5000 + 1;
            blocks[i] = sc_arena_alloc(size, NULL);
            assert_non_null(blocks[i]);
            assert_int_equal((uintptr_t)blocks[i] % 16, 0);
            assert_true(is_zero(blocks[i], size));
            memset(blocks[i], (int)i, size);
        }
        for (size_t i = 0; i < SC_ARRAY_SIZE(blocks); i++)
            assert_int_equal(blocks[i][0], (unsigned char)i);
        for (size_t i = 0; i < SC_ARRAY_SIZE(blocks); i++)
            sc_arena_free(blocks[i * 7 % SC_ARRAY_SIZE(blocks)]);
    }
}

static void test_memory_is_given_back(void **state)
{
    (void)state;
    size_t before = sc_arena_policy().bytes;
    void *large = sc_arena_alloc(SC_ARENA_BLOCK_MAX, NULL);
    assert_non_null(large);
    assert_true(sc_arena_policy().bytes > before);
    sc_arena_free(large);
    assert_int_equal(sc_arena_policy().bytes, before);
    for (size_t i = 0; i < 100000; i++) {
        void *block = sc_arena_alloc(i % 4000 + 1, NULL);
        assert_non_null(block);
        sc_arena_free(block);
    }
    assert_int_equal(sc_arena_policy().bytes, before);
}

static long page_faults(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_minflt;
}

/* A large buffer costs what is used of it, in the wiping too. */
static void test_untouched_pages_are_left_alone(void **state)
{
    (void)state;
    if (!sc_arena_policy().memfd_secret || UNDER_ASAN)
        skip();
    long before = page_faults();
    unsigned char *block = sc_arena_alloc(SC_ARENA_BLOCK_MAX, NULL);
    assert_non_null(block);
    block[SC_ARENA_BLOCK_MAX / 2] = 1;
    sc_arena_free(block);
    assert_true(page_faults() - before < 100);
}

/* What a range holds when it is given back; the guard pages around it are left out. */
static struct {
    bool looks, seen, zero;
} given_back;

int __real_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size);

int __wrap_munmap(void *at, size_t size)
{
    if (given_back.looks && size >= SC_ARENA_BLOCK_MAX) {
        given_back.seen = true;
        given_back.zero = is_zero((unsigned char *)at + 4096, size - 2 * (size_t)4096);
    }
    return __real_munmap(at, size);
}

static void test_a_large_block_is_wiped(void **state)
{
    (void)state;
    unsigned char *block = sc_arena_alloc(SC_ARENA_BLOCK_MAX, NULL);
    assert_non_null(block);
    memset(block, 'x', 10000);
    memset(block + SC_ARENA_BLOCK_MAX - 10000, 'x', 10000);
    given_back.looks = true;
    sc_arena_free(block);
    given_back.looks = false;
    assert_true(given_back.seen);
    assert_true(given_back.zero);
}

/* Blocks of all sizes come and go in a random order, over several chunks: each is zero when it is
 * handed out, and what is in it stays. */
static void test_blocks_come_and_go(void **state)
{
    enum { SLOTS = 600, STEPS = 60000 };
    struct {
        unsigned char *bytes;
        size_t size;
    } slots[SLOTS] = {{0}};
    unsigned random = 1;
    (void)state;
    for (unsigned step = 0; step < STEPS; step++) {
        random = random * 1664525 + 1013904223;
        unsigned char mark = (unsigned char)(1 + (random >> 16) % SLOTS % 255);
        size_t i = (random >> 16) % SLOTS;
        for (size_t at = 0; at < slots[i].size; at += 97)
            assert_int_equal(slots[i].bytes[at], mark);
        sc_arena_free(slots[i].bytes);
        slots[i].bytes = NULL;
        slots[i].size = (random >> 8) % 5 == 0 ? 0 : 1 + (random >> 4) % 3000;
        if (slots[i].size == 0)
            continue;
        slots[i].bytes = sc_arena_alloc(slots[i].size, NULL);
        assert_non_null(slots[i].bytes);
        for (size_t at = 0; at < slots[i].size; at += 97)
            assert_int_equal(slots[i].bytes[at], 0);
        memset(slots[i].bytes, mark, slots[i].size);
    }
    for (size_t i = 0; i < SLOTS; i++)
        sc_arena_free(slots[i].bytes);
}

static void test_limits(void **state)
{
    (void)state;
    struct sc_error err = {0};
    assert_null(sc_arena_alloc(0, &err));
    assert_int_equal(err.code, SC_E_TOOBIG);
    assert_null(sc_arena_alloc(SC_ARENA_BLOCK_MAX + 1, &err));
    assert_int_equal(err.code, SC_E_TOOBIG);
    sc_arena_free(NULL);
}

static int write_before_the_range(void *ctx)
{
    (void)ctx;
    volatile unsigned char *block = sc_arena_alloc(SC_ARENA_BLOCK_MAX, NULL);
    block[-17] = 1; /* 16 bytes of header, then the guard page */
    return 0;
}

static int write_after_the_range(void *ctx)
{
    (void)ctx;
    volatile unsigned char *block = sc_arena_alloc(SC_ARENA_BLOCK_MAX, NULL);
    block[SC_ARENA_BLOCK_MAX + 4096] = 1;
    return 0;
}

static void test_guard_pages_kill(void **state)
{
    (void)state;
    int status = in_child(write_before_the_range, NULL);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    status = in_child(write_after_the_range, NULL);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static int write_one_too_many(void *ctx)
{
    (void)ctx;
    volatile unsigned char *block = sc_arena_alloc(32, NULL);
    block[32] ^= 1;
    sc_arena_free((void *)block);
    return 0;
}

static int free_twice(void *ctx)
{
    (void)ctx;
    void *block = sc_arena_alloc(32, NULL);
    sc_arena_free(block);
    sc_arena_free(block);
    return 0;
}

/* In a process of its own: a forked one may meet blocks of its parent, and lets them be. */
static int free_a_stranger(void)
{
    static _Alignas(16) unsigned char stranger[64];
    signal(SIGABRT, SIG_DFL);
    sc_arena_free(sc_arena_alloc(1, NULL));
    sc_arena_free(stranger + 32);
    return 0;
}

static int run_stranger(void *ctx)
{
    return execl(ctx, "test_arena", "stranger", (char *)NULL);
}

static const char *self_path;

static void test_broken_blocks_kill(void **state)
{
    (void)state;
    static int (*const broken[])(void *) = {write_one_too_many, free_twice, run_stranger};
    for (size_t i = 0; i < SC_ARRAY_SIZE(broken); i++) {
        int status = in_child(broken[i], (void *)(uintptr_t)self_path);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
}

static int read_block(void *ctx)
{
    const unsigned char *block = ctx;
    return is_zero(block, 32) ? 0 : 1;
}

static int free_block_of_parent(void *ctx)
{
    sc_arena_free(ctx);
    return 0;
}

static int use_own_memory(void *ctx)
{
    unsigned char *own = sc_arena_alloc(64, NULL);
    if (own == NULL || !is_zero(own, 64))
        return 1;
    memset(own, 1, 64);
    sc_arena_free(ctx); /* as a cleanup attribute in the child would */
    sc_arena_free(own);
    return 0;
}

static void test_child_sees_nothing(void **state)
{
    (void)state;
    unsigned char *block = sc_arena_alloc(32, NULL);
    assert_non_null(block);
    memset(block, 0x5a, 32);
    assert_true(sc_arena_policy().fork_wiped);
    int status = in_child(read_block, block);
    /* Pages of memfd_secret are not there at all, others read as zero. */
    if (sc_arena_policy().memfd_secret)
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    else
        assert_int_equal(status, 0);
    assert_int_equal(in_child(free_block_of_parent, block), 0);
    assert_int_equal(in_child(use_own_memory, block), 0);
    assert_int_equal(block[31], 0x5a);
    sc_arena_free(block);
}

/* From here on memfd_secret(2) answers ENOSYS, as on kernels without it. */
static bool forbid_memfd_secret(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_memfd_secret, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = SC_ARRAY_SIZE(code), .filter = code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static int without_memfd_secret(void *ctx)
{
    (void)ctx;
    if (!forbid_memfd_secret())
        return 77;
    struct sc_arena_policy policy = sc_arena_policy();
    unsigned char *block = sc_arena_alloc(1000, NULL);
    if (policy.memfd_secret || !policy.dump_excluded || !policy.fork_wiped || block == NULL)
        return 1;
    memset(block, 1, 1000);
    if (in_child(read_block, block) != 0)
        return 2;
    sc_arena_free(block);
    return policy.locked ? 0 : 3;
}

static void test_fallback_without_memfd_secret(void **state)
{
    (void)state;
    int status = in_child(without_memfd_secret, NULL);
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(status, 0);
}

/* No right and no limit to lock memory with. */
static bool forbid_locking(void)
{
    const struct rlimit none = {0, 0};
    return setrlimit(RLIMIT_MEMLOCK, &none) == 0 &&
           (geteuid() != 0 || setresuid(NOBODY, NOBODY, NOBODY) == 0);
}

static int unlocked_is_reported(void *ctx)
{
    (void)ctx;
    if (!forbid_locking())
        return 77;
    void *block = sc_arena_alloc(100, NULL);
    struct sc_arena_policy policy = sc_arena_policy();
    sc_arena_free(block);
    return block != NULL && !policy.locked && !policy.memfd_secret ? 0 : 1;
}

static int unlocked_is_refused(void *ctx)
{
    const bool *allocate_before = ctx;
    struct sc_error err = {0};
    if (!forbid_locking())
        return 77;
    /* A page that could not be locked before the demand must not serve after it either. */
    void *before = *allocate_before ? sc_arena_alloc(100, NULL) : NULL;
    sc_arena_require_lock();
    if (sc_arena_alloc(100, &err) != NULL || err.code != SC_E_PERM)
        return 1;
    SC_CLEANUP(sc_secret_done) struct sc_secret secret = {0};
    if (sc_secret_append(&secret, "x", 1, &err) != SC_E_PERM)
        return 2;
    if (strcmp(err.message, "cannot lock memory for secrets; raise the limit (ulimit -l)") != 0)
        return 3;
    sc_arena_free(before);
    return 0;
}

static void test_memory_that_cannot_be_locked(void **state)
{
    (void)state;
    bool before[] = {false, true};
    if (UNDER_ASAN)
        skip();
    int status = in_child(unlocked_is_reported, NULL);
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(status, 0);
    assert_int_equal(in_child(unlocked_is_refused, &before[0]), 0);
    assert_int_equal(in_child(unlocked_is_refused, &before[1]), 0);
}

static int allocate_some(void *ctx)
{
    (void)ctx;
    SC_CLEANUP(sc_secret_done) struct sc_secret small = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret large = {0};
    unsigned char *bytes = NULL;
    int rc = sc_secret_append(&small, "text", 4, NULL);
    if (rc == 0)
        rc = sc_secret_resize(&large, 100000, &bytes, NULL);
    if (rc == 0)
        rc = sc_secret_append(&large, "text", 4, NULL);
    return rc;
}

static int fail_each(void *ctx)
{
    return sc_fail_alloc_each(allocate_some, ctx) >= 4 ? 0 : 1;
}

static void test_every_allocation_fails_once(void **state)
{
    (void)state;
    assert_int_equal(in_child(fail_each, NULL), 0); /* a child starts with an empty arena */
}

int main(int argc, char **argv)
{
    self_path = argv[0];
    if (argc > 1)
        return free_a_stranger();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_are_zero_aligned_and_apart),
        cmocka_unit_test(test_memory_is_given_back),
        cmocka_unit_test(test_untouched_pages_are_left_alone),
        cmocka_unit_test(test_a_large_block_is_wiped),
        cmocka_unit_test(test_blocks_come_and_go),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_guard_pages_kill),
        cmocka_unit_test(test_broken_blocks_kill),
        cmocka_unit_test(test_child_sees_nothing),
        cmocka_unit_test(test_fallback_without_memfd_secret),
        cmocka_unit_test(test_memory_that_cannot_be_locked),
        cmocka_unit_test(test_every_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
