/* SPDX-License-Identifier: Apache-2.0
 *
 * For the libraries that are preloaded to make a program's calls fail: which of them, and how many
 * there were. SC_FAIL_AT=N fails the N-th, N+ all from there on; SC_FAIL_COUNT names the file that
 * the numbers go to at the end. What the program starts is left alone.
 */
#ifndef SC_TESTS_FAULT_FAIL_PLAN_H
#define SC_TESTS_FAULT_FAIL_PLAN_H

#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_ulong fail_count;
static unsigned long fail_place; /* 0 = never */
static bool fail_for_good;
static const char *fail_report;
static pid_t fail_process;

static void fail_arm(void)
{
    const char *plan = getenv("SC_FAIL_AT");
    char *end = NULL;
    fail_place = plan != NULL ? strtoul(plan, &end, 10) : 0;
    fail_for_good = end != NULL && *end == '+';
    fail_report = getenv("SC_FAIL_COUNT");
    fail_process = getpid();
    unsetenv("LD_PRELOAD");
    fail_count = 0;
}

static bool fail_now(void)
{
    unsigned long now = atomic_fetch_add(&fail_count, 1) + 1;
    return fail_place != 0 && (fail_for_good ? now >= fail_place : now == fail_place);
}

/* "CALLS OTHER", from the process that the library was loaded into only. */
static void fail_tell(long other)
{
    char text[64];
    if (fail_report == NULL || getpid() != fail_process)
        return;
    fail_place = 0;
    int len = snprintf(text, sizeof(text), "%lu %ld\n", (unsigned long)fail_count, other);
    int fd = open(fail_report, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0 && write(fd, text, (size_t)len) == len)
        close(fd);
}

#endif
