/* SPDX-License-Identifier: Apache-2.0
 *
 * Searches files and folders: contents (packed and archived ones unpacked), names, targets of
 * links, extended attributes.
 *
 * Links are not followed and other file systems are not entered, except that the root itself may be
 * either. What cannot be read stands under skipped; a file that goes away meanwhile is no hole.
 * Threads: one probe, one thread.
 */
#ifndef SC_AUDIT_SURFACE_TREE_H
#define SC_AUDIT_SURFACE_TREE_H

#include "audit/known/probe.h"

/* Folders inside each other. */
#define SC_FOLDER_DEPTH_MAX 256

struct sc_tree_options {
    const char *surface;   /* "path", "volume", "git": of the ledger's entries */
    const char *place;     /* of leaks */
    const char *title;     /* the object looked at */
    const char *leave_out; /* folder directly below the root that is searched by other means */
};

/* Enters `root` under its title as looked at, or what of it was not. */
int sc_tree_search(struct sc_probe *probe, const char *root, const struct sc_tree_options *options,
                   struct sc_error *err) SC_NODISCARD;

#endif
