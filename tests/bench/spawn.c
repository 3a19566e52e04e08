/* SPDX-License-Identifier: Apache-2.0
 *
 * bench_spawn ROUNDS COMMAND... [::: COMMAND...]...: runs the commands in turn, each ROUNDS times,
 * and prints for each the microseconds from start to exit: a tenth of the runs, and half of them,
 * are faster.
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "core/macros.h"

#include "core/banned.h"

#define COMMANDS_MAX 16
#define ROUNDS_MAX   10000

extern char **environ;

static double times[COMMANDS_MAX][ROUNDS_MAX];

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double run_once(char **command)
{
    pid_t pid;
    int status = 0;
    double from = now_us();
    if (posix_spawn(&pid, command[0], NULL, NULL, command, environ) != 0)
        return -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status == 0 ? now_us() - from : -1;
}

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
    char **commands[COMMANDS_MAX];
    size_t count = 0;
    size_t rounds = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
    for (int i = 2; i < argc && count < COMMANDS_MAX; i++) {
        commands[count++] = argv + i;
        while (i < argc && strcmp(argv[i], ":::") != 0)
            i++;
        if (i < argc)
            argv[i] = NULL;
    }
    rounds = SC_MIN(rounds, (size_t)ROUNDS_MAX);
    for (size_t round = 0; round < rounds; round++)
        for (size_t i = 0; i < count; i++) {
            times[i][round] = run_once(commands[i]);
            if (times[i][round] < 0) {
                fprintf(stderr, "bench_spawn: '%s' failed\n", commands[i][0]);
                return 1;
            }
        }
    for (size_t i = 0; i < count; i++) {
        qsort(times[i], rounds, sizeof(times[i][0]), by_value);
        printf("%.1f\t%.1f\n", times[i][rounds / 10], times[i][rounds / 2]);
    }
    return 0;
}
