/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs a fuzz target over every file of its corpus folder, and over simple mutations of each (cut
 * at every 1/16th, one byte flipped at 64 places), so that the seeds are an ordinary test without
 * libFuzzer.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/fsutil.h"
#include "core/str.h"

#include "core/banned.h"

#define SEED_MAX ((size_t)1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of exactly `size` bytes, so that reading past the end is caught by the sanitizer. */
static void run_copy(const char *data, size_t size, size_t flip)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL)
        abort();
    if (size > 0)
        memcpy(copy, data, size);
    if (flip < size)
        copy[flip] ^= 0x20;
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void run_seed(const struct sc_buf *seed)
{
    run_copy(seed->data, seed->len, SIZE_MAX);
    for (size_t part = 0; part < 16; part++)
        run_copy(seed->data, seed->len * part / 16, SIZE_MAX);
    for (size_t place = 0; place < 64 && seed->len > 0; place++)
        run_copy(seed->data, seed->len, seed->len * place / 64);
}

int main(int argc, char **argv)
{
    struct dirent **files = NULL;
    int count = argc == 2 ? scandir(argv[1], &files, NULL, alphasort) : -1;
    if (count < 0) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return 2;
    }
    int seeds = 0;
    for (int i = 0; i < count; i++) {
        struct sc_error err = {0};
        SC_CLEANUP(sc_str_freep) char *path = sc_path_join(argv[1], files[i]->d_name, &err);
        SC_CLEANUP(sc_buf_done) struct sc_buf seed = SC_BUF_INIT(SEED_MAX);
        if (files[i]->d_name[0] != '.' && path != NULL) {
            if (sc_file_read(path, &seed, &err) < 0) {
                fprintf(stderr, "%s\n", sc_error_message(&err));
                return 1;
            }
            run_seed(&seed);
            seeds++;
        }
        free(files[i]);
    }
    free(files);
    printf("%d seeds\n", seeds);
    return seeds > 0 ? 0 : 1; /* a target without a corpus tests nothing */
}
