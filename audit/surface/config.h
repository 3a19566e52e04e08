/* SPDX-License-Identifier: Apache-2.0
 *
 * The rendered configuration of a Compose project: what `docker compose config` shows to anybody.
 */
#ifndef SC_AUDIT_SURFACE_CONFIG_H
#define SC_AUDIT_SURFACE_CONFIG_H

#include "audit/known/probe.h"
#include "compose/project.h"

/* Every key and scalar of the project as our loader renders it, with the place it came from. A
 * project that cannot be loaded is entered as skipped; one that is not there gives NOTFOUND. */
int sc_surface_config(struct sc_probe *probe, const struct sc_compose_options *options,
                      struct sc_error *err) SC_NODISCARD;

/* The same as Docker Compose itself renders it, where it is installed; notes it where it is not. */
int sc_surface_docker_compose(struct sc_probe *probe, const struct sc_strv *files,
                              struct sc_error *err) SC_NODISCARD;

#endif
