/* SPDX-License-Identifier: Apache-2.0
 *
 * The plan of a rewrite: which credential of a project's files goes where, as data.
 *
 * Making a plan changes nothing outside: it reads loaded files, decides for every credential how
 * its image takes it from a file (compose/images), and computes the new text of each file, proved
 * equal to the old one but for the changes. What cannot be moved safely stays as it is and is named
 * with its reason. A plan over files that were rewritten before is empty.
 *
 * Ownership: the plan owns all it shows; sc_plan_freep(). Values lie in struct sc_secret, and in no
 * item, reason or message. Threads: one at a time while it is made, then any number of readers.
 */
#ifndef SC_COMPOSE_PLAN_PLAN_H
#define SC_COMPOSE_PLAN_PLAN_H

#include "compose/edit/diff.h"
#include "compose/edit/edit.h"
#include "compose/start/start.h"
#include "core/error.h"
#include "core/name.h"
#include "core/stash.h"
#include "core/secret.h"
#include "core/str.h"

/* Files and credentials of one plan, at most. */
#define SC_PLAN_FILES_MAX 256
#define SC_PLAN_ITEMS_MAX 20000

enum sc_plan_action {
    SC_PLAN_MOVE,  /* into the vault; the file names a path instead */
    SC_PLAN_ADAPT, /* a command or health check that used the value reads the file */
    SC_PLAN_REPORT /* stays; see reason */
};

struct sc_plan_item {
    enum sc_plan_action action;
    const char *service; /* NULL where it belongs to none */
    const char *key;     /* variable, or NULL */
    const char *where; /* "environment", "command", "build.args", ...: the attribute it stands in */
    const char *class; /* as audit names it */
    size_t file;
    struct sc_yaml_position at;
    const char *secret; /* name in the scope; NULL for reports */
    const char *change; /* what the file says now, e.g. "POSTGRES_PASSWORD_FILE=/run/secrets/x" */
    const char *reason; /* REPORT: why it stays, and what a person can do */
    const char *note;   /* something to know about it; or NULL */
    bool unverified; /* the rule behind it was never seen in the image, or the image is a mirror */
};

/* Bytes of an old file that are a credential, moved or not: not to be shown. */
struct sc_plan_mask {
    size_t file, start, end;
};

/* A line of a literal block, in its text and in the bytes that are the block. */
struct sc_plan_line {
    const struct sc_yaml_node *node;
    size_t text, bytes;
};

struct sc_plan_secret {
    const char *name; /* within the scope */
    struct sc_secret value;
    bool set_owner; /* who must be able to read the file, where that is known */
    uint32_t uid, gid;
    uint32_t mode;    /* 0 = the default */
    bool is_template; /* value is a template over other secrets */
    bool inside;      /* read through templates only, by nobody directly */
};

struct sc_plan_file {
    const char *path, *display;
    struct sc_bytes before;      /* the text as it is now */
    struct sc_yaml_stream *yaml; /* NULL for an env file */
    struct sc_edits edits;
    struct sc_splices splices; /* into the old text */
    struct sc_buf after;       /* the new text; empty when nothing changes */
    bool changed;
    const char *fixed; /* why it is only looked at; NULL: it may change */
    bool base;         /* reached by extends only */
};

struct sc_project;

struct sc_plan {
    const char *scope;
    struct sc_plan_file *files;
    size_t file_count;
    struct sc_plan_item *items; /* in order of file and line */
    size_t item_count, item_cap;
    struct sc_plan_secret *secrets;
    size_t secret_count, secret_cap;
    struct sc_plan_mask *masks;
    size_t mask_count, mask_cap;
    struct sc_plan_line line; /* the one last looked at */
    struct sc_project *after; /* while it is made: the project that the new texts are */
    bool no_memory; /* somewhere on the way, where a reason was made of it: there is no plan */
    struct sc_stash pool;
};

/* How the reason ends where only the image is missing, to know what it starts. */
extern const char sc_plan_start_unknown[];

/* Looks an image up where images are kept; NOTFOUND when it is not there. */
typedef int (*sc_image_start_fn)(const char *image, void *ctx, struct sc_image_start *ret,
                                 struct sc_error *err);

/* Where the shim stands inside a container. */
#define SC_PLAN_SHIM_TARGET "/.secretsctl/shim"

struct sc_compose_options;

struct sc_plan_source {
    const char *path;    /* as it is opened and replaced */
    const char *display; /* as messages name it */
    struct sc_bytes text;
    const char *fixed; /* why it is looked at and not changed; NULL: it may change. Static text. */
    bool base;         /* reached by extends only: what it defines are no services */
};

struct sc_plan_options {
    const char *scope;             /* secrets are named scope/name */
    const char *mount;             /* "/run/secretsctl": where the host provides them */
    const char *shim;              /* path of secretsctl-shim on the host; NULL: it is not used */
    const char *no_shim;           /* why not; NULL: it is not installed */
    const char *shim_architecture; /* as images call it; NULL: not known */
    /* The same files loaded, for what stands behind variables; NULL: such values are not known.
     * Borrowed by the plan, which shows texts of its env files. */
    const struct sc_project *project;
    const struct sc_compose_options *load; /* how it was loaded: to load the result the same way */
    /* Reads a file that a top-level secret names, or NULL: such files stay where they are. */
    int (*read_secret)(const char *path, void *ctx, struct sc_secret *ret, struct sc_error *err);
    /* Why a file that was not given is not to be changed (static text), or NULL; no function: all
     * may change. */
    const char *(*fixed)(const char *path, void *ctx);
    sc_image_start_fn start; /* or NULL: no image can be looked up */
    void *ctx;
};

/* The files of a plan: those given, then those that the loaded project includes or extends. Returns
 * how many; `ret` has room for them and all files of the project. Borrows the texts. */
size_t sc_plan_sources(const struct sc_plan_source *given, size_t count,
                       const struct sc_plan_options *options, struct sc_plan_source *ret);

int sc_plan_make(const struct sc_plan_source *files, size_t count,
                 const struct sc_plan_options *options, struct sc_plan **ret,
                 struct sc_error *err) SC_NODISCARD;

void sc_plan_freep(struct sc_plan **plan);

/* Appends the unified diff of one file, with its credentials as "*****" unless `reveal`. */
int sc_plan_diff(const struct sc_plan *plan, size_t file, const struct sc_diff_paint *paint,
                 bool reveal, struct sc_buf *out, struct sc_error *err) SC_NODISCARD;

/* Items that move something. */
size_t sc_plan_moves(const struct sc_plan *plan);

#endif
