/* SPDX-License-Identifier: Apache-2.0
 *
 * Strict parsing of numbers, sizes and durations, and the project's way to read the environment.
 *
 * The whole text must be the value: no white space, no sign on unsigned numbers, no trailing bytes.
 * On failure USAGE with a message that names `what`, never the text.
 */
#ifndef SC_CORE_PARSE_H
#define SC_CORE_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

int sc_parse_u64(const char *text, uint64_t max, const char *what, uint64_t *ret,
                 struct sc_error *err) SC_NODISCARD;

/* "4096", "64K", "1M", "2G": powers of 1024, in bytes. */
int sc_parse_size(const char *text, const char *what, uint64_t *ret,
                  struct sc_error *err) SC_NODISCARD;

/* "90s", "15m", "8h", "30d", "2w", "0": in seconds. */
int sc_parse_duration(const char *text, const char *what, uint64_t *ret,
                      struct sc_error *err) SC_NODISCARD;

/* A moment: "2026-01-31" (its beginning), "2026-01-31T12:00:00Z", or a duration: that long ago. In
 * seconds since the epoch, UTC. */
int sc_parse_moment(const char *text, const char *what, int64_t *ret,
                    struct sc_error *err) SC_NODISCARD;

/* Octal file mode, "0400" or "400", at most 07777. */
int sc_parse_mode(const char *text, const char *what, uint32_t *ret,
                  struct sc_error *err) SC_NODISCARD;

/* The value of an environment variable, NULL if unset or empty. Borrowed. Ignored (NULL) in a
 * set-uid process. */
const char *sc_env(const char *name);

/* The same for a variable that demands something (SECRETSCTL_VAULT_KEY): an empty one is not unset,
 * but a pipeline's that was not filled in. */
const char *sc_env_demand(const char *name);

/* The same for a variable that names a directory (HOME, XDG_*): a relative path is ignored, since
 * it would be another place in each working directory. */
const char *sc_env_directory(const char *name);

/* Seconds since the epoch as "2026-01-31T12:00:00Z" (RFC 3339, UTC). */
#define SC_TIME_TEXT_SIZE 32
void sc_time_text(char out[SC_TIME_TEXT_SIZE], int64_t seconds);

/* A number in decimal digits; returns how many. */
#define SC_U64_TEXT_SIZE 21
size_t sc_u64_text(char out[SC_U64_TEXT_SIZE], uint64_t value);

#endif
