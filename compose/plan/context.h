/* SPDX-License-Identifier: Apache-2.0
 *
 * What the steps of a plan hand on to each other: services, the credentials found and what was
 * decided about each, what is to be given and exchanged. For the files of compose/plan only.
 */
#ifndef SC_COMPOSE_PLAN_CONTEXT_H
#define SC_COMPOSE_PLAN_CONTEXT_H

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
    bool own;                      /* the mapping stands right there, not behind an alias */
    const struct shim *shim;       /* once it was looked at; NULL before */
    const struct definition *base; /* that it extends, among the files given; or NULL */
    /* Services of the loaded project that it is for: its own; of a base in a file that is reached
     * by extends only, all that extend it. */
    const struct sc_service **users;
    size_t user_count;
};

/* How the shim would start a service. */
struct shim {
    const struct definition *home; /* the one that says what starts: it is changed */
    const char *reason;            /* why it cannot; NULL if it can */
    bool there;                    /* it starts through the shim already */
    const char **entrypoint;       /* behind "shim --", as Compose text */
    size_t entrypoint_count;
    const char **command; /* to be written out; NULL: the service's own stays */
    size_t command_count;
    char drift[17]; /* hash of the image's ENTRYPOINT and CMD; "" when they play no part */
};

/* A configuration file of a program, or one that its libraries know, as a template of the vault. */
struct native {
    const char *variable;            /* that it is about */
    const char *const *repositories; /* of images, ended by NULL; NULL: of any */
    const char *named_by; /* the variable that names the file; NULL: none, it lies at `target` */
    const char *target;   /* NULL: under /run/secrets */
    const char *stem;     /* of the entry's name */
    const char *set;      /* of several variables that are one file together: its first line */
    const char *before;   /* the text before the value */
    const char *filter;   /* of the template, that writes the value as the file wants it; or NULL */
    const char *unsafe;   /* characters that would mean something there */
    bool owner;           /* only its owner may read it, so who reads it has to be known */
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
    bool various;                   /* several services get different values from it */
    bool bare;                      /* no value is written: the caller's variable is handed on */
    const struct sc_origin *passed; /* of that variable */
    size_t part, part_len;
    bool next; /* not the first credential of its text: the text changes with the first one */
    bool many; /* the text holds more of them than can be taken out one by one */
    const char *inner;        /* the name in front of it inside the text, or NULL */
    size_t from, to;          /* what stands behind that name */
    const struct sc_use *use; /* the variable that is the part; NULL for a literal */
    const char
        *piece;    /* what a part with variables in it is today; NULL: a literal, or not known */
    bool use_shim; /* the variable becomes a template that the shim fills in */
    const char *filter; /* how the template writes the secret: "", "|url", "|json" */
    bool shared;        /* written outside the service: behind an anchor */
    bool companion;     /* no credential by itself; moves with the others of its set */
    const struct sc_image_rule *rule;
    struct sc_credential credential;
    char argument[SC_IMAGE_ARGUMENT_SIZE];
    const char *reason;          /* why it stays; NULL: it moves */
    bool settled;                /* others know the reason */
    size_t secret;               /* index in the plan, when it moves */
    const struct native *native; /* the program's own way, or NULL */
    size_t file_secret;          /* what is read: the secret, or the template of `native` */
    /* Once all are found: the ones of the same text, and those of the same key, in order. */
    const struct occurrence *text_first, *text_next, *key_first, *key_next;
    bool first; /* the one of several on the same text that makes the edit */
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
    bool in_text; /* the script stands in double quotes of a command line, which Compose splits */
    struct sc_credential credential;
    enum literal_way way;
    const char *value, *reason; /* the value as the container gets it; why it stays, or NULL */
    const char *change;         /* LITERAL_CONTENT: what the file says now */
    size_t secret, file_secret; /* the value, and the file it is read from; the same but for
                                   templates */
};

/* A text in which a second run would find more; see settle.c. */
struct held {
    size_t file;
    const char *service, *where, *key; /* as the items have it */
};

struct holds {
    struct held *items;
    size_t count, cap;
    bool again; /* this run is the one over the result */
    struct sc_stash pool;
};

struct context {
    struct sc_plan *plan;
    const struct sc_plan_options *options;
    const struct holds *holds;
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
    struct sc_model_pool model;        /* for values looked up */
    struct sc_scope scope;             /* the variables of the project */
    const struct sc_yaml_node *valued; /* the text last looked up as a whole, and its value */
    const char *valued_as;
};

#endif
