/* SPDX-License-Identifier: Apache-2.0
 *
 * Points in time in YAML, and durations, the way Go prints them.
 */
#ifndef SC_COMPOSE_TREE_CLOCK_H
#define SC_COMPOSE_TREE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define SC_CLOCK_TEXT_SIZE 48

/* Whether the text is a point in time for go-yaml ("2024-1-31", "2024-01-31T12:00:00.5+02:00"), and
 * then Go's text of it: "2024-01-31 00:00:00 +0000 UTC". */
bool sc_clock_text(const char *text, char out[SC_CLOCK_TEXT_SIZE]);

/* A duration in Compose's notation ("1h30m", "1.5s", "10us", "1d", "2w") in nanoseconds; false if
 * it is none. A bare number is none, but 0 is. */
bool sc_duration_parse(const char *text, int64_t *ret);

/* Go's text of a duration: "1h0m0s", "1.5s", "100ms", "0s". */
void sc_duration_text(int64_t nanoseconds, char out[SC_CLOCK_TEXT_SIZE]);

#endif
