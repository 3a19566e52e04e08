/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the files of compose/plan only: the steps of a plan, in order, and what they have in
 * common.
 */
#ifndef SC_COMPOSE_PLAN_INTERNAL_H
#define SC_COMPOSE_PLAN_INTERNAL_H

#include "compose/plan/context.h"

/* ---- tree.c: look-ups that follow aliases and merge keys ---- */

/* The value of a key as the mapping has it after merging; own keys first, then `<<` in order. */
const struct sc_yaml_node *sc_merged_get(const struct sc_yaml_node *mapping, const char *key);

/* What its mapping would have through `<<` in the place of this value, if the key were gone; NULL
 * if nothing. */
const struct sc_yaml_node *sc_merged_behind(const struct sc_yaml_node *value, const char *key);

/* Calls fn for each entry after merging, each key once; stops at a negative result. */
typedef int (*sc_merged_fn)(const struct sc_yaml_node *key, const struct sc_yaml_node *value,
                            void *ctx, struct sc_error *err);
int sc_merged_each(const struct sc_yaml_node *mapping, sc_merged_fn fn, void *ctx,
                   struct sc_error *err) SC_NODISCARD;

/* The text of a scalar behind aliases; NULL if it is none. */
const char *sc_node_text(const struct sc_yaml_node *node);

/* How many times the definition's own `environment` names the variable. */
size_t sc_plan_sets(const struct definition *d, const char *name);

/* Whether node lies inside (or is) the other one. */
bool sc_node_inside(const struct sc_yaml_node *node, const struct sc_yaml_node *outer);

/* Remembers that memory was short where that cannot be returned; the plan fails for it in the end.
 */
void sc_plan_no_memory(const struct context *c);

/* One more element of a growing array of the context; false with NOMEM. */
bool sc_plan_room(void *array, size_t count, size_t *cap, size_t size,
                  struct sc_error *err) SC_NODISCARD;

/* Printed into the plan's pool with up to two texts for %s; never NULL. */
const char *sc_plan_say(struct context *c, const char *fmt, const char *a, const char *b);

/* ---- the steps ---- */

/* plan.c: all of them, once. */
int sc_plan_run(const struct sc_plan_source *files, size_t count,
                const struct sc_plan_options *options, const struct holds *holds,
                struct sc_plan **ret, struct sc_error *err) SC_NODISCARD;
/* Whether any file changes. */
bool sc_plan_changes(const struct sc_plan *plan);
/* settle.c: whether the text is held. */
bool sc_plan_is_held(const struct context *c, const struct occurrence *o);
bool sc_plan_literal_is_held(const struct context *c, const struct literal *l);

/* base.c: what definitions extend, which services they are for, and their images. */
int sc_plan_bases(struct context *c, struct sc_error *err) SC_NODISCARD;
/* Whether what the definition says reaches the service that the other one defines. */
bool sc_plan_serves(const struct context *c, const struct definition *d,
                    const struct definition *service);
/* Whether all services that it is for have one image and one user. */
bool sc_plan_alike(const struct definition *d);
/* The first value, all the way down, that was read from these bytes of a file; NULL if none was. */
const struct sc_value *sc_plan_loaded(const struct sc_value *value, const char *path,
                                      struct sc_yaml_span span);

int sc_plan_gather(struct context *c, struct sc_error *err) SC_NODISCARD;
/* resolve.c: the variables of the project, and the values behind them. */
int sc_plan_scope(struct context *c, struct sc_error *err) SC_NODISCARD;
void sc_plan_resolve(struct context *c);
/* env/dotenv.c: the lines of .env that nobody needs any more go, the others are listed. */
int sc_plan_dotenv(struct context *c, struct sc_error *err) SC_NODISCARD;
/* prove.c: loads the project from the new texts, which stays with the plan; it must equal the old
 * one but for the plan. BUG names the first service and attribute that does not. */
int sc_plan_prove(struct context *c, struct sc_error *err) SC_NODISCARD;
/* files.c: secrets that are files of the project move into the vault. */
int sc_plan_files(struct context *c, struct sc_error *err) SC_NODISCARD;
/* Sets which part of its text the credential is. */
void sc_plan_set_part(struct occurrence *o);
/* Whether the text stands in for less than the whole value. */
bool sc_plan_is_part(const struct occurrence *o);
/* Whether variables play a part in what the credential is. */
bool sc_plan_is_interpolated(const struct occurrence *o);

int sc_plan_decide(struct context *c, struct sc_error *err) SC_NODISCARD;
/* The secret of one occurrence that moves. */
int sc_plan_assign(struct context *c, struct occurrence *o, struct sc_error *err) SC_NODISCARD;

/* Why a command or health check of the service would break if the variable went; NULL if none does
 * that cannot be repaired. */
const char *sc_plan_command_breaks(const struct context *c, const struct occurrence *o);
/* Repairs commands and health checks that use what moves. */
int sc_plan_commands(struct context *c, struct sc_error *err) SC_NODISCARD;

/* Where the container sees the file of a moved occurrence: "/run/secrets/x". Pool memory. */
const char *sc_plan_target(struct context *c, const struct occurrence *o, struct sc_error *err);
int sc_plan_emit(struct context *c, struct sc_error *err) SC_NODISCARD;

/* filter.c: the secret behind a credential of a text, and the filter with which a template writes
 * it there: static text, "" where it needs none. */
struct sc_plan_spot {
    const char *text; /* terminated */
    size_t start, end;
    const char *value; /* what stands there */
};
int sc_plan_filter(const struct sc_plan_spot *spot, struct sc_secret *ret, const char **ret_filter,
                   struct sc_error *err) SC_NODISCARD;
/* Whether escapes of its quotes keep a text from being the value itself. */
bool sc_plan_has_escapes(const struct sc_plan_spot *spot);

/* readers.c: owner and mode of each secret, from the users that the services run as. */
int sc_plan_readers(struct context *c, struct sc_error *err) SC_NODISCARD;
/* Whether it is known as which one user a service runs. */
bool sc_plan_reader_known(struct context *c, const struct definition *d);

/* The changes of services that start through it: entrypoint, command, volume, label. */
int sc_plan_shims_emit(struct context *c, struct sc_error *err) SC_NODISCARD;

/* ---- way/: for programs that read the environment only ---- */

/* shim.c: whether the shim can start this service, and how. Never NULL; NOMEM becomes a reason. */
const struct shim *sc_plan_shim(struct context *c, struct definition *d);
/* native.c: the program's own way for this variable, NULL if there is none that fits. */
const struct native *sc_plan_native(struct context *c, const struct occurrence *o);
int sc_plan_native_assign(struct context *c, struct occurrence *o,
                          struct sc_error *err) SC_NODISCARD;
/* Whether a variable that is no credential by itself belongs to a set of this image. */
bool sc_plan_native_companion(const char *image, const char *variable);
/* Why the set of variables that this one belongs to cannot become a file; NULL if it can. */
const char *sc_plan_native_set(struct context *c, const struct occurrence *o);
/* address.c: whether all of an address moves; such are assigned last. */
bool sc_plan_is_address(const struct occurrence *o);
int sc_plan_addresses(struct context *c, struct sc_error *err) SC_NODISCARD;
/* check.c: health checks of services that the shim starts. */
int sc_plan_checks(struct context *c, struct sc_error *err) SC_NODISCARD;
/* start.c: what the service's image starts; NULL, or why that is not known. */
const char *sc_plan_start(struct context *c, const struct definition *d,
                          struct sc_image_start *ret);
/* The line of `ARG name` in the Dockerfile of the service, and the first one that uses it; each 0
 * if it is not there. */
size_t sc_plan_dockerfile_arg(struct context *c, const struct definition *d, const char *name,
                              const char **ret_path, size_t *ret_use);
/* ---- env/: env files ---- */

int sc_plan_env_gather(struct context *c, struct sc_error *err) SC_NODISCARD;
/* Why the line cannot change, whatever else does; and once everything else is decided. */
const char *sc_plan_env_obstacle(struct context *c, const struct occurrence *o);
const char *sc_plan_env_lookup(struct context *c, const struct occurrence *o);
/* Why what `environment` sets cannot go: env files look it up there. NULL if none does. */
const char *sc_plan_env_named(const struct context *c, const struct occurrence *o);
/* A line that is nothing but a name: the caller's variable. */
bool sc_plan_env_is_handed_on(const struct occurrence *o);
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
/* Whether these bytes stand exactly once in what a scalar is written as. */
bool sc_plan_once(const struct sc_plan *plan, size_t file, const struct sc_yaml_node *node,
                  const char *text, size_t len);
/* The same text of the same file. */
bool sc_plan_same_text(const struct occurrence *a, const struct occurrence *b);
bool sc_plan_same_way(const struct occurrence *a, const struct occurrence *b);
/* Whether both are credentials of one text for one service. */
bool sc_plan_together(const struct occurrence *a, const struct occurrence *b);
/* What the shim fills in for it. Pool memory. */
const char *sc_plan_placeholder(struct context *c, const struct occurrence *o,
                                struct sc_error *err);
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

/* Why nothing may change where the service, or the text itself, is written; NULL if it may. */
const char *sc_plan_fixed_reason(const struct context *c, const struct definition *d, size_t file);

/* The root of the document that the node stands in. */
const struct sc_yaml_node *sc_node_root(const struct sc_yaml_node *node);

bool sc_plan_has_custom_tag(const struct sc_yaml_node *node);

/* anchor.c: the texts behind aliases that moved. */
/* Whether an alias refers to the node: what is changed there is changed for others too. */
bool sc_plan_is_shared(const struct sc_yaml_node *node);
/* Whether every alias of the text moves with it. */
bool sc_plan_anchor_follows(const struct context *c, const struct occurrence *o);
int sc_plan_anchors(struct context *c, struct sc_error *err) SC_NODISCARD;

/* Adds an item; texts are copied into the plan. */
int sc_plan_item_add(struct sc_plan *plan, const struct sc_plan_item *item,
                     struct sc_error *err) SC_NODISCARD;

/* A template over secrets of the plan, under a name like `stem`, or `service_stem` when that is
 * taken; one with the same text is taken again. */
int sc_plan_secret_template(struct context *c, const char *stem, const char *service,
                            struct sc_bytes text, size_t *ret, struct sc_error *err) SC_NODISCARD;

/* The same under this very name; EXISTS when another value has it. */
int sc_plan_secret_named(struct context *c, const char *name, struct sc_bytes value, size_t *ret,
                         struct sc_error *err) SC_NODISCARD;

/* Remembers where the credential of an occurrence stands (mask.c). */
int sc_plan_mask_add(struct context *c, const struct occurrence *o,
                     struct sc_error *err) SC_NODISCARD;

/* Remembers what an env file sets to credentials, also where another line wins over it. */
int sc_plan_mask_settings(struct sc_plan *plan, size_t file, struct sc_error *err) SC_NODISCARD;

int sc_plan_mask_span(struct sc_plan *plan, size_t file, size_t start, size_t end,
                      struct sc_error *err) SC_NODISCARD;

/* A piece of a scalar's text. */
struct sc_plan_piece {
    size_t file;
    const struct sc_yaml_node *node; /* the scalar itself */
    size_t start, end;
};
/* The bytes of the file that are the piece; false where escapes or folded lines hide them. */
bool sc_plan_piece_bytes(struct sc_plan *plan, const struct sc_plan_piece *piece,
                         struct sc_yaml_span *ret);
/* Remembers where the secret texts of a piece stand: all of it, or the defaults of its variables.
 */
int sc_plan_mask_piece(struct sc_plan *plan, const struct sc_plan_piece *piece,
                       struct sc_error *err) SC_NODISCARD;

/* The index of the secret that holds this value, made if there is none; `key` proposes its name. */
int sc_plan_secret_for(struct context *c, const char *key, const char *service,
                       struct sc_bytes value, size_t *ret, struct sc_error *err) SC_NODISCARD;

/* To know about what stays: that a secret of the plan has the same value. NULL: none has. */
const char *sc_plan_twin_note(struct context *c, struct sc_bytes value);
const char *sc_plan_stays_note(struct context *c, const struct occurrence *o);

#endif
