/* SPDX-License-Identifier: Apache-2.0
 *
 * run and mask: values for one child only, and out of everything it prints.
 */
#ifndef SC_CLI_RUN_RUN_H
#define SC_CLI_RUN_RUN_H

#include <sys/types.h>

#include "cli/command.h"
#include "core/mask/stream.h"
#include "vault/vault.h"

struct sc_run_options {
    struct sc_strv scopes, only, set;
    bool env, files;
    const char *dir;
    bool clean_env, no_mask, dry_run;
    const char *mask_with;
    const char *ci_mask;
};

struct sc_mask_options {
    struct sc_strv scopes, only;
    const char *mask_with;
    bool name;
};

int sc_cmd_run(struct sc_cli *cli, const void *options, int count, char **operands,
               struct sc_error *err);
int sc_cmd_mask(struct sc_cli *cli, const void *options, int count, char **operands,
                struct sc_error *err);

/* ---- values.c: the entries that were chosen ---- */

struct sc_run_value {
    char *name;     /* "shop/db_password" */
    char *variable; /* "DB_PASSWORD", or what --set says */
    bool config;
    struct sc_secret value;
};

struct sc_run_values {
    struct sc_run_value *items;
    size_t count;
};

/* Which entries; `set` and `variables` for run only. */
struct sc_run_choice {
    const struct sc_strv *scopes, *only;
    const struct sc_strv *set; /* or NULL */
    bool variables;
};

/* Reads the entries of the scopes whose full name or leaf fits one of the patterns, and renders
 * --set NAME=TEMPLATE. With `variables` two of one name, or a name that cannot be a variable, are
 * an error. The vault is closed when this returns. */
int sc_run_values_read(const struct sc_cli *cli, const struct sc_run_choice *choice,
                       struct sc_run_values *ret, struct sc_error *err) SC_NODISCARD;
void sc_run_values_done(struct sc_run_values *values);

/* Patterns of all values but configs; a note names those too short to be masked. */
int sc_run_patterns(const struct sc_cli *cli, const struct sc_run_values *values,
                    struct sc_mask_patterns *ret, struct sc_error *err) SC_NODISCARD;

/* ---- place.c: the files, and the guard that removes them whatever happens ---- */

struct sc_run_place {
    char *dir;    /* NULL until it is made */
    int guard_fd; /* the guard acts when this end of its pipe is closed */
    pid_t guard;
};

/* A 0700 directory in memory with one 0400 file for each value. `parent` NULL: $XDG_RUNTIME_DIR or
 * /dev/shm. Removes what runs that were killed together with their guard left there. */
int sc_run_place_make(const char *parent, const struct sc_run_values *values,
                      struct sc_run_place *ret, struct sc_error *err) SC_NODISCARD;
/* Lets the guard remove the files and waits for it. */
void sc_run_place_done(struct sc_run_place *place);

/* ---- child.c: starting it, and everything between it and our descriptors ---- */

struct sc_run_child {
    char **argv;
    char **environment;
    const struct sc_mask_patterns *patterns; /* NULL: its output is not ours */
    const char *mask_text;
};

/* Runs it to its end; the status as the shell has it. */
int sc_run_child(const struct sc_run_child *child, int *ret_status,
                 struct sc_error *err) SC_NODISCARD;

/* ---- environment.c ---- */

/* An environment in locked memory that a forked child still sees. */
struct sc_run_environment {
    char *block;
    size_t size;
    char **items;
};

/* Ours without SECRETSCTL_* and CREDENTIALS_DIRECTORY (with `clean` only a short list of it), plus
 * a variable for each value: the value itself, or with `dir` NAME_FILE and the path (--set always
 * gives the value). BADNAME for a NUL in a value. */
int sc_run_environment_make(const struct sc_run_values *values, const char *dir, bool clean,
                            struct sc_run_environment *ret, struct sc_error *err) SC_NODISCARD;
void sc_run_environment_done(struct sc_run_environment *environment);

#endif
