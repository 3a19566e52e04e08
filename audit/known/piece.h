/* SPDX-License-Identifier: Apache-2.0
 *
 * Which bytes of a value are searched for, and whether a match of them would prove anything.
 * Threads: any.
 */
#ifndef SC_AUDIT_KNOWN_PIECE_H
#define SC_AUDIT_KNOWN_PIECE_H

#include "audit/known/known.h"

#define SC_PIECES_MAX 2

/* The value without its final line end. */
struct sc_bytes sc_piece_trim(struct sc_bytes value);

/* The standing of a trimmed value. */
enum sc_known_standing sc_piece_standing(struct sc_bytes value);

/* The pieces of a trimmed value of SC_KNOWN_RAW_MIN bytes or more: one or two views into it. */
size_t sc_piece_choose(struct sc_bytes value, struct sc_bytes ret[SC_PIECES_MAX]);

/* A careful estimate of how many bits a guesser has to guess, from length and kinds of characters.
 */
double sc_piece_guess_bits(struct sc_bytes value);

#endif
