/* SPDX-License-Identifier: Apache-2.0
 *
 * Fingerprints: the search for known values by somebody who must not have them.
 *
 * An export holds, for each encoded form of each value, its length, keyed hashes of what 8 bytes of
 * the value look like in it, and the keyed hash of the whole form. The file is sealed with the key:
 * without it, it tells its size and nothing else (names, lengths and counts are inside the seal;
 * the size is padded).
 *
 * Limits, enforced here and printed by the commands. Who holds the file AND the key can test
 * guesses offline, quickly. So only values that leave SC_FINGERPRINT_BITS to guess are exported;
 * the rest is listed by name. All windows of a value lie over the same SC_FINGERPRINT_REGION bytes
 * of it, because short window hashes can be turned back: these bytes count as known to the holder
 * of the key (as does which characters they are made of, which the file tells as well), and the
 * guess is reckoned over the rest. Two exports have nothing in common, even of
 * the same values.
 *
 * Threads: a loaded set may be scanned by any number of threads.
 */
#ifndef SC_AUDIT_KNOWN_FINGERPRINT_H
#define SC_AUDIT_KNOWN_FINGERPRINT_H

#include "audit/known/stream.h"

#define SC_FINGERPRINT_KEY_SIZE 32
/* Bytes of a value that its windows may give away to the holder of the key. */
#define SC_FINGERPRINT_REGION 8
/* Windows into the region's form: so many, of so many bytes, one byte apart. Every fourth place of
 * the data is looked at. */
#define SC_FINGERPRINT_WINDOWS 4
#define SC_FINGERPRINT_WIDTH   5
/* What must be left to guess, in bits; see sc_piece_guess_bits(). */
#define SC_FINGERPRINT_BITS 64.0
/* Bytes of a file at most: some 3,000 values. */
#define SC_FINGERPRINT_FILE_MAX ((size_t)4092 * 1024)

/* ---- export ---- */

struct sc_fingerprint_writer;

struct sc_fingerprint_writer *sc_fingerprint_writer_new(const struct sc_secret *key,
                                                        struct sc_error *err) SC_NODISCARD;
void sc_fingerprint_writer_free(struct sc_fingerprint_writer *writer);

/* Adds a value, or only its name if it is not fit; *ret_standing tells which. */
int sc_fingerprint_add(struct sc_fingerprint_writer *writer, const char *name,
                       struct sc_bytes value, enum sc_known_standing *ret_standing,
                       struct sc_error *err) SC_NODISCARD;

/* The sealed file. TOOBIG over SC_FINGERPRINT_FILE_MAX. */
int sc_fingerprint_finish(struct sc_fingerprint_writer *writer, struct sc_secret *ret,
                          struct sc_error *err) SC_NODISCARD;

/* ---- search ---- */

struct sc_fingerprints;

/* BADPASS if the key does not open the file or the file was changed (one cannot be told from the
 * other), FORMAT for what is no fingerprint file. */
int sc_fingerprints_open(struct sc_bytes file, const struct sc_secret *key,
                         struct sc_fingerprints **ret, struct sc_error *err) SC_NODISCARD;
void sc_fingerprints_free(struct sc_fingerprints *set);
void sc_fingerprints_freep(struct sc_fingerprints **set);

struct sc_searcher sc_fingerprints_searcher(const struct sc_fingerprints *set);

#endif
