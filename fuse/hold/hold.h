/* SPDX-License-Identifier: Apache-2.0
 *
 * Keeper and worker: two holders of one mount that watch each other.
 *
 * The keeper mounts, answers INIT, starts workers and replaces them on death, silence or upgrade;
 * it parses nothing a reader sends and never maps the store. The worker serves, and starts a new
 * keeper when the old one is gone. The mount is lost only if both die at the same moment, and not
 * even then where systemd holds the descriptors too.
 */
#ifndef SC_FUSE_HOLD_HOLD_H
#define SC_FUSE_HOLD_HOLD_H

#include "core/error.h"

/* The hidden command words, and the modes of the keeper. */
#define SC_HOLD_KEEPER  "__fuse-keeper"
#define SC_HOLD_WORKER  "__fuse-worker"
#define SC_HOLD_NUDGE   "__fuse-nudge"
#define SC_KEEPER_START "start" /* peer: the agent; mounts unless it is given a FUSE descriptor */
#define SC_KEEPER_ADOPT "adopt" /* peer: the worker that started it */

/* What `secretsctl __fuse-keeper MODE` and the like do; they return when the mount has ended, or
 * when another process goes on in their place. */
int sc_keeper_main(const char *mode, struct sc_error *err) SC_NODISCARD;
int sc_worker_main(struct sc_error *err) SC_NODISCARD;

#endif
