/* SPDX-License-Identifier: Apache-2.0
 *
 * What the commands `compose rewrite` and `compose restore` share.
 */
#ifndef SC_CLI_COMPOSE_REWRITE_H
#define SC_CLI_COMPOSE_REWRITE_H

#include "cli/command.h"
#include "compose/plan/plan.h"
#include "core/json.h"

struct sc_rewrite_options {
    struct sc_strv files;
    bool diff, write;
    const char *scope;
    const char *shim;
    bool no_shim;
    struct sc_strv images;
};

struct sc_restore_options {
    struct sc_strv files;
    const char *scope;
    bool force;
};

int sc_run_compose_rewrite(struct sc_cli *cli, const void *options, int count, char **operands,
                           struct sc_error *err);
int sc_run_compose_restore(struct sc_cli *cli, const void *options, int count, char **operands,
                           struct sc_error *err);

/* The files of a project, read; and what to call it. */
struct sc_rewrite_input {
    struct sc_plan_source *files;
    struct sc_buf *texts;
    char **paths; /* malloc'd real paths */
    size_t count;
    char *scope;
    char *mount;
};
int sc_rewrite_input_read(const struct sc_strv *files, const char *scope,
                          struct sc_rewrite_input *ret, struct sc_error *err) SC_NODISCARD;
/* Whether the file is one of them, or lies below the folder of one. */
bool sc_rewrite_input_holds(const struct sc_rewrite_input *input, const char *path);
void sc_rewrite_input_done(struct sc_rewrite_input *input);

/* shim_file.c: where the shim is, malloc'd; NULL if it is nowhere (or with NOMEM). */
char *sc_rewrite_find_shim(struct sc_error *err);
/* Why no container can be started by it, as static text; NULL if nothing is in the way. */
const char *sc_rewrite_shim_obstacle(const char *path);
/* What machine a program is made for, as images call it; NULL if that is not known. */
const char *sc_rewrite_shim_architecture(const char *path);

/* image_start.c: what an image starts, from the archives, else from the
 * container engine. */
int sc_rewrite_image_start(const char *image, const struct sc_strv *archives,
                           struct sc_image_start *ret, struct sc_error *err);

/* What became of a plan. */
enum sc_rewrite_state {
    SC_REWRITE_SHOWN,
    SC_REWRITE_HINDERED, /* shown, and it cannot be carried out here */
    SC_REWRITE_WRITTEN
};

/* rewrite_print.c: the plan for people, and as JSON. */
int sc_rewrite_print(struct sc_cli *cli, const struct sc_plan *plan, enum sc_rewrite_state state,
                     struct sc_error *err) SC_NODISCARD;

/* rewrite_changes.c: the lines that go and come. */
void sc_rewrite_changes(struct sc_json *json, const struct sc_plan *plan);

/* rewrite_store.c: why the files could not be replaced, as far as that is known beforehand. */
int sc_rewrite_check(const struct sc_plan *plan, struct sc_error *err) SC_NODISCARD;
/* Values and originals into the vault, then the files. */
int sc_rewrite_store(struct sc_cli *cli, const struct sc_plan *plan,
                     struct sc_error *err) SC_NODISCARD;

/* Where originals are kept: ".originals/<scope>/<hash of the path>". */
#define SC_REWRITE_ORIGINALS ".originals"

#endif
