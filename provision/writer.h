/* SPDX-License-Identifier: Apache-2.0
 *
 * Puts the entries of a source into a place in memory as <dir>/<scope>/<name>.
 *
 * All or nothing: every value is opened and written before the first name is switched; when
 * anything fails, what was there stays. Owner and mode are set before the first byte. Files that
 * are equal keep their inode; a superseded file is unlinked (a container that has it bound goes on
 * reading the old value until it is started again), a removed one is overwritten first. One writer
 * at a time.
 */
#ifndef SC_PROVISION_WRITER_H
#define SC_PROVISION_WRITER_H

#include "core/source.h"
#include "provision/layout.h"
#include "provision/tmpfs.h"

/* `scopes` limits the work to these and what lies below them; NULL or empty for all: then
 * directories whose scope has gone are removed too, but for those of a source with another id
 * (layout->foreign). *ret_layout (zeroed by the caller, released with sc_layout_done) says what was
 * done. Errors: those of the source; NOTFOUND for a scope that is in neither; TOOBIG over the
 * quota; EXISTS when a file that is not ours is in the way; NOSPACE; BUSY; PERM. */
int sc_provision_write(const struct sc_tmpfs *place, const struct sc_source *source,
                       const struct sc_strv *scopes, struct sc_layout *ret_layout,
                       struct sc_error *err) SC_NODISCARD;

#endif
