/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads files over and over and checks every byte: storm_reader SECONDS FILE...
 *
 * A value is "N:", N % 977 times 'x', ":N", so that a torn or stale-sized read shows. Prints one
 * line: reads, failed, torn, wrong sizes (fstat right after open against what was read), longest
 * stall in milliseconds, and the longest time in which the machine itself let nothing of us run, by
 * a thread that only looks at the clock. Exit status 1 if anything was wrong. SIGTERM ends it
 * early.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define VALUE_MAX 4096
#define MODULUS   977
#define LOOK_US   2000

struct counts {
    unsigned long reads, failed, torn, sizes;
    int64_t longest;
};

static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
    (void)signal_number;
    stopped = 1;
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void *watch_machine(void *arg)
{
    _Atomic int64_t *longest = arg;
    for (int64_t before = now_us(), now;; before = now) {
        usleep(LOOK_US);
        now = now_us();
        if (now - before - LOOK_US > *longest)
            *longest = now - before - LOOK_US;
    }
    return NULL;
}

static int whole(const char *value, size_t len)
{
    char *end = NULL;
    unsigned long number = strtoul(value, &end, 10);
    char want[VALUE_MAX];
    int head = snprintf(want, sizeof(want), "%lu:", number);
    memset(want + head, 'x', number % MODULUS);
    size_t at = (size_t)head + number % MODULUS;
    int tail = snprintf(want + at, sizeof(want) - at, ":%lu", number);
    return at + (size_t)tail == len && memcmp(want, value, len) == 0;
}

static void read_once(const char *path, struct counts *counts)
{
    char value[VALUE_MAX + 1];
    struct stat st = {0};
    size_t len = 0;
    ssize_t got = -1;
    int64_t start = now_us();
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &st) == 0) {
        while ((got = read(fd, value + len, VALUE_MAX - len)) > 0)
            len += (size_t)got;
    }
    int failure = errno;
    if (fd >= 0)
        close(fd);
    int64_t took = now_us() - start;
    counts->reads++;
    if (took > counts->longest)
        counts->longest = took;
    if (fd < 0 || got < 0) {
        if (counts->failed++ == 0)
            fprintf(stderr, "%s: %s\n", path, strerrorname_np(failure));
        return;
    }
    value[len] = '\0';
    counts->torn += !whole(value, len);
    if ((size_t)st.st_size != len && counts->sizes++ == 0)
        fprintf(stderr, "%s: fstat said %lld bytes of %.16s..., %zu were read, in %lld us\n", path,
                (long long)st.st_size, value, len, (long long)took);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    struct counts counts = {0};
    _Atomic int64_t machine = 0;
    pthread_t thread;
    if (pthread_create(&thread, NULL, watch_machine, &machine) != 0)
        return 2;
    int64_t end = now_us() + (int64_t)strtol(argv[1], NULL, 10) * 1000000;
    const struct sigaction action = {.sa_handler = stop, .sa_flags = SA_RESTART};
    sigaction(SIGTERM, &action, NULL);
    while (now_us() < end && !stopped) {
        for (int i = 2; i < argc; i++)
            read_once(argv[i], &counts);
    }
    printf("reads %lu failed %lu torn %lu wrong-sizes %lu longest-ms %ld machine-ms %ld\n",
           counts.reads, counts.failed, counts.torn, counts.sizes, (long)(counts.longest / 1000),
           (long)(machine / 1000));
    return counts.failed + counts.torn + counts.sizes > 0;
}
