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
    bool *first; /* where to note what is read, while it may be the first; or NULL */
};

static struct sc_pattern_run read_choice(struct reader *r);

static void add_member(bool members[256], unsigned char escaped)
{
    const char *blanks = escaped == 's'   ? " \t\r\n\v\f"
                         : escaped == 't' ? "\t"
                         : escaped == 'r' ? "\r"
                         : escaped == 'n' ? "\n"
                                          : NULL;
    if (blanks == NULL)
        members[escaped] = true;
    for (; blanks != NULL && *blanks != '\0'; blanks++)
        members[(unsigned char)*blanks] = true;
}

/* [..] at r->at. */
static void read_class(struct reader *r, bool members[256])
{
    bool inverted = r->at[1] == '^';
    for (r->at += inverted ? 2 : 1; *r->at != ']'; r->at++) {
        if (*r->at == '\\') {
            add_member(members, (unsigned char)*++r->at);
            continue;
        }
        unsigned low = (unsigned char)*r->at, high = low;
        if (r->at[1] == '-' && r->at[2] != ']') {
            high = (unsigned char)r->at[2];
            r->at += 2;
        }
        for (unsigned c = low; c <= high; c++)
            members[c] = true;
    }
    r->at++;
    for (unsigned c = 0; inverted && c < 256; c++)
        members[c] = !members[c];
}

static struct sc_pattern_run read_atom(struct reader *r)
{
    if (*r->at == '(') {
        r->at += strncmp(r->at, "(?:", 3) == 0 ? 3 : 1;
        struct sc_pattern_run run = read_choice(r);
        r->at++;
        return run;
    }
    bool members[256] = {false}, whole = true;
    if (*r->at == '[') {
        read_class(r, members);
    } else {
        r->at += *r->at == '\\';
        members[(unsigned char)*r->at++] = true;
    }
    for (unsigned c = 0; c < 256; c++) {
        whole = whole && (!members[c] || r->is_value((unsigned char)c));
        if (r->first != NULL)
            r->first[c] |= members[c];
    }
    return (struct sc_pattern_run){whole, whole, false};
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
    struct sc_pattern_run run = {0, true, true};
    bool *first = r->first;
    while (*r->at != '\0' && *r->at != '|' && *r->at != ')') {
        struct sc_pattern_run atom = read_atom(r);
        size_t least = read_least(r);
        if (run.whole && atom.whole)
            run.least += least * atom.least;
        else if (run.whole && least > 0)
            run.least += atom.least;
        run.whole = run.whole && atom.whole;
        run.empty = run.empty && (atom.empty || least == 0);
        r->first = run.empty ? first : NULL;
    }
    r->first = first;
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
        run.empty = run.empty || other.empty;
    }
    return run;
}

struct sc_pattern_run sc_pattern_run(const char *pattern, bool (*is_value)(unsigned char c))
{
    struct reader r = {pattern, is_value, NULL};
    return read_choice(&r);
}

static bool is_any(unsigned char c)
{
    (void)c;
    return true;
}

void sc_pattern_first(const char *pattern, bool first[256])
{
    struct reader r = {pattern, is_any, first};
    bool empty = read_choice(&r).empty;
    for (unsigned c = 0; empty && c < 256; c++)
        first[c] = true;
}
