/* SPDX-License-Identifier: Apache-2.0
 *
 * Languages of programs and of infrastructure: which a file is in, and what it has.
 */
#ifndef SC_AUDIT_DETECT_LANGUAGE_H
#define SC_AUDIT_DETECT_LANGUAGE_H

#include <stdbool.h>

#include "audit/family.h"

struct sc_language {
    const char *suffix;
    unsigned traits;       /* enum sc_source_trait */
    enum sc_family family; /* SOURCE: strict */
    bool settings_only;    /* read only where the file is named like configuration */
};

/* NULL: none that is known. */
const struct sc_language *sc_language_of(const char *path);

/* settings.py, wp-config.php, knexfile.js, tomcat-users.xml: a string named like a password is one
 * there, as a rule. */
bool sc_language_is_settings(const char *path);

/* The place is a test's or an example's. */
bool sc_language_is_sample(const char *path);

#endif
