/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands that look for leaks: handlers and their options.
 */
#ifndef SC_CLI_LEAKS_LEAKS_H
#define SC_CLI_LEAKS_LEAKS_H

#include "audit/known/ledger.h"
#include "audit/known/known.h"
#include "cli/command.h"

struct sc_verify_options {
    const char *scope;
    struct sc_strv files;
    bool all_versions;
    bool accept_unproved;
    struct sc_strv accept_skipped;
    struct sc_option_number timeout;
    const char *fingerprints;
    const char *fingerprint_key;
};

struct sc_fingerprint_options {
    const char *key;
    const char *scope;
};

int sc_fingerprint_run(struct sc_cli *cli, const void *options, int count, char **operands,
                       struct sc_error *err);

/* The key in a file that only its owner may read. */
int sc_fingerprint_key_read(const char *path, struct sc_secret *ret,
                            struct sc_error *err) SC_NODISCARD;

/* Calls fn with each secret of the vault below `scope` (NULL: all). */
typedef int (*sc_leaks_secret_fn)(const char *name, struct sc_bytes value, void *ctx,
                                  struct sc_error *err);
int sc_leaks_each_secret(const struct sc_cli *cli, const char *scope, bool all_versions,
                         sc_leaks_secret_fn fn, void *ctx, struct sc_error *err) SC_NODISCARD;

int sc_verify_run(struct sc_cli *cli, const void *options, int count, char **operands,
                  struct sc_error *err);

/* What the words behind `verify` ask for. */
enum sc_verify_surface {
    SC_VERIFY_ENV,
    SC_VERIFY_CONFIG,
    SC_VERIFY_CONTAINER,
    SC_VERIFY_IMAGE,
    SC_VERIFY_LOG,
    SC_VERIFY_VOLUME,
    SC_VERIFY_GIT,
    SC_VERIFY_PATH,
    SC_VERIFY_SURFACE_MAX
};

struct sc_verify_targets {
    bool asked[SC_VERIFY_SURFACE_MAX];
    struct sc_strv names[SC_VERIFY_SURFACE_MAX]; /* empty: all there are */
    bool by_default;                             /* nothing was named: what is quickly looked at */
};

/* USAGE for a first word that is no surface. */
int sc_verify_targets_parse(struct sc_verify_targets *targets, int count, char *const *operands,
                            struct sc_error *err) SC_NODISCARD;
void sc_verify_targets_done(struct sc_verify_targets *targets);

/* The values of the vault's secrets below `scope`, ready to be searched for. NOTFOUND if there is
 * none: proving the absence of nothing is no proof. */
int sc_verify_load(const struct sc_cli *cli, const char *scope, bool all_versions,
                   struct sc_known **ret, struct sc_error *err) SC_NODISCARD;

/* NOTFOUND with that message; scope may be NULL. */
int sc_leaks_none(const char *scope, struct sc_error *err) SC_NODISCARD;

/* How a verification ended. */
struct sc_verify_result {
    size_t values;   /* looked for */
    size_t unproved; /* of these, such whose absence was not proved */
    size_t holes;    /* objects not searched that nobody accepted */
    bool complete;   /* nothing was skipped, nothing unproved that was not accepted */
};

/* Prints the ledger and the coverage statement, as text or JSON. */
int sc_verify_print(const struct sc_cli *cli, const struct sc_ledger *ledger,
                    const struct sc_verify_result *verdict, struct sc_error *err) SC_NODISCARD;

#endif
