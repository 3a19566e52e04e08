/* SPDX-License-Identifier: Apache-2.0
 *
 * secretsctl verify: loads the values, looks at each surface that was asked for, judges the result.
 */
#include <errno.h>
#include <unistd.h>

#include "audit/image/image.h"
#include "audit/known/fingerprint.h"
#include "audit/known/probe.h"
#include "audit/surface/config.h"
#include "audit/surface/delivery.h"
#include "audit/surface/surface.h"
#include "audit/surface/tree.h"
#include "cli/leaks/leaks.h"
#include "core/fsutil.h"
#include "core/parse.h"

#include "core/banned.h"

#define TIMEOUT_MAX 3600

/* Whether there is an engine to ask. That this machine has none is a fact, not a hole, unless
 * somebody asked for one. */
static bool engine_expected(const struct sc_verify_targets *targets)
{
    return !targets->by_default || sc_env("DOCKER_HOST") != NULL ||
           access("/var/run/docker.sock", F_OK) == 0 || errno != ENOENT;
}

/* A file or a folder rather than a name that the engine knows. */
static bool is_file(const char *name)
{
    return name[0] == '/' || name[0] == '.' || access(name, F_OK) == 0;
}

/* Without being asked for images only their settings are looked at: that is quick. */
static int look_at_images(const struct sc_verify_targets *targets, const struct sc_engine *engine,
                          struct sc_probe *probe, struct sc_error *err)
{
    const struct sc_strv *names = &targets->names[SC_VERIFY_IMAGE];
    if (targets->by_default) {
        int rc = sc_surface_image_settings(probe, engine, names, err);
        return rc < 0
                   ? rc
                   : sc_ledger_note(probe->ledger,
                                    "layers of images were not asked for; see: verify image", err);
    }
    SC_CLEANUP(sc_strv_done) struct sc_strv known = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < names->count; i++)
        rc = is_file(names->items[i]) ? sc_image_search_path(probe, names->items[i], err)
                                      : sc_strv_add(&known, names->items[i], err);
    if (rc == 0 && (names->count == 0 || known.count > 0))
        rc = sc_surface_image_layers(probe, engine, &known, err);
    return rc;
}

/* The rendered project, by our loader and by Docker Compose. Without a project here there is
 * nothing to render, which is a hole only if somebody asked for it. */
static int look_at_config(const struct sc_verify_options *options, bool asked,
                          struct sc_probe *probe, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *directory = sc_path_absolute(".", err);
    if (directory == NULL)
        return SC_E_NOMEM;
    const struct sc_compose_options load = {
        .files = (const char *const *)options->files.items,
        .file_count = options->files.count,
        .working_directory = directory,
        .environment = (const char *const *)environ,
        .all = true,
    };
    struct sc_error why = {0};
    int rc = sc_surface_config(probe, &load, &why);
    if (rc == SC_E_NOTFOUND && asked)
        return sc_ledger_skip(probe->ledger, "config", directory, sc_error_message(&why), err);
    if (rc == SC_E_NOTFOUND)
        return sc_ledger_note(probe->ledger, "there is no Compose file in this folder", err);
    if (rc < 0)
        return sc_fail(err, rc, "%s", sc_error_message(&why));
    return sc_surface_docker_compose(probe, &options->files, err);
}

static int look_at_processes(const struct sc_verify_targets *targets,
                             const struct sc_engine *engine, struct sc_probe *probe,
                             struct sc_error *err)
{
    SC_CLEANUP(sc_delivery_done) struct sc_delivery delivery = {0};
    int rc = engine_expected(targets) ? sc_delivery_load(&delivery, engine, err) : 0;
    return rc < 0 ? rc : sc_surface_processes(probe, "/proc", &delivery, err);
}

/* Files and repositories that were named; git without a name means the one here. */
static int look_at_files(const struct sc_verify_targets *targets, struct sc_probe *probe,
                         struct sc_error *err)
{
    const struct sc_strv *repositories = &targets->names[SC_VERIFY_GIT];
    const struct sc_strv *paths = &targets->names[SC_VERIFY_PATH];
    int rc = 0;
    if (targets->asked[SC_VERIFY_GIT] && repositories->count == 0)
        rc = sc_surface_git(probe, ".", err);
    for (size_t i = 0; rc == 0 && i < repositories->count; i++)
        rc = sc_surface_git(probe, repositories->items[i], err);
    for (size_t i = 0; rc == 0 && i < paths->count; i++) {
        const struct sc_tree_options options = {
            .surface = "path", .place = "path", .title = paths->items[i]};
        rc = sc_tree_search(probe, paths->items[i], &options, err);
    }
    return rc;
}

static int look_at_engine(const struct sc_verify_targets *targets, const struct sc_engine *engine,
                          struct sc_probe *probe, struct sc_error *err)
{
    if (!engine_expected(targets))
        return sc_ledger_note(probe->ledger, "there is no container engine on this machine", err);
    int rc = 0;
    if (targets->asked[SC_VERIFY_CONTAINER])
        rc = sc_surface_containers(probe, engine, &targets->names[SC_VERIFY_CONTAINER], err);
    if (rc == 0 && targets->asked[SC_VERIFY_IMAGE])
        rc = look_at_images(targets, engine, probe, err);
    if (rc == 0 && targets->asked[SC_VERIFY_LOG])
        rc = sc_surface_logs(probe, engine, &targets->names[SC_VERIFY_LOG], err);
    if (rc == 0 && targets->asked[SC_VERIFY_VOLUME])
        rc = sc_surface_volumes(probe, engine, &targets->names[SC_VERIFY_VOLUME], err);
    return rc;
}

static int look(const struct sc_verify_options *options, const struct sc_verify_targets *targets,
                const struct sc_engine *engine, struct sc_probe *probe, struct sc_error *err)
{
    int rc = 0;
    bool config_named = !targets->by_default || options->files.count > 0;
    if (targets->asked[SC_VERIFY_ENV])
        rc = look_at_processes(targets, engine, probe, err);
    if (rc == 0 && targets->asked[SC_VERIFY_CONFIG])
        rc = look_at_config(options, config_named, probe, err);
    if (rc == 0)
        rc = look_at_engine(targets, engine, probe, err);
    if (rc == 0)
        rc = look_at_files(targets, probe, err);
    if (rc < 0 || !targets->by_default)
        return rc;
    return sc_ledger_note(probe->ledger,
                          "logs, volumes, git history and folders were not asked for; see: verify "
                          "log volume git, verify path",
                          err);
}

/* Enters each value whose absence is not proved; tokens prove enough for the short ones as long as
 * everything looked at consists of tokens. */
static int judge(struct sc_ledger *ledger, const struct sc_searcher *searcher, bool raw_bytes,
                 struct sc_verify_result *verdict, struct sc_error *err)
{
    verdict->values = searcher->count(searcher->set);
    for (size_t i = 0; i < verdict->values; i++) {
        enum sc_known_standing standing = searcher->standing(searcher->set, i);
        if (standing == SC_KNOWN_SEARCHED)
            continue;
        bool compared = standing == SC_KNOWN_SHORT || standing == SC_KNOWN_COMMON;
        verdict->unproved += compared && !raw_bytes ? 0 : 1;
        SC_CLEANUP(sc_str_freep)
        char *note = sc_str_printf(err, "value %s: %s", searcher->name(searcher->set, i),
                                   sc_known_standing_text(standing));
        if (note == NULL)
            return SC_E_NOMEM;
        int rc = sc_ledger_note(ledger, note, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* Whether raw bytes are looked at, where tokens prove nothing. */
static bool looks_at_files(const struct sc_verify_targets *targets)
{
    bool named = targets->asked[SC_VERIFY_IMAGE] && !targets->by_default;
    for (int i = SC_VERIFY_LOG; i < SC_VERIFY_SURFACE_MAX; i++)
        named |= targets->asked[i];
    return named;
}

/* Marks what a person said is known not to be searched, and counts the rest. */
static size_t count_holes(struct sc_ledger *ledger, const struct sc_strv *accepted)
{
    size_t holes = 0;
    for (size_t i = 0; i < ledger->skipped_count; i++) {
        struct sc_unlooked *skipped = &ledger->skipped[i];
        for (size_t j = 0; j < accepted->count && !skipped->accepted; j++)
            skipped->accepted = sc_str_glob(accepted->items[j], skipped->object);
        holes += skipped->accepted ? 0 : 1;
    }
    return holes;
}

static int verify(struct sc_cli *cli, const struct sc_verify_options *options,
                  const struct sc_verify_targets *targets, const struct sc_searcher *searcher,
                  struct sc_error *err)
{
    struct sc_engine engine = sc_engine_default();
    if (options->timeout.given)
        engine.timeout = (int)options->timeout.value;
    SC_CLEANUP(sc_ledger_done) struct sc_ledger ledger = {0};
    SC_CLEANUP(sc_probe_done) struct sc_probe probe = {0};
    struct sc_verify_result verdict = {0};
    int rc = sc_probe_init(&probe, searcher, &ledger, err);
    if (rc == 0)
        rc = look(options, targets, &engine, &probe, err);
    if (rc == 0)
        rc = judge(&ledger, searcher, looks_at_files(targets), &verdict, err);
    if (rc < 0)
        return rc;
    verdict.holes = count_holes(&ledger, &options->accept_skipped);
    verdict.complete = verdict.holes == 0 && (verdict.unproved == 0 || options->accept_unproved);
    rc = sc_verify_print(cli, &ledger, &verdict, err);
    if (rc == 0 && ledger.leak_count > 0)
        cli->exit_status = sc_error_exit_status(SC_E_FINDINGS);
    else if (rc == 0 && !verdict.complete)
        cli->exit_status = sc_error_exit_status(SC_E_FAILED);
    return rc;
}

/* Without a vault: the values are known by their fingerprints only. */
static int verify_fingerprints(struct sc_cli *cli, const struct sc_verify_options *options,
                               const struct sc_verify_targets *targets, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret key = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret file = {0};
    SC_CLEANUP(sc_fingerprints_freep) struct sc_fingerprints *set = NULL;
    int rc = sc_fingerprint_key_read(options->fingerprint_key, &key, err);
    if (rc == 0)
        rc = sc_file_read_secret(options->fingerprints, SC_FINGERPRINT_FILE_MAX, false, &file, err);
    if (rc < 0)
        return rc;
    rc = sc_fingerprints_open(sc_secret_view(&file), &key, &set, err);
    if (rc < 0)
        return sc_wrap(err, rc, "cannot use '%s'", options->fingerprints);
    struct sc_searcher searcher = sc_fingerprints_searcher(set);
    if (searcher.count(searcher.set) == 0)
        return sc_fail(err, SC_E_NOTFOUND, "there is no secret to look for");
    return verify(cli, options, targets, &searcher, err);
}

int sc_verify_run(struct sc_cli *cli, const void *options, int count, char **operands,
                  struct sc_error *err)
{
    const struct sc_verify_options *given = options;
    if (given->timeout.given && (given->timeout.value == 0 || given->timeout.value > TIMEOUT_MAX))
        return sc_fail(err, SC_E_USAGE, "--timeout takes 1 to %d seconds", TIMEOUT_MAX);
    SC_CLEANUP(sc_verify_targets_done) struct sc_verify_targets targets = {0};
    int rc = sc_verify_targets_parse(&targets, count, operands, err);
    if (rc < 0)
        return rc;
    if ((given->fingerprints == NULL) != (given->fingerprint_key == NULL))
        return sc_fail(err, SC_E_USAGE, "--fingerprints and --fingerprint-key go together");
    if (given->fingerprints != NULL)
        return verify_fingerprints(cli, given, &targets, err);
    SC_CLEANUP(sc_known_freep) struct sc_known *known = NULL;
    rc = sc_verify_load(cli, given->scope, given->all_versions, &known, err);
    if (rc < 0)
        return rc;
    struct sc_searcher searcher = sc_known_searcher(known);
    return verify(cli, given, &targets, &searcher, err);
}
