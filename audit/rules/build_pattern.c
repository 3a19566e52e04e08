/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads patterns of rules; see audit/rules/build_pattern.h.
 */
#include "audit/rules/build_pattern.h"

#include <stdlib.h>
#include <string.h>

#include "core/macros.h"

#include "core/banned.h"

struct reader {
    const char *at;
    bool (*is_value)(unsigned char c);
};

static struct sc_pattern_run read_choice(struct reader *r);

/* [..] at r->at: true if all members are value characters. */
static bool read_class(struct reader *r)
{
    bool whole = r->at[1] != '^';
    for (r->at++; *r->at != ']'; r->at++) {
        if (*r->at == '\\') {
            r->at++;
            whole = whole && strchr("strn", *r->at) == NULL; /* blanks */
        }
        unsigned low = (unsigned char)*r->at, high = low;
        if (r->at[1] == '-' && r->at[2] != ']') {
            high = (unsigned char)r->at[2];
            r->at += 2;
        }
        for (unsigned c = low; c <= high; c++)
            whole = whole && r->is_value((unsigned char)c);
    }
    r->at++;
    return whole;
}

static struct sc_pattern_run read_atom(struct reader *r)
{
    if (*r->at == '(') {
        r->at += strncmp(r->at, "(?:", 3) == 0 ? 3 : 1;
        struct sc_pattern_run run = read_choice(r);
        r->at++;
        return run;
    }
    bool whole;
    if (*r->at == '[') {
        whole = read_class(r);
    } else {
        r->at += *r->at == '\\';
        whole = r->is_value((unsigned char)*r->at++);
    }
    return (struct sc_pattern_run){whole, whole};
}

/* How often the atom before r->at stands there at least. */
static size_t read_least(struct reader *r)
{
    if (*r->at == '?') {
        r->at++;
        return 0;
    }
    if (*r->at != '{')
        return 1;
    size_t least = strtoul(r->at + 1, NULL, 10);
    r->at = strchr(r->at, '}') + 1;
    return least;
}

static struct sc_pattern_run read_sequence(struct reader *r)
{
    struct sc_pattern_run run = {0, true};
    while (*r->at != '\0' && *r->at != '|' && *r->at != ')') {
        struct sc_pattern_run atom = read_atom(r);
        size_t least = read_least(r);
        if (run.whole && atom.whole)
            run.least += least * atom.least;
        else if (run.whole && least > 0)
            run.least += atom.least;
        run.whole = run.whole && atom.whole;
    }
    return run;
}

static struct sc_pattern_run read_choice(struct reader *r)
{
    struct sc_pattern_run run = read_sequence(r);
    while (*r->at == '|') {
        r->at++;
        struct sc_pattern_run other = read_sequence(r);
        run.least = SC_MIN(run.least, other.least);
        run.whole = run.whole && other.whole;
    }
    return run;
}

struct sc_pattern_run sc_pattern_run(const char *pattern, bool (*is_value)(unsigned char c))
{
    struct reader r = {pattern, is_value};
    return read_choice(&r);
}
