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
    struct sc_strv scopes, only, set, env_files;
    bool env, files;
    const char *dir;
    bool private, memfd;
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
    char *name;     /* "shop/db_password", "--set DB_URL" */
    char *variable; /* "DB_PASSWORD"; NULL: no variable, the value is in a template only */
    bool text;      /* made from a template: always the variable's value, never a file */
    bool open;      /* no secret: not masked */
    char *path;     /* of its file; NULL: the variable is the value */
    struct sc_secret value;
};

struct sc_run_values {
    struct sc_run_value *items;
    size_t count;
    size_t due;       /* entries that are due for rotation */
    size_t due_first; /* the first of them in `items` */
};

/* Which entries; the last two for run only. */
struct sc_run_choice {
    const struct sc_strv *scopes, *only;
    const struct sc_strv *set, *env_files; /* or NULL */
    bool variables;
};

/* Reads the entries of the scopes whose full name or leaf fits one of the patterns, and renders the
 * variables of --env-file and then --set NAME=TEMPLATE, which replace what has their name. With
 * `variables` two entries of one name, or a name that cannot be a variable, are an error. The vault
 * is closed when this returns. */
int sc_run_values_read(const struct sc_cli *cli, const struct sc_run_choice *choice,
                       struct sc_run_values *ret, struct sc_error *err) SC_NODISCARD;
void sc_run_values_done(struct sc_run_values *values);

/* Patterns of all values but open ones; a note names those too short to be masked. */
int sc_run_patterns(const struct sc_cli *cli, const struct sc_run_values *values,
                    struct sc_mask_patterns *ret, struct sc_error *err) SC_NODISCARD;

/* ---- place.c: the files, and the guard that removes them whatever happens ---- */

enum sc_run_where {
    SC_RUN_SHARED,  /* a directory in memory that other daemons of the host see too */
    SC_RUN_PRIVATE, /* the same, on a mount that only we and the command see */
    SC_RUN_MEMFD,   /* no directory: sealed files without a name */
};

/* Descriptors of SC_RUN_MEMFD begin here: shells use those up to 10, bash 255. */
#define SC_RUN_MEMFD_FIRST 300

struct sc_run_place {
    char *dir;    /* NULL until it is made */
    int lock_fd;  /* it, and the mark that somebody uses it; -1 */
    int guard_fd; /* the guard acts when this end of their socket is closed; -1 */
    pid_t guard;
    int first_fd, fd_count; /* of SC_RUN_MEMFD; the command inherits them */
};

/* The zero value but for the descriptors. */
#define SC_RUN_PLACE_INIT                                                                          \
    {                                                                                              \
        .lock_fd = -1, .guard_fd = -1                                                              \
    }

/* Makes a file for each value that is no text and sets its path: 0400 in a 0700 directory.
 * `parent` NULL: $XDG_RUNTIME_DIR or /dev/shm. Removes what runs that were killed together with
 * their guard left there. With SC_RUN_PRIVATE this process has a mount namespace of its own
 * afterwards. */
int sc_run_place_make(enum sc_run_where where, const char *parent, struct sc_run_values *values,
                      struct sc_run_place *ret, struct sc_error *err) SC_NODISCARD;
/* Lets the guard remove the files and waits for it. */
void sc_run_place_done(struct sc_run_place *place);

/* ---- memfd.c ---- */

int sc_run_memfd_make(struct sc_run_values *values, struct sc_run_place *ret,
                      struct sc_error *err) SC_NODISCARD;
void sc_run_memfd_done(struct sc_run_place *place);

/* ---- environment.c ---- */

/* An environment in locked memory that a forked child still sees. */
struct sc_run_environment {
    char *block;
    size_t size;
    char **items;
};

/* Ours without SECRETSCTL_* and CREDENTIALS_DIRECTORY (with `clean` only a short list of it), plus
 * a variable for each value: the value itself, or NAME_FILE and its path. BADNAME for a NUL in a
 * value. */
int sc_run_environment_make(const struct sc_run_values *values, bool clean,
                            struct sc_run_environment *ret, struct sc_error *err) SC_NODISCARD;
void sc_run_environment_done(struct sc_run_environment *environment);

/* ---- child.c: starting it, and everything between it and our descriptors ---- */

struct sc_run_child {
    char **argv;
    struct sc_run_environment *environment;  /* released as soon as the child has it */
    int keep_first, keep_count;              /* descriptors it inherits besides the standard ones */
    mode_t umask;                            /* it starts with */
    const struct sc_mask_patterns *patterns; /* NULL: its output is not ours */
    const char *mask_text;
};

struct sc_run_end {
    int status; /* as the shell has it */
    bool left;  /* something it started goes on and could still print */
};

/* Runs it to its end. When that cannot be, the status is as it was, or tells why it was not found
 * or not executed. */
int sc_run_child(const struct sc_run_child *child, struct sc_run_end *ret,
                 struct sc_error *err) SC_NODISCARD;

#endif
