/* SPDX-License-Identifier: Apache-2.0
 *
 * Looks for a zip archive behind other bytes (a jar with a script in front, a self-extracting
 * archive) in a file that is fed: where it begins, and at the end whether there was one.
 *
 * It only guesses: bytes that look like a header may stand in any file. Threads: one scan, one
 * thread.
 */
#ifndef SC_AUDIT_IMAGE_ZIP_SCAN_H
#define SC_AUDIT_IMAGE_ZIP_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/image/zip/zip.h"

/* All zero at the start of a file. */
struct sc_zip_scan {
    unsigned char head[SC_ZIP_HEADER_SIZE]; /* what may be the start of a record */
    size_t held;
    uint64_t at;      /* bytes seen */
    uint64_t ends_at; /* where a file ends that has the last end record seen */
    unsigned entries; /* that this record tells of */
};

/* Looks through *data up to a local header, its bytes included. Returns true where one ends: it
 * then stands in ret_head, and *data is what follows. Else all of *data has been taken. */
bool sc_zip_scan_header(struct sc_zip_scan *scan, struct sc_bytes *data,
                        unsigned char ret_head[SC_ZIP_HEADER_SIZE]);

/* The same for bytes that are read already: no header in them is told. */
void sc_zip_scan_pass(struct sc_zip_scan *scan, struct sc_bytes data);

/* A run of NUL bytes. */
void sc_zip_scan_zeroes(struct sc_zip_scan *scan, uint64_t count);

/* At the end of the file: entries that a zip archive at its end says it has (65535 may mean any
 * number), 0 if it does not end in one. */
unsigned sc_zip_scan_entries(const struct sc_zip_scan *scan);

#endif
