/* SPDX-License-Identifier: Apache-2.0
 *
 * One decompression library behind one interface; audit/image/unpack/unpack.c drives them all. Each
 * is loaded when it is first needed, see core/proc.h.
 */
#ifndef SC_AUDIT_IMAGE_CODER_H
#define SC_AUDIT_IMAGE_CODER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

struct sc_coder_run {
    const unsigned char *in;
    size_t in_len;
    unsigned char *out;
    size_t out_len;
    size_t in_used, out_used; /* set by the run */
    size_t in_back;           /* bytes of earlier steps that the end turned out not to need */
    bool finished;            /* a member or frame has ended */
};

struct sc_coder {
    /* NULL with *err: without memory (NOMEM) or without the library (UNSUPPORTED). */
    void *(*open)(struct sc_error *err);
    /* One step; negative for damaged data. */
    int (*run)(void *state, struct sc_coder_run *step);
    /* Makes ready for the next member; negative without memory. */
    int (*restart)(void *state);
    void (*close)(void *state);
};

extern const struct sc_coder sc_coder_gzip; /* gzip_isal.c or gzip_zlib.c */
extern const struct sc_coder sc_coder_deflate;
extern const struct sc_coder sc_coder_bzip2;
extern const struct sc_coder sc_coder_zstd;
extern const struct sc_coder sc_coder_xz;

#endif
