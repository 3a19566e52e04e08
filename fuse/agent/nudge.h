/* SPDX-License-Identifier: Apache-2.0
 *
 * Telling watchers (inotify) of a rotation: notifications of FUSE raise no event, changes made
 * through the mount do, in every container. So a process of its own opens the file for writing and
 * closes it: watchers of file and directory get IN_CLOSE_WRITE, and pages that sendfile or mmap
 * left in the cache are dropped. A process of its own, because it may have to wait.
 */
#ifndef SC_FUSE_AGENT_NUDGE_H
#define SC_FUSE_AGENT_NUDGE_H

#include "core/error.h"
#include "core/str.h"
#include "fuse/shared/journal.h"

/* Nudges the files of these names; does not wait for it. */
int sc_nudge_start(struct sc_journal *journal, const struct sc_strv *names,
                   struct sc_error *err) SC_NODISCARD;

/* The process: `secretsctl __fuse-nudge DIRECTORY`. */
int sc_nudge_main(const char *directory, struct sc_error *err) SC_NODISCARD;

#endif
