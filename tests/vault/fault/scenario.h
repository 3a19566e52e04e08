/* SPDX-License-Identifier: Apache-2.0
 *
 * What the fault tests do to a vault, and how they look at it afterwards: a counter kept as an
 * entry.
 */
#ifndef SC_TESTS_VAULT_FAULT_SCENARIO_H
#define SC_TESTS_VAULT_FAULT_SCENARIO_H

#include "vault/vault.h"

struct scenario {
    char dir[256];  /* of its own, removed at the end */
    char path[300]; /* the vault */
    char key[512];  /* of a key file; in plain memory, since the arena is wiped in a fork */
};

/* Makes a directory below `base` (NULL: TMPDIR or /tmp), a key and a vault with counter 0; its pins
 * go into the directory too. Ends the process on any failure. */
void scenario_make(struct scenario *scenario, const char *base);
void scenario_remove(struct scenario *scenario);

/* Opens and unlocks `path` with the scenario's key. */
int scenario_open(const struct scenario *scenario, const char *path, enum sc_vault_access access,
                  struct sc_vault **ret, struct sc_error *err) SC_NODISCARD;

/* Opens, stores the counter, closes. */
int scenario_put(const struct scenario *scenario, const char *path, long counter,
                 struct sc_error *err) SC_NODISCARD;
/* The same on an open vault. */
int scenario_put_open(struct sc_vault *vault, long counter, struct sc_error *err) SC_NODISCARD;
/* The same with another counter than the usual one. */
int scenario_put_to(struct sc_vault *vault, const char *name, long counter,
                    struct sc_error *err) SC_NODISCARD;

/* Opens `path`, checks all of it, every record opened, and yields the counter. */
int scenario_check(const struct scenario *scenario, const char *path, long *ret_counter,
                   struct sc_error *err) SC_NODISCARD;
/* The same, of a file that may be older than what was seen. */
int scenario_check_image(const struct scenario *scenario, const char *path, long *ret_counter,
                         struct sc_error *err) SC_NODISCARD;
int scenario_get(struct sc_vault *vault, long *ret_counter, struct sc_error *err) SC_NODISCARD;
int scenario_get_from(struct sc_vault *vault, const char *name, long *ret_counter,
                      struct sc_error *err) SC_NODISCARD;

/* The whole of a day: open, add, rotate, list, history, get, move, remove, re-key, close. The
 * counter stays. */
int scenario_day(const struct scenario *scenario, const char *path, long number,
                 struct sc_error *err) SC_NODISCARD;

/* An entry with a value of `size` bytes; and an entry taken away, its scope re-keyed, so that what
 * it needed becomes free. */
int scenario_put_big(const struct scenario *scenario, const char *name, size_t size,
                     struct sc_error *err) SC_NODISCARD;
int scenario_remove_scope(const struct scenario *scenario, const char *name,
                          struct sc_error *err) SC_NODISCARD;

/* A number from the environment, for long runs. */
long scenario_number(const char *variable, long otherwise);

/* Prints and ends the process with 1. */
_Noreturn void scenario_die(const char *what, const struct sc_error *err);

#endif
