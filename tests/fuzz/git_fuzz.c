/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a file of git's objects, in pieces whose size the first byte chooses: entries begin
 * and end in turn, and each content has the length that was told.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audit/image/git/git.h"
#include "audit/image/git/store.h"
#include "core/macros.h"
#include "core/str.h"

#include "core/banned.h"

/* As much as audit/image/archive.c holds back. */
#define START_MAX ((size_t)512)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
    bool open;
    uint64_t size, len;
};

static int meta(const char *what, struct sc_bytes bytes, void *ctx, struct sc_error *err)
{
    (void)what;
    (void)bytes;
    (void)ctx;
    (void)err;
    return 0;
}

static int entry(const struct sc_tar_entry *found, void *ctx, struct sc_error *err)
{
    struct told *told = ctx;
    (void)err;
    if (told->open)
        abort();
    *told = (struct told){.open = true, .size = found->size};
    return 0;
}

static int content(struct sc_bytes bytes, void *ctx, struct sc_error *err)
{
    struct told *told = ctx;
    (void)err;
    told->len += bytes.len;
    if (!told->open || bytes.len == 0 || told->len > told->size)
        abort();
    return 0;
}

static int entry_end(void *ctx, struct sc_error *err)
{
    struct told *told = ctx;
    (void)err;
    if (!told->open)
        abort();
    told->open = false;
    return 0;
}

static const struct sc_tar_ops ops = {meta, entry, content, entry_end, NULL};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sc_git *git; /* used again, as for the files of a layer */
    static struct told told;
    static struct sc_git_limits limits;
    bool is = false;
    if (size < 2)
        return 0;
    size_t step = (size_t)data[0] + 1;
    if (git == NULL && (git = sc_git_new(&ops, &told, &limits, NULL)) == NULL)
        abort();
    told = (struct told){0};
    limits.fed = limits.made = 0;
    const struct sc_bytes start = {data + 1, SC_MIN(size - 1, START_MAX)};
    if (!sc_git_sniff(start) || sc_git_begin(git, start, &is, NULL) < 0 || !is)
        return 0;
    int rc = 0;
    for (size_t at = 1; rc == 0 && at < size; at += step) {
        size_t n = SC_MIN(step, size - at);
        uint8_t *piece = malloc(n);
        if (piece == NULL)
            abort();
        memcpy(piece, data + at, n);
        rc = sc_git_write(git, (struct sc_bytes){piece, n}, NULL);
        free(piece);
    }
    SC_IGNORE(sc_git_end(git, NULL)); /* whatever it was, the reader is ready for the next */
    if (told.open)
        abort();
    return 0;
}
