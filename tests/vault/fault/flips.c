/* SPDX-License-Identifier: Apache-2.0
 *
 * Bits of a small vault flipped one at a time: check finds each, or else the bit lies where SQLite
 * keeps nothing and every value still reads the same. SC_FAULT_FLIP_STEP: 1 flips every bit.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/fsutil.h"
#include "tests/vault/fault/scenario.h"

#include "core/banned.h"

static void put_file(const char *path, const struct sc_buf *content)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, content->data, content->len) != (ssize_t)content->len)
        scenario_die("cannot write", NULL);
    close(fd);
}

int main(void)
{
    struct scenario scenario;
    struct sc_error err = {0};
    long step = scenario_number("SC_FAULT_FLIP_STEP", 61);
    scenario_make(&scenario, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NULL);
    for (long i = 1; i <= 3; i++) {
        if (scenario_put(&scenario, scenario.path, i, &err) < 0)
            scenario_die("put", &err);
    }
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT((size_t)16 * 1024 * 1024);
    if (sc_file_read(scenario.path, &file, &err) < 0)
        scenario_die("read", &err);
    char path[320], name[330];
    snprintf(path, sizeof(path), "%s/flipped.db", scenario.dir);
    long flips = 0, unused = 0, in_use = 0;
    for (size_t bit = 0; bit < file.len * 8; bit += (size_t)step, flips++) {
        file.data[bit / 8] = (char)(file.data[bit / 8] ^ (1 << bit % 8));
        put_file(path, &file);
        file.data[bit / 8] = (char)(file.data[bit / 8] ^ (1 << bit % 8));
        long counter = -1;
        if (scenario_check_image(&scenario, path, &counter, &err) == 0) {
            unused++;
            if (file.data[bit / 8] != 0 && scenario_number("SC_FAULT_VERBOSE", 0) != 0)
                printf("not found: byte %zu bit %zu, was %02x\n", bit / 8, bit % 8,
                       (unsigned)(unsigned char)file.data[bit / 8]);
            in_use += file.data[bit / 8] != 0;
            if (counter != 3)
                scenario_die("a flipped bit changed what is read", NULL);
        }
        for (int i = 0; i < 2; i++) {
            snprintf(name, sizeof(name), "%s%s", path, i == 0 ? "-wal" : "-shm");
            unlink(name);
        }
    }
    /* SQLite's own header (versions, counters) is not signed; see docs/RELIABILITY.md. */
    printf(
        "%zu bytes, %ld flips, %ld change nothing that is read (%ld in bytes that are not zero), "
        "the others found\n",
        file.len, flips, unused, in_use);
    fflush(stdout);
    scenario_remove(&scenario);
}
