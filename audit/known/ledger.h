/* SPDX-License-Identifier: Apache-2.0
 *
 * What a verification found, what it looked at, and what it could not look at.
 *
 * The three lists are the whole answer: a thing that stands in none of them was not searched. No
 * field can hold a value. Ownership: the ledger owns all strings. Threads: one at a time.
 */
#ifndef SC_AUDIT_KNOWN_LEDGER_H
#define SC_AUDIT_KNOWN_LEDGER_H

#include "audit/known/stream.h"
#include "core/json.h"
#include "core/str.h"

/* Leaks of one run at most; what comes after is counted, not kept. */
#define SC_LEAKS_MAX ((size_t)100000)
/* Objects looked at, and objects skipped, that are kept by name. */
#define SC_LEDGER_OBJECTS_MAX ((size_t)1000000)

/* Where something stands. Strings are copied; NULL where they do not apply. */
struct sc_spot {
    const char *place;   /* "env", "cmdline", "inspect", "config", "layer", "label", ... */
    const char *file;    /* the object: a path, "container web", "image shop/api:1" */
    const char *service; /* Compose service */
    const char *key;     /* name of the variable, label, ... */
    const char *where;   /* inside the object: "environment", a JSON pointer, "content" */
    const char *path;    /* of the file inside an image or archive */
    const char *layer;   /* digest of the layer */
    size_t line, column; /* from 1; 0 where there are no lines */
};

struct sc_leak {
    char *name; /* of the entry */
    enum sc_encoding encoding;
    bool token;        /* found by comparing a whole token: weaker than a match in bytes */
    const char *place; /* static */
    char *file, *service, *key, *where, *path, *layer;
    size_t line, column;
    size_t count;     /* how often it stands in the same spot */
    int layer_index;  /* from 1; 0 if unknown or not in a layer */
    char *created_by; /* the command that made the layer */
    char *fate;       /* "live", "deleted by layer 3", "overwritten by layer 2"; or NULL */
};

struct sc_looked {
    const char *surface; /* "env", "container", "image", ...: static */
    char *object;
    char *id; /* digest or id; or NULL */
    uint64_t bytes;
};

struct sc_unlooked {
    const char *surface;
    char *object;
    char *reason;
    size_t line;
    bool accepted; /* a person said that this hole is known */
};

struct sc_ledger {
    const struct sc_searcher *searcher; /* what is looked for, and so must not be shown; borrowed */
    struct sc_leak *leaks;
    size_t leak_count, leak_cap;
    size_t leaks_dropped; /* over SC_LEAKS_MAX */
    size_t since;         /* leaks from here on are of the object being looked at */
    struct sc_looked *looked;
    size_t looked_count, looked_cap;
    struct sc_unlooked *skipped;
    size_t skipped_count, skipped_cap;
    struct sc_strv notes; /* facts for the coverage statement that are no holes */
};

/* Begins a new object: equal leaks are counted together inside one object only. */
void sc_ledger_object(struct sc_ledger *ledger);

/* Adds a leak, or counts one up that is the same. */
int sc_ledger_leak(struct sc_ledger *ledger, const struct sc_spot *spot, const char *name,
                   const struct sc_known_hit *hit, bool token, struct sc_error *err) SC_NODISCARD;

/* Takes back the leaks [from, to). */
void sc_ledger_forget(struct sc_ledger *ledger, size_t from, size_t to);

int sc_ledger_looked(struct sc_ledger *ledger, const char *surface, const char *object,
                     const char *id, uint64_t bytes, struct sc_error *err) SC_NODISCARD;

int sc_ledger_skip(struct sc_ledger *ledger, const char *surface, const char *object,
                   const char *reason, struct sc_error *err) SC_NODISCARD;

/* Replaces *text by a redacted copy of `by`. */
int sc_ledger_set_text(const struct sc_ledger *ledger, char **text, const char *by,
                       struct sc_error *err) SC_NODISCARD;

int sc_ledger_note(struct sc_ledger *ledger, const char *note, struct sc_error *err) SC_NODISCARD;

/* Every finding as `audit --format json` has it, with name, encoding, place and layer. */
void sc_ledger_json_findings(struct sc_json *json, const struct sc_ledger *ledger);
void sc_ledger_json_skipped(struct sc_json *json, const struct sc_ledger *ledger);
void sc_ledger_json_coverage(struct sc_json *json, const struct sc_ledger *ledger);

const char *sc_leak_severity(const struct sc_leak *leak);

/* What to do about a leak at this place. Static storage. */
const char *sc_leak_fix(const struct sc_leak *leak);

void sc_ledger_done(struct sc_ledger *ledger);

#endif
