/* SPDX-License-Identifier: Apache-2.0
 *
 * Here documents of a Dockerfile and of HCL; see audit/detect/heredoc.h.
 */
#include "audit/detect/heredoc.h"

#include <string.h>

#include "core/macros.h"
#include "core/str.h"

#include "core/banned.h"

/* A file's name is a good mark: COPY <<app.env /etc/. */
static bool is_mark_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
}

bool sc_heredoc_next(const char *text, size_t *at, size_t end, struct sc_region *ret)
{
    for (;;) {
        const char *found = memmem(text + *at, end - *at, "<<", 2);
        if (found == NULL)
            return false;
        size_t mark = (size_t)(found - text) + 2;
        bool string = mark < end && text[mark] == '<';
        while (mark < end && strchr("<-'\"", text[mark]) != NULL && text[mark] != '\0')
            mark++;
        *at = mark;
        while (*at < end && is_mark_char(text[*at]))
            ++*at;
        *ret = (struct sc_region){mark, *at - mark};
        if (!string && *at > mark)
            return true;
    }
}

size_t sc_heredoc_body(const char *text, struct sc_region mark, struct sc_region from,
                       const char *indent, struct sc_region *ret)
{
    size_t end = from.offset + from.len;
    *ret = (struct sc_region){from.offset, 0};
    for (size_t line = from.offset; line < end;) {
        size_t next = sc_str_line_end(text, line, end);
        size_t first = line, last = next;
        while (first < last && text[first] != '\0' && strchr(indent, text[first]) != NULL)
            first++;
        while (last > first && text[last - 1] == '\r')
            last--;
        if (last - first == mark.len && memcmp(text + first, text + mark.offset, mark.len) == 0) {
            ret->len = line - from.offset;
            return SC_MIN(next + 1, end);
        }
        line = next + 1;
    }
    return from.offset;
}
