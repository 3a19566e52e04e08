/* SPDX-License-Identifier: Apache-2.0
 *
 * Every bit of a small vault flipped in turn, one at a time, and each flip is found.
 *
 * All bits: the sum of the page is wrong. Every SC_FAULT_FLIP_STEP-th bit (1: all) is flipped in
 * the file, and check refuses it. And every SC_FAULT_LIE_STEP-th bit is flipped by somebody who
 * puts the sum right again: then check refuses it, or it is a bit that nothing reads, and all reads
 * the same.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/fsutil.h"
#include "tests/vault/fault/scenario.h"
#include "vault/store/pages.h"

#include "core/banned.h"

#define COUNTER  3
#define PROGRESS 100000

struct flips {
    struct scenario scenario;
    struct sc_buf file;
    char path[320]; /* a copy of the vault that flips are made in */
    int fd;
};

static unsigned char *page_of(const struct flips *flips, size_t bit)
{
    return (unsigned char *)flips->file.data + bit / 8 / SC_PAGE_SIZE * SC_PAGE_SIZE;
}

static void flip(struct flips *flips, size_t bit)
{
    flips->file.data[bit / 8] = (char)(flips->file.data[bit / 8] ^ (1 << bit % 8));
}

static void put_page(const struct flips *flips, size_t bit)
{
    off_t at = (off_t)(bit / 8 / SC_PAGE_SIZE * SC_PAGE_SIZE);
    if (pwrite(flips->fd, page_of(flips, bit), SC_PAGE_SIZE, at) != SC_PAGE_SIZE)
        scenario_die("cannot write", NULL);
}

/* Whether check finds nothing in the file with one bit flipped. */
static bool passes(struct flips *flips, size_t bit, bool lie)
{
    unsigned char sum[SC_PAGE_SUM_SIZE], *at = page_of(flips, bit) + SC_PAGE_SIZE - sizeof(sum);
    struct sc_error err = {0};
    char name[330];
    long counter = -1;
    flip(flips, bit);
    memcpy(sum, at, sizeof(sum));
    if (lie)
        sc_page_sum((uint32_t)(bit / 8 / SC_PAGE_SIZE) + 1, page_of(flips, bit), at);
    put_page(flips, bit);
    memcpy(at, sum, sizeof(sum));
    flip(flips, bit);
    bool good = scenario_check_image(&flips->scenario, flips->path, &counter, &err) == 0;
    if (good && counter != COUNTER)
        scenario_die("a flipped bit changed what is read", NULL);
    put_page(flips, bit);
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof(name), "%s%s", flips->path, i == 0 ? "-wal" : "-shm");
        unlink(name);
    }
    return good;
}

/* A vault with pages of all kinds: some are free, one value goes over many. */
static void make(struct flips *flips)
{
    struct sc_error err = {0};
    scenario_make(&flips->scenario, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NULL);
    for (long i = 1; i <= COUNTER; i++) {
        if (scenario_put(&flips->scenario, flips->scenario.path, i, &err) < 0)
            scenario_die("put", &err);
    }
    if (scenario_put_big(&flips->scenario, "shop/big", 10000, &err) < 0 ||
        scenario_put_big(&flips->scenario, "gone/big", 20000, &err) < 0 ||
        scenario_remove_scope(&flips->scenario, "gone/big", &err) < 0)
        scenario_die("big", &err);
    flips->file = (struct sc_buf)SC_BUF_INIT((size_t)16 * 1024 * 1024);
    snprintf(flips->path, sizeof(flips->path), "%s/flipped.db", flips->scenario.dir);
    flips->fd = open(flips->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (sc_file_read(flips->scenario.path, &flips->file, &err) < 0 || flips->fd < 0 ||
        flips->file.len % SC_PAGE_SIZE != 0 ||
        write(flips->fd, flips->file.data, flips->file.len) != (ssize_t)flips->file.len)
        scenario_die("copy", &err);
}

/* Every bit; only the page that it is in is looked at, as check does with each page. */
static void flip_in_memory(struct flips *flips)
{
    for (size_t bit = 0; bit < flips->file.len * 8; bit++) {
        uint32_t number = (uint32_t)(bit / 8 / SC_PAGE_SIZE) + 1;
        flip(flips, bit);
        if (sc_page_is_whole(number, page_of(flips, bit)))
            scenario_die("a flipped bit leaves the sum as it is", NULL);
        flip(flips, bit);
        if (bit % (SC_PAGE_SIZE * 8) == 0 && !sc_page_is_whole(number, page_of(flips, bit)))
            scenario_die("a page has a wrong sum to begin with", NULL);
    }
    printf("%zu bytes, %zu bits: each flip makes its page's sum wrong\n", flips->file.len,
           flips->file.len * 8);
}

int main(void)
{
    struct flips flips = {.fd = -1};
    size_t step = (size_t)scenario_number("SC_FAULT_FLIP_STEP", 127);
    size_t lie_step = (size_t)scenario_number("SC_FAULT_LIE_STEP", 127);
    long found = 0, lies = 0, unread = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    make(&flips);
    flip_in_memory(&flips);
    for (size_t bit = 0; bit < flips.file.len * 8; bit += step, found++) {
        if (passes(&flips, bit, false)) {
            fprintf(stderr, "byte %zu, bit %zu\n", bit / 8, bit % 8);
            scenario_die("a flipped bit is not found by check", NULL);
        }
        if (found % PROGRESS == PROGRESS - 1)
            printf("%ld flips in the file so far: all found by check\n", found + 1);
    }
    printf("%ld flips in the file: all found by check\n", found);
    for (size_t bit = lie_step / 2; bit < flips.file.len * 8; bit += lie_step, lies++)
        unread += passes(&flips, bit, true);
    printf("%ld flips with the sum put right: %ld found, %ld in bits that nothing reads\n", lies,
           lies - unread, unread);
    if (unread == lies)
        scenario_die("only the sums find anything", NULL);
    fflush(stdout);
    sc_buf_done(&flips.file);
    close(flips.fd);
    scenario_remove(&flips.scenario);
}
