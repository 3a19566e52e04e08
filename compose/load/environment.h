/* SPDX-License-Identifier: Apache-2.0
 *
 * What the containers of a service get: environment with env files, labels with label files.
 */
#ifndef SC_COMPOSE_LOAD_ENVIRONMENT_H
#define SC_COMPOSE_LOAD_ENVIRONMENT_H

#include "compose/load/loader.h"

/* A map of texts and nulls: `environment` over the env files. `service` is normalised, not bound.
 */
int sc_service_environment(struct sc_loader *loader, const struct sc_value *service,
                           const struct sc_path *path, struct sc_value **ret,
                           struct sc_error *err) SC_NODISCARD;

/* A map of texts: `labels` over the label files. */
int sc_service_labels(struct sc_loader *loader, const struct sc_value *service,
                      const struct sc_path *path, struct sc_value **ret,
                      struct sc_error *err) SC_NODISCARD;

#endif
