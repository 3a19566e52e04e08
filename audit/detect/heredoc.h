/* SPDX-License-Identifier: Apache-2.0
 *
 * Here documents of a Dockerfile and of HCL. (Those of a script: compose/judge/shell.h.)
 */
#ifndef SC_AUDIT_DETECT_HEREDOC_H
#define SC_AUDIT_DETECT_HEREDOC_H

#include <stdbool.h>

#include "compose/judge/shell.h"

/* The mark of the next one that an instruction announces from *at on: <<EOF, <<-'EOF'. Here strings
 * (<<<) are none. */
bool sc_heredoc_next(const char *text, size_t *at, size_t end, struct sc_region *ret);

/* The end of its body, which begins where `from` does: behind the line that is the mark, behind any
 * of the characters of `indent`; where `from` begins if there is none. */
size_t sc_heredoc_body(const char *text, struct sc_region mark, struct sc_region from,
                       const char *indent, struct sc_region *ret);

#endif
