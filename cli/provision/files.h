/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands that put values into files: provision, write, render.
 */
#ifndef SC_CLI_PROVISION_FILES_H
#define SC_CLI_PROVISION_FILES_H

#include "cli/command.h"
#include "core/buf.h"

struct sc_files_options {
    bool fuse, tmpfs;
    struct sc_strv scopes;
    const char *size;
    const char *dir_mode;
    bool restart, no_restart;
};

struct sc_render_options {
    const char *scope;
    const char *output;
    const char *mode;
    bool reveal;
};

int sc_cmd_provision(struct sc_cli *cli, const void *options, int count, char **operands,
                     struct sc_error *err);
int sc_cmd_write(struct sc_cli *cli, const void *options, int count, char **operands,
                 struct sc_error *err);
int sc_cmd_render(struct sc_cli *cli, const void *options, int count, char **operands,
                  struct sc_error *err);

/* A container that has a file bound which was replaced since: it reads the old value. */
struct sc_stale {
    char *container; /* its name */
    char *service;   /* "project/service", or NULL */
    char *path;      /* the file on the host */
};

struct sc_stale_list {
    struct sc_stale *items;
    size_t count; /* those of one container follow each other */
};

/* Asks the engine, by the docker command, for running containers with files below `dir` bound, and
 * compares what they see with what is there. Without an engine the list stays empty. */
int sc_stale_find(const char *dir, struct sc_stale_list *ret, struct sc_error *err) SC_NODISCARD;

/* Starts these containers again, which makes the engine look the files up anew. */
int sc_stale_restart(const struct sc_stale_list *list, struct sc_error *err) SC_NODISCARD;

void sc_stale_done(struct sc_stale_list *list);

#endif
