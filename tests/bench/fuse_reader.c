/* SPDX-License-Identifier: Apache-2.0
 *
 * open + read + close of one file, over and over: fuse_reader MILLISECONDS READERS FILE. Prints the
 * median and the 99th percentile in microseconds and the total per second.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX 400000
#define READERS_MAX 64

struct reader {
    const char *path;
    int64_t end;
    float *samples;
    size_t count;
    int failed;
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void *run(void *context)
{
    struct reader *reader = context;
    char value[8192];
    int64_t start = now_ns();
    while (start < reader->end && reader->count < SAMPLES_MAX && !reader->failed) {
        int fd = open(reader->path, O_RDONLY | O_CLOEXEC);
        reader->failed = fd < 0 || read(fd, value, sizeof(value)) <= 0;
        close(fd);
        int64_t done = now_ns();
        reader->samples[reader->count++] = (float)(done - start) / 1000;
        start = done;
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
