/* SPDX-License-Identifier: Apache-2.0
 *
 * What a layer costs at least: bench_stages FILE reads a packed (or plain) layer, unpacks it, and
 * hashes it as it is stored, each alone, the latter two from memory. Lines "content bytes" and
 * "what seconds" (CPU time), best of several runs.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "audit/image/sha256.h"
#include "audit/image/unpack/unpack.h"
#include "core/buf.h"
#include "core/fd.h"
#include "core/fsutil.h"
#include "core/macros.h"

#include "core/banned.h"

#define RUNS 5
/* As a layer is read. */
#define PIECE ((size_t)256 * 1024)

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const struct sc_error *err)
{
    fprintf(stderr, "bench_stages: %s\n", sc_error_message(err));
    exit(1);
}

static int count(struct sc_bytes piece, void *ctx, struct sc_error *err)
{
    (void)err;
    *(size_t *)ctx += piece.len;
    return 0;
}

static size_t unpack(struct sc_bytes layer, enum sc_packing packing)
{
    struct sc_error err = {0};
    size_t content = 0;
    struct sc_unpack *unpack = sc_unpack_new(packing, count, &content, &err);
    if (unpack == NULL)
        fail(&err);
    for (size_t at = 0; at < layer.len; at += PIECE) {
        struct sc_bytes piece = {layer.ptr + at, SC_MIN(layer.len - at, PIECE)};
        if (sc_unpack_write(unpack, piece, &err) < 0)
            fail(&err);
    }
    sc_unpack_free(unpack);
    return content;
}

/* Out of the kernel's cache into the same memory again and again. */
static void read_file(const char *path)
{
    static unsigned char piece[PIECE];
    struct sc_error err = {0};
    SC_CLEANUP(sc_fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t got = 1;
    while (got > 0) {
        if (sc_fd_read_some(fd, piece, sizeof(piece), &got, &err) < 0)
            fail(&err);
    }
}

int main(int argc, char **argv)
{
    struct sc_error err = {0};
    struct sc_buf layer = SC_BUF_INIT((size_t)1024 * 1024 * 1024);
    if (argc != 2)
        return 2;
    if (sc_file_read(argv[1], &layer, &err) < 0)
        fail(&err);
    struct sc_bytes bytes = sc_buf_view(&layer);
    enum sc_packing packing = sc_packing_sniff(bytes.ptr, bytes.len);
    double reading = 1e9, unpacking = 1e9, hashing = 1e9;
    size_t content = layer.len;
    for (int run = 0; run < RUNS; run++) {
        double start = now();
        read_file(argv[1]);
        reading = SC_MIN(reading, now() - start);
        start = now();
        if (packing != SC_PACKING_NONE)
            content = unpack(bytes, packing);
        unpacking = SC_MIN(unpacking, now() - start);
        start = now();
        struct sc_sha256 hash;
        unsigned char digest[SC_SHA256_SIZE];
        sc_sha256_init(&hash);
        sc_sha256_add(&hash, bytes);
        sc_sha256_end(&hash, digest);
        hashing = SC_MIN(hashing, now() - start);
    }
    printf("content\t%zu\nread\t%.4f\nunpack\t%.4f\nhash\t%.4f\n", content, reading, unpacking,
           hashing);
    sc_buf_done(&layer);
    return 0;
}
