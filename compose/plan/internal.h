/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the files of compose/plan only: the credentials found, before anything is decided.
 */
#ifndef SC_COMPOSE_PLAN_INTERNAL_H
#define SC_COMPOSE_PLAN_INTERNAL_H

#include "compose/credential.h"
#include "compose/images/images.h"
#include "compose/plan/plan.h"
#include "compose/project.h"

/* One definition of a service in one file. */
struct definition {
    size_t file;
    const char *name;
    const struct sc_yaml_node *key;
    const struct sc_yaml_node *node; /* the mapping, alias resolved */
    const char *image;               /* of the service, over all files; NULL if none */
    const char *user;
    bool own;          /* the mapping stands right there, not behind an alias */
    struct shim *shim; /* once it was looked at; NULL before */
};

/* How the shim would start a service. */
struct shim {
    const char *reason;      /* why it cannot; NULL if it can */
    const char **entrypoint; /* behind "shim --", as Compose text */
    size_t entrypoint_count;
    const char **command; /* to be written out; NULL: the service's own stays */
    size_t command_count;
    char drift[17]; /* hash of the image's ENTRYPOINT and CMD; "" when they play no part */
};

/* One place where a credential stands for one service. */
struct occurrence {
    struct definition *service;
    size_t file;
    const char *key;
    const struct sc_yaml_node *key_node;   /* NULL in list form */
    const struct sc_yaml_node *value_node; /* the value, or the whole KEY=VALUE item */
    const char *raw;                       /* the value as written */
    size_t raw_len;
    /* With the project loaded: what the container gets, and the part of `raw` that a template
     * stands in for: the password of a URL, else all of it. */
    const char *resolved;           /* NULL: not known */
    bool bare;                      /* no value is written: the caller's variable is handed on */
    const struct sc_origin *passed; /* of that variable */
    size_t part, part_len;
    const struct sc_use *use; /* the variable that is the part; NULL for a literal */
    bool use_shim;            /* the variable becomes a template that the shim fills in */
    bool url_filter;          /* the template encodes the secret for a URL */
    bool shared;              /* written outside the service: behind an anchor */
    const struct sc_image_rule *rule;
    struct sc_credential credential;
    char argument[SC_IMAGE_ARGUMENT_SIZE];
    const char *reason; /* why it stays; NULL: it moves */
    size_t secret;      /* index in the plan, when it moves */
    bool first;         /* the one of several on the same node that makes the edit */
};

struct context {
    struct sc_plan *plan;
    const struct sc_plan_options *options;
    struct definition *definitions;
    size_t definition_count, definition_cap;
    struct occurrence *found;
    size_t found_count, found_cap;
};

/* ---- tree.c: look-ups that follow aliases and merge keys ---- */

/* The value of a key as the mapping has it after merging; own keys first, then `<<` in order. */
const struct sc_yaml_node *sc_merged_get(const struct sc_yaml_node *mapping, const char *key);

/* Calls fn for each entry after merging, each key once; stops at a negative result. */
typedef int (*sc_merged_fn)(const struct sc_yaml_node *key, const struct sc_yaml_node *value,
                            void *ctx, struct sc_error *err);
int sc_merged_each(const struct sc_yaml_node *mapping, sc_merged_fn fn, void *ctx,
                   struct sc_error *err) SC_NODISCARD;

/* The text of a scalar behind aliases; NULL if it is none. */
const char *sc_node_text(const struct sc_yaml_node *node);

/* Whether node lies inside (or is) the other one. */
bool sc_node_inside(const struct sc_yaml_node *node, const struct sc_yaml_node *outer);

/* ---- the steps ---- */

/* The definition that this one extends, among the files given; NULL if none. */
const struct definition *sc_plan_base(const struct context *c, const struct definition *d);

int sc_plan_gather(struct context *c, struct sc_error *err) SC_NODISCARD;
/* resolve.c: the values behind variables; and the lines of .env nobody needs any more. */
int sc_plan_resolve(struct context *c, struct sc_error *err) SC_NODISCARD;
int sc_plan_dotenv(struct context *c, struct sc_error *err) SC_NODISCARD;
/* prove.c: loads the project from the new texts; it must equal the old one but for the plan. BUG
 * names the first service and attribute that does not. */
int sc_plan_prove(struct context *c, struct sc_error *err) SC_NODISCARD;
/* files.c: secrets that are files of the project move into the vault. */
int sc_plan_files(struct context *c, struct sc_error *err) SC_NODISCARD;
/* Whether the text stands in for less than the whole value. */
bool sc_plan_is_part(const struct occurrence *o);

int sc_plan_decide(struct context *c, struct sc_error *err) SC_NODISCARD;

/* Why a command or health check of the service would break if the variable went; NULL if none does
 * that cannot be repaired. */
const char *sc_plan_command_breaks(const struct context *c, const struct occurrence *o);
/* Repairs commands and health checks that use what moves. */
int sc_plan_commands(struct context *c, struct sc_error *err) SC_NODISCARD;

/* Where the container sees the file of a moved occurrence: "/run/secrets/x". Pool memory. */
const char *sc_plan_target(struct context *c, const struct occurrence *o, struct sc_error *err);
int sc_plan_emit(struct context *c, struct sc_error *err) SC_NODISCARD;

/* The password as the program sees it, when encoding it again gives the same text (then
 * *ret_filter); else the text as it is. */
int sc_plan_url_decode(struct sc_bytes text, struct sc_secret *ret, bool *ret_filter,
                       struct sc_error *err) SC_NODISCARD;

/* shim.c: whether the shim can start this service, and how. Never NULL; NOMEM becomes a reason. */
const struct shim *sc_plan_shim(struct context *c, struct definition *d);
/* readers.c: owner and mode of each secret, from the users that the services run as. */
int sc_plan_readers(struct context *c, struct sc_error *err) SC_NODISCARD;

/* The changes of the service itself: entrypoint, command, volume, label. */
int sc_plan_shim_emit(struct context *c, const struct definition *d,
                      struct sc_error *err) SC_NODISCARD;

/* Adds an item; texts are copied into the plan. */
int sc_plan_item_add(struct sc_plan *plan, const struct sc_plan_item *item,
                     struct sc_error *err) SC_NODISCARD;

/* The same under this very name; EXISTS when another value has it. */
int sc_plan_secret_named(struct context *c, const char *name, struct sc_bytes value, size_t *ret,
                         struct sc_error *err) SC_NODISCARD;

/* Remembers where the credential of an occurrence stands (mask.c). */
int sc_plan_mask_add(struct sc_plan *plan, const struct occurrence *o,
                     struct sc_error *err) SC_NODISCARD;

int sc_plan_mask_span(struct sc_plan *plan, size_t file, size_t start, size_t end,
                      struct sc_error *err) SC_NODISCARD;

/* The index of the secret that holds this value, made if there is none; `key` proposes its name. */
int sc_plan_secret_for(struct context *c, const char *key, const char *service,
                       struct sc_bytes value, size_t *ret, struct sc_error *err) SC_NODISCARD;

#endif
