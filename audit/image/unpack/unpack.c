/* SPDX-License-Identifier: Apache-2.0
 *
 * Decompression; see audit/image/unpack/unpack.h.
 */
#include "audit/image/unpack/unpack.h"

#include <stdlib.h>
#include <string.h>

#include "audit/image/unpack/coder.h"

#include "core/banned.h"

/* What is handed on at once: a block of zstd, and still in the second level cache with the
 * unpacker's own buffers when it is searched. */
#define OUT_SIZE ((size_t)128 * 1024)

struct sc_unpack {
    const struct sc_coder *coder;
    enum sc_packing packing;
    void *state;
    sc_unpack_fn fn;
    void *ctx;
    unsigned char *out;
    uint64_t in_total, out_total;
    bool inside;   /* content of this member has come out */
    bool outside;  /* what was written last has more than the inside of a member */
    bool between;  /* a member has ended, the next has not begun */
    bool trailing; /* what follows is no member any more */
};

static const struct {
    enum sc_packing packing;
    const char *name;
    size_t len;
    unsigned char magic[SC_UNPACK_SNIFF];
    const struct sc_coder *coder;
} packings[] = {
    {SC_PACKING_GZIP, "gzip", 2, {0x1f, 0x8b}, &sc_coder_gzip},
    {SC_PACKING_ZSTD, "zstd", 4, {0x28, 0xb5, 0x2f, 0xfd}, &sc_coder_zstd},
    {SC_PACKING_XZ, "xz", 6, {0xfd, '7', 'z', 'X', 'Z', 0x00}, &sc_coder_xz},
    {SC_PACKING_BZIP2, "bzip2", 3, {'B', 'Z', 'h'}, &sc_coder_bzip2},
    {SC_PACKING_DEFLATE, "deflate", 0, {0}, &sc_coder_deflate},
    {SC_PACKING_ZIP, "zip", 4, {'P', 'K', 0x03, 0x04}, NULL},
};

static bool is_skippable_frame(const unsigned char *start, size_t len)
{
    return len >= 4 && (start[0] & 0xf0) == 0x50 && start[1] == 0x2a && start[2] == 0x4d &&
           start[3] == 0x18;
}

enum sc_packing sc_packing_sniff(const unsigned char *start, size_t len)
{
    for (size_t i = 0; i < SC_ARRAY_SIZE(packings); i++) {
        if (packings[i].len > 0 && len >= packings[i].len &&
            memcmp(start, packings[i].magic, packings[i].len) == 0)
            return packings[i].packing;
    }
    return is_skippable_frame(start, len) ? SC_PACKING_ZSTD : SC_PACKING_NONE;
}

const char *sc_packing_foreign(const unsigned char *start, size_t len)
{
    static const struct {
        const char *name;
        size_t len;
        unsigned char magic[8];
    } foreign[] = {
        {"7z", 6, {'7', 'z', 0xbc, 0xaf, 0x27, 0x1c}},
        {"rar", 6, {'R', 'a', 'r', '!', 0x1a, 0x07}},
        {"lz4", 4, {0x04, 0x22, 0x4d, 0x18}},
        {"lzip", 5, {'L', 'Z', 'I', 'P', 0x01}},
        {"lzop", 5, {0x89, 'L', 'Z', 'O', 0x00}},
        {"lzma", 5, {0x5d, 0x00, 0x00, 0x80, 0x00}},
        {"cab", 8, {'M', 'S', 'C', 'F', 0, 0, 0, 0}},
        {"snappy", 8, {0xff, 0x06, 0x00, 0x00, 's', 'N', 'a', 'P'}},
        {"squashfs", 4, {'h', 's', 'q', 's'}},
    };
    for (size_t i = 0; i < SC_ARRAY_SIZE(foreign); i++) {
        if (len >= foreign[i].len && memcmp(start, foreign[i].magic, foreign[i].len) == 0)
            return foreign[i].name;
    }
    return NULL;
}

static size_t row_of(enum sc_packing packing)
{
    size_t i = 0;
    while (i < SC_ARRAY_SIZE(packings) && packings[i].packing != packing)
        i++;
    return i;
}

static const char *name_of(enum sc_packing packing)
{
    size_t row = row_of(packing);
    return row < SC_ARRAY_SIZE(packings) ? packings[row].name : "plain";
}

struct sc_unpack *sc_unpack_new(enum sc_packing packing, sc_unpack_fn fn, void *ctx,
                                struct sc_error *err)
{
    size_t row = row_of(packing);
    if (row == SC_ARRAY_SIZE(packings) || packings[row].coder == NULL) {
        SC_IGNORE(sc_fail(err, SC_E_UNSUPPORTED, "%s is not unpacked", name_of(packing)));
        return NULL;
    }
    struct sc_unpack *unpack = calloc(1, sizeof(*unpack));
    if (unpack != NULL) {
        *unpack = (struct sc_unpack){.coder = packings[row].coder,
                                     .packing = packing,
                                     .out = malloc(OUT_SIZE),
                                     .fn = fn,
                                     .ctx = ctx};
    }
    if (unpack == NULL || unpack->out == NULL) {
        SC_IGNORE(sc_fail_nomem(err));
    } else {
        unpack->state = unpack->coder->open(err);
        if (unpack->state != NULL)
            return unpack;
    }
    sc_unpack_free(unpack);
    return NULL;
}

void sc_unpack_free(struct sc_unpack *unpack)
{
    if (unpack == NULL)
        return;
    if (unpack->state != NULL)
        unpack->coder->close(unpack->state);
    if (unpack->out != NULL)
        sc_wipe(unpack->out, OUT_SIZE);
    free(unpack->out);
    free(unpack);
}

/* One step of the library and its output handed on. */
static int step(struct sc_unpack *unpack, struct sc_bytes *data, bool *ret_full,
                struct sc_error *err)
{
    struct sc_coder_run run = {
        .in = data->ptr, .in_len = data->len, .out = unpack->out, .out_len = OUT_SIZE};
    int rc = unpack->coder->run(unpack->state, &run);
    bool stuck = data->len > 0 && run.in_used == 0 && run.out_used == 0 && !run.finished;
    if (rc < 0 || stuck)
        return sc_fail(err, SC_E_SYNTAX, "the %s data is damaged", name_of(unpack->packing));
    *data = (struct sc_bytes){data->ptr + run.in_used - run.in_back,
                              data->len - run.in_used + run.in_back};
    unpack->in_total += run.in_used;
    unpack->out_total += run.out_used;
    unpack->between = run.finished;
    unpack->inside = !run.finished && (unpack->inside || run.out_used > 0);
    unpack->outside = unpack->outside || run.finished;
    *ret_full = run.out_used == OUT_SIZE;
    if (unpack->out_total > SC_UNPACK_FREE &&
        unpack->out_total / SC_UNPACK_RATIO > unpack->in_total)
        return sc_fail(err, SC_E_TOOBIG, "the %s data unpacks to more than %llu times its size",
                       name_of(unpack->packing), (unsigned long long)SC_UNPACK_RATIO);
    if (run.out_used == 0)
        return 0;
    return unpack->fn((struct sc_bytes){unpack->out, run.out_used}, unpack->ctx, err);
}

/* Between two members: whether what follows is one, or only padding. */
static int next_member(struct sc_unpack *unpack, struct sc_bytes *data, struct sc_error *err)
{
    /* Zeroes may stand between the streams of xz. */
    while (unpack->packing == SC_PACKING_XZ && data->len > 0 && data->ptr[0] == 0)
        *data = (struct sc_bytes){data->ptr + 1, data->len - 1};
    if (data->len == 0)
        return 0;
    unsigned char first = data->ptr[0];
    bool more = unpack->packing == SC_PACKING_GZIP    ? first == 0x1f
                : unpack->packing == SC_PACKING_BZIP2 ? first == 'B'
                : unpack->packing == SC_PACKING_ZSTD  ? first == 0x28 || (first & 0xf0) == 0x50
                                                      : first == 0xfd;
    unpack->trailing = !more;
    if (!more)
        return 0;
    unpack->between = false;
    return unpack->coder->restart(unpack->state) < 0 ? sc_fail_nomem(err) : 0;
}

int sc_unpack_write(struct sc_unpack *unpack, struct sc_bytes data, struct sc_error *err)
{
    int rc = 0;
    bool full = false;
    unpack->outside = !unpack->inside;
    while (rc == 0 && (data.len > 0 || full) && !unpack->trailing) {
        if (unpack->between && data.len == 0)
            break;
        if (unpack->between)
            rc = next_member(unpack, &data, err);
        if (rc == 0 && !unpack->trailing && !unpack->between)
            rc = step(unpack, &data, &full, err);
    }
    unpack->outside = unpack->outside || rc < 0;
    return rc;
}

bool sc_unpack_outside(const struct sc_unpack *unpack)
{
    return unpack->outside;
}

int sc_unpack_member(struct sc_unpack *unpack, struct sc_bytes *data, bool *ret_ended,
                     struct sc_error *err)
{
    int rc = 0;
    bool full = false;
    while (rc == 0 && (data->len > 0 || full) && !unpack->between)
        rc = step(unpack, data, &full, err);
    *ret_ended = unpack->between;
    return rc;
}

int sc_unpack_reset(struct sc_unpack *unpack, struct sc_error *err)
{
    unpack->between = unpack->trailing = unpack->inside = false;
    unpack->in_total = unpack->out_total = 0;
    return unpack->coder->restart(unpack->state) < 0 ? sc_fail_nomem(err) : 0;
}

int sc_unpack_begin(struct sc_unpack **unpack, enum sc_packing packing, sc_unpack_fn fn, void *ctx,
                    struct sc_error *err)
{
    if (*unpack != NULL && (*unpack)->packing == packing) {
        (*unpack)->fn = fn;
        (*unpack)->ctx = ctx;
        return sc_unpack_reset(*unpack, err);
    }
    sc_unpack_free(*unpack);
    *unpack = sc_unpack_new(packing, fn, ctx, err);
    return *unpack == NULL ? err->code : 0;
}

int sc_unpack_end(struct sc_unpack *unpack, struct sc_error *err)
{
    if (unpack->between || unpack->trailing)
        return 0;
    return sc_fail(err, SC_E_IO, "the %s data ends early", name_of(unpack->packing));
}
