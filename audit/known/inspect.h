/* SPDX-License-Identifier: Apache-2.0
 *
 * Searches a JSON document: every string in it decoded, every key, and the raw text.
 */
#ifndef SC_AUDIT_KNOWN_INSPECT_H
#define SC_AUDIT_KNOWN_INSPECT_H

#include "audit/known/probe.h"

/* The spot's `where` becomes the JSON pointer, its key the last part of it or the name of an
 * environment variable. Text that is no JSON is searched raw, and SYNTAX is returned. */
int sc_inspect_json(struct sc_probe *probe, const struct sc_spot *spot, struct sc_bytes json,
                    struct sc_error *err) SC_NODISCARD;

#endif
