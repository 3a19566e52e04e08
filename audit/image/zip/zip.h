/* SPDX-License-Identifier: Apache-2.0
 *
 * A zip reader that is fed (jar, wheel, apk, docx, ...): entries by their local headers, in the
 * order of the file, up to the directory at the end.
 *
 * Entries may be stored or packed by deflate, bzip2, zstd or xz, and may not know their size
 * beforehand. What is encrypted or packed otherwise is told as unreadable. Memory is constant but
 * for names. Threads: one reader, one thread.
 */
#ifndef SC_AUDIT_IMAGE_ZIP_ZIP_H
#define SC_AUDIT_IMAGE_ZIP_ZIP_H

#include "audit/image/tar.h"

/* Bytes that every record begins with, and of a local header without the name. */
#define SC_ZIP_SIGNATURE_SIZE ((size_t)4)
#define SC_ZIP_HEADER_SIZE    ((size_t)30)

struct sc_zip;

struct sc_zip *sc_zip_new(const struct sc_tar_ops *ops, void *ctx,
                          struct sc_error *err) SC_NODISCARD;
void sc_zip_free(struct sc_zip *zip);

/* Takes *data off its front: all of it, but for a failure and for the directory, of which it takes
 * the signature. FORMAT for what is no zip, SYNTAX where an entry of unknown size is damaged. */
int sc_zip_write(struct sc_zip *zip, struct sc_bytes *data, struct sc_error *err) SC_NODISCARD;

/* IO if the file ends before its directory. The reader can then be fed a new one. */
int sc_zip_end(struct sc_zip *zip, struct sc_error *err) SC_NODISCARD;

/* What is to come only looks like a zip. Until a second record
 * stands where the first entry ends nothing is told as unreadable, and damage is a failure. */
void sc_zip_guess(struct sc_zip *zip);

enum sc_zip_standing { SC_ZIP_GUESSED, SC_ZIP_PROVED, SC_ZIP_WHOLE /* its directory has begun */ };
enum sc_zip_standing sc_zip_standing(const struct sc_zip *zip);

/* Entries that have begun. */
uint64_t sc_zip_entries(const struct sc_zip *zip);

#endif
