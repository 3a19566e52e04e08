/* SPDX-License-Identifier: Apache-2.0
 *
 * The read logs of a vault, and their anchors in it.
 *
 * Reads are logged beside the vault, since a read must not cost a commit. Each `rotate`, and
 * `who --anchor`, writes number and hash of the last line of every log into the vault's own signed
 * chain; from then on nobody who cannot sign for the vault can cut or rewrite what was logged
 * before.
 */
#ifndef SC_CLI_PROVISION_READS_H
#define SC_CLI_PROVISION_READS_H

#include "cli/command.h"
#include "vault/vault.h"

/* Calls fn with the path of each log of the vault. NOTFOUND if there never was one. */
typedef int (*sc_reads_fn)(const char *path, void *ctx, struct sc_error *err);
int sc_reads_each(const struct sc_cli *cli, sc_reads_fn fn, void *ctx,
                  struct sc_error *err) SC_NODISCARD;

/* Notes the heads in the vault, in its open batch or as a change of their own; *ret_count logs.
 * Fine without any. */
int sc_reads_anchor(const struct sc_cli *cli, struct sc_vault *vault, unsigned *ret_count,
                    struct sc_error *err) SC_NODISCARD;

/* Ends every log, whether or not an agent writes it: notes its last line in the vault, so that what
 * was before is not asked for any more, and leaves it beside, to be archived or deleted. TAMPERED,
 * with nothing changed, where sc_reads_check would find fault with one. */
int sc_reads_trim(const struct sc_cli *cli, struct sc_vault *vault,
                  struct sc_error *err) SC_NODISCARD;

/* Checks the chain of every log, and every anchor against them. TAMPERED. */
int sc_reads_check(const struct sc_cli *cli, struct sc_vault *vault, unsigned *ret_count,
                   struct sc_error *err) SC_NODISCARD;

#endif
