/* SPDX-License-Identifier: Apache-2.0
 *
 * One scope's directory and its generations:
 *
 *   <dir>/shop/.~current   -> .~7
 *   <dir>/shop/.~7/db_password          the value, owner and mode set before its first byte
 *   <dir>/shop/db_password -> .~current/db_password
 *   <dir>/shop/.~source    -> the id of the source whose entries these are
 *
 * Renaming .~current switches all names of the scope at once, also for a container that has the
 * directory bound. A file that did not change is linked into the next generation: the same inode,
 * so a container that has the single file bound keeps a live one. '~' is in no entry's name.
 *
 * Order: prepare all scopes, then switch all (renames only), then finish all. Before the last
 * switch everything can be undone with sc_scope_abort(). What a crash leaves behind is swept by the
 * next prepare. Callers hold the lock of the top directory.
 */
#ifndef SC_PROVISION_SCOPE_H
#define SC_PROVISION_SCOPE_H

#include "core/source.h"
#include "provision/layout.h"

#define SC_SCOPE_CURRENT ".~current"

/* Whether the files of a scope are known to be of a source with another id. */
bool sc_scope_is_foreign(int top_fd, const char *path, const char *id);

/* Builds the next generation when something differs; marks the state of each entry. A scope without
 * entries gets none: its directory goes at the end. */
int sc_scope_prepare(int top_fd, const struct sc_source *source, struct sc_layout *layout,
                     struct sc_layout_scope *scope, struct sc_error *err) SC_NODISCARD;

/* Makes the prepared generation the current one. */
int sc_scope_switch(int top_fd, struct sc_layout_scope *scope, struct sc_error *err) SC_NODISCARD;

/* Takes back what prepare and switch did. Nothing can be done about a failure in here. */
void sc_scope_abort(int top_fd, const struct sc_layout *layout, struct sc_layout_scope *scope);

/* Wipes what was removed, drops the old generation, notes removed entries in the layout. */
int sc_scope_finish(int top_fd, struct sc_layout *layout, size_t scope_index,
                    struct sc_error *err) SC_NODISCARD;

#endif
