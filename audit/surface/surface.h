/* SPDX-License-Identifier: Apache-2.0
 *
 * The places of a running system where values can stand: one function for each.
 *
 * Each enters what it found, what it looked at and what it could not look at into the probe's
 * ledger. A thing that cannot be read is no error of the call: it is entered as skipped. What fails
 * the call is a failure of our own (NOMEM, a limit). Threads: one probe, one thread.
 */
#ifndef SC_AUDIT_SURFACE_SURFACE_H
#define SC_AUDIT_SURFACE_SURFACE_H

#include "audit/known/probe.h"
#include "audit/surface/http.h"
#include "core/str.h"

struct sc_delivery;

/* Environment and command line of every process; `proc` is "/proc" but in tests. What `delivery`
 * covers becomes a note instead of a leak. */
int sc_surface_processes(struct sc_probe *probe, const char *proc,
                         const struct sc_delivery *delivery, struct sc_error *err) SC_NODISCARD;

/* What `docker inspect` says of containers (all of them if names is empty). */
int sc_surface_containers(struct sc_probe *probe, const struct sc_engine *engine,
                          const struct sc_strv *names, struct sc_error *err) SC_NODISCARD;

/* The same of images: settings and history, not their layers. */
int sc_surface_image_settings(struct sc_probe *probe, const struct sc_engine *engine,
                              const struct sc_strv *names, struct sc_error *err) SC_NODISCARD;

/* Images with every file of every layer. */
int sc_surface_image_layers(struct sc_probe *probe, const struct sc_engine *engine,
                            const struct sc_strv *names, struct sc_error *err) SC_NODISCARD;

/* What containers wrote to their logs. */
int sc_surface_logs(struct sc_probe *probe, const struct sc_engine *engine,
                    const struct sc_strv *names, struct sc_error *err) SC_NODISCARD;

/* The files of volumes. */
int sc_surface_volumes(struct sc_probe *probe, const struct sc_engine *engine,
                       const struct sc_strv *names, struct sc_error *err) SC_NODISCARD;

/* The repository that `path` lies in: every object, and the files of its folder. The working tree
 * is not part of it. */
int sc_surface_git(struct sc_probe *probe, const char *path, struct sc_error *err) SC_NODISCARD;

/* Bytes of one answer about one object. */
#define SC_ENGINE_ANSWER_MAX ((size_t)3 * 1024 * 1024)

/* Ids out of a list such as "/containers/json". */
int sc_engine_list_ids(const struct sc_engine *engine, const char *path, struct sc_strv *ids,
                       struct sc_error *err) SC_NODISCARD;

/* Ids of all images. */
int sc_engine_image_names(const struct sc_engine *engine, struct sc_strv *ret,
                          struct sc_error *err) SC_NODISCARD;

/* What the engine says of one volume: its labels, the options of its driver. */
int sc_engine_search_volume(struct sc_probe *probe, const struct sc_engine *engine,
                            const char *name, struct sc_error *err) SC_NODISCARD;

/* A request path with a name in it, escaped so that it cannot lead elsewhere; malloc'd. */
char *sc_engine_path(const char *before, const char *name, const char *after,
                     struct sc_error *err) SC_NODISCARD;

#endif
