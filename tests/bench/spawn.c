/* SPDX-License-Identifier: Apache-2.0
 *
 * Times whole processes from start to exit, several commands in turn. An interpreter that starts
 * them takes longer than some of them run, so this is a program of its own.
 *
 *   bench_spawn ROUNDS COMMAND... [::: COMMAND...]...
 *
 * prints a line for each command: milliseconds of wall time that a tenth of the runs, half of them
 * and 99 of 100 are faster than, the median of the CPU time, and the most memory that it held, in
 * MB (a process that a large program starts is told to have been as large).
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/banned.h"

#define COMMANDS_MAX 16
#define ROUNDS_MAX   100000

struct command {
    char **argv;
    double *wall, *cpu;
    long resident; /* kB */
};

static double now_ms(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

static double used_ms(const struct rusage *usage)
{
    const struct timeval *user = &usage->ru_utime, *system = &usage->ru_stime;
    return (double)(user->tv_sec + system->tv_sec) * 1e3 +
           (double)(user->tv_usec + system->tv_usec) / 1e3;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void run_once(struct command *command, const posix_spawn_file_actions_t *files, long round)
{
    pid_t pid = -1;
    int status = 0;
    struct rusage usage;
    double start = now_ms();
    int failed = posix_spawnp(&pid, command->argv[0], files, NULL, command->argv, environ);
    if (failed != 0 || wait4(pid, &status, 0, &usage) != pid || status != 0) {
        fprintf(stderr, "bench_spawn: '%s' failed (error %d, status %#x)\n", command->argv[0],
                failed, (unsigned)status);
        exit(1);
    }
    command->wall[round] = now_ms() - start;
    command->cpu[round] = used_ms(&usage);
    if (usage.ru_maxrss > command->resident)
        command->resident = usage.ru_maxrss;
}

static size_t split(char **argv, struct command *list, long rounds)
{
    size_t count = 0;
    while (*argv != NULL && count < COMMANDS_MAX) {
        struct command *command = &list[count++];
        command->argv = argv;
        command->resident = 0;
        command->wall = calloc((size_t)rounds, sizeof(double));
        command->cpu = calloc((size_t)rounds, sizeof(double));
        if (command->wall == NULL || command->cpu == NULL)
            exit(1);
        while (*argv != NULL && strcmp(*argv, ":::") != 0)
            argv++;
        if (*argv != NULL)
            *argv++ = NULL;
    }
    return count;
}

int main(int argc, char **argv)
{
    struct command list[COMMANDS_MAX];
    long rounds = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
    if (rounds <= 0 || rounds > ROUNDS_MAX)
        return 2;
    posix_spawn_file_actions_t files;
    if (posix_spawn_file_actions_init(&files) != 0 ||
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0) != 0 ||
        posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0) != 0 ||
        posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0) != 0)
        return 1;
    size_t count = split(argv + 2, list, rounds);
    for (long round = 0; round < rounds; round++) {
        for (size_t i = 0; i < count; i++)
            run_once(&list[i], &files, round);
    }
    for (size_t i = 0; i < count; i++) {
        qsort(list[i].wall, (size_t)rounds, sizeof(double), by_value);
        qsort(list[i].cpu, (size_t)rounds, sizeof(double), by_value);
        printf("%.3f\t%.3f\t%.3f\t%.3f\t%.1f\n", list[i].wall[rounds / 10],
               list[i].wall[rounds / 2], list[i].wall[rounds * 99 / 100], list[i].cpu[rounds / 2],
               (double)list[i].resident / 1e3);
        free(list[i].wall);
        free(list[i].cpu);
    }
    posix_spawn_file_actions_destroy(&files);
    return 0;
}
