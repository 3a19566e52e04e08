/* SPDX-License-Identifier: Apache-2.0
 *
 * Speed of the search for known values: bench_verify VALUES FILE... reads the files into memory and
 * runs the search over them, by values and by fingerprints; one line "what MB/s" each, best of
 * several runs.
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

static void measure(const char *what, const struct sc_searcher *searcher, const struct sc_buf *data)
{
    struct sc_error err = {0};
    struct sc_stream stream;
    double best = 1e9;
    if (sc_stream_init(&stream, searcher, count_hit, NULL, &err) < 0)
        fail(&err);
    for (int run = 0; run < RUNS; run++) {
        double start = now();
        for (size_t at = 0; at < data->len; at += PIECE) {
            size_t n = data->len - at < PIECE ? data->len - at : PIECE;
            struct sc_bytes piece = {(const unsigned char *)data->data + at, n};
            if (sc_stream_write(&stream, piece, &err) < 0)
                fail(&err);
        }
        if (sc_stream_end(&stream, &err) < 0)
            fail(&err);
        double took = now() - start;
        best = took < best ? took : best;
    }
    sc_stream_done(&stream);
    printf("%s\t%.0f\n", what, (double)data->len / best / 1e6);
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
    struct sc_searcher searcher = sc_known_searcher(known);
    measure("values", &searcher, &data);
    struct sc_fingerprints *set = NULL;
    if (sc_fingerprint_finish(writer, &file, &err) < 0 ||
        sc_fingerprints_open(sc_secret_view(&file), &key, &set, &err) < 0)
        fail(&err);
    searcher = sc_fingerprints_searcher(set);
    measure("fingerprints", &searcher, &data);
    printf("hits\t%zu\n", hits);
    sc_fingerprints_free(set);
    sc_fingerprint_writer_free(writer);
    sc_known_free(known);
    sc_secret_done(&file);
    sc_secret_done(&key);
    sc_buf_done(&data);
    return 0;
}
