/* SPDX-License-Identifier: Apache-2.0
 *
 * What copying a secret leaves in the vector registers of an idle thread, as a core dump would have
 * it: a child copies, wipes and stops; its registers are read by ptrace(2).
 */
#include <elf.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/arena.h"
#include "core/secret.h"

#include "core/banned.h"

#if defined(__x86_64__)
#define VECTOR_REGISTERS NT_X86_XSTATE
#else
#define VECTOR_REGISTERS NT_PRFPREG
#endif

#define REGISTERS_MAX 16384 /* XSTATE with AVX-512 and AMX */
#define COPY_MAX      4096

/* Half of the narrowest register: nothing else has these bytes. */
static const unsigned char piece[8] = {0xc3, 0x5e, 0x91, 0x2d, 0xb8, 0x74, 0xe6, 0x0f};

enum wiping { WIPE_NOT, WIPE_BYTES, WIPE_SECRET };

static unsigned char source[COPY_MAX];
static unsigned char target[COPY_MAX];

/* In the child. Neither call touches vector registers. */
static void stop_here(void)
{
    syscall(SYS_kill, (pid_t)syscall(SYS_getpid), SIGSTOP);
}

static void copy_and_stop(size_t len, enum wiping wiping)
{
    struct sc_secret secret = {0};
    if (wiping == WIPE_SECRET && sc_secret_append(&secret, source, len, NULL) < 0)
        _exit(1);
    /* Once more into memory that is there: nothing has to be made ready between copy and stop. */
    memcpy(target, source, len);
    __asm__ volatile("" : : "r"(target) : "memory");
    if (wiping == WIPE_BYTES)
        sc_wipe(target, len);
    else if (wiping == WIPE_SECRET)
        sc_secret_done(&secret);
    stop_here();
    _exit(0);
}

static bool is_left_of(size_t len, enum wiping wiping)
{
    static unsigned char registers[REGISTERS_MAX];
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        copy_and_stop(len, wiping);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSTOPPED(status));
    struct iovec room = {registers, sizeof(registers)};
    assert_int_equal(
        ptrace(PTRACE_GETREGSET, pid, (void *)(uintptr_t)VECTOR_REGISTERS, (void *)&room), 0);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return memmem(registers, room.iov_len, piece, sizeof(piece)) != NULL;
}

static int fill(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(source); i++)
        source[i] = piece[i % sizeof(piece)];
    return 0;
}

static void test_nothing_is_left_once_wiped(void **state)
{
    (void)state;
    static const size_t lengths[] = {16, 24, 32, 42, 64, 100, 200, 500, 1000, COPY_MAX};
    bool seen = false;
    for (size_t i = 0; i < SC_ARRAY_SIZE(lengths); i++) {
        seen = is_left_of(lengths[i], WIPE_NOT) || seen;
        assert_false(is_left_of(lengths[i], WIPE_BYTES));
        assert_false(is_left_of(lengths[i], WIPE_SECRET));
    }
    assert_true(seen); /* not blind */
}

int main(void)
{
#if !defined(__x86_64__) && !defined(__aarch64__)
    return 77; /* nothing is promised of others */
#endif
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_left_once_wiped),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
