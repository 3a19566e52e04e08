/* SPDX-License-Identifier: Apache-2.0
 *
 * A zip reader that is fed (jar, wheel, apk, docx, ...): entries by their local headers, in the
 * order of the file; the directory at the end is handed on as bytes.
 *
 * Entries may be stored or packed by deflate, bzip2, zstd or xz, and may not know their size
 * beforehand. What is encrypted or packed otherwise is told as unreadable. Memory is constant but
 * for names. Threads: one reader, one thread.
 */
#ifndef SC_AUDIT_IMAGE_ZIP_H
#define SC_AUDIT_IMAGE_ZIP_H

#include "audit/image/tar.h"

struct sc_zip;

struct sc_zip *sc_zip_new(const struct sc_tar_ops *ops, void *ctx,
                          struct sc_error *err) SC_NODISCARD;
void sc_zip_free(struct sc_zip *zip);

/* FORMAT for what is no zip, SYNTAX where an entry of unknown size is damaged. */
int sc_zip_write(struct sc_zip *zip, struct sc_bytes data, struct sc_error *err) SC_NODISCARD;

/* IO if the file ends before its directory. The reader can then be fed a new one. */
int sc_zip_end(struct sc_zip *zip, struct sc_error *err) SC_NODISCARD;

#endif
