/* SPDX-License-Identifier: Apache-2.0
 *
 * bench_mask rate VALUES MIB: the output filter over a made-up CI log: MB/s in CPU time, the same
 * for a plain copy, patterns, marks, and milliseconds to make the patterns. bench_mask log MIB: the
 * log. bench_mask echo ROUNDS COMMAND...: starts the command on a terminal and measures how long a
 * typed byte takes to come back, in microseconds: a tenth, half and 95 of 100 are faster.
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/mask/stream.h"

#include "core/banned.h"

#define MIB       ((size_t)1024 * 1024)
#define TEXT_MAX  ((size_t)256) /* of one printed part */
#define ECHO_MAX  100000
#define SETTLE_MS 700
#define VALUE_MAX 1024
#define ROUNDS    9

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static size_t random_text(uint32_t *seed, const char *alphabet, size_t len, char *out)
{
    size_t letters = strlen(alphabet);
    for (size_t i = 0; i < len; i++)
        out[i] = alphabet[next_random(seed) % letters];
    return len;
}

static size_t put(char *out, const char *fmt, ...) SC_PRINTF(2, 3);

static size_t put(char *out, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(out, TEXT_MAX, fmt, args);
    va_end(args);
    return len < 0 ? 0 : SC_MIN((size_t)len, TEXT_MAX - 1);
}

static const char hex[] = "0123456789abcdef";
static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char hard[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!@#$%&*/+= \"'";

/* Tokens, passwords with every kind of sign, DSNs, keys of several lines. */
static size_t make_value(uint32_t *seed, unsigned kind, char *out)
{
    size_t len = 0;
    switch (kind % 5) {
    case 0:
        return random_text(seed, hex, 40, out);
    case 1:
        return random_text(seed, base64, 44, out);
    case 2:
        return random_text(seed, hard, 16 + next_random(seed) % 16, out);
    case 3:
        len = put(out, "postgres://app:");
        len += random_text(seed, hard, 20, out + len);
        return len + put(out + len, "@db.internal:5432/app");
    default:
        for (unsigned line = 0; line < 4; line++) {
            len += random_text(seed, base64, 64, out + len);
            out[len++] = '\n';
        }
        return len;
    }
}

static size_t make_line(uint32_t *seed, char *out)
{
    static const char *const words[] = {"install",    "module", "warning:",
                                        "src/main.c", "passed", "layer",
                                        "downloaded", "error",  "node_modules/left-pad",
                                        "test_login", "sha256", "cached"};
    size_t len = 0;
    switch (next_random(seed) % 8) {
    case 0:
        return put(out, "npm http fetch GET 200 /%s-%u %ums (cache hit)\n",
                   words[next_random(seed) % 12], next_random(seed) % 1000,
                   next_random(seed) % 500);
    case 1:
        return put(out, "%s:%u:%u: warning: unused variable 'count_%u' [-Wunused]\n", words[3],
                   next_random(seed) % 900, next_random(seed) % 80, next_random(seed) % 50);
    case 2:
        return put(out, "tests/test_%u.py::%s \x1b[32mPASSED\x1b[0m [ %u%%]\n",
                   next_random(seed) % 99, words[9], next_random(seed) % 100);
    case 3:
        return put(out, "{\"level\":\"info\",\"msg\":\"%s \\\"%s\\\"\",\"ms\":%u,\"id\":%u}\n",
                   words[next_random(seed) % 12], words[next_random(seed) % 12],
                   next_random(seed) % 999, next_random(seed));
    case 4:
        len = put(out, "Step %u/12 : RUN apt-get install -y ", next_random(seed) % 12);
        break;
    case 5:
        len = random_text(seed, base64, 76, out);
        break;
    case 6:
        len = put(out, " ---> ");
        len += random_text(seed, hex, 12, out + len);
        break;
    default:
        for (unsigned i = 0; i < 9; i++)
            len += put(out + len, "%s ", words[next_random(seed) % 12]);
        break;
    }
    out[len++] = '\n';
    return len;
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int fail(const struct sc_error *err)
{
    fprintf(stderr, "bench_mask: %s\n", sc_error_message(err));
    return 1;
}

struct bench {
    struct sc_mask_patterns patterns;
    char *log;
    size_t size;
};

/* Yields the last value. */
static int add_values(struct bench *bench, unsigned values, char text[VALUE_MAX], size_t *ret_len,
                      struct sc_error *err)
{
    uint32_t seed = 4711;
    size_t len = 0;
    for (unsigned i = 0; i < values; i++) {
        bool masked = false;
        len = make_value(&seed, i, text);
        int rc = sc_mask_patterns_add(&bench->patterns,
                                      (struct sc_bytes){(unsigned char *)text, len}, &masked, err);
        if (rc < 0)
            return rc;
    }
    *ret_len = len;
    return sc_mask_patterns_finish(&bench->patterns, err);
}

/* A value in each 10,000th line, so that finding is part of the work. */
static int make_log(struct bench *bench, size_t size, const char *value, size_t len,
                    struct sc_error *err)
{
    uint32_t seed = 815;
    bench->log = malloc(size + 2 * VALUE_MAX);
    if (bench->log == NULL)
        return sc_fail_nomem(err);
    for (unsigned line = 0; bench->size < size; line++) {
        bench->size += make_line(&seed, bench->log + bench->size);
        if (line % 10000 == 0) {
            memcpy(bench->log + bench->size, value, len);
            bench->size += len;
        }
    }
    return 0;
}

static int filter(struct bench *bench, unsigned long long *ret_marks, struct sc_error *err)
{
    struct sc_mask_stream stream;
    struct sc_buf out = SC_BUF_INIT(SC_MASK_OUT_MAX);
    int rc = sc_mask_stream_init(&stream, &bench->patterns, "***", err);
    for (size_t at = 0; rc == 0 && at < bench->size; at += SC_MASK_FEED_MAX) {
        rc = sc_mask_stream_feed(&stream, bench->log + at,
                                 SC_MIN(SC_MASK_FEED_MAX, bench->size - at), &out, err);
        sc_buf_clear(&out);
    }
    if (rc == 0)
        rc = sc_mask_stream_end(&stream, &out, err);
    *ret_marks = stream.marks;
    sc_buf_done(&out);
    sc_mask_stream_done(&stream);
    return rc;
}

/* MB/s of a copy in pieces of the same size. */
static double copy_rate(const struct bench *bench)
{
    static char copy[SC_MASK_FEED_MAX];
    double from = cpu_seconds();
    for (size_t at = 0; at + sizeof(copy) <= bench->size; at += sizeof(copy)) {
        memcpy(copy, bench->log + at, sizeof(copy));
        __asm__ volatile("" : : "r"(copy) : "memory"); /* it is not left out */
    }
    return (double)bench->size / 1e6 / (cpu_seconds() - from);
}

static int rate(unsigned values, size_t size)
{
    struct bench bench = {0};
    struct sc_error err = {0};
    char value[VALUE_MAX];
    size_t len = 0;
    unsigned long long marks = 0;
    double from = cpu_seconds();
    if (add_values(&bench, values, value, &len, &err) < 0)
        return fail(&err);
    double build = cpu_seconds() - from;
    if (make_log(&bench, size, value, len, &err) < 0)
        return fail(&err);
    double best = 1e9;
    for (unsigned round = 0; round < ROUNDS; round++) {
        from = cpu_seconds();
        if (filter(&bench, &marks, &err) < 0)
            return fail(&err);
        best = SC_MIN(best, cpu_seconds() - from);
    }
    printf("%.1f\t%.1f\t%zu\t%llu\t%.1f\n", (double)bench.size / 1e6 / best, copy_rate(&bench),
           bench.patterns.exact.count + bench.patterns.canonical.count, marks, build * 1e3);
    free(bench.log);
    sc_mask_patterns_done(&bench.patterns);
    return 0;
}

static int write_log(size_t size)
{
    struct bench bench = {0};
    struct sc_error err = {0};
    if (make_log(&bench, size, "", 0, &err) < 0)
        return fail(&err);
    bool complete = fwrite(bench.log, 1, bench.size, stdout) == bench.size;
    free(bench.log);
    return complete ? 0 : 1;
}

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

static void drain(int fd, int patience)
{
    char room[4096];
    struct pollfd one = {.fd = fd, .events = POLLIN};
    while (poll(&one, 1, patience) > 0 && read(fd, room, sizeof(room)) > 0)
        ;
}

/* Types bytes one by one; each is answered before the next. */
static int type_bytes(int fd, int rounds)
{
    static double times[ECHO_MAX];
    struct pollfd one = {.fd = fd, .events = POLLIN};
    char byte;
    for (int i = 0; i < rounds; i++) {
        struct timespec from;
        struct timespec to;
        char typed = (char)('a' + i % 26);
        if (i % 60 == 59)
            typed = '\n';
        clock_gettime(CLOCK_MONOTONIC, &from);
        if (write(fd, &typed, 1) != 1 || poll(&one, 1, 5000) <= 0 || read(fd, &byte, 1) != 1) {
            fprintf(stderr, "bench_mask: no echo\n");
            return 1;
        }
        clock_gettime(CLOCK_MONOTONIC, &to);
        times[i] =
            (double)(to.tv_sec - from.tv_sec) * 1e6 + (double)(to.tv_nsec - from.tv_nsec) / 1e3;
        if (typed == '\n')
            drain(fd, 2);
        const struct timespec pause = {.tv_nsec = 100000};
        nanosleep(&pause, NULL); /* a person is no loop: everything is asleep again */
    }
    qsort(times, (size_t)rounds, sizeof(times[0]), by_value);
    printf("%.1f\t%.1f\t%.1f\n", times[rounds / 10], times[rounds / 2], times[rounds * 95 / 100]);
    return 0;
}

static int echo(int rounds, char **command)
{
    int fd = -1;
    pid_t pid = forkpty(&fd, NULL, NULL, NULL);
    if (pid < 0)
        return 1;
    if (pid == 0) {
        execvp(command[0], command);
        _exit(127);
    }
    drain(fd, SETTLE_MS);
    int status = type_bytes(fd, SC_MIN(rounds, ECHO_MAX));
    kill(pid, SIGTERM);
    close(fd);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return status;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "rate") == 0)
        return rate((unsigned)strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10) * MIB);
    if (argc == 3 && strcmp(argv[1], "log") == 0)
        return write_log(strtoul(argv[2], NULL, 10) * MIB);
    if (argc > 3 && strcmp(argv[1], "echo") == 0)
        return echo((int)strtol(argv[2], NULL, 10), argv + 3);
    fprintf(stderr, "usage: bench_mask rate VALUES MIB | log MIB | echo ROUNDS COMMAND...\n");
    return 2;
}
