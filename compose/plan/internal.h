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
#include "compose/vars/interp.h"

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

/* A configuration file of a program, or one that its libraries know, as a template of the vault. */
struct native {
    const char *variable;   /* that it is about */
    const char *repository; /* of the image; NULL: of any */
    const char *named_by;   /* the variable that names the file; NULL: none, it lies at `target` */
    const char *target;     /* NULL: under /run/secrets */
    const char *stem;       /* of the entry's name */
    const char *before, *after; /* the text around the value */
    const char *unsafe;         /* characters that mean something there */
    bool owner;                 /* only its owner may read it, so who reads it has to be known */
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
    const char *reason;          /* why it stays; NULL: it moves */
    bool settled;                /* others know the reason */
    size_t secret;               /* index in the plan, when it moves */
    const struct native *native; /* the program's own way, or NULL */
    size_t file_secret;          /* what is read: the secret, or the template of `native` */
    bool first;                  /* the one of several on the same text that makes the edit */
    /* In a service's env file, where there are no nodes; NULL in a Compose file. */
    const struct sc_place *line, *name; /* of the value, and of the variable */
    const struct sc_origin *origin;     /* of the value */
};

/* A secret that a definition gives its service. */
struct grant {
    const struct definition *service;
    size_t secret;
    const char *target;   /* where the container sees it */
    const char *reads_as; /* who opens the file, as the image's rule says; or NULL */
    bool anyone;          /* opened by a user that nobody knows here */
};

/* A piece of a scalar's text that becomes another one. */
struct exchange {
    size_t file;
    const struct sc_yaml_node *node;
    size_t start, end;
    const char *text;
};

/* How a credential outside of the environments can be taken out. */
enum literal_way {
    LITERAL_STAYS,
    LITERAL_SHELL,   /* a shell runs the text: "$$(cat /run/secrets/x)" */
    LITERAL_CHECK,   /* ["CMD", ...] of a health check becomes such a text */
    LITERAL_INCLUDE, /* redis: `--requirepass x` becomes `--include /run/secrets/x.conf` */
    LITERAL_CONTENT  /* configs.content: a template in the vault, served as a file */
};

/* A credential that stands elsewhere than in an environment. */
struct literal {
    struct definition *service; /* NULL: of none */
    size_t file;
    const char *where;                 /* as the items name it: "healthcheck", "build.args", ... */
    const char *key;                   /* what names it there, or NULL */
    const struct sc_yaml_node *node;   /* the scalar it stands in */
    const struct sc_yaml_node *list;   /* the list of words that the scalar belongs to, or NULL */
    size_t start, end;                 /* the credential inside the scalar's text */
    size_t first, last;                /* what is exchanged with it: quotes, the option in front */
    const struct sc_yaml_node *option; /* LITERAL_INCLUDE: the item in front, where it is one */
    bool quoted;                       /* inside double quotes of the script */
    struct sc_credential credential;
    enum literal_way way;
    const char *value, *reason; /* the value as the container gets it; why it stays, or NULL */
    size_t secret, file_secret; /* the value, and the file it is read from; the same but for
                                   templates */
};

struct context {
    struct sc_plan *plan;
    const struct sc_plan_options *options;
    struct definition *definitions;
    size_t definition_count, definition_cap;
    struct occurrence *found;
    size_t found_count, found_cap;
    struct literal *literals;
    size_t literal_count, literal_cap;
    struct grant *grants;
    size_t grant_count, grant_cap;
    struct exchange *exchanges;
    size_t exchange_count, exchange_cap;
    struct sc_model_pool model; /* for values looked up */
    struct sc_scope scope;      /* the variables of the project */
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

/* One more element of a growing array of the context; false with NOMEM. */
bool sc_plan_room(void *array, size_t count, size_t *cap, size_t size,
                  struct sc_error *err) SC_NODISCARD;

/* Printed into the plan's pool with up to two texts for %s; never NULL. */
const char *sc_plan_say(struct context *c, const char *fmt, const char *a, const char *b);

/* ---- the steps ---- */

/* The definition that this one extends, among the files given; NULL if none. */
const struct definition *sc_plan_base(const struct context *c, const struct definition *d);

int sc_plan_gather(struct context *c, struct sc_error *err) SC_NODISCARD;
/* resolve.c: the variables of the project, and the values behind them. */
int sc_plan_scope(struct context *c, struct sc_error *err) SC_NODISCARD;
void sc_plan_resolve(struct context *c);
/* env/dotenv.c: the lines of .env that nobody needs any more go, the others are listed. */
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
/* native.c: the program's own way for this variable, NULL if there is none that fits. */
const struct native *sc_plan_native(struct context *c, const struct occurrence *o);
int sc_plan_native_assign(struct context *c, struct occurrence *o,
                          struct sc_error *err) SC_NODISCARD;
/* Whether it is known as which one user a service runs. */
bool sc_plan_reader_known(struct context *c, const struct definition *d);
/* start.c: what the service's image starts; NULL, or why that is not known. */
const char *sc_plan_start(struct context *c, const struct definition *d,
                          struct sc_image_start *ret);
/* The line of `ARG name` in the Dockerfile of the service; 0 if it is not there. */
size_t sc_plan_dockerfile_arg(struct context *c, const struct definition *d, const char *name,
                              const char **ret_path);
/* readers.c: owner and mode of each secret, from the users that the services run as. */
int sc_plan_readers(struct context *c, struct sc_error *err) SC_NODISCARD;

/* The changes of services that start through it: entrypoint, command, volume, label. */
int sc_plan_shims_emit(struct context *c, struct sc_error *err) SC_NODISCARD;

/* ---- env/: env files ---- */

int sc_plan_env_gather(struct context *c, struct sc_error *err) SC_NODISCARD;
/* Why the line cannot change, whatever else does; and once everything else is decided. */
const char *sc_plan_env_obstacle(struct context *c, const struct occurrence *o);
const char *sc_plan_env_lookup(struct context *c, const struct occurrence *o);
/* Whether variables can be added to the definition's environment. */
bool sc_plan_env_may_add(const struct definition *d);
/* The line of an occurrence becomes this one, or goes. */
int sc_plan_env_edit(struct context *c, const struct occurrence *o, const char *name,
                     const char *value, struct sc_error *err) SC_NODISCARD;
/* Variables that a line gave to several services which take them in different ways. */
int sc_plan_env_emit(struct context *c, struct sc_error *err) SC_NODISCARD;

/* Judges what was read and remembers it if it is a credential. */
int sc_plan_occurrence_add(struct context *c, struct occurrence *o,
                           struct sc_error *err) SC_NODISCARD;
/* The same text of the same file. */
bool sc_plan_same_text(const struct occurrence *a, const struct occurrence *b);
bool sc_plan_same_way(const struct occurrence *a, const struct occurrence *b);
/* The new name and value of a moved variable; an empty name: it goes. Pool memory. */
int sc_plan_variable(struct context *c, const struct occurrence *o, const char **ret_name,
                     const char **ret_value, struct sc_error *err) SC_NODISCARD;

/* ---- place/: credentials outside of the environments ---- */

int sc_plan_places(struct context *c, struct sc_error *err) SC_NODISCARD; /* finds them */
void sc_plan_places_judge(struct context *c); /* which can be taken out */
int sc_plan_places_assign(struct context *c, struct sc_error *err) SC_NODISCARD;
int sc_plan_places_emit(struct context *c, struct sc_error *err) SC_NODISCARD;
/* ["CMD", ...] as the text of a CMD-SHELL that reads the credentials; *ret_reason says why it
 * cannot. */
const char *sc_plan_place_check(struct context *c, const struct sc_yaml_node *list,
                                const char **ret_reason);
/* All credentials of one config's content, of which this is the first. */
int sc_plan_place_content(struct context *c, struct literal *first,
                          struct sc_error *err) SC_NODISCARD;

/* exchange.c: pieces of scalars that become other texts, several in one. */
int sc_plan_exchange(struct context *c, const struct exchange *exchange,
                     struct sc_error *err) SC_NODISCARD;
int sc_plan_exchanges_emit(struct context *c, struct sc_error *err) SC_NODISCARD;

/* grants.c: what services are given, and the top-level secrets for it. */
int sc_plan_grant(struct context *c, const struct grant *grant, struct sc_error *err) SC_NODISCARD;
int sc_plan_grants_emit(struct context *c, struct sc_error *err) SC_NODISCARD;

/* Why the service cannot be given another secret; NULL if it can. */
const char *sc_plan_grant_obstacle(const struct definition *d);

/* A text of the file with its variables put in; NULL if that is not known. Pool memory. */
const char *sc_plan_value(struct context *c, const char *text, size_t len);

/* The names of the contract; see docs/CLI.md. */
const char *sc_plan_class(const struct sc_credential *credential);

/* The part of a text that is the credential: everything where the key (or NULL) says so, else the
 * password of a URL, or the whole reference where a variable is or holds it. */
void sc_plan_part(const char *key, struct sc_bytes value, const struct sc_credential *credential,
                  size_t *ret_start, size_t *ret_end);

bool sc_plan_has_custom_tag(const struct sc_yaml_node *node);

/* Adds an item; texts are copied into the plan. */
int sc_plan_item_add(struct sc_plan *plan, const struct sc_plan_item *item,
                     struct sc_error *err) SC_NODISCARD;

/* A template over secrets of the plan, under a name like `stem`; one with the same text is taken
 * again. */
int sc_plan_secret_template(struct context *c, const char *stem, struct sc_bytes text, size_t *ret,
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
