/* SPDX-License-Identifier: Apache-2.0
 *
 * A Compose project as `docker compose` understands it: what each container gets, and from where.
 *
 * sc_compose_load() does all that `docker compose config` does (docs/COMPOSE.md) and keeps for
 * every value its file, position and route. The result is immutable.
 *
 * Errors name file, line, column and the path in the model ("'compose.yml' line 7, column 5:
 * services.db.ports: ..."), and never hold a value. NOTFOUND for a missing file, SYNTAX for one
 * that cannot be parsed or that Docker Compose would refuse, TOOBIG over a limit, USAGE for
 * options.
 *
 * Ownership: sc_project_freep() frees everything reachable from the project and wipes its memory.
 * Threads: any number may read a project.
 */
#ifndef SC_COMPOSE_PROJECT_H
#define SC_COMPOSE_PROJECT_H

#include "compose/value.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/str.h"

/* ---- limits ---- */

/* Bytes of one Compose or env file; bytes of all files of a project. */
#define SC_COMPOSE_FILE_MAX  ((size_t)16 * 1024 * 1024)
#define SC_COMPOSE_TOTAL_MAX ((size_t)64 * 1024 * 1024)
/* Files of one project, includes and env files counted. */
#define SC_COMPOSE_FILES_MAX 2048
/* include or extends inside each other. */
#define SC_COMPOSE_NESTING_MAX 64
/* Values of one document after aliases are copied in; Docker Compose stops at 100,000. */
#define SC_COMPOSE_NODES_MAX 1000000
/* !reset and !override tags of one document. */
#define SC_COMPOSE_RESETS_MAX 4096
/* Bytes of all trees and texts of one project. */
#define SC_COMPOSE_MEMORY_MAX ((size_t)1024 * 1024 * 1024)

/* ---- input ---- */

enum sc_path_kind { SC_PATH_NONE, SC_PATH_FILE, SC_PATH_DIRECTORY };

/* How the loader gets at files; paths are absolute, "-" is standard input. The loader itself opens
 * nothing, so tests and fuzz targets feed it from memory. */
struct sc_reader {
    /* Appends the whole file; NOTFOUND, PERM, TOOBIG, IO. */
    int (*read)(void *ctx, const char *path, struct sc_buf *out, struct sc_error *err);
    enum sc_path_kind (*kind)(void *ctx, const char *path);
    void *ctx;
};

/* Reads the disk; compose/reader_disk.c. */
extern const struct sc_reader sc_reader_disk;

struct sc_compose_options {
    const char *const *files; /* -f, in order; none: COMPOSE_FILE, then the usual names */
    size_t file_count;
    const char *const *env_files; /* --env-file */
    size_t env_file_count;
    const char *const *profiles; /* --profile */
    size_t profile_count;
    const char *project_directory;  /* --project-directory, or NULL */
    const char *project_name;       /* -p, or NULL */
    const char *working_directory;  /* absolute; where relative paths of the above begin */
    const char *const *environment; /* "NAME=value"..., NULL; the caller's environment */
    const struct sc_reader *reader; /* NULL for the disk */
    bool all;                       /* all profiles, and resources that no service refers to */
    bool tolerant; /* what Docker Compose refuses becomes a note where loading can go on */
};

/* ---- the model ---- */

enum sc_file_kind {
    SC_FILE_COMPOSE,  /* -f, COMPOSE_FILE, found, override */
    SC_FILE_INCLUDE,  /* reached by include */
    SC_FILE_EXTENDS,  /* reached by extends */
    SC_FILE_DOTENV,   /* .env, --env-file, an include's env_file */
    SC_FILE_ENV_FILE, /* a service's env_file */
    SC_FILE_LABEL_FILE
};

struct sc_project_file {
    const char *path; /* absolute; "-" for standard input */
    const char
        *display; /* as messages name it: relative to the working directory where it is below */
    enum sc_file_kind kind;
    bool raw; /* an env file in `format: raw` */
    const char *text;
    size_t size;
};

/* A name with a value: environment, build argument, label, option. */
struct sc_variable {
    const char *name;
    const char *value; /* as the container gets it; NULL: no value (removes the image's own) */
    const struct sc_origin *origin; /* of the value */
};

struct sc_variables {
    const struct sc_variable *items; /* sorted by name */
    size_t count;
};

/* A service's reference to a top-level secret or config. */
struct sc_grant {
    const char *source; /* key of the top-level entry */
    const char *target; /* where the container sees it: "/run/secrets/x"; build secrets: the id */
    const char *uid, *gid; /* NULL if not given */
    int64_t mode;          /* -1 if not given */
};

struct sc_grants {
    const struct sc_grant *items;
    size_t count;
};

/* A top-level secret or config. */
struct sc_resource {
    const char *key; /* as services refer to it */
    bool external;
    const char *file;    /* absolute, or NULL */
    const char *content; /* configs: inline text, or NULL */
};

struct sc_resources {
    const struct sc_resource *items; /* sorted by key */
    size_t count;
};

struct sc_service_env_file {
    bool raw;                           /* `format: raw` */
    const struct sc_project_file *file; /* NULL if it is not there */
};

struct sc_service {
    const char *name;
    const char *image;               /* NULL if none */
    const char *user;                /* NULL if none */
    struct sc_variables environment; /* effective: env_file, environment, pass-through */
    struct sc_variables labels;
    struct sc_variables build_args;
    struct sc_grants secrets, configs, build_secrets;
    const struct sc_service_env_file *env_files;
    size_t env_file_count;
    const struct sc_value *value;  /* canonical map: all attributes as `config` prints them */
    const struct sc_value *merged; /* the same before binding: forms as written, env_file kept */
};

struct sc_project {
    const char *name;
    const char *directory;                      /* absolute project directory */
    const struct sc_project_file *const *files; /* in order of reading */
    size_t file_count;
    const struct sc_service *services; /* sorted by name; all of them, see `enabled` */
    size_t service_count;
    struct sc_resources secrets, configs;
    struct sc_variables
        environment; /* what .env and --env-file added to the caller's environment */
    /* name, services, networks, volumes, secrets, configs, models, x-*: as `config` prints it;
     * without `all` only enabled services and resources they use. */
    const struct sc_value *root;
    struct sc_strv notes; /* warnings, in order; no values */
    struct sc_project_private *private;
};

/* Loads a project. *ret is untouched on failure. */
int sc_compose_load(const struct sc_compose_options *options, struct sc_project **ret,
                    struct sc_error *err) SC_NODISCARD;

/* Which files such a project consists of (absolute, or "-"; appended), and its name (malloc'd),
 * without loading it. */
int sc_compose_discover(const struct sc_compose_options *options, struct sc_strv *files,
                        char **ret_name, struct sc_error *err) SC_NODISCARD;

/* NULL and a pointer to NULL are allowed; for SC_CLEANUP. */
void sc_project_freep(struct sc_project **project);

/* NULL if there is none of this name. */
const struct sc_service *sc_project_service(const struct sc_project *project, const char *name);
const struct sc_variable *sc_variables_get(const struct sc_variables *list, const char *name);
const struct sc_resource *sc_resources_get(const struct sc_resources *list, const char *key);

/* ---- output ---- */

enum sc_render_format { SC_RENDER_YAML, SC_RENDER_JSON };

struct sc_render {
    enum sc_render_format format;
    /* Asked for each scalar: true replaces its text by `redacted`. path: keys from the top, depth
     * of them; list items stand as "[]". NULL shows everything. */
    bool (*hide)(void *ctx, const char *const *path, size_t depth, const struct sc_value *value);
    void *ctx;
    const char *redacted; /* "*****" if NULL */
    bool single_dollar;   /* do not double `$` as docker compose does */
};

/* Appends the project as `docker compose config` prints it. */
int sc_compose_render(const struct sc_project *project, const struct sc_render *render,
                      struct sc_buf *out, struct sc_error *err) SC_NODISCARD;

#endif
