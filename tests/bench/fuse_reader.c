/* SPDX-License-Identifier: Apache-2.0
 *
 * open + read + close of one file, over and over: fuse_reader MILLISECONDS READERS FILE. Prints the
 * median and the 99th percentile in microseconds and the total per second.
 *
 * With "-" for FILE what no server can do without: a byte to another process and back, as often as
 * an open and a read ask the server something (size, open, read). With "-apart" that process has
 * another processor, which has to be woken up.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX 400000
#define READERS_MAX 64
#define QUESTIONS   3

struct reader {
    const char *path;
    int64_t end;
    float *samples;
    size_t count;
    int ask, answer;
    bool failed;
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static bool read_file(const struct reader *reader)
{
    char value[8192];
    int fd = open(reader->path, O_RDONLY | O_CLOEXEC);
    bool whole = fd >= 0 && read(fd, value, sizeof(value)) > 0;
    close(fd);
    return whole;
}

static bool ask(const struct reader *reader)
{
    char byte = 0;
    bool answered = true;
    for (int i = 0; answered && i < QUESTIONS; i++)
        answered = write(reader->ask, &byte, 1) == 1 && read(reader->answer, &byte, 1) == 1;
    return answered;
}

/* The reader on the first processor, or its peer on the second one. */
static void stay_apart(int processor)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(processor, &one);
    sched_setaffinity(0, sizeof(one), &one); /* where there is only one: as it is */
}

/* Another process, which sends each byte back until there are none. */
static bool start_peer(struct reader *reader)
{
    int there[2], back[2];
    char byte;
    bool apart = strcmp(reader->path, "-apart") == 0;
    if (pipe2(there, O_CLOEXEC) != 0 || pipe2(back, O_CLOEXEC) != 0)
        return false;
    pid_t pid = fork();
    if (apart)
        stay_apart(pid == 0);
    if (pid == 0) {
        close(there[1]);
        while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1)
            ;
        _exit(0);
    }
    close(there[0]);
    close(back[1]);
    reader->ask = there[1];
    reader->answer = back[0];
    return pid > 0;
}

static void *run(void *context)
{
    struct reader *reader = context;
    bool peer = reader->path[0] == '-';
    reader->failed = peer && !start_peer(reader);
    int64_t start = now_ns();
    while (start < reader->end && reader->count < SAMPLES_MAX && !reader->failed) {
        reader->failed = peer ? !ask(reader) : !read_file(reader);
        int64_t done = now_ns();
        reader->samples[reader->count++] = (float)(done - start) / 1000;
        start = done;
    }
    if (peer) {
        close(reader->ask); /* the end for the other process too */
        close(reader->answer);
    }
    return NULL;
}

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
    struct reader readers[READERS_MAX];
    pthread_t threads[READERS_MAX];
    if (argc != 4)
        return 2;
    int64_t length = strtol(argv[1], NULL, 10) * INT64_C(1000000);
    size_t count = strtoul(argv[2], NULL, 10), total = 0;
    if (count == 0 || count > READERS_MAX)
        return 2;
    int64_t start = now_ns();
    for (size_t i = 0; i < count; i++) {
        readers[i] = (struct reader){.path = argv[3], .end = start + length};
        readers[i].samples = calloc(SAMPLES_MAX, sizeof(float));
        if (readers[i].samples == NULL || pthread_create(&threads[i], NULL, run, &readers[i]) != 0)
            return 1;
    }
    float *all = calloc(count * SAMPLES_MAX, sizeof(float));
    for (size_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        if (readers[i].failed || all == NULL)
            return 1;
        for (size_t j = 0; j < readers[i].count; j++)
            all[total++] = readers[i].samples[j];
    }
    qsort(all, total, sizeof(float), compare);
    printf("%.1f %.1f %.0f\n", all[total / 2], all[total * 99 / 100],
           (double)total * 1e9 / (double)length);
    return 0;
}
