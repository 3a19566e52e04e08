/* SPDX-License-Identifier: Apache-2.0
 *
 * The state of one load: files read so far, the environments, and the documents merged into one
 * model.
 *
 * Files come through struct sc_reader only. What is read stays (with its YAML) until the project is
 * freed; texts and trees live in the project's pool.
 */
#ifndef SC_COMPOSE_LOAD_LOADER_H
#define SC_COMPOSE_LOAD_LOADER_H

#include "compose/load/document.h"
#include "compose/project.h"
#include "compose/tree/pool.h"
#include "compose/vars/interp.h"

/* A file and, once it was parsed, its YAML. */
struct sc_loaded_file {
    struct sc_project_file file;
    struct sc_yaml_stream *yaml;
    struct sc_loaded_file *next;
};

struct sc_loader {
    struct sc_model_pool *pool;
    struct sc_project *project; /* its notes and its list of files are filled while loading */
    const struct sc_compose_options *options;
    const struct sc_reader *reader;
    struct sc_loaded_file *first, **last;
    size_t file_count, byte_count;
    size_t load_count;            /* documents sets loaded, a file loaded twice counts twice */
    const char *home;             /* of the caller, or NULL */
    const char *directory;        /* project directory, absolute */
    struct sc_value *environment; /* the project's: the caller's, then .env */
    struct sc_value *noted;       /* variables whose absence was noted */
};

/* Files that include each other, or services that extend each other: from the innermost outwards.
 */
struct sc_load_chain {
    const struct sc_load_chain *up;
    const char *file, *service;
};

/* One set of files that makes one model: the project, an include, the base of an extends. */
struct sc_model {
    struct sc_loader *loader;
    const char *working_dir;  /* paths of the files are below; may be relative to the one above */
    const char *resource_dir; /* include and extends.file are below; absolute */
    const struct sc_value *environment;
    const struct sc_load_chain *included;
    unsigned depth;
    unsigned routes; /* bits of every value */
    bool base;       /* of an extends: no include, no extends, no checks, no defaults */
    enum sc_file_kind kind;
    struct sc_extends_base *bases; /* files that services extend, loaded once */
};

/* Reads a file once. `path` may be relative to the project directory. */
int sc_loader_read(struct sc_loader *loader, const char *path, enum sc_file_kind kind,
                   struct sc_loaded_file **ret, struct sc_error *err) SC_NODISCARD;
/* Reads and parses. */
int sc_loader_yaml(struct sc_loader *loader, const char *path, enum sc_file_kind kind,
                   struct sc_loaded_file **ret, struct sc_error *err) SC_NODISCARD;
/* Frees the YAML of a file; sc_loader_yaml() parses it anew. */
void sc_loader_drop_yaml(struct sc_loaded_file *file);
/* The same for all files. */
void sc_loader_done(struct sc_loader *loader);

/* An absolute path: below the project directory where it is relative. NULL without memory. */
const char *sc_loader_path(const struct sc_loader *loader, const char *path);
enum sc_path_kind sc_loader_kind(const struct sc_loader *loader, const char *path);

/* Adds a note without values. */
int sc_loader_note(struct sc_loader *loader, const char *text, struct sc_error *err) SC_NODISCARD;

/* What interpolation needs, with a note for each variable that is not set. */
struct sc_interp sc_loader_interp(struct sc_loader *loader, const struct sc_scope *scope);

/* Reads .env-like files into `into`; later ones win. Each must exist. */
int sc_loader_env_files(struct sc_loader *loader, const struct sc_value *environment,
                        const char *const *paths, size_t count, struct sc_value *into,
                        struct sc_error *err) SC_NODISCARD;

/* Adds to `into` what is not there yet. */
int sc_environment_merge(struct sc_model_pool *pool, struct sc_value *into,
                         const struct sc_value *from, struct sc_error *err) SC_NODISCARD;

/* Loads and merges files: compose/load/model.c. */
int sc_model_load(struct sc_model *model, const char *const *paths, size_t count,
                  struct sc_value **ret, struct sc_error *err) SC_NODISCARD;
/* One file of a model; *ret_resets are those of its last document. */
int sc_model_load_file(struct sc_model *model, const char *path, struct sc_value **dict,
                       const struct sc_reset **ret_resets, struct sc_error *err) SC_NODISCARD;

/* `include` and `extends` of one document: compose/load/include.c, compose/load/extends.c. */
int sc_include_apply(struct sc_model *model, struct sc_value *document,
                     const struct sc_reset *resets, struct sc_error *err) SC_NODISCARD;
int sc_extends_apply(struct sc_model *model, struct sc_value *document, const char *file,
                     const struct sc_reset *resets, struct sc_error *err) SC_NODISCARD;

#endif
