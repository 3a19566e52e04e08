/* SPDX-License-Identifier: Apache-2.0
 *
 * Speed of the search for known values: bench_verify VALUES FILE... reads the files into memory and
 * runs the search over them by turns: by values, by fingerprints, by values without wide vectors;
 * and reads them, as the floor. One line "what MB/s" each (CPU time), best of several runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit/known/fingerprint.h"
#include "core/buf.h"
#include "core/fsutil.h"

#include "core/banned.h"

#define RUNS  5
#define PIECE ((size_t)256 * 1024)

static size_t hits;

static int count_hit(const struct sc_known_hit *hit, void *ctx, struct sc_error *err)
{
    (void)hit;
    (void)ctx;
    (void)err;
    hits++;
    return 0;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const struct sc_error *err)
{
    fprintf(stderr, "bench_verify: %s\n", sc_error_message(err));
    exit(1);
}

/* What all of it is measured against: each byte read once, and nothing done with it. */
static void read_all(const struct sc_buf *data)
{
    uint64_t sum = 0, word;
    for (size_t at = 0; at + sizeof(word) <= data->len; at += sizeof(word)) {
        memcpy(&word, data->data + at, sizeof(word));
        sum += word;
    }
    hits += sum == 1;
}

static void search(const struct sc_searcher *searcher, const struct sc_buf *data)
{
    struct sc_error err = {0};
    struct sc_stream stream;
    if (sc_stream_init(&stream, searcher, count_hit, NULL, &err) < 0)
        fail(&err);
    for (size_t at = 0; at < data->len; at += PIECE) {
        struct sc_bytes piece = {(const unsigned char *)data->data + at,
                                 SC_MIN(data->len - at, PIECE)};
        if (sc_stream_write(&stream, piece, &err) < 0)
            fail(&err);
    }
    if (sc_stream_end(&stream, &err) < 0)
        fail(&err);
    sc_stream_done(&stream);
}

static struct sc_known *plain_set;

/* The search in one piece, by the code that every processor can run. */
static int scan_plain(const void *set, struct sc_bytes data, sc_known_fn fn, void *ctx,
                      struct sc_error *err)
{
    (void)set;
    return sc_known_scan_plain(plain_set, data, fn, ctx, err);
}

int main(int argc, char **argv)
{
    struct sc_error err = {0};
    struct sc_buf data = SC_BUF_INIT((size_t)1024 * 1024 * 1024);
    unsigned values = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    for (int i = 2; i < argc; i++) {
        if (sc_file_read(argv[i], &data, &err) < 0)
            fail(&err);
    }
    struct sc_known *known = sc_known_new(&err);
    struct sc_secret key = {0}, file = {0};
    unsigned char *key_bytes = NULL;
    if (known == NULL || sc_secret_resize(&key, SC_FINGERPRINT_KEY_SIZE, &key_bytes, &err) < 0)
        fail(&err);
    struct sc_fingerprint_writer *writer = sc_fingerprint_writer_new(&key, &err);
    if (writer == NULL)
        fail(&err);
    uint64_t state = 88172645463325252ULL;
    for (unsigned i = 0; i < values; i++) {
        static const char letters[] =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        char value[33] = {0}, name[32];
        size_t len = 16 + i % 17;
        for (size_t j = 0; j < len; j++) {
            state ^= state << 13, state ^= state >> 7, state ^= state << 17;
            value[j] = letters[state % 62];
        }
        (void)snprintf(name, sizeof(name), "bench/v%u", i);
        struct sc_bytes bytes = {(const unsigned char *)value, len};
        enum sc_known_standing standing;
        if (sc_known_add(known, name, bytes, &err) < 0 ||
            (i < 2000 && sc_fingerprint_add(writer, name, bytes, &standing, &err) < 0))
            fail(&err);
    }
    double start = now();
    if (sc_known_build(known, &err) < 0)
        fail(&err);
    printf("build ms\t%.1f\n", (now() - start) * 1e3);
    struct sc_fingerprints *set = NULL;
    if (sc_fingerprint_finish(writer, &file, &err) < 0 ||
        sc_fingerprints_open(sc_secret_view(&file), &key, &set, &err) < 0)
        fail(&err);
    plain_set = known;
    struct sc_searcher searchers[3] = {sc_known_searcher(known), sc_fingerprints_searcher(set),
                                       sc_known_searcher(known)};
    searchers[2].scan = scan_plain;
    static const char *const names[] = {"values", "fingerprints", "plain", "read"};
    double best[4] = {1e9, 1e9, 1e9, 1e9};
    /* By turns, so that the machine's mood hits all alike. */
    for (int run = 0; run < RUNS; run++) {
        for (size_t i = 0; i < 4; i++) {
            start = now();
            if (i < 3)
                search(&searchers[i], &data);
            else
                read_all(&data);
            best[i] = SC_MIN(best[i], now() - start);
        }
    }
    for (size_t i = 0; i < 4; i++)
        printf("%s\t%.0f\n", names[i], (double)data.len / best[i] / 1e6);
    printf("hits\t%zu\n", hits);
    sc_fingerprints_free(set);
    sc_fingerprint_writer_free(writer);
    sc_known_free(known);
    sc_secret_done(&file);
    sc_secret_done(&key);
    sc_buf_done(&data);
    return 0;
}
